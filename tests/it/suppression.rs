//! Markers, allow entries and their reasons, end to end.

use crate::sandbox::{Run, Sandbox};
use crate::token::github;

/// Scans one file that holds `line`, in which TOKEN stands for a token, under the configuration `config`.
fn scan(config: &str, line: &str) -> Run {
    let dir = Sandbox::new();
    dir.file(".leakward.toml", config);
    dir.file("src/a.py", line.replace("TOKEN", &github("one")));
    dir.run(["scan", "src", "--show-suppressed", "--format", "json"])
}

#[track_caller]
fn suppressed(run: &Run) -> String {
    assert_eq!(run.code, Some(0), "{run:?}");
    run.json()["findings"][0]["suppressed"].to_string()
}

#[test]
fn a_marker_on_the_line_suppresses() {
    let run = scan("", "t = 'TOKEN' # leakward:allow github-pat\n");
    assert_eq!(suppressed(&run), r#"{"by":"marker","marker":"leakward:allow"}"#);
}

#[test]
fn a_marker_for_another_rule_does_not_and_says_so() {
    let run = scan("", "t = 'TOKEN' # leakward:allow jwt\n");
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("the leakward:allow on its line does not name github-pat"), "{run:?}");
}

#[test]
fn markers_can_be_told_to_be_silent() {
    let dir = Sandbox::new();
    dir.file("a", format!("t = '{}' # gitleaks:allow\n", github("one")));
    assert_eq!(dir.run(["scan"]).code, Some(0));
    assert_eq!(dir.run(["scan", "--inline-markers", "ignore"]).code, Some(1));
}

#[test]
fn an_allow_entry_suppresses_with_its_reason() {
    let config = "[[allow]]\nrule = 'github-pat'\npath = 'src/**'\nreason = 'documentation values'\n";
    let run = scan(config, "t = 'TOKEN'\n");
    assert_eq!(suppressed(&run), r#"{"by":"allow","reason":"documentation values"}"#);
}

#[test]
fn an_expired_allow_entry_fires_again_with_a_note() {
    let config = "[[allow]]\nrule = 'github-pat'\nreason = 'r'\nexpires = 2020-01-31\n";
    let run = scan(config, "t = 'TOKEN'\n");
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("its [[allow]] entry expired on 2020-01-31"), "{run:?}");
}

#[test]
fn an_allow_entry_without_a_reason_is_warned_of() {
    let run = scan("[[allow]]\nrule = 'github-pat'\n", "t = 'TOKEN'\n");
    assert_eq!(run.summary()["notes"][0], ".leakward.toml: line 1: [[allow]] without a reason");
}

#[test]
fn suppressed_findings_are_counted_and_shown_on_demand() {
    let dir = Sandbox::new();
    dir.file("a", format!("t = '{}' # trufflehog:ignore\n", github("one")));
    let run = dir.run(["scan"]);
    assert!(run.stdout.contains("no secrets found") && run.stdout.contains("1 suppressed"), "{run:?}");
    let run = dir.run(["scan", "--show-suppressed"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.contains("suppressed[github-pat]"), "{run:?}");
    assert!(run.stdout.contains("suppressed by the marker trufflehog:ignore"), "{run:?}");
}

#[test]
fn a_wrong_configuration_is_one_error_with_a_line_and_a_remedy() {
    let run = scan("[scan]\nexlude = ['x']\n", "");
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stderr,
        "error: .leakward.toml: line 2: unknown key exlude\nhelp: did you mean exclude?\n"
    );
}

#[test]
fn a_circle_of_rule_files_is_named() {
    let dir = Sandbox::new();
    dir.file(".leakward.toml", "[rules]\nextend = ['r/a.toml']\n");
    dir.file("r/a.toml", "extend = ['b.toml']\n");
    dir.file("r/b.toml", "extend = ['../r/a.toml']\n");
    let run = dir.run(["scan"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("r/a.toml → r/b.toml → r/a.toml"), "{run:?}");
}
