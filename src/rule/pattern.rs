//! How the patterns of rules are read, and what is wrong with one. The one place that knows the dialect.
//!
//! Patterns are read as regular expressions over bytes: `\w`, `\d`, `\s`, `\b` and `(?i)` mean ASCII, `.` and
//! `[^x]` stand for one byte (Latin-1 text is text), `^` and `$` hold at line borders, `\r\n` included. Only a
//! pattern that names Unicode classes (`\p{Lu}`, `[é]`) is read in code points instead.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};
use regex_syntax::{Parser, ParserBuilder};

/// What is wrong with a pattern. The rule's author must fix it.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// It is no regular expression; the parser's words.
    #[error("the pattern is no regular expression: {0}")]
    Invalid(String),
    /// It matches the empty text, hence everywhere.
    #[error("the pattern matches the empty text")]
    Empty,
    /// What is said to be the secret can be empty.
    #[error("capture group {0} can be empty")]
    EmptyGroup(usize),
    /// It has no such capture group.
    #[error("the pattern has no capture group {0}")]
    NoGroup(usize),
    /// A repetition without an upper bound runs over line ends.
    #[error("a repetition without upper bound runs across lines")]
    UnboundedLines,
    /// It needs more memory than a rule may use, in bytes.
    #[error("the pattern needs more than {0} bytes")]
    TooLarge(usize),
}

/// Reads `pattern` in the dialect of rules.
///
/// # Errors
/// [`PatternError::Invalid`].
pub fn parse(pattern: &str) -> Result<Hir, PatternError> {
    let read = |unicode| reader(unicode).parse(pattern).map_err(|e| PatternError::Invalid(plain(&e)));
    read(false).or_else(|_| read(true))
}

/// Reads `pattern` and refuses what no rule may ask for; `group` is the capture group of the secret.
///
/// # Errors
/// The first fault found. Whether the pattern is too large is known to the detector alone.
pub fn check(pattern: &str, group: usize) -> Result<Hir, PatternError> {
    let hir = parse(pattern)?;
    let facts = hir.properties();
    if facts.minimum_len().is_none_or(|n| n == 0) {
        return Err(PatternError::Empty);
    }
    if facts.explicit_captures_len() < group {
        return Err(PatternError::NoGroup(group));
    }
    if holds_empty_group(&hir, group) {
        return Err(PatternError::EmptyGroup(group));
    }
    if runs_across_lines(&hir) {
        return Err(PatternError::UnboundedLines);
    }
    Ok(hir)
}

fn reader(unicode: bool) -> Parser {
    ParserBuilder::new().unicode(unicode).utf8(false).multi_line(true).crlf(true).nest_limit(96).build()
}

/// The parser's complaint without its drawing of the pattern, on one line.
fn plain(error: &regex_syntax::Error) -> String {
    let text = match error {
        regex_syntax::Error::Parse(e) => e.kind().to_string(),
        regex_syntax::Error::Translate(e) => e.kind().to_string(),
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn holds_empty_group(hir: &Hir, group: usize) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) if capture.index as usize == group => {
            capture.sub.properties().minimum_len() == Some(0)
        }
        kind => kind.subs().iter().any(|sub| holds_empty_group(sub, group)),
    }
}

/// Whether a repetition without upper bound takes both line ends and letters. White space alone (`\s*`) may.
fn runs_across_lines(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(Repetition { max: None, sub, .. }) => {
            takes_line_and_letter(sub) || runs_across_lines(sub)
        }
        HirKind::Repetition(Repetition { sub, .. }) => runs_across_lines(sub),
        HirKind::Capture(capture) => runs_across_lines(&capture.sub),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => subs.iter().any(runs_across_lines),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

fn takes_line_and_letter(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(class) => holds(class, b'\n') && holds(class, b'a'),
        HirKind::Capture(capture) => takes_line_and_letter(&capture.sub),
        HirKind::Alternation(subs) => subs.iter().any(takes_line_and_letter),
        _ => false,
    }
}

/// Whether `class` holds the ASCII byte `byte`.
pub(super) fn holds(class: &Class, byte: u8) -> bool {
    match class {
        Class::Bytes(c) => c.iter().any(|r| (r.start()..=r.end()).contains(&byte)),
        Class::Unicode(c) => c.iter().any(|r| (r.start()..=r.end()).contains(&char::from(byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_pattern_passes() {
        assert!(check(r"\b(ghp_[0-9A-Za-z]{36})\b", 1).is_ok());
        assert!(check(r"key\s*=\s*(\S{8,80})", 1).is_ok());
    }

    #[test]
    fn each_fault_has_its_name() {
        assert!(matches!(check("a(", 0), Err(PatternError::Invalid(_))));
        assert_eq!(check("a*", 0).unwrap_err(), PatternError::Empty);
        assert_eq!(check("(?m)^", 0).unwrap_err(), PatternError::Empty);
        assert_eq!(check("a(b?)", 1).unwrap_err(), PatternError::EmptyGroup(1));
        assert_eq!(check("ab", 1).unwrap_err(), PatternError::NoGroup(1));
        assert_eq!(check(r"BEGIN[\s\S]*END", 0).unwrap_err(), PatternError::UnboundedLines);
        assert_eq!(check("BEGIN(?s:.)+?END", 0).unwrap_err(), PatternError::UnboundedLines);
    }

    #[test]
    fn an_error_is_one_line() {
        let text = check("a(?P<x", 0).unwrap_err().to_string();
        assert!(!text.contains('\n'), "{text}");
    }

    #[test]
    fn unicode_classes_are_read_in_code_points() {
        assert!(parse(r"\p{Greek}{4}x").is_ok());
        assert_eq!(parse(r"[^a]").unwrap().properties().maximum_len(), Some(1));
    }
}
