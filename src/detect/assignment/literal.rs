//! Quoted text as twenty languages write it, escaped quotes of text in text, and literals joined by `+`.

use crate::model::{Secret, Span};

/// A quoted literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Literal {
    /// The text between the quotes.
    pub value: Span,
    /// One past the closing quote.
    pub end: usize,
    /// The opening quote, escapes included: `\"` inside JSON in a string.
    pub quote: Span,
    /// A letter in front makes the text a template: `f"…"`, `$"…"`.
    pub template: bool,
}

/// A literal longer than this (in bytes) is not read as one value.
pub(crate) const LONGEST: usize = 700;

/// Literals of one value that are joined.
const MOST_PARTS: usize = 16;

impl Literal {
    /// The literal that opens at `at`, prefix letters included. It must close on the same line.
    pub(crate) fn read(text: &[u8], at: usize) -> Option<Self> {
        let open = prefix_end(text, at);
        let template = text[at..open].iter().any(|b| matches!(b, b'f' | b'F' | b'$'));
        let quote = Span::new(open, open + quote_len(&text[open..])?);
        let mark = quote.of(text);
        // `"""text"""`: the triple quote is the mark; an empty literal is no value either way.
        let triple = mark.len() == 1 && text[quote.end..].starts_with(&[mark[0]; 2]);
        let start = quote.end + if triple { 2 } else { 0 };
        let end = closing(text, start, mark)?;
        if end == start {
            return None;
        }
        let past = end + mark.len() + if triple { 2 } else { 0 };
        Some(Self { value: Span::new(start, end), end: past.min(text.len()), quote, template })
    }

    /// This literal joined with those that follow it by `+`, `.`, `&`, `\` or nothing but a line break:
    /// their text, and the span from the first to the last byte of it. `None` when nothing follows.
    pub(crate) fn joined(&self, text: &[u8]) -> Option<(Secret, Literal)> {
        let mut whole = *self;
        let mut joined = self.value.of(text).to_vec();
        for _ in 1..MOST_PARTS {
            let Some(next) = joint(text, whole.end).and_then(|at| Self::read(text, at)) else { break };
            if next.value.len() + joined.len() > LONGEST {
                break;
            }
            joined.extend_from_slice(next.value.of(text));
            whole = Self { value: Span::new(whole.value.start, next.value.end), end: next.end, ..whole };
        }
        (whole.end != self.end).then(|| (Secret::new(&joined), whole))
    }
}

/// Length of the opening quote at the start of `text`, escapes included.
pub(crate) fn quote_len(text: &[u8]) -> Option<usize> {
    match *text.first()? {
        b'"' | b'\'' | b'`' => Some(1),
        b'\\' => {
            let slashes = text.iter().take(4).take_while(|&&b| b == b'\\').count();
            matches!(text.get(slashes), Some(b'"' | b'\'')).then_some(slashes + 1)
        }
        b'&' => ENTITIES.iter().find(|e| text.starts_with(e.as_bytes())).map(|e| e.len()),
        // Typographic quotes of documents.
        0xe2 => ["\u{201c}", "\u{2018}", "\u{2019}"]
            .iter()
            .find(|q| text.starts_with(q.as_bytes()))
            .map(|q| q.len()),
        _ => None,
    }
}

const ENTITIES: [&str; 5] = ["&quot;", "&#34;", "&#39;", "&#x27;", "&apos;"];

/// Skips the letters that may stand in front of a quote, such as `b`, `r`, `f`, `L`, `@`, `$`.
fn prefix_end(text: &[u8], at: usize) -> usize {
    let letters = text[at..].iter().take(3).take_while(|b| b"bBrRuUfFLN@$".contains(b)).count();
    let hashes = text[at + letters..].iter().take(3).take_while(|&&b| b == b'#').count();
    let open = at + letters + hashes;
    // Hashes belong to Rust's `r#"…"#` alone.
    if hashes > 0 && (letters == 0 || text.get(open) != Some(&b'"')) { at + letters } else { open }
}

/// Where the literal that was opened by `mark` closes.
fn closing(text: &[u8], start: usize, mark: &[u8]) -> Option<usize> {
    let limit = text.len().min(start + LONGEST);
    match mark {
        [quote] => {
            let mut at = start;
            while at < limit {
                match text[at] {
                    b'\n' | b'\r' => return None,
                    // SQL, Pascal and PowerShell double a quote; a backslash escapes in most others.
                    b'\\' => at += 2,
                    b if b == *quote => return Some(at),
                    _ => at += 1,
                }
            }
            None
        }
        [b'\\', ..] => escaped_closing(&text[..limit], start, mark),
        [0xe2, ..] => {
            let line = line_end(&text[..limit], start);
            let close = text[start..line].windows(3).position(|w| matches!(w, [0xe2, 0x80, 0x99 | 0x9d]))?;
            Some(start + close)
        }
        _ => {
            let line = line_end(&text[..limit], start);
            text[start..line].windows(mark.len()).position(|w| w == mark).map(|i| start + i)
        }
    }
}

