//! Findings accepted for now: made, used, refreshed, refused.

use std::fs;

use crate::sandbox::{Run, Sandbox};
use crate::token::github;

const FILE: &str = "leakward-baseline.jsonl";

fn scan(dir: &Sandbox) -> Run {
    dir.run(["scan", "src", "--baseline", FILE, "--format", "json"])
}

/// A folder whose one token is in the baseline.
fn accepted() -> Sandbox {
    let dir = Sandbox::new();
    dir.file("src/a.py", format!("\ntoken = '{}'\n", github("old")));
    let run = dir.run(["baseline", "create", "--reason", "being rotated"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.ends_with(&format!("{FILE}: 1 entry (1 new, 0 kept, 0 dropped)\n")), "{run:?}");
    dir
}

fn content(dir: &Sandbox) -> String {
    fs::read_to_string(dir.path().join(FILE)).unwrap()
}

#[test]
fn an_accepted_finding_stays_silent_when_its_line_moves() {
    let dir = accepted();
    dir.file("src/a.py", format!("# more\n\n# and more\ntoken = '{}' # moved\n", github("old")));
    let run = scan(&dir);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.summary()["suppressed"], 1);
}

#[test]
fn a_new_secret_on_an_old_line_is_reported() {
    let dir = accepted();
    dir.file("src/a.py", format!("\ntoken = '{}'\n", github("new")));
    assert_eq!(scan(&dir).code, Some(1));
}

#[test]
fn an_old_secret_in_a_new_place_is_reported_and_says_where_it_is_accepted() {
    let dir = accepted();
    dir.file("src/b.py", format!("token = '{}'\n", github("old")));
    let run = scan(&dir);
    assert_eq!(run.found_in(), ["src/b.py"]);
    let why = run.json()["findings"][0]["why"].to_string();
    assert!(why.contains("the baseline holds this value in src/a.py, not here"), "{why}");
}

#[test]
fn the_file_holds_no_secret_and_no_line_number() {
    let dir = accepted();
    let text = content(&dir);
    assert!(!text.contains(&github("old")[4..]) && !text.contains("\"line"), "{text}");
    assert_eq!(dir.run(["scan", FILE]).code, Some(0), "it is no finding itself");
}

#[test]
fn a_refresh_keeps_salt_and_reasons_and_drops_what_is_gone() {
    let dir = accepted();
    let before = content(&dir);
    dir.file("src/b.py", format!("token = '{}'\n", github("new")));
    let run = dir.run(["baseline", "create"]);
    assert!(run.stdout.contains("2 entries (1 new, 1 kept, 0 dropped)"), "{run:?}");
    let after = content(&dir);
    assert!(before.lines().all(|line| after.contains(line)), "{before}\n{after}");
    fs::remove_file(dir.path().join("src/a.py")).unwrap();
    let run = dir.run(["baseline", "create", "src"]);
    assert!(run.stdout.contains("1 entry (0 new, 1 kept, 1 dropped)"), "{run:?}");
}

#[test]
fn a_refresh_of_one_folder_leaves_the_others_alone() {
    let dir = accepted();
    dir.file("lib/b.py", format!("token = '{}'\n", github("new")));
    let run = dir.run(["baseline", "create", "lib", "--output", FILE]);
    assert!(run.stdout.contains("2 entries (1 new, 1 kept, 0 dropped)"), "{run:?}");
}

#[test]
fn two_runs_write_the_same_bytes() {
    let dir = accepted();
    dir.run(["baseline", "create"]);
    let first = content(&dir);
    dir.run(["baseline", "create", "--threads", "1"]);
    assert_eq!(content(&dir), first);
}

#[test]
fn the_configuration_may_name_it() {
    let dir = accepted();
    dir.file(".leakward.toml", format!("[scan]\nbaseline = '{FILE}'\n"));
    assert_eq!(dir.run(["scan"]).code, Some(0));
    dir.file(".leakward.toml", "[scan]\nbaseline = 'missing.jsonl'\n");
    let run = dir.run(["scan"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("missing.jsonl: no such file"), "{run:?}");
}

#[test]
fn what_cannot_be_read_stops_the_run_with_a_remedy() {
    for (change, message, help) in [
        (
            vec![("\"leakward-baseline\":1", "\"leakward-baseline\":7")],
            "format 7",
            "leakward version that wrote it",
        ),
        (vec![("\"path\"", "\"pth\"")], "line 2: no entry", "restore the file"),
        (vec![("{\"path\"", "<<<<<<< HEAD\n{\"path\"")], "line 2: a merge conflict", "entries of both sides"),
        (vec![("{\"leak", "leak")], "line 1: not the header", "baseline create"),
    ] {
        let dir = accepted();
        let text = change.iter().fold(content(&dir), |text, (from, to)| text.replace(from, to));
        dir.file(FILE, text);
        for run in [scan(&dir), dir.run(["baseline", "create"])] {
            assert_eq!(run.code, Some(2), "{run:?}");
            assert!(run.stderr.contains(&format!("{FILE}: ")), "{run:?}");
            assert!(run.stderr.contains(message) && run.stderr.contains(help), "{run:?}");
        }
    }
}

#[test]
fn a_read_only_baseline_is_not_replaced() {
    let dir = accepted();
    let path = dir.path().join(FILE);
    let before = content(&dir);
    let mut mode = fs::metadata(&path).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(&path, mode).unwrap();
    dir.file("src/b.py", format!("token = '{}'\n", github("new")));
    let run = dir.run(["baseline", "create"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.stderr.contains("the file is read-only") && run.stderr.contains("help: make it writable"),
        "{run:?}"
    );
    assert_eq!(content(&dir), before);
}

#[cfg(unix)]
#[test]
fn a_folder_that_takes_no_file_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let dir = accepted();
    fs::create_dir(dir.path().join("shut")).unwrap();
    fs::set_permissions(dir.path().join("shut"), fs::Permissions::from_mode(0o555)).unwrap();
    let run = dir.run_unprivileged(["baseline", "create", "--output", "shut/b.jsonl"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("cannot write shut/b.jsonl: permission denied"), "{run:?}");
}

#[test]
fn an_entry_that_has_expired_is_reported_again_and_says_so() {
    let dir = Sandbox::new();
    dir.file("src/a.py", format!("token = '{}'\n", github("old")));
    let run = dir.run(["baseline", "create", "--reason", "soon", "--expires", "2020-02-29"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = scan(&dir);
    assert_eq!(run.code, Some(1), "{run:?}");
    let why = run.json()["findings"][0]["why"].to_string();
    assert!(why.contains("its baseline entry expired on 2020-02-29"), "{why}");
    let later = content(&dir).replace("2020-02-29", "9999-01-01");
    dir.file(FILE, later);
    assert_eq!(scan(&dir).code, Some(0));
}
