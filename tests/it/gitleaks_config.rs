//! Scans by gitleaks' files: what is told, what is refused, and where we differ on purpose.

use std::fs;

use crate::repo::Repo;
use crate::sandbox::{Run, Sandbox};

const PIN: &str = "[[rules]]\nid = 'pin'\nregex = '''pin:(\\d{6})'''\n";
/// A password that the built-in rules find.
const PASSWORD: &str = "password: vT9wLq2XzR7n\n"; // leakward:allow

fn with(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in files {
        sandbox.file(name, text);
    }
    sandbox
}

/// Rule ids of what is found, in order.
fn rules(run: &Run) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_configuration_alone_switches_the_built_in_rules_off_and_says_so() {
    let dir = with(&[(".gitleaks.toml", PIN), ("a.yaml", PASSWORD), ("b", "pin:123456\n")]);
    let run = dir.run(["scan", ".", "--format", "json"]);
    assert_eq!(rules(&run), ["pin"]);
    let run = dir.run(["scan", "."]);
    assert!(run.stdout.contains("only its own 1 rule run"), "{run:?}");
}

#[test]
fn use_default_keeps_the_built_in_rules_and_their_gitleaks_names() {
    let head = "[extend]\nuseDefault = true\n";
    let files = [("a.yaml", PASSWORD), ("b", "pin:123456\n")];
    for (config, expected) in [
        (format!("{head}{PIN}"), &["generic-password", "pin"][..]),
        (format!("{head}disabledRules = ['generic-api-key']\n{PIN}"), &["pin"]),
        (
            format!("{head}{PIN}[[rules]]\nid = 'generic-api-key'\n[[rules.allowlists]]\npaths = ['^a']\n"),
            &["pin"],
        ),
        (
            format!("{head}{PIN}[[allowlists]]\ntargetRules = ['generic-api-key']\nregexes = ['^vT9']\n"),
            &["pin"],
        ),
        (format!("{head}[allowlist]\npaths = ['''\\.yaml$''']\n"), &[]),
    ] {
        let dir = with(&files);
        dir.file(".gitleaks.toml", &config);
        assert_eq!(rules(&dir.run(["dir", ".", "--format", "json"])), expected, "{config}");
    }
}

#[test]
fn our_own_configuration_speaks_before_gitleaks() {
    let dir = with(&[(".gitleaks.toml", PIN), (".leakward.toml", ""), ("b", "pin:123456\n")]);
    assert_eq!(dir.run(["scan", "."]).code, Some(0));
}

#[test]
fn what_gitleaks_refuses_is_refused_with_its_place() {
    let refused = [
        ("[[rules]]\nid = 'x'\nregex = 'a(?=b)'", "rule x: regex: look-around ?= is not supported"),
        ("[[rules]]\nid = 'x'\nregex = '('", "rule x: regex: unclosed group"),
        ("[[rules]]\nid = 'x'\npath = '[z-a]'", "rule x: path: a class holds a range that is none"),
        ("[[rules]]\nid = 'x'", "rule x: both `regex` and `path` are missing"),
        ("[[rules]]\nregex = 'x'", "a rule without `id`"),
        (
            "[[rules]]\nid = 'x'\nregex = '(a)'\nsecretGroup = 2",
            "rule x: secretGroup is 2, but the regex has 1 groups",
        ),
        (
            "[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.required]]\nid = 'y'",
            "rule x: required: no rule is called y",
        ),
        ("[allowlist]\ndescription = 'x'", "allowlist: it states nothing"),
        ("[[allowlists]]\ncondition = 'XOR'\npaths = ['x']", "allowlist: condition is neither AND nor OR"),
        (
            "[[allowlists]]\nregexTarget = 'file'\npaths = ['x']",
            "allowlist: regexTarget is neither secret nor match nor line",
        ),
        (
            "[[allowlists]]\ntargetRules = ['none']\npaths = ['x']",
            "allowlists: targetRules: no rule is called none",
        ),
        ("[allowlist]\npaths = ['x']\n[[allowlists]]\npaths = ['x']", "both `allowlist` and `allowlists`"),
        ("[extend]\nuseDefault = true\npath = 'x'", "extend: both `path` and `useDefault`"),
        ("[extend]\npath = 'none.toml'", "extend.path: none.toml: no such file"),
        ("title = 1\n[[rules]]\nid = 3", "invalid type: integer `3`, expected a string"),
        ("[[rules]\n", "line 1: "),
    ];
    for (config, expected) in refused {
        let dir = with(&[(".gitleaks.toml", config)]);
        let run = dir.run(["dir", "."]);
        assert_eq!(run.code, Some(2), "{config}: {run:?}");
        let expected = format!("error: .gitleaks.toml: {expected}");
        assert!(run.stderr.starts_with(&expected), "{config}: {run:?}");
    }
}

