//! The built-in rules: every example through the whole detector, and every keyword needed.

use std::sync::Arc;

use leakward::checksum::example::render;
use leakward::detect::trial::try_rules;
use leakward::detect::{Detector, Scratch};
use leakward::model::Blob;
use leakward::rule::{Extractor, Rule, RulePack};

#[test]
fn every_provider_s_rule_passes_its_trial() {
    let verdicts = try_rules(&Arc::new(RulePack::builtin()), |rule| !is_generic(rule)).unwrap();
    let lines: Vec<_> = verdicts.iter().map(|(rule, fault)| format!("{rule}: {fault}")).collect();
    assert!(lines.is_empty(), "{} faults\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn the_trial_notices_when_a_keyword_is_removed() {
    for rule in RulePack::builtin().rules() {
        for keyword in rule.keywords.iter() {
            let keywords: Vec<_> = rule.keywords.iter().filter(|k| *k != keyword).cloned().collect();
            let cut = Rule { keywords: keywords.into(), requires: Vec::new().into(), ..(**rule).clone() };
            let verdicts = try_rules(&Arc::new(RulePack::new([cut])), |_| true);
            assert!(verdicts.is_ok_and(|v| !v.is_empty()), "{} does without {keyword:?}", rule.id);
        }
    }
}

#[test]
fn positives_are_found_whatever_the_random_part() {
    let pack = Arc::new(RulePack::builtin());
    let detector = Detector::new(Arc::clone(&pack)).unwrap();
    let mut scratch = Scratch::default();
    let mut missed = Vec::new();
    for rule in pack.rules().iter().filter(|rule| matches!(rule.extractor, Extractor::Pattern(_))) {
        for (example, seed) in rule.positive.iter().flat_map(|p| (0..12).map(move |seed| (p, seed))) {
            let text = render(example, &format!("{} {seed}", rule.id)).unwrap();
            let mut found = false;
            detector
                .detect(&mut scratch, &Blob::whole(text.as_bytes()), &mut |c| found |= c.rule.id == rule.id);
            if !found {
                missed.push(format!("{}: {example}", rule.id));
            }
        }
    }
    let seeds = missed.len();
    missed.dedup();
    assert!(missed.is_empty(), "{seeds} missed\n{}", missed.join("\n"));
}

/// Whether the classifier decides what the rule finds; such rules have tests of their own.
fn is_generic(rule: &Rule) -> bool {
    rule.tags.iter().any(|tag| tag == "generic")
}
