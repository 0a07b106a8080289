//! `leakward git --recurse-submodules`: submodules' own histories, wherever their git folders lie.

use std::fs;

use serde_json::{Value, json};

use crate::history::{line, none, only, scan};
use crate::repo::Repo;
use crate::token::github;

/// A repository with the submodule `libs/one`, in whose history (not at its HEAD) a secret lies.
fn parent() -> Repo {
    let repo = Repo::with(&[("README", "hello\n")]);
    origin(&repo, "one");
    add(&repo, "", "one", "libs/one");
    repo.commit("with a submodule");
    repo
}

/// A repository beside the work tree with a secret in its past.
fn origin(repo: &Repo, name: &str) {
    let at = format!("../{name}");
    repo.git(&["init", "-q", "-b", "main", &at]);
    repo.sandbox.file(format!("{name}/src/a.py"), line(&github(name)));
    repo.git_in(&at, &["add", "-A"]);
    repo.git_in(&at, &["commit", "-q", "-m", &format!("leak of {name}")]);
    repo.git_in(&at, &["rm", "-q", "-r", "src"]);
    repo.git_in(&at, &["commit", "-q", "-m", "removed"]);
}

fn add(repo: &Repo, inside: &str, name: &str, path: &str) {
    let from = repo.sandbox.path().join(name);
    let allowed = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    repo.git_in(inside, &[&allowed[..], &[from.to_str().unwrap(), path]].concat());
}

fn paths(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect()
}