#[test]
fn what_is_not_carried_over_is_told() {
    let told = [
        (
            "[extend]\nuseDefault = true\n[[rules]]\nid = 'github-pat'\nentropy = 3",
            "rule github-pat: entropy of a default rule",
        ),
        (
            "[extend]\nuseDefault = true\ndisabledRules = ['linkedin-client-id']",
            "nothing here finds what linkedin-client-id does",
        ),
        ("[extend]\nurl = 'https://example.com/x'", "extend.url is not followed"),
        ("[[allowlists]]\nregexes = ['^true|false|null$']", "which lets every value pass that holds b"),
    ];
    for (config, expected) in told {
        let dir = with(&[(".gitleaks.toml", config), ("a", "x\n")]);
        let run = dir.run(["dir", "."]);
        assert!(run.stdout.contains(expected), "{config}: {run:?}");
    }
    let dir = with(&[(".gitleaks.toml", PIN), (".gitleaksignore", "a:b\n"), ("a", "x\n")]);
    let run = dir.run(["dir", "."]);
    assert!(run.stdout.contains(".gitleaksignore: line 1: neither file:rule:line"), "{run:?}");
}

#[test]
fn an_ignore_entry_may_name_a_rule_as_gitleaks_does() {
    let dir = with(&[("a.yaml", PASSWORD), (".gitleaksignore", "a.yaml:generic-api-key:1\n")]);
    let run = dir.run(["scan", ".", "--show-suppressed"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains(".gitleaksignore"), "{run:?}");
}

#[test]
fn an_earlier_report_knows_a_secret_that_has_moved_unless_told_to_be_exact() {
    let dir = with(&[(".gitleaks.toml", PIN), ("a", "pin:123456\n")]);
    let report = ["dir", ".", "-f", "json", "-r", "old.json", "--show-secrets"];
    assert_eq!(dir.run(report).code, Some(1));
    dir.file("a", "\n\npin:123456\n");
    assert_eq!(dir.run(["dir", ".", "-b", "old.json"]).code, Some(0));
    assert_eq!(dir.run(["dir", ".", "-b", "old.json", "--gitleaks-exact"]).code, Some(1));
    dir.file("a", "pin:654321\n");
    assert_eq!(dir.run(["dir", ".", "-b", "old.json"]).code, Some(1), "another secret in the old place");
    fs::write(dir.path().join("old.json"), "[1]").unwrap();
    let run = dir.run(["dir", ".", "-b", "old.json"]);
    assert!(run.stderr.starts_with("error: old.json: line 1, column 2: not a report of gitleaks"), "{run:?}");
}

#[test]
fn other_markers_do_not_count_where_all_is_exact() {
    let dir = with(&[(".gitleaks.toml", PIN), ("a", "pin:123456 # leakward:allow\n")]);
    assert_eq!(dir.run(["dir", "."]).code, Some(0));
    assert_eq!(dir.run(["dir", ".", "--gitleaks-exact"]).code, Some(1));
}

#[test]
fn a_history_is_scanned_by_gitleaks_rules_too() {
    let repo = Repo::with(&[(".gitleaks.toml", PIN), ("a", "pin:123456\n")]);
    repo.file("a", "gone\n");
    repo.commit("second");
    let run = repo.run(&["git", "--format", "json"]);
    assert_eq!(rules(&run), ["pin"]);
}

#[test]
fn a_rule_looks_at_a_name_alone() {
    let config = "[[rules]]\nid = 'by-name'\npath = '''\\.kdbx$'''\n";
    let dir = with(&[(".gitleaks.toml", config), ("safe.kdbx", "text\n")]);
    let run = dir.run(["dir", "."]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("safe.kdbx"), "{run:?}");
}

#[test]
fn an_enabled_rule_keeps_the_parts_that_it_asks_for() {
    let config =
        format!("{PIN}[[rules]]\nid = 'pair'\nregex = 'pass=(\\w+)'\n[[rules.required]]\nid = 'pin'\n");
    let dir = with(&[(".gitleaks.toml", &config), ("a", "pin:123456 pass=word12\n")]);
    assert_eq!(rules(&dir.run(["dir", ".", "--enable-rule", "pair", "--format", "json"])), ["pair"]);
}
