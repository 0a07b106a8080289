//! Standard input.

use serde_json::json;

use crate::sandbox::Sandbox;

const TOKEN: &str = "acme_0123456789abcdefghij";

#[test]
fn a_finding_has_the_name_that_was_given() {
    let dir = Sandbox::new();
    dir.acme_rule();
    let run = dir.run_with(["stdin", "--path", "src/a b.py", "--format", "json"], TOKEN.as_bytes());
    assert_eq!((run.code, run.found_in()), (Some(1), vec!["src/a b.py".to_owned()]));
}

#[test]
fn binary_input_is_scanned_too() {
    let dir = Sandbox::new();
    dir.acme_rule();
    let input = [&[0; 100], TOKEN.as_bytes(), &[0; 100]].concat();
    assert_eq!(dir.run_with(["stdin"], &input).code, Some(1));
}

#[test]
fn input_longer_than_memory_allows_is_read_in_windows() {
    let dir = Sandbox::new();
    dir.acme_rule();
    // A token on every millionth byte or so, and with it on every border.
    let line = format!("{TOKEN}{}\n", "é".repeat(499_000));
    let lines = 22;
    let run = dir.run_with(["stdin", "--format", "json"], line.repeat(lines).as_bytes());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let report = run.json();
    let starts: Vec<_> = report["findings"].as_array().unwrap().iter().map(|f| f["start"].clone()).collect();
    let wanted: Vec<_> = (1..=lines).map(|line| json!({"line": line, "column": 1})).collect();
    assert_eq!(starts, wanted);
}
