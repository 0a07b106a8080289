//! Findings for the tests of this room.

use std::time::Duration;

use super::{Root, Summary};
use crate::model::{Finding, Tally};
use crate::rule::{Rule, RulePack, Severity};

/// A rule `acme-key` with one keyword.
pub(super) fn rule(keyword: &'static str) -> Rule {
    Rule { keywords: vec![keyword.into()].into(), ..Rule::named("acme-key") }
}

/// The finding of `secret`, which stands in `text`, in a file at `path`.
pub(super) fn finding(path: &str, text: &str, secret: &str) -> Finding {
    Finding {
        severity: Severity::Critical,
        why: vec!["prefix tok_".into(), "checksum passed".into()],
        line_hash: Some("39fa2ee980eb94b0:1".into()),
        ..Finding::sample(rule("tok_"), path, text, secret)
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
        elapsed: Some(Duration::from_millis(12)),
    }
}