/// The closing mark of an escaped quote has exactly as many backslashes as the opening one.
fn escaped_closing(text: &[u8], start: usize, mark: &[u8]) -> Option<usize> {
    let (depth, quote) = (mark.len() - 1, mark[mark.len() - 1]);
    let mut slashes = 0;
    for (i, &b) in text.iter().enumerate().skip(start) {
        match b {
            b'\\' => slashes += 1,
            b'\n' | b'\r' => return None,
            _ if b == quote && slashes == depth => return Some(i - depth),
            // The string around ends here: the literal was cut.
            _ if b == quote && slashes < depth => return None,
            _ => slashes = 0,
        }
    }
    None
}

/// Where the next literal begins, when `at` (behind a closing quote) is followed by an operator that joins text.
fn joint(text: &[u8], at: usize) -> Option<usize> {
    let mut i = skip_blanks(text, at);
    let mut operator = true;
    match text.get(i)? {
        b'+' | b'&' | b'\\' => i += 1,
        b'.' => i += if text[i..].starts_with(b"..") { 2 } else { 1 },
        b'<' if text[i..].starts_with(b"<>") => i += 2,
        _ => operator = false,
    }
    let after = skip_blanks(text, i);
    let broken = matches!(text.get(after), Some(b'\n' | b'\r'));
    let next = if broken { skip_space(text, after) } else { after };
    // `+` may also lead the next line.
    let next = match text.get(next) {
        Some(b'+' | b'.' | b'&') if broken && !operator => {
            operator = true;
            skip_blanks(text, next + 1)
        }
        _ => next,
    };
    (operator || broken).then_some(())?;
    matches!(text.get(next), Some(b'"' | b'\'')).then_some(next)
}

/// Skips spaces and tabs.
pub(crate) fn skip_blanks(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take(64).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Skips spaces, tabs and line breaks.
pub(crate) fn skip_space(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take(160).take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// The end of the line that holds `at`, without its line break.
pub(crate) fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text[at..]).map_or(text.len(), |i| at + i)
}

/// The start of the line that holds `at`.
pub(crate) fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &text[..at]).map_or(0, |i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::Literal;

    fn read(text: &str) -> Option<&str> {
        let literal = Literal::read(text.as_bytes(), 0)?;
        Some(&text[literal.value.start..literal.value.end])
    }

    #[test]
    fn quotes_of_many_languages_open_and_close() {
        for (text, value) in [
            ("\"abc\"", "abc"),
            ("'a\"c'", "a\"c"),
            ("b'abc'", "abc"),
            ("r#\"abc\"#", "abc"),
            ("\"\"\"abc\"\"\"", "abc"),
            ("\\\"abc\\\",", "abc"),
            ("\\\\\\\"a\\\\\\\"", "a"),
            ("&quot;abc&quot;", "abc"),
            ("\u{201c}abc\u{201d}", "abc"),
            ("\"a\\\"c\"", "a\\\"c"),
        ] {
            assert_eq!(read(text), Some(value), "{text}");
        }
    }

    #[test]
    fn a_literal_that_does_not_close_on_its_line_is_none() {
        assert_eq!([read("\"abc\n\""), read("\"abc"), read("\"\""), read("\\\"abc\"")], [None; 4]);
    }

    #[test]
    fn literals_are_joined_across_lines() {
        for text in [
            "\"ab\" +\n   \"cd\";",
            "'ab'\n + 'cd'",
            "\"ab\" . \"cd\"",
            "(\"ab\"\n \"cd\")",
            "'ab' \\\n 'cd'",
        ] {
            let at = usize::from(text.starts_with('('));
            let literal = Literal::read(text.as_bytes(), at).unwrap();
            let (secret, whole) = literal.joined(text.as_bytes()).unwrap();
            // A test compares the value itself.
            assert_eq!(secret.expose(), b"abcd", "{text}");
            assert!(whole.value.of(text.as_bytes()).ends_with(b"cd"));
        }
    }

    #[test]
    fn literals_side_by_side_stay_apart() {
        let text = b"\"ab\" \"cd\", \"ef\"";
        assert!(Literal::read(text, 0).unwrap().joined(text).is_none());
    }
}
