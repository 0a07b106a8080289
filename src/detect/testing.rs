//! Rules and detectors for this floor's tests.

use std::sync::Arc;

use super::{Detector, Scratch};
use crate::model::{Blob, Candidate};
use crate::rule::{Confidence, Extractor, Rule, RulePack, Severity, Text};

/// A rule with `pattern`, whose secret is group 1 when there is one, and `keywords`.
pub(super) fn rule(id: &'static str, pattern: &'static str, keywords: &'static [&'static str]) -> Rule {
    let keywords: Vec<_> = keywords.iter().map(|k| Text::Borrowed(*k)).collect();
    Rule {
        id: id.into(),
        title: id.into(),
        severity: Severity::High,
        confidence: Confidence::Medium,
        keywords: keywords.into(),
        extractor: Extractor::Pattern(pattern.into()),
        group: usize::from(pattern.replace("(?", "").replace(r"\(", "").contains('(')),
        min_entropy: None,
        checksum: None,
        path: None,
        stopwords: Vec::new().into(),
        requires: Vec::new().into(),
        reach: 1024,
        source: Text::default(),
        revoke: Text::default(),
        live: None,
        tags: Vec::new().into(),
        positive: Vec::new().into(),
        negative: Vec::new().into(),
    }
}

pub(super) fn detector(rules: impl IntoIterator<Item = Rule>) -> Detector {
    Detector::new(Arc::new(RulePack::new(rules))).unwrap()
}

/// What `detector` reports of `bytes`.
pub(super) fn detect<'r>(detector: &'r Detector, bytes: &[u8]) -> Vec<Candidate<'r>> {
    let mut found = Vec::new();
    detector.detect(&mut Scratch::default(), &Blob::whole(bytes), None, &mut |c| found.push(c));
    found
}

/// Rule and text of each candidate.
pub(super) fn named<'b>(found: &[Candidate<'_>], bytes: &'b [u8]) -> Vec<(String, &'b str)> {
    let text = |c: &Candidate<'_>| std::str::from_utf8(c.span.of(bytes)).unwrap();
    found.iter().map(|c| (c.rule.id.to_string(), text(c))).collect()
}
