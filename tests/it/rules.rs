//! The built-in rules: every example through the whole detector, and every keyword needed.

use std::sync::Arc;

use leakward::checksum::example::render;
use leakward::detect::trial::try_rules;
use leakward::detect::{Detector, Scratch};
use leakward::model::Blob;
use leakward::rule::{Extractor, Rule, RulePack};

use crate::sandbox::Sandbox;

#[test]
fn every_rule_passes_its_trial() {
    let run = Sandbox::new().run(["rules", "check"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(
        run.stdout.starts_with(&format!("{} rules, ", RulePack::everything().rules().len())),
        "{}",
        run.stdout
    );
}

#[test]
fn the_trial_notices_when_a_keyword_is_removed() {
    for rule in RulePack::builtin().rules() {
        // Two letters spare time alone: without them a run of the pattern's characters wakes the rule.
        for keyword in rule.keywords.iter().filter(|k| k.len() > 2) {
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
            detector.detect(&mut scratch, &Blob::whole(text.as_bytes()), None, &mut |c| {
                found |= c.rule.id == rule.id
            });
            if !found {
                missed.push(format!("{}: {example}", rule.id));
            }
        }
    }
    let seeds = missed.len();
    missed.dedup();
    assert!(missed.is_empty(), "{seeds} missed\n{}", missed.join("\n"));
}

#[test]
fn the_list_names_every_rule() {
    let run = Sandbox::new().run(["rules", "list"]);
    assert_eq!(run.code, Some(0));
    let ids: Vec<_> = run.stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    let pack = RulePack::everything();
    assert_eq!(ids, pack.rules().iter().map(|rule| rule.id.as_ref()).collect::<Vec<_>>());
}

#[test]
fn what_is_shown_can_be_checked() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(["rules", "show", "github-pat"]).stdout;
    sandbox.file("own.toml", shown.replace("github-pat", "acme-pat"));
    let run = sandbox.run(["rules", "check", "own.toml"]);
    // The built-in rule finds the same token, with the same right: the first id wins.
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "1 rule, 5 examples: ok\n"), "{}", run.stderr);
}

#[test]
fn a_wrong_rule_is_refused_with_cause_and_remedy() {
    let sandbox = Sandbox::new();
    sandbox.file("own.toml", "[[rule]]\nid = 'acme-key'\npattern = 'acme_[0-9]{20}'\nkeywords = ['acme_']\n");
    let run = sandbox.run(["rules", "check", "own.toml"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("own.toml: rule acme-key: `pattern`: the pattern has no capture group 1"));
    assert!(run.stderr.contains("help: put the secret part in parentheses"));
}

#[test]
fn an_example_that_fails_is_named() {
    let sandbox = Sandbox::new();
    let rule = "[[rule]]\nid = 'acme-key'\npattern = 'acme_([0-9]{20})'\nkeywords = ['acme_']\n";
    sandbox.file(
        "own.toml",
        format!("{rule}positive = ['acme_{{{{digits(19)}}}}']\nnegative = ['acme_{{{{hax(3)}}}}']\n"),
    );
    let run = sandbox.run(["rules", "check", "own.toml"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("rule acme-key: positive example 1 is not found"), "{}", run.stderr);
    assert!(
        run.stderr.contains("rule acme-key: negative example 1: no generator is called hax"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_unknown_rule_is_answered_with_a_near_one() {
    let run = Sandbox::new().run(["rules", "show", "github-pad"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("no rule is called github-pad")
            && run.stderr.contains("did you mean github-pat?")
    );
}
