//! A server that refuses pushes: a bare repository whose pre-receive hook is `leakward git --pre-receive`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::repo::Repo;
use crate::sandbox::Run;
use crate::token::github;

/// A clone of a server that has one commit on `main`; the server checks what is pushed from then on.
fn clone() -> Repo {
    let repo = Repo::with(&[("a.txt", "first\n")]);
    repo.git(&["init", "-q", "--bare", "-b", "main", "../server.git"]);
    repo.git(&["remote", "add", "origin", "../server.git"]);
    repo.git(&["push", "-q", "origin", "main"]);
    let hook = repo.sandbox.path().join("server.git/hooks/pre-receive");
    let script = format!("#!/bin/sh\nexec '{}' git --pre-receive\n", env!("CARGO_BIN_EXE_leakward"));
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    repo
}

fn push(repo: &Repo, args: &[&str]) -> Run {
    Run::of(&mut repo.git_command(&[&["push", "origin"], args].concat()))
}

#[track_caller]
fn accepted(repo: &Repo, args: &[&str]) {
    let run = push(repo, args);
    assert_eq!(run.code, Some(0), "{run:?}");
}

/// Refused, with the rule named and the value not shown.
#[track_caller]
fn refused(repo: &Repo, args: &[&str], value: &str) {
    let before = repo.git(&["ls-remote", "origin"]);
    let run = push(repo, args);
    assert!(run.stderr.contains("pre-receive hook declined"), "{run:?}");
    assert!(run.stderr.contains("github-pat") && !run.stderr.contains(value), "{run:?}");
    assert_eq!(repo.git(&["ls-remote", "origin"]), before);
}

fn leak(repo: &Repo, seed: &str) -> String {
    let value = github(seed);
    repo.file(format!("{seed}.txt"), format!("token = {value}\n"));
    repo.commit(seed);
    value
}

#[test]
fn a_push_without_a_leak_is_accepted_and_one_with_a_leak_refused() {
    let repo = clone();
    repo.file("b.txt", "second\n");
    repo.commit("second");
    accepted(&repo, &["main"]);
    let value = leak(&repo, "one");
    refused(&repo, &["main"], &value);
    // Taken back by a later commit, it would still be in the history.
    repo.git(&["rm", "-q", "one.txt"]);
    repo.commit("take it back");
    refused(&repo, &["main"], &value);
    repo.git(&["reset", "-q", "--hard", "HEAD~2"]);
    repo.file("c.txt", "third\n");
    repo.commit("third");
    accepted(&repo, &["main"]);
}

#[test]
fn new_branches_tags_and_forced_pushes_are_checked() {
    let repo = clone();
    repo.git(&["checkout", "-q", "-b", "side"]);
    let value = leak(&repo, "side");
    refused(&repo, &["side"], &value);
    refused(&repo, &["HEAD:refs/tags/light"], &value);
    repo.git(&["checkout", "-q", "main"]);
    let tagged = github("tag");
    repo.git(&["tag", "-a", "v1", "-m", &format!("see {tagged}")]);
    refused(&repo, &["v1"], &tagged);
    repo.git(&["commit", "-q", "--amend", "-m", "rewritten"]);
    accepted(&repo, &["--force", "main"]);
    repo.file("d.txt", format!("token = {value}\n"));
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--amend", "-m", "rewritten again"]);
    refused(&repo, &["--force", "main"], &value);
}

#[test]
fn a_ref_may_be_deleted_and_what_is_there_already_renamed() {
    let repo = clone();
    accepted(&repo, &["main:refs/heads/other", "main:refs/tags/t"]);
    accepted(&repo, &["--delete", "other"]);
    accepted(&repo, &[":refs/tags/t"]);
}

#[test]
fn what_is_pushed_has_no_say_in_how_it_is_judged() {
    let repo = clone();
    repo.file(".leakward.toml", "[rules]\ndisable = ['github-pat']\n");
    let value = leak(&repo, "one");
    refused(&repo, &["main"], &value);
    refused(&repo, &["main:refs/heads/new"], &value);
    // A configuration that was there before counts.
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.file(".leakward.toml", "[scan]\nexclude = ['/vendored/']\n");
    repo.commit("exclude");
    accepted(&repo, &["main"]);
    repo.file("vendored/a.txt", format!("token = {}\n", github("vendored")));
    repo.commit("vendored");
    accepted(&repo, &["main"]);
}

#[test]
fn lines_of_another_form_are_an_error() {
    let repo = clone();
    let mut command = repo.command(&["git", "--pre-receive"]);
    let input = repo.sandbox.file("lines", "refs/heads/main\n");
    let run = Run::of(command.stdin(fs::File::open(input).unwrap()));
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("line 1"), "{}", run.stderr);
}
