//! Offline checks of single values: CRCs, keyed hashes and structures that providers build into their tokens.
//! Pure; one file per family, registered in [`check`].

use crate::model::Reason;
use crate::rule::{Checksum, Confidence, Severity};

/// What a check says of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whether the value stands.
    pub outcome: Outcome,
    /// What was learnt, for people, such as `checksum passed` or `account 123456789012`. Never holds found text.
    pub note: Option<Reason>,
    /// Replaces the rule's severity.
    pub severity: Option<Severity>,
    /// Replaces the rule's confidence.
    pub confidence: Option<Confidence>,
    /// When the value ends by its own account, in seconds since 1970-01-01T00:00:00Z.
    pub expires: Option<i64>,
}

/// Whether a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The value carries a correct checksum or parses as what it claims to be.
    Passed,
    /// The value claims the format and breaks it: the candidate is dropped.
    Failed,
    /// The check does not apply to this shape of the value (an older or longer form).
    Unknown,
}

/// Runs `checksum` on `secret`, the bytes of a rule's secret group.
pub fn check(checksum: Checksum, secret: &[u8]) -> Checked {
    let _ = (checksum, secret);
    Checked::unknown()
}

impl Checked {
    /// The value does not stand.
    pub const fn failed() -> Self {
        Self::new(Outcome::Failed)
    }

    /// Nothing can be said.
    pub const fn unknown() -> Self {
        Self::new(Outcome::Unknown)
    }

    /// The value stands; a rule is as sure of it as can be.
    pub fn passed(note: &'static str) -> Self {
        let checked = Self::new(Outcome::Passed);
        Self { note: Some(Reason::Borrowed(note)), confidence: Some(Confidence::High), ..checked }
    }

    const fn new(outcome: Outcome) -> Self {
        Self { outcome, note: None, severity: None, confidence: None, expires: None }
    }
}
