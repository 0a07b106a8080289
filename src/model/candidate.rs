//! A hit that nobody has judged yet.

use std::borrow::Cow;

use super::{Evidence, Span};
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
    /// What the classifier saw: it is asked again once the path is known.
    pub evidence: Option<Evidence>,
    /// Why it fired, for people. Never holds found text.
    pub why: Vec<Reason>,
    /// Other parts of a multi-part secret: the rule of the part and its span in the original blob.
    pub parts: Vec<(&'r Rule, Span)>,
    /// Set when it was found because it is a value of the manager.
    pub known: Option<KnownValue>,
    /// The bytes that were read to find it: where they are the same, so is the candidate.
    pub reads: Reads,
}

impl<'r> Candidate<'r> {
    /// A hit of `rule` at `span` that is its own match, rests on no other bytes, and is as sure and grave as the rule.
    pub fn of_rule(rule: &'r Rule, span: Span, why: Reason) -> Self {
        Self {
            rule,
            span,
            matched: span,
            decoded: None,
            layers: Vec::new(),
            confidence: rule.confidence,
            severity: rule.severity,
            expires: None,
            evidence: None,
            why: vec![why],
            parts: Vec::new(),
            known: None,
            reads: Reads { start: span.start as isize, end: span.end as isize },
        }
    }

    /// The value, where its bytes in the blob are an encoding of it. For telling candidates apart: what was compressed
    /// has one place, whatever it holds.
    pub fn undone(&self) -> Option<&[u8]> {
        // Compared, not shown.
        self.decoded.as_ref().filter(|_| !self.layers.is_empty()).map(super::Secret::expose)
    }

    /// Whether both are one hit: of one rule, at one place, of one value.
    pub fn is_same(&self, other: &Self) -> bool {
        self.span == other.span && self.rule.id == other.rule.id && self.undone() == other.undone()
    }
}

/// Which value of the manager was found, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownValue {
    /// The number under which the value is searched for in this run; `None`: it is in an index for hooks, which
    /// numbers none.
    pub number: Option<u32>,
    /// The form, such as `base64`.
    pub form: &'static str,
}

/// The bytes on which a decision rests, as a half-open range of one blob's offsets. Reaches past an end of the blob
/// where the decision also rests on the text ending there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reads {
    /// First byte; negative when the blob's start was seen.
    pub start: isize,
    /// One past the last byte; greater than the blob's length when its end was seen.
    pub end: isize,
}

impl Reads {
    /// Whether a change of `changed` touches what was read. An empty span is a seam: the bytes on its two sides are
    /// not the neighbours that they were.
    pub const fn touched_by(self, changed: Span) -> bool {
        let (start, end) = (changed.start as isize, changed.end as isize);
        if start == end {
            self.start < start && start < self.end
        } else {
            self.start < end && start < self.end
        }
    }

    /// The range moved by `by` bytes.
    pub const fn shifted(self, by: isize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }
}

/// One reason why a candidate fired, such as `prefix ghp_` or `checksum passed`. Never holds found text.
pub type Reason = Cow<'static, str>;
