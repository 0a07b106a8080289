//! Hooks that git runs itself: written, chained, taken away.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::repo::Repo;

const OTHER: &str = "#!/bin/sh\necho other hook ran \"$@\"\n";

fn hook(repo: &Repo, name: &str) -> String {
    fs::read_to_string(repo.path().join(".git/hooks").join(name)).unwrap_or_default()
}

fn write_hook(repo: &Repo, name: &str, text: &str) {
    let path = repo.file(format!(".git/hooks/{name}"), text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_hook_that_is_there_runs_first_and_comes_back() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    write_hook(&repo, "pre-commit", OTHER);
    for _ in 0..2 {
        let run = repo.run(&["hook", "install"]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    assert_eq!(hook(&repo, "pre-commit.before-leakward"), OTHER);
    repo.stage("a.txt", "y\n");
    let commit = crate::sandbox::Run::of(&mut repo.git_command(&["commit", "-m", "x"]));
    assert!(commit.stderr.contains("other hook ran") && commit.code == Some(0), "{commit:?}");
    assert!(commit.stderr.contains("staged changes of"), "{commit:?}");
    assert_eq!(repo.run(&["hook", "uninstall", "pre-commit"]).code, Some(0));
    assert_eq!(hook(&repo, "pre-commit"), OTHER);
    assert_eq!(hook(&repo, "pre-commit.before-leakward"), "");
}

#[test]
fn a_failing_hook_before_ours_stops_the_commit() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    write_hook(&repo, "pre-commit", "#!/bin/sh\nexit 7\n");
    repo.run(&["hook", "install", "pre-commit"]);
    repo.stage("a.txt", "y\n");
    let commit = crate::sandbox::Run::of(&mut repo.git_command(&["commit", "-m", "x"]));
    assert_eq!(commit.code, Some(1), "{commit:?}");
}

#[test]
fn what_was_replaced_since_is_not_overwritten() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    write_hook(&repo, "pre-push", OTHER);
    repo.run(&["hook", "install", "pre-push"]);
    write_hook(&repo, "pre-push", "#!/bin/sh\n# newer\n");
    let run = repo.run(&["hook", "install", "pre-push"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(hook(&repo, "pre-push.before-leakward"), OTHER);
    let run = repo.run(&["hook", "uninstall", "pre-push"]);
    assert!(run.code == Some(0) && run.stdout.contains("left alone"), "{run:?}");
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    repo.git(&["worktree", "add", "-q", "../linked"]);
    repo.file("sub/x", "");
    let run = repo.command_in("../linked", &["hook", "install", "pre-merge-commit"]).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    assert!(hook(&repo, "pre-merge-commit").contains("leakward"));
    repo.git(&["config", "core.hooksPath", "my hooks"]);
    let run = repo.command_in("sub", &["hook", "install", "pre-commit", "pre-push"]).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    for name in ["pre-commit", "pre-push"] {
        assert!(repo.path().join("my hooks").join(name).exists(), "{name}");
    }
    assert_eq!(repo.run(&["hook", "uninstall", "pre-commit", "pre-push"]).code, Some(0));
    assert!(!repo.path().join("my hooks/pre-commit").exists());
}
