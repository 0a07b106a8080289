//! A triage on a real terminal, played by expect.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// Passwords that nobody has, in three files of a repository.
fn leaky() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join(".git")).unwrap();
    for name in ["a", "b", "c"] {
        let value = format!("Zq{}", &blake3::hash(name.as_bytes()).to_hex()[..14]);
        sandbox.file(format!("{name}.py"), format!("password = '{value}'\n"));
    }
    sandbox
}

/// Runs `leakward triage` with `arguments` on a terminal and types `keys` when it asks.
pub(crate) fn triage(sandbox: &Sandbox, arguments: &str, keys: &str) -> Run {
    let program = env!("CARGO_BIN_EXE_leakward");
    let script = format!(
        "set timeout 60\nset stty_init {{rows 24 cols 90}}\nspawn {program} triage {arguments}\n\
         expect {{decided}} {{send -- \"{keys}\"}} timeout {{exit 97}} eof {{exit [lindex [wait] 3]}}\n\
         expect eof\nexit [lindex [wait] 3]\n"
    );
    let mut command = Command::new("expect");
    Run::of(command.args(["-c", &script]).current_dir(sandbox.path()).env("TERM", "xterm-256color"))
}

fn entries(sandbox: &Sandbox) -> Vec<(String, String)> {
    let text = fs::read_to_string(sandbox.path().join("leakward-baseline.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter_map(|entry| Some((entry["path"].as_str()?.to_owned(), entry["reason"].as_str()?.to_owned())))
        .collect()
}

#[test]
fn what_is_decided_goes_into_the_baseline_and_commands_are_told() {
    let sandbox = leaky();
    let run = triage(&sandbox, "--owner ann", "faset in the lab\\roq");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("1 false alarm · 1 accepted · 1 rotate · 0 left"), "{run:?}");
    assert!(run.stdout.contains("leakward rotate b3k:"), "{run:?}");
    let told =
        [("a.py", "false alarm"), ("b.py", "set in the lab")].map(|(p, r)| (p.to_owned(), r.to_owned()));
    assert_eq!(entries(&sandbox), told);
    let scan = sandbox.run(["scan", "--baseline", "leakward-baseline.jsonl", "--format", "json"]);
    let left: Vec<_> =
        scan.json()["findings"].as_array().unwrap().iter().map(|f| f["path"].clone()).collect();
    assert_eq!(left, ["c.py"]);
}

#[test]
fn a_triage_that_is_left_is_taken_up_again() {
    let sandbox = leaky();
    let run = triage(&sandbox, "", "fQ");
    assert!(run.code == Some(0) && run.stdout.contains("1 of 3 decided; kept for the next time"), "{run:?}");
    assert!(!sandbox.path().join("leakward-baseline.jsonl").exists());
    let kept = fs::read_to_string(sandbox.path().join(".git/leakward/triage.json")).unwrap();
    assert!(kept.contains("false") && !kept.contains("Zq"), "{kept}");
    // The first open one is chosen, and undo does not reach into the time before.
    let run = triage(&sandbox, "", "uafor now\\rq");
    assert!(run.stdout.contains("1 false alarm · 1 accepted · 1 left"), "{run:?}");
    assert_eq!(entries(&sandbox).len(), 2);
}

#[test]
fn a_masked_report_is_gone_through_with_the_values_of_the_folder() {
    let sandbox = leaky();
    assert_eq!(sandbox.run(["scan", "--format", "json", "--output", "r.json", "--quiet"]).code, Some(1));
    fs::remove_file(sandbox.path().join("c.py")).unwrap();
    let run = triage(&sandbox, "r.json", "fffq");
    assert!(run.stdout.contains("3 false alarm · 0 left"), "{run:?}");
    assert!(run.stdout.contains("1 not in the baseline, as the report masks their values"), "{run:?}");
    assert_eq!(entries(&sandbox).iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["a.py", "b.py"]);
}

#[test]
fn without_a_terminal_it_says_what_else_there_is() {
    let run = leaky().run(["triage"]);
    assert!(run.code == Some(2) && run.stderr.contains("needs a terminal"), "{run:?}");
    assert!(run.stderr.contains("--format html"), "{run:?}");
}
