//! Baselines that age well: thinned out, compared, merged by git, with reasons.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Run, Sandbox};
use crate::token::github;

const FILE: &str = "leakward-baseline.jsonl";

/// A folder with one token in each of `paths`, all of them in the baseline.
fn accepted(paths: &[&str]) -> Sandbox {
    let dir = Sandbox::new();
    paths.iter().for_each(|path| token(&dir, path));
    create(&dir);
    dir
}

fn token(dir: &Sandbox, path: &str) {
    dir.file(path, format!("token = '{}'\n", github(path)));
}

#[track_caller]
fn create(dir: &Sandbox) {
    let run = dir.run(["baseline", "create", "--reason", "old keys"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

fn content(dir: &Sandbox) -> String {
    fs::read_to_string(dir.path().join(FILE)).unwrap()
}

fn notes(run: &Run) -> String {
    run.summary()["notes"].to_string()
}

#[test]
fn a_scan_tells_of_entries_that_match_nothing_and_of_no_others() {
    let dir = accepted(&["src/a.py", "src/b.py", "lib/c.py"]);
    let scan = |what: &str| dir.run(["scan", what, "--baseline", FILE, "--format", "json"]);
    assert!(!notes(&scan(".")).contains("matches nothing"));
    fs::remove_file(dir.path().join("src/b.py")).unwrap();
    let run = scan(".");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(notes(&run).contains("1 baseline entry matches nothing (src/b.py github-pat)"), "{run:?}");
    assert!(!notes(&scan("lib")).contains("matches nothing"), "src was not looked at");
    let other = ["scan", ".", "--baseline", FILE, "--format", "json", "--rule", "jwt"];
    assert!(!notes(&dir.run(other)).contains("nothing"), "the rule did not run");
}

#[test]
fn a_scan_of_staged_changes_tells_nothing_of_what_it_does_not_look_at() {
    let dir = accepted(&["a.py"]);
    git(dir.path(), &["init", "-q"]);
    dir.file("b.txt", "nothing\n");
    git(dir.path(), &["add", "b.txt"]);
    let run = dir.run(["git", "--staged", "--baseline", FILE, "--format", "json"]);
    assert!(!notes(&run).contains("nothing"), "{run:?}");
}

#[test]
fn allow_entries_and_ignored_places_that_suppress_nothing_are_told() {
    let dir = Sandbox::new();
    token(&dir, "a.py");
    dir.file(".leakward.toml", "[[allow]]\npath = 'gone/**'\nreason = 'r'\n");
    dir.file(".gitleaksignore", "a.py:github-pat:1\na.py:github-pat:7\n");
    let run = dir.run(["scan", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let notes = notes(&run);
    assert!(notes.contains(".leakward.toml: line 1: [[allow]] suppresses nothing"), "{notes}");
    assert!(notes.contains("1 ignore entry matches nothing (.gitleaksignore: line 2)"), "{notes}");
}

#[test]
fn pruning_takes_out_what_is_gone_and_what_has_expired() {
    let dir = accepted(&["src/a.py", "src/gone.py"]);
    dir.file(FILE, content(&dir) + &expired(&dir));
    fs::remove_file(dir.path().join("src/gone.py")).unwrap();
    let before = content(&dir);
    let dry = dir.run(["baseline", "prune", "--dry-run"]);
    assert!(dry.stdout.contains("2 would be taken out, 1 kept"), "{dry:?}");
    assert_eq!(content(&dir), before);
    let run = dir.run(["baseline", "prune"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("src/gone.py") && run.stdout.contains("matches nothing any more"), "{run:?}");
    assert!(run.stdout.contains("expired on 2020-02-29"), "{run:?}");
    assert_eq!(content(&dir).lines().count(), 2);
    assert_eq!(dir.run(["scan", "--baseline", FILE]).code, Some(0));
}

/// The line of an entry for `src/a.py` that has expired.
fn expired(dir: &Sandbox) -> String {
    let text = content(dir);
    let line = text.lines().find(|line| line.contains("src/a.py")).unwrap();
    let line = line.replace("\"rule\":\"github-pat\"", "\"rule\":\"jwt\"");
    line.replace('}', ",\"expires\":\"2020-02-29\"}\n")
}

#[test]
fn pruning_drops_nothing_unseen_when_something_could_not_be_read() {
    let dir = accepted(&["src/a.py", "src/gone.py"]);
    fs::remove_file(dir.path().join("src/gone.py")).unwrap();
    dir.file("src/broken.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
    let run = dir.run(["baseline", "prune"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("not scanned: ") && run.stdout.contains("0 taken out, 2 kept"), "{run:?}");
}

#[test]
fn pruning_keeps_what_stands_in_the_history_when_asked_to() {
    let dir = accepted(&["a.py"]);
    git(dir.path(), &["init", "-q"]);
    commit(dir.path(), "one");
    fs::remove_file(dir.path().join("a.py")).unwrap();
    commit(dir.path(), "two");
    let run = dir.run(["baseline", "prune", "--history"]);
    assert!(run.stdout.contains("0 taken out, 1 kept"), "{run:?}");
    let run = dir.run(["baseline", "prune"]);
    assert!(run.stdout.contains("1 taken out, 0 kept"), "{run:?}");
}

#[cfg(feature = "fetcher")]
#[test]
fn pruning_takes_out_what_the_manager_has_rotated() {
    use crate::bao::{Bao, ROOT};
    let bao = Bao::start();
    let (old, new) = (github("old"), github("new"));
    bao.put("prod/git", &serde_json::json!({ "token": old }));
    bao.put("prod/git", &serde_json::json!({ "token": new }));
    let dir = Sandbox::new();
    dir.file("old.py", format!("token = '{old}'\n"));
    dir.file("new.py", format!("token = '{new}'\n"));
    create(&dir);
    let mut command = dir.command(["baseline", "prune", "--verify"]);
    let run =
        Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR"));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("its secret was rotated"), "{run:?}");
    assert!(content(&dir).contains("new.py") && !content(&dir).contains("old.py"), "{run:?}");
}

#[test]
fn a_diff_names_what_came_and_what_went() {
    let dir = accepted(&["a.py"]);
    fs::copy(dir.path().join(FILE), dir.path().join("old.jsonl")).unwrap();
    let diff = || dir.run(["baseline", "diff", "old.jsonl", FILE]);
    assert_eq!(diff().code, Some(0));
    fs::remove_file(dir.path().join("a.py")).unwrap();
    token(&dir, "b.py");
    create(&dir);
    let run = diff();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.starts_with("- a.py github-pat b3k:"), "{run:?}");
    assert!(
        run.stdout.contains("\n+ b.py github-pat b3k:")
            && run.stdout.ends_with("1 added, 1 removed, 0 changed\n")
    );
}

#[test]
fn stats_count_by_rule_and_folder() {
    let dir = accepted(&["src/a.py", "src/b.py", "c.py"]);
    let run = dir.run(["baseline", "stats", "--json"]);
    let stats = run.json();
    assert_eq!(
        (&stats["entries"], &stats["rules"]["github-pat"], &stats["folders"]["src"]),
        (&3.into(), &3.into(), &2.into())
    );
    assert!(dir.run(["baseline", "stats"]).stdout.starts_with("3 entries for 3 secrets\n"));
}

#[test]
fn git_merges_two_sides_of_a_baseline_by_union() {
    let dir = accepted(&["a.py", "z.py"]);
    git(dir.path(), &["init", "-q", "-b", "main"]);
    let run = dir.run(["baseline", "merge", "--install"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let attributes = format!("/{FILE} merge=leakward-baseline\n");
    assert_eq!(fs::read_to_string(dir.path().join(".gitattributes")).unwrap(), attributes);
    dir.run(["baseline", "merge", "--install"]);
    assert_eq!(fs::read_to_string(dir.path().join(".gitattributes")).unwrap(), attributes, "twice is once");
    commit(dir.path(), "base");
    git(dir.path(), &["switch", "-q", "-c", "side"]);
    token(&dir, "b.py");
    fs::remove_file(dir.path().join("z.py")).unwrap();
    create(&dir);
    commit(dir.path(), "side");
    git(dir.path(), &["switch", "-q", "main"]);
    token(&dir, "c.py");
    create(&dir);
    commit(dir.path(), "main");
    git(dir.path(), &["merge", "-q", "side"]);
    let merged = content(&dir);
    let has = |path: &str| merged.contains(&format!("\"path\":\"{path}\""));
    assert!(has("a.py") && has("b.py") && has("c.py") && !has("z.py"), "{merged}");
}

#[test]
fn baselines_made_apart_are_no_merge_and_the_file_stays() {
    let (one, two) = (accepted(&["a.py"]), accepted(&["b.py"]));
    let before = content(&one);
    one.file("empty", "");
    let theirs = two.path().join(FILE).display().to_string();
    let run = one.run(["baseline", "merge", "empty", FILE, &theirs]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("a salt of its own") && content(&one) == before, "{run:?}");
}

#[test]
fn where_reasons_are_required_what_has_none_counts_for_nothing_and_is_named() {
    let dir = Sandbox::new();
    dir.file("a.py", format!("t = '{}' # leakward:allow\n", github("a")));
    dir.file("b.py", format!("t = '{}' # leakward:allow github-pat -- made for the docs\n", github("b")));
    dir.file("c.py", format!("t = '{}'\n", github("c")));
    dir.file(".gitleaksignore", "# a canary\nc.py:github-pat:1\n");
    assert_eq!(dir.run(["scan"]).code, Some(0));
    let run = dir.run(["scan", "--require-reason", "--format", "json"]);
    assert_eq!((run.code, run.found_in()), (Some(1), vec!["a.py".to_owned()]), "{run:?}");
    let why = run.json()["findings"][0]["why"].to_string();
    assert!(why.contains("the leakward:allow near it gives no reason"), "{why}");
    let text = dir.run(["scan", "--require-reason"]);
    assert!(text.stdout.contains("gives no reason"), "{text:?}");
    dir.file(".leakward.toml", "[scan]\nrequire_reason = true\n");
    assert_eq!(dir.run(["scan"]).code, Some(1));
}

/// Runs git, with the program under test on its path for the merge driver.
#[track_caller]
fn git(dir: &Path, args: &[&str]) {
    let program = Path::new(env!("CARGO_BIN_EXE_leakward")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(args)
        .current_dir(dir)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {output:?}");
}

#[track_caller]
fn commit(dir: &Path, message: &str) {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-q", "-m", message]);
}
