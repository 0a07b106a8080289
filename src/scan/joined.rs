//! Joins the findings of another scanner's rules in one blob, once allowlists have spoken: parts that a rule asks
//! for, and generic rules that give way. The order is gitleaks'.

use crate::model::{Finding, Suppression};
use crate::rule::{Requirement, Text};

/// Drops from `findings` of one blob what lacks a part, what gives way to another rule, and the findings of rules
/// that are `parts` alone. Our own rules' findings stay.
pub(super) fn join(findings: &mut Vec<Finding>, parts: &[Text]) {
    if !findings.iter().any(is_foreign) {
        return;
    }
    keep(findings, |finding, all| {
        let has = |part: &Requirement| all.iter().any(|other| counts(other) && is_part(finding, part, other));
        finding.rule.requires.iter().all(has)
    });
    keep(findings, |finding, _| !parts.contains(&finding.rule.id));
    keep(findings, |finding, all| {
        !is_generic(finding) || !all.iter().any(|other| counts(other) && explains(other, finding))
    });
}

/// Keeps our own findings and those for which `good` holds, given all.
fn keep(findings: &mut Vec<Finding>, good: impl Fn(&Finding, &[Finding]) -> bool) {
    let stays: Vec<bool> = findings.iter().map(|f| !is_foreign(f) || good(f, findings)).collect();
    let mut stays = stays.into_iter();
    findings.retain(|_| stays.next().unwrap_or(true));
}

fn is_foreign(finding: &Finding) -> bool {
    finding.rule.extractor.is_foreign()
}

/// Whether a finding counts for others: an allowlist or a marker takes it out, what is known from before does not.
const fn counts(finding: &Finding) -> bool {
    matches!(finding.suppressed, None | Some(Suppression::Baseline(_)))
}

fn is_part(finding: &Finding, part: &Requirement, other: &Finding) -> bool {
    let (own, its) = (finding.matched_region.start, other.matched_region.start);
    let columns = (finding.matched_offsets.start, other.matched_offsets.start);
    other.rule.id == part.rule
        && own.line.abs_diff(its.line) <= u64::from(part.within_lines)
        && part.within_columns.is_none_or(|most| columns.0.abs_diff(columns.1) <= u64::from(most))
}

fn is_generic(finding: &Finding) -> bool {
    finding.rule.id.to_ascii_lowercase().contains("generic")
}

/// Whether `other` says more of the secret that `finding` holds. The values are compared, not shown.
fn explains(other: &Finding, finding: &Finding) -> bool {
    let (whole, part) = (other.secret.expose(), finding.secret.expose());
    !is_generic(other)
        && other.matched_region.start.line == finding.matched_region.start.line
        && (part.is_empty() || memchr::memmem::find(whole, part).is_some())
}
