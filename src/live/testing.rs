//! Findings for the tests of this room.

use crate::model::{Finding, LineIndex, Related, Secret, Span};
use crate::rule::{Answer, LiveCheck, Method, Named, Rule};

/// A check that sends the secret as a bearer token.
pub(super) fn check() -> LiveCheck {
    LiveCheck {
        method: Method::Get,
        url: "https://api.acme.example/me".into(),
        hosts: vec!["api.acme.example".into()].into(),
        headers: vec![Named { name: "Authorization".into(), text: "Bearer {secret}".into() }].into(),
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
    Finding::sample(Rule { live: Some(check), ..Rule::named("acme-key") }, "a.env", secret, secret)
}

/// The part `rule` with the value `secret`.
pub(super) fn part(rule: &str, secret: &str) -> Related {
    let region = LineIndex::new(secret.as_bytes()).region(Span::new(0, secret.len()));
    Related { rule: Rule::named(rule).into(), region, secret: Secret::new(secret.as_bytes()) }
}
