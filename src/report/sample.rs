//! Findings for the tests of this room.

use std::time::Duration;

use super::{Root, Summary};
use crate::model::{Excerpt, Finding, Fingerprint, LineIndex, Origin, Place, Secret, Span, Tally};
use crate::rule::{Confidence, Rule, RulePack, Severity};

/// A rule `acme-key` with one keyword.
pub(super) fn rule(keyword: &'static str) -> Rule {
    Rule { keywords: vec![keyword.into()].into(), ..Rule::named("acme-key") }
}

/// The finding of `secret`, which stands in `text`, in a file at `path`.
pub(super) fn finding(path: &str, text: &str, secret: &str) -> Finding {
    let lines = LineIndex::new(text.as_bytes());
    let start = text.find(secret).unwrap();
    let span = Span::new(start, start + secret.len());
    let first = lines.line(lines.line_of(span.start)).start;
    let last = lines.line(lines.line_of(span.end - 1)).end;
    Finding {
        rule: rule("tok_").into(),
        origin: Origin::new(path, Place::File),
        span,
        region: lines.region(span),
        matched_region: lines.region(span),
        matched_offsets: lines.offsets(span),
        secret: Secret::new(secret.as_bytes()),
        matched: Secret::new(secret.as_bytes()),
        excerpt: Excerpt {
            first_line: lines.line_of(span.start),
            text: Secret::new(&text.as_bytes()[first..last]),
            cut_before: 0,
            secret: span.shifted(-(first as isize)),
            others: vec![],
        },
        entropy: 4.25,
        severity: Severity::Critical,
        confidence: Confidence::High,
        layers: vec![],
        why: vec!["prefix tok_".into(), "checksum passed".into()],
        parts: vec![],
        fingerprint: Fingerprint::new("acme-key", path.as_bytes(), [b"", b""]),
        line_hash: Some("39fa2ee980eb94b0:1".into()),
        spread: None,
        known: None,
        verdict: None,
        suppressed: None,
    }
}

/// Nothing is known of the place.
static ROOT: std::sync::LazyLock<Root> = std::sync::LazyLock::new(Root::default);

/// A pack of the sample rule.
pub(super) fn pack() -> RulePack {
    RulePack::new([rule("tok_")])
}

/// A report of `findings`.
pub(super) fn summary<'r>(findings: &'r [Finding], tally: &'r Tally, pack: &'r RulePack) -> Summary<'r> {
    let exit_code = if tally.gaps.is_empty() { u8::from(!findings.is_empty()) } else { 2 };
    Summary {
        findings,
        suppressed: 0,
        tally,
        pack,
        exit_code,
        subject: "sample",
        root: &ROOT,
        elapsed: Duration::from_millis(12),
    }
}