#[test]
fn a_submodules_own_history_is_scanned_under_its_path() {
    let repo = parent();
    let finding = only(&repo, &["--recurse-submodules"]);
    assert_eq!(
        (&finding["path"], &finding["commit"]["message"]),
        (&"libs/one/src/a.py".into(), &"leak of one".into())
    );
    let spread = &finding["spread"];
    assert_eq!((&spread["commits"], &spread["at_head"]), (&1.into(), &Value::Null));
    assert_eq!(
        spread["refs"],
        json!(["refs/heads/main", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"])
    );
    assert_eq!(paths(&scan(&repo, &["--recurse-submodules", "libs/.."]).1), ["libs/one/src/a.py"]);
}

#[test]
fn without_the_flag_submodules_are_counted_as_skipped() {
    let repo = parent();
    none(&repo, &[]);
    assert_eq!(scan(&repo, &[]).1["summary"]["skipped"], json!({"submodule": 1}));
    assert_eq!(scan(&repo, &["--recurse-submodules"]).1["summary"]["skipped"], json!({}));
}

#[test]
fn one_that_is_not_initialised_is_named() {
    let repo = parent();
    repo.git_in("..", &["clone", "-q", "work", "fresh"]);
    let (run, report) = scan(&repo, &["--recurse-submodules", "../fresh"]);
    assert_eq!((run.code, paths(&report)), (Some(0), vec![]));
    assert_eq!(report["summary"]["skipped"], json!({"submodule": 1}));
    let notes = report["summary"]["notes"].to_string();
    assert!(notes.contains("libs/one is not initialised"), "{notes}");
    repo.git_in("..", &["clone", "-q", "--bare", "work", "bare.git"]);
    let notes = scan(&repo, &["--recurse-submodules", "../bare.git"]).1["summary"]["notes"].to_string();
    assert!(notes.contains("libs/one is not initialised"), "{notes}");
}

#[test]
fn nested_ones_and_those_that_were_never_absorbed_are_found() {
    let repo = parent();
    origin(&repo, "two");
    add(&repo, "libs/one", "two", "deep/two");
    // A repository in its place in the work tree, recorded as a commit alone.
    origin(&repo, "three");
    fs::rename(repo.sandbox.path().join("three"), repo.path().join("three")).unwrap();
    repo.git(&["-c", "advice.addEmbeddedRepo=false", "add", "three"]);
    repo.git(&["commit", "-q", "-m", "an embedded repository"]);
    let (run, report) = scan(&repo, &["--recurse-submodules"]);
    let expected = ["libs/one/deep/two/src/a.py", "libs/one/src/a.py", "three/src/a.py"];
    assert_eq!((run.code, paths(&report)), (Some(1), expected.to_vec()), "{run:?}");
}

#[test]
fn one_that_was_removed_leaves_its_history() {
    let repo = parent();
    repo.git(&["rm", "-q", "libs/one"]);
    repo.commit("without it");
    assert_eq!(only(&repo, &["--recurse-submodules"])["path"], "libs/one/src/a.py");
    repo.git(&["submodule", "--quiet", "absorbgitdirs"]);
}

#[test]
fn one_secret_in_two_histories_is_a_finding_in_each() {
    let repo = parent();
    repo.file("b.py", line(&github("one")));
    repo.commit("copied from the submodule");
    let (_, report) = scan(&repo, &["--recurse-submodules"]);
    assert_eq!(paths(&report), ["b.py", "libs/one/src/a.py"]);
    let others = |i: usize| report["findings"][i]["spread"]["other_paths"].clone();
    assert_eq!((others(0), others(1)), (json!([]), json!([])));
}

#[test]
fn messages_and_what_nothing_reaches_name_the_submodule() {
    let repo = parent();
    repo.git_in("libs/one", &["commit", "-q", "--allow-empty", "-m", &github("message")]);
    let gone = repo.git_in("libs/one", &["rev-parse", "HEAD"]);
    let places = || {
        let (_, report) = scan(&repo, &["--recurse-submodules", "--unreachable"]);
        let findings = report["findings"].as_array().unwrap().clone();
        findings
            .into_iter()
            .map(|f| (f["path"].clone(), f["place"].clone(), f["spread"]["reachable"].clone()))
            .collect::<Vec<_>>()
    };
    let message = ("libs/one".into(), "commit-message".into(), true.into());
    assert!(places().contains(&message), "{:?}", places());
    repo.git_in("libs/one", &["reset", "-q", "--hard", "HEAD~1"]);
    repo.git_in("libs/one", &["reflog", "expire", "--expire=now", "--all"]);
    fs::remove_file(repo.path().join(".git/modules/libs/one/ORIG_HEAD")).unwrap();
    let message = ("libs/one".into(), "commit-message".into(), false.into());
    assert!(places().contains(&message), "{gone}: {:?}", places());
}

#[test]
fn damage_in_a_submodule_is_a_gap_that_names_it() {
    let repo = parent();
    let head = repo.git_in("libs/one", &["rev-parse", "HEAD"]);
    let object = repo.path().join(".git/modules/libs/one/objects");
    for pack in fs::read_dir(object.join("pack")).unwrap().map(|e| e.unwrap().path()) {
        fs::remove_file(pack).unwrap();
    }
    fs::remove_file(object.join(&head[..2]).join(&head[2..])).unwrap_or_default();
    let (run, report) = scan(&repo, &["--recurse-submodules"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    let gap = report["summary"]["gaps"][0]["what"].as_str().unwrap();
    assert!(gap.starts_with("libs/one"), "{gap}");
}

#[test]
fn excluded_paths_caches_and_scopes_reach_into_submodules() {
    let repo = parent();
    none(&repo, &["--recurse-submodules", "--exclude", "libs/*/src/"]);
    none(&repo, &["--recurse-submodules", "--since", "2023-11-15"]);
    assert_eq!(only(&repo, &["--recurse-submodules", "--branch", "main~1"])["path"], "libs/one/src/a.py");
    let shared = format!("--cache={}", repo.sandbox.path().join("cache").display());
    for cache in ["--cache", &shared] {
        for run in 0..2 {
            let (_, report) = scan(&repo, &["--recurse-submodules", cache]);
            assert_eq!(paths(&report), ["libs/one/src/a.py"]);
            let scanned = &report["summary"]["scanned"];
            let recalled = if run == 0 { &Value::Null } else { &scanned["files"] };
            assert_eq!(&scanned["recalled"], recalled, "{cache}");
        }
    }
}
