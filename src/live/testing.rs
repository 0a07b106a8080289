//! Findings for the tests of this room.

use crate::model::{Excerpt, Finding, Fingerprint, LineIndex, Origin, Place, Related, Secret, Span};
use crate::rule::{Answer, Confidence, Header, LiveCheck, Method, Rule, Severity};

/// A check that sends the secret as a bearer token.
pub(super) fn check() -> LiveCheck {
    LiveCheck {
        method: Method::Get,
        url: "https://api.acme.example/me".into(),
        hosts: vec!["api.acme.example".into()].into(),
        headers: vec![Header { name: "Authorization".into(), value: "Bearer {secret}".into() }].into(),
        basic: None,
        body: None,
        signature: None,
        starts: vec![].into(),
        finds: vec![].into(),
        active: vec![Answer { status: 200, body: None }].into(),
        inactive: vec![Answer { status: 401, body: None }].into(),
        elsewhere: false,
        tells: vec![].into(),
    }
}

/// A finding of `secret` by a rule with `check`.
pub(super) fn finding(secret: &str, check: LiveCheck) -> Finding {
    let lines = LineIndex::new(secret.as_bytes());
    let span = Span::new(0, secret.len());
    Finding {
        rule: Rule { live: Some(check), ..Rule::named("acme-key") }.into(),
        origin: Origin::new("a.env", Place::File),
        span,
        region: lines.region(span),
        matched_region: lines.region(span),
        matched_offsets: lines.offsets(span),
        secret: Secret::new(secret.as_bytes()),
        matched: Secret::new(secret.as_bytes()),
        excerpt: Excerpt {
            first_line: 1,
            text: Secret::new(secret.as_bytes()),
            cut_before: 0,
            secret: span,
            others: vec![],
        },
        entropy: 4.0,
        severity: Severity::High,
        confidence: Confidence::High,
        layers: vec![],
        why: vec![],
        parts: vec![],
        fingerprint: Fingerprint::new("acme-key", b"a.env", [b"", b""]),
        line_hash: None,
        spread: None,
        known: None,
        verdict: None,
        suppressed: None,
    }
}

/// The part `rule` with the value `secret`.
pub(super) fn part(rule: &str, secret: &str) -> Related {
    let region = LineIndex::new(secret.as_bytes()).region(Span::new(0, secret.len()));
    Related { rule: Rule::named(rule).into(), region, secret: Secret::new(secret.as_bytes()) }
}
