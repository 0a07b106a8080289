//! What stands between the parts of one text: `" + "`, a line break after a backslash.

use super::Mark;

/// Bytes of a joint at most.
pub(super) const LONGEST: usize = 64;

const QUOTES: &[u8] = b"\"'`";

/// Operators that join texts, the longer ones first.
const OPERATORS: [&[u8]; 8] = [b"..", b"<>", b"++", b"||", b"+", b".", b"&", b"\\"];

/// The joint that begins at the start of `text`, with the quote that ends a part or the backslash that ends a line.
pub(super) fn joint(text: &[u8]) -> Option<Mark> {
    let text = &text[..text.len().min(LONGEST)];
    match *text.first()? {
        quote if QUOTES.contains(&quote) => between(text, quote),
        b'\\' => continued(text),
        _ => None,
    }
}

/// From the quote that ends one part to the one that begins the next, of the same kind.
fn between(text: &[u8], quote: u8) -> Option<Mark> {
    let mut at = 1 + blanks(&text[1..]);
    let apart = at > 1;
    match *text.get(at)? {
        b'.' | b'<' | b'+' | b'|' | b'&' | b'\\' => {
            at += OPERATORS.iter().find(|o| text[at..].starts_with(o))?.len();
        }
        // Nothing at all joins them where a blank does; two quotes in a row are one quote, doubled.
        b'_' | b'b' | b'B' | b'f' | b'F' | b'r' | b'R' | b'u' | b'U' if apart => {}
        next if apart && next == quote => {}
        _ => return None,
    }
    // Visual Basic goes on after an underscore.
    at += blanks(&text[at..]);
    if text[at..].starts_with(b"_") {
        at += 1 + blanks(&text[at + 1..]);
    }
    at += text[at..].iter().take(2).take_while(|b| b"bBfFrRuU".contains(b)).count();
    (text.get(at) == Some(&quote)).then(|| Mark::gone(at + 1))
}

/// A backslash at the end of a line, and the blanks that begin the next one.
fn continued(text: &[u8]) -> Option<Mark> {
    let line_break =
        if text[1..].starts_with(b"\r\n") { 2 } else { usize::from(text[1..].starts_with(b"\n")) };
    let indent = text.get(1 + line_break..)?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    (line_break > 0).then(|| Mark::gone(1 + line_break + indent))
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// Where the joint begins that ends at `end`.
pub(super) fn ending_at(bytes: &[u8], end: usize) -> Option<usize> {
    let last = *bytes.get(end.checked_sub(1)?)?;
    let from = end.saturating_sub(LONGEST);
    let mut at = end - 1;
    if QUOTES.contains(&last) {
        while at > from {
            at -= 1;
            match bytes[at] {
                b if b == last => return ends(bytes, at, end),
                b' ' | b'\t' | b'\r' | b'\n' | b'+' | b'.' | b'&' | b'<' | b'>' | b'|' | b'\\' | b'_' => {}
                b if b"bBfFrRuU".contains(&b) => {}
                _ => return None,
            }
        }
        return None;
    }
    if !matches!(last, b' ' | b'\t' | b'\n') {
        return None;
    }
    while at > from && matches!(bytes[at], b' ' | b'\t') {
        at -= 1;
    }
    let backslash = at.checked_sub(if bytes[..at].ends_with(b"\r") { 2 } else { 1 })?;
    (bytes[at] == b'\n' && bytes[backslash] == b'\\').then(|| ends(bytes, backslash, end)).flatten()
}

/// `start`, when a joint begins there that ends at `end`.
fn ends(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    joint(&bytes[start..]).filter(|mark| start + mark.len == end).map(|_| start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_joins_in_its_own_way() {
        let joints = [
            "\" + \"",
            "' . '",
            "\" .. \"",
            "\" & \"",
            "\" <> \"",
            "\" ++ \"",
            "'||'",
            "\" \"",
            "\"\n    \"",
            "\" +\r\n\t\"",
            "\" & _\n \"",
            "\" \\\n  \"",
            "\\\n",
            "\\\r\n   ",
        ];
        for text in joints {
            let whole = format!("abc{text}def");
            assert_eq!(joint(&whole.as_bytes()[3..]), Some(Mark::gone(text.len())), "{text:?}");
            assert_eq!(ending_at(whole.as_bytes(), 3 + text.len()), Some(3), "{text:?}");
        }
    }

    #[test]
    fn lists_and_other_quotes_are_no_joints() {
        for text in ["\", \"", "\"\"", "\" + '", "\" - \"", "\") + (\"", "\\n", "\" = \""] {
            assert_eq!(joint(text.as_bytes()), None, "{text:?}");
        }
    }
}
