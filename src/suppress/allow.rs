//! One `[[allow]]` entry of the configuration.

use bstr::BStr;
use jiff::civil::Date;
use regex::bytes::Regex;

use super::{Hit, Marked, PathGlobs, PathGlobsError};
use crate::model::Span;
use crate::rule::RulePack;

/// One `[[allow]]` entry: a hit that meets every condition it states is no finding. Without a condition it fits
/// every hit; the configuration refuses such entries.
#[derive(Debug, Clone)]
pub struct Allow {
    rules: Vec<String>,
    path: Option<PathGlobs>,
    path_regex: Option<Regex>,
    value: Option<Regex>,
    line: Option<Regex>,
    reason: String,
    expires: Option<Date>,
    /// File and line that state it; empty where there is no file.
    stated_at: String,
}

/// A condition cannot be read. The entry's author must fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AllowError {
    /// Not a regular expression.
    #[error("{0}")]
    Pattern(#[source] regex::Error),
    /// Not a path pattern.
    #[error(transparent)]
    Path(#[from] PathGlobsError),
}

/// How far from the match `line` looks, in bytes to each side: bounds the work on very long lines.
const LINE_REACH: usize = 4096;

impl Allow {
    /// An entry without a condition.
    pub fn new(reason: impl Into<String>) -> Self {
        let (reason, stated_at) = (reason.into(), String::new());
        let (rules, path) = (Vec::new(), None);
        Self { rules, path, path_regex: None, value: None, line: None, reason, expires: None, stated_at }
    }

    /// Only hits of one of `rules`.
    #[must_use]
    pub fn rules(self, rules: Vec<String>) -> Self {
        Self { rules, ..self }
    }

    /// Only hits in paths that one of `patterns` fits.
    ///
    /// # Errors
    /// A pattern that is not a valid glob.
    pub fn path(self, patterns: &[String]) -> Result<Self, AllowError> {
        Ok(Self { path: Some(PathGlobs::new(patterns)?), ..self })
    }

    /// Only hits in paths that `pattern` matches (searched, not anchored).
    ///
    /// # Errors
    /// A pattern that is not a regular expression.
    pub fn path_regex(self, pattern: &str) -> Result<Self, AllowError> {
        Ok(Self { path_regex: Some(Regex::new(pattern).map_err(AllowError::Pattern)?), ..self })
    }

    /// Only hits whose secret `pattern` matches (searched, not anchored).
    ///
    /// # Errors
    /// A pattern that is not a regular expression.
    pub fn value(self, pattern: &str) -> Result<Self, AllowError> {
        Ok(Self { value: Some(Regex::new(pattern).map_err(AllowError::Pattern)?), ..self })
    }

    /// Only hits on lines that `pattern` matches (searched, not anchored). Of lines longer than 4 KiB to either
    /// side of the match, the rest is not looked at.
    ///
    /// # Errors
    /// A pattern that is not a regular expression.
    pub fn line(self, pattern: &str) -> Result<Self, AllowError> {
        Ok(Self { line: Some(Regex::new(pattern).map_err(AllowError::Pattern)?), ..self })
    }

    /// Holds up to and including `date`.
    #[must_use]
    pub fn expires(self, date: Date) -> Self {
        Self { expires: Some(date), ..self }
    }

    /// Stands at `place`, such as `.leakward.toml: line 7`.
    #[must_use]
    pub fn stated_at(self, place: String) -> Self {
        Self { stated_at: place, ..self }
    }

    /// Where it stands, in words.
    pub(super) fn place(&self) -> String {
        let place = &self.stated_at;
        if place.is_empty() { "[[allow]]".to_owned() } else { format!("{place}: [[allow]]") }
    }

    /// Whether it is for rules none of which is in `ran`.
    pub(super) fn is_idle(&self, ran: &RulePack) -> bool {
        !self.rules.is_empty() && self.rules.iter().all(|id| ran.rule(id).is_none())
    }

    /// Why such hits are allowed.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The last day on which it held, when `today` is later.
    pub(super) fn expired(&self, today: Date) -> Option<Date> {
        self.expires.filter(|&last| last < today)
    }

    /// Whether `hit` meets every condition.
    pub(super) fn fits(&self, hit: &Hit<'_>, text: &Marked<'_, '_>) -> bool {
        (self.rules.is_empty() || self.rules.iter().any(|r| r == hit.rule))
            && self.path.as_ref().is_none_or(|p| p.contains(BStr::new(hit.path), false))
            && self.path_regex.as_ref().is_none_or(|p| p.is_match(hit.path))
            && self.value.as_ref().is_none_or(|v| v.is_match(hit.secret))
            && self.line.as_ref().is_none_or(|l| l.is_match(lines_of(hit.matched, text)))
    }
}

/// The lines that `matched` covers, without the last line's end, cut to [`LINE_REACH`].
fn lines_of<'b>(matched: Span, text: &Marked<'_, 'b>) -> &'b [u8] {
    let lines = text.lines();
    let first = lines.line(lines.line_of(matched.start));
    let last = lines.line(lines.line_of(matched.end.max(matched.start + 1) - 1));
    let start = first.start.max(matched.start.saturating_sub(LINE_REACH));
    let end = last.end.min(matched.end + LINE_REACH).max(start);
    &lines.bytes()[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LineIndex;

    fn fits(allow: &Allow) -> bool {
        let lines = LineIndex::new(b"x\nkey = s3cret # sample\ny");
        let hit = Hit {
            rule: "acme-key",
            path: "tests/a.py".into(),
            secret: b"s3cret", // leakward:allow
            matched: Span::new(2, 14),
            commit: None,
            line: 2,
            on_disk: true,
        };
        allow.fits(&hit, &Marked::new(&lines))
    }

    #[test]
    fn every_condition_must_hold() {
        let entry = || Allow::new("r").rules(vec!["jwt".into(), "acme-key".into()]);
        assert!(fits(
            &entry().path(&["tests/**".into()]).unwrap().value("^s3").unwrap().line("sample$").unwrap()
        ));
        assert!(!fits(&entry().path(&["src/**".into()]).unwrap()));
        assert!(!fits(&entry().value("^cret").unwrap()));
        assert!(fits(&entry().path_regex("/a[.]py$").unwrap()) && !fits(&entry().path_regex("^a").unwrap()));
        assert!(!fits(&entry().line("^sample").unwrap()));
        assert!(!fits(&Allow::new("r").rules(vec!["jwt".into()])));
    }

    #[test]
    fn a_line_ends_where_the_line_ends() {
        assert!(fits(&Allow::new("r").line("(?-m)^key = s3cret # sample$").unwrap()));
    }

    #[test]
    fn wrong_patterns_are_errors() {
        assert!(matches!(Allow::new("r").value("(").unwrap_err(), AllowError::Pattern(_)));
        assert!(matches!(Allow::new("r").path(&["[".into()]).unwrap_err(), AllowError::Path(_)));
    }
}
