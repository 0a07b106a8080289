//! Values without quotes: lines of configuration, parts of connection strings, flags.

use super::literal::{line_end, line_start, skip_space};
use crate::classify::Syntax;
use crate::model::Span;

/// A value without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bare {
    /// The value.
    pub value: Span,
    /// How it stands there.
    pub syntax: Syntax,
}

/// A longer bare value is not read.
const LONGEST: usize = 512;

impl Bare {
    /// The value at `at` that belongs to `key`, tied by `=` or `:` (`colon`).
    pub(super) fn assigned(text: &[u8], key: Span, at: usize, colon: bool) -> Option<Self> {
        let start = line_start(text, key.start);
        let lead = &text[start..key.start];
        if leads_line(lead) { Self::to_line_end(text, at, colon) } else { Self::inside(text, at) }
    }

    /// The rest of the line, comments and separators left out.
    pub(super) fn to_line_end(text: &[u8], at: usize, colon: bool) -> Option<Self> {
        let end = line_end(text, at).min(at + LONGEST + 1);
        let line = &text[at..end];
        let blank = line.iter().position(|&b| b == b' ' || b == b'\t');
        let word = &line[..blank.unwrap_or(line.len())];
        let rest = blank.map_or(&[][..], |i| line[i..].trim_ascii());
        let trimmed = trim(word);
        if trimmed.is_empty() || trimmed.len() > LONGEST {
            return None;
        }
        let ends = rest.is_empty() || matches!(rest[0], b'#' | b'\\' | b';') || rest.starts_with(b"//");
        // `KEY=value command` of a shell, `ENV A=1 B=2`: what follows does not belong to the value.
        let syntax = match (ends, colon) {
            (true, _) => Syntax::Line,
            (false, true) => Syntax::Prose,
            (false, false) => Syntax::Inline,
        };
        Some(Self { value: Span::new(at, at + trimmed.len()), syntax })
    }

    /// A part of a query, a connection string or a flow mapping: up to a separator.
    fn inside(text: &[u8], at: usize) -> Option<Self> {
        let limit = text.len().min(at + LONGEST + 1);
        let length = text[at..limit].iter().position(|&b| separates(b)).unwrap_or(limit - at);
        let value = trim(&text[at..at + length]);
        (!value.is_empty() && value.len() <= LONGEST)
            .then(|| Self { value: Span::new(at, at + value.len()), syntax: Syntax::Inline })
    }

    /// The argument at `at` of a flag or a directive: up to a blank.
    pub(super) fn argument(text: &[u8], at: usize, syntax: Syntax) -> Option<Self> {
        let limit = text.len().min(at + LONGEST + 1);
        let end =
            |b: u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'|' | b'<' | b'>' | b'\\');
        let length = text[at..limit].iter().position(|&b| end(b)).unwrap_or(limit - at);
        let value = trim(&text[at..at + length]);
        (!value.is_empty() && value.len() <= LONGEST)
            .then(|| Self { value: Span::new(at, at + value.len()), syntax })
    }

    /// The text of an XML element: up to the next tag, one line, which may be a line of its own.
    pub(super) fn element(text: &[u8], at: usize) -> Option<Self> {
        let at = skip_space(text, at);
        let limit = line_end(text, at).min(at + LONGEST + 1);
        let length = text[at..limit].iter().position(|&b| b == b'<').unwrap_or(limit - at);
        let close = skip_space(text, at + length);
        let closed = text[close.min(text.len())..].starts_with(b"</");
        let value = text[at..at + length].trim_ascii_end();
        (closed && !value.is_empty())
            .then(|| Self { value: Span::new(at, at + value.len()), syntax: Syntax::Markup })
    }
}

/// Whether nothing but the marks of configuration and shell stands in front of the key.
fn leads_line(lead: &[u8]) -> bool {
    let mut rest = lead.trim_ascii();
    loop {
        let before = rest.len();
        for word in
            [&b"export"[..], b"set", b"setx", b"ENV", b"ARG", b"local", b"readonly", b"env", b"declare"]
        {
            if rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word) {
                rest = rest[word.len()..].trim_ascii_start();
            }
        }
        if let [b'-' | b'#' | b';' | b'"' | b'\'' | b'$' | b'*' | b'+' | b'|' | b'>' | b':', tail @ ..] = rest
        {
            rest = tail.trim_ascii_start();
        }
        if rest.is_empty() {
            return true;
        }
        if rest.len() == before {
            return false;
        }
    }
}

/// Bytes that end a value inside a longer text.
const fn separates(b: u8) -> bool {
    b.is_ascii_whitespace()
        || matches!(
            b,
            b'&' | b';' | b',' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b')' | b']' | b'}' | b'\\'
        )
}

/// Leaves out what punctuates rather than belongs to a value.
fn trim(value: &[u8]) -> &[u8] {
    let end = value
        .iter()
        .rposition(|b| !matches!(b, b',' | b';' | b'"' | b'\'' | b'\\' | b'`'))
        .map_or(0, |i| i + 1);
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, colon: bool) -> Option<(&str, Syntax)> {
        let key = text.find("pw").unwrap();
        let at = text.find("=v").or(text.find(": v")).unwrap() + 1 + usize::from(colon);
        let bare = Bare::assigned(text.as_bytes(), Span::new(key, key + 2), at, colon)?;
        Some((&text[bare.value.start..bare.value.end], bare.syntax))
    }

    #[test]
    fn a_line_of_configuration_holds_one_value() {
        for (text, colon) in [
            ("pw=v&;1,", false),
            ("export pw=v&;1 # why", false),
            ("  - pw=v&;1", false),
            ("ENV pw=v&;1 \\", false),
            ("  pw: v&;1", true),
            ("# pw: v&;1", true),
        ] {
            assert_eq!(read(text, colon), Some(("v&;1", Syntax::Line)), "{text}");
        }
    }

    #[test]
    fn inside_longer_text_separators_end_the_value() {
        for (text, colon) in [
            ("x?pw=v1&b", false),
            ("Server=a;pw=v1;c", false),
            ("{a: b, pw: v1}", true),
            ("\"a pw=v1\"", false),
        ] {
            assert_eq!(read(text, colon), Some(("v1", Syntax::Inline)), "{text}");
        }
    }

    #[test]
    fn several_words_behind_a_colon_are_prose() {
        assert_eq!(read("pw: very long words", true), Some(("very", Syntax::Prose)));
    }
}
