//! A reported hit, owned.

use super::{Fingerprint, KnownValue, Origin, Reason, Region, Secret, Span, Spread, Verdict};
use crate::rule::{Confidence, RuleRef, Severity};

/// A reported hit.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that fired.
    pub rule: RuleRef,
    /// Where the blob came from.
    pub origin: Origin,
    /// The secret, as a byte range of the blob.
    pub span: Span,
    /// The secret, as people count.
    pub region: Region,
    /// The whole match, as people count; contains `region`.
    pub matched_region: Region,
    /// The whole match's ends, in bytes from the starts of their lines.
    pub matched_offsets: LineOffsets,
    /// The secret's value, decoded where it was encoded.
    pub secret: Secret,
    /// The whole match's text.
    pub matched: Secret,
    /// The line or lines around the secret.
    pub excerpt: Excerpt,
    /// Shannon entropy of the secret in bits per byte, 0.0 to 8.0.
    pub entropy: f32,
    /// How bad the leak is; low once the secret has expired by its own account.
    pub severity: Severity,
    /// How sure the detector is.
    pub confidence: Confidence,
    /// Names of the decoding layers, outermost first; empty for plain text.
    pub layers: Vec<&'static str>,
    /// Why it fired. Never holds found text.
    pub why: Vec<Reason>,
    /// The other parts of a multi-part secret.
    pub parts: Vec<Related>,
    /// Stable name.
    pub fingerprint: Fingerprint,
    /// Hash of the first line as GitHub computes it, `hex:n`; `None` when left out.
    pub line_hash: Option<String>,
    /// How far the secret spread, when a whole history was scanned.
    pub spread: Option<Box<Spread>>,
    /// Which value of the manager it is, when it was searched for as such.
    pub known: Option<KnownValue>,
    /// What the manager says, when it was asked.
    pub verdict: Option<Box<Verdict>>,
    /// Set when something suppresses the finding; such findings are reported only on request.
    pub suppressed: Option<Suppression>,
}

/// Where a span begins and ends, in bytes from the starts of the lines that hold its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineOffsets {
    /// Bytes before the first byte on its line.
    pub start: u64,
    /// Bytes up to and including the last byte on its line.
    pub end: u64,
}

/// Text around a secret. Holds the secret, so it is shown only through a reporter's mask.
#[derive(Debug, Clone)]
pub struct Excerpt {
    /// Line (from 1) on which `text` begins.
    pub first_line: u64,
    /// Whole lines, cut around the secret where they are very long.
    pub text: Secret,
    /// Bytes left out before the first byte of `text` on its first line (0 unless a long line was cut).
    pub cut_before: usize,
    /// Where the secret lies in `text`.
    pub secret: Span,
    /// Every other found value that happens to lie in `text`: masked too. Sorted.
    pub others: Vec<Span>,
}

/// Another part of a multi-part secret.
#[derive(Debug, Clone)]
pub struct Related {
    /// The rule of the part.
    pub rule: RuleRef,
    /// Where it lies in the same blob.
    pub region: Region,
    /// Its value.
    pub secret: Secret,
}

/// What suppresses a finding, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suppression {
    /// A marker in the text, such as `leakward:allow`; the marker's name.
    Marker(&'static str),
    /// An `[[allow]]` entry of the configuration; its reason.
    Allow(String),
    /// An entry of the baseline; its reason, when it has one.
    Baseline(Option<String>),
}

impl Finding {
    /// The order of every report: path, place, span, rule. Findings that differ in their value alone, as two values
    /// in one encoded run do, come in the values' order.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        // The values are compared, not shown.
        (&self.origin, self.span, &self.rule.id)
            .cmp(&(&other.origin, other.span, &other.rule.id))
            .then_with(|| self.secret.expose().cmp(other.secret.expose()))
    }
}
