//! A hit that nobody has judged yet.

use std::borrow::Cow;

use super::Span;
use crate::rule::{Confidence, Rule, Severity};

/// A hit of one rule in one blob. Borrowed; becomes a [`super::Finding`] in one place (`scan`).
#[derive(Debug, Clone)]
pub struct Candidate<'r> {
    /// The rule that fired.
    pub rule: &'r Rule,
    /// The secret, in the original blob. Of a decoded candidate: the encoded run that holds it.
    pub span: Span,
    /// The whole match (key, operator, quotes…), in the original blob; contains `span`.
    pub matched: Span,
    /// The decoded secret, when the bytes at `span` are an encoding of it (UTF-16, base64…).
    pub decoded: Option<super::Secret>,
    /// Names of the decoding layers, outermost first, such as `utf-16le`; empty for plain text.
    pub layers: Vec<&'static str>,
    /// How sure the detector is.
    pub confidence: Confidence,
    /// How bad the leak is: the rule's severity, unless the checksum knows better.
    pub severity: Severity,
    /// When the secret ends by its own account, in seconds since 1970-01-01T00:00:00Z.
    pub expires: Option<i64>,
    /// Why it fired, for people. Never holds found text.
    pub why: Vec<Reason>,
    /// Other parts of a multi-part secret: the rule of the part and its span in the original blob.
    pub parts: Vec<(&'r Rule, Span)>,
}

/// One reason why a candidate fired, such as `prefix ghp_` or `checksum passed`. Never holds found text.
pub type Reason = Cow<'static, str>;
