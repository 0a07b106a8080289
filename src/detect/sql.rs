//! Passwords in SQL statements and PowerShell calls whose key is a phrase rather than a name.

use super::assignment::{Literal, line_start, skip_blanks};
use crate::model::Span;

/// `IDENTIFIED BY 'x'`, `IDENTIFIED WITH plugin BY 'x'`, `IDENTIFIED BY x`, `SET PASSWORD FOR u = 'x'`,
/// `ConvertTo-SecureString 'x'`: the value of the phrase that begins at `phrase`.
pub(crate) fn value(text: &[u8], phrase: Span) -> Option<(Span, usize)> {
    let at = operand(text, phrase)?;
    if let Some(literal) = Literal::read(text, at) {
        return Some((literal.value, literal.end));
    }
    let length = text[at..].iter().take(256).take_while(|b| !ends(**b)).count();
    let bare = Span::new(at, at + length);
    // A keyword or a variable is no value: `IDENTIFIED BY PASSWORD '*…'`, `IDENTIFIED BY :pw`.
    let word = bare.of(text);
    if word.eq_ignore_ascii_case(b"password") || word.eq_ignore_ascii_case(b"values") {
        let literal = Literal::read(text, skip_blanks(text, bare.end))?;
        return Some((literal.value, literal.end));
    }
    let plain = length > 0 && word[0].is_ascii_alphanumeric();
    (plain && is_statement(text, phrase)).then_some((bare, bare.end))
}

/// Whether the words in front of `phrase` are those of a statement about an account, not running text.
fn is_statement(text: &[u8], phrase: Span) -> bool {
    if !phrase.of(text).eq_ignore_ascii_case(b"identified") {
        return true;
    }
    const WORDS: &[&str] = &["user", "alter", "create", "grant", "role", "login", "link", "connect"];
    let before = text[line_start(text, phrase.start)..phrase.start].to_ascii_lowercase();
    let before = before.trim_ascii();
    before.is_empty()
        || before.split(|b| !b.is_ascii_alphabetic()).any(|w| WORDS.iter().any(|x| w == x.as_bytes()))
}

/// Where the operand of the phrase begins.
fn operand(text: &[u8], phrase: Span) -> Option<usize> {
    let head = phrase.of(text);
    let mut at = skip_blanks(text, phrase.end);
    if at == phrase.end {
        return None;
    }
    if head.eq_ignore_ascii_case(b"identified") {
        // Between the verb and BY stand at most `WITH plugin`.
        for _ in 0..3 {
            let length = word(text, at);
            let found = &text[at..at + length];
            at = skip_blanks(text, at + length);
            if found.eq_ignore_ascii_case(b"by") {
                return Some(at);
            }
        }
        return None;
    }
    // PowerShell: named parameters come in any order.
    for _ in 0..4 {
        if text.get(at) != Some(&b'-') {
            return Some(at);
        }
        let flag = word(text, at + 1);
        let value = text[at + 1..at + 1 + flag].eq_ignore_ascii_case(b"string");
        at = skip_blanks(text, at + 1 + flag);
        if value {
            return Some(at);
        }
    }
    None
}

fn word(text: &[u8], at: usize) -> usize {
    text[at.min(text.len())..]
        .iter()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count()
}

const fn ends(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b';' | b'"' | b'\'' | b'`' | b',' | b')' | b'<' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<&str> {
        let lower = text.to_ascii_lowercase();
        let phrase = ["identified", "convertto-securestring"]
            .iter()
            .find_map(|p| lower.find(p).map(|i| Span::new(i, i + p.len())))?;
        let (span, end) = value(text.as_bytes(), phrase)?;
        assert!(end >= span.end);
        Some(&text[span.start..span.end])
    }

    #[test]
    fn phrases_lead_to_their_operand() {
        for text in [
            "CREATE USER a IDENTIFIED BY 'vQ2m9x';", // leakward:allow
            "ALTER USER a IDENTIFIED WITH mysql_native_password BY 'vQ2m9x'", // leakward:allow
            "alter user sys identified by vQ2m9x;",  // leakward:allow
            "GRANT ALL TO a IDENTIFIED BY PASSWORD 'vQ2m9x'", // leakward:allow
            "ConvertTo-SecureString 'vQ2m9x' -AsPlainText -Force", // leakward:allow
            "ConvertTo-SecureString -AsPlainText -Force -String \"vQ2m9x\"", // leakward:allow
        ] {
            assert_eq!(read(text), Some("vQ2m9x"), "{text}");
        }
    }

    #[test]
    fn variables_and_prose_are_no_operand() {
        for text in [
            "IDENTIFIED BY :pw",
            "identified as a",
            "ConvertTo-SecureString $pw -AsPlainText",
            "identified by",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
