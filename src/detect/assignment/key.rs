//! The name around a trigger: `db_password2` around `pass`.

use crate::model::Span;

/// A longer name (in bytes, to each side of the trigger) is cut.
const LONGEST_SIDE: usize = 64;

/// The name that holds the trigger at `trigger`: identifier characters, dashes and dots to both sides. `None` where what
/// follows it ties it to no value, which is seen without looking back.
pub(super) fn around(text: &[u8], trigger: Span) -> Option<Span> {
    let end = end(text, trigger.end);
    // What [`Gap::read`](super::gap::Gap::read) would refuse.
    match text.get(end..) {
        Some([b')' | b';' | b',' | b'{' | b'}' | b'/' | b'@' | b'#' | b'%' | b'^' | b'~' | b'$', ..]) => {
            return None;
        }
        Some([b'.', next, ..]) if *next != b'=' => return None,
        _ => {}
    }
    let left = text[..trigger.start].iter().rev().take(LONGEST_SIDE).take_while(|&&b| is_name(b)).count();
    let mut start = trigger.start - left;
    while start < trigger.start && matches!(text[start], b'-' | b'.' | b'/') {
        start += 1;
    }
    // Colour codes and escapes of text in text: the `n` of `\npassword` is no part of the name.
    if start > 0
        && text[start - 1] == b'\\'
        && start < trigger.start
        && matches!(text[start], b'n' | b't' | b'r')
    {
        start += 1;
    }
    Some(Span::new(start, end))
}

/// Where the name that goes on at `at` ends.
fn end(text: &[u8], at: usize) -> usize {
    let right = text[at..].iter().take(LONGEST_SIDE).take_while(|&&b| is_name(b)).count();
    let mut end = at + right;
    while end > at && matches!(text[end - 1], b'-' | b'.') {
        end -= 1;
    }
    end
}

/// Bytes of a name, ASCII only. A colon is none: it separates more often than it belongs (`spring:password`).
const fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_is_taken() {
        for (text, name) in [
            ("x = dbPassword2 ", "dbPassword2"),
            ("--db-password=", "db-password"),
            ("spring.password: ", "spring.password"),
            ("\\npassword=", "password"),
            ("$env:password", "password"),
            ("password->x", "password"),
        ] {
            let at = text.to_lowercase().find("pass").unwrap();
            let span = around(text.as_bytes(), Span::new(at, at + 4)).unwrap();
            assert_eq!(&text[span.start..span.end], name);
        }
    }
}
