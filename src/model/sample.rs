//! A finding for the tests of the floors above.

use super::{Excerpt, Finding, Fingerprint, LineIndex, Origin, Place, Secret, Span};
use crate::rule::{Confidence, Rule, Severity};

impl Finding {
    /// The finding of `secret` by `rule`, in `text`, a file at `path`.
    pub(crate) fn sample(rule: Rule, path: &str, text: &str, secret: &str) -> Self {
        let lines = LineIndex::new(text.as_bytes());
        let start = text.find(secret).unwrap();
        let span = Span::new(start, start + secret.len());
        let first = lines.line(lines.line_of(span.start)).start;
        let last = lines.line(lines.line_of(span.end - 1)).end;
        Self {
            fingerprint: Fingerprint::new(&rule.id, path.as_bytes(), [b"", b""]),
            rule: rule.into(),
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
            severity: Severity::High,
            confidence: Confidence::High,
            layers: vec![],
            why: vec![],
            parts: vec![],
            line_hash: None,
            spread: None,
            known: None,
            verdict: None,
            suppressed: None,
        }
    }
}
