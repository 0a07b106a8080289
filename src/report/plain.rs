//! Text of unknown origin, made safe to print: no control, escape or bidirectional characters.

use bstr::ByteSlice;

/// `text` with every character that could steer a terminal or reorder a line replaced by one that shows; bytes that
/// are not UTF-8 become U+FFFD.
pub(super) fn plain(text: &[u8]) -> String {
    text.chars().map(visible).collect()
}

/// Like [`plain`], for a line of code: tabs stay, NULs go, so that UTF-16 reads as text.
pub(super) fn code(text: &[u8]) -> String {
    text.chars().filter(|&c| c != '\0').map(|c| if c == '\t' { c } else { visible(c) }).collect()
}

/// `c`, or the one character that stands for it. Every answer prints in one line and moves nothing.
fn visible(c: char) -> char {
    match c {
        // The pictures of the control characters: U+2400 and on.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{FFFD}',
        _ if steers(c) => '\u{FFFD}',
        _ => c,
    }
}

/// Whether `c` is invisible and changes how its neighbours are shown.
fn steers(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' // zero width, marks of direction
        | '\u{2028}'..='\u{202e}' // separators, embeddings and overrides of direction
        | '\u{2060}'..='\u{206f}' // joiners, isolates
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}') // tags
}

#[cfg(test)]
mod tests {
    use super::{code, plain};

    #[test]
    fn what_steers_a_terminal_is_replaced() {
        assert_eq!(plain(b"a\x1b[31mb\r\n\t\x07"), "a␛[31mb␍␊␉␇");
        assert_eq!(plain("x\u{202e}y\u{9b}z\u{7f}".as_bytes()), "x\u{FFFD}y\u{FFFD}z␡");
    }

    #[test]
    fn a_line_of_code_keeps_its_tabs() {
        assert_eq!(code(b"\tk\0=\x1b\r"), "\tk=␛␍");
    }

    #[test]
    fn other_text_stays() {
        assert_eq!(plain("né 😀 / 漢字".as_bytes()), "né 😀 / 漢字");
        assert_eq!(plain(b"a\xffb"), "a\u{FFFD}b");
    }
}
