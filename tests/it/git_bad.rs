//! What cannot be scanned is told with exit code 2, never as clean.

use std::fs;

use crate::repo::Repo;
use crate::sandbox::{Run, Sandbox};

/// Runs a staged scan that must fail, and returns what it says.
#[track_caller]
fn failure(run: &Run, wanted: &str) {
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains(wanted), "{wanted}: {run:?}");
    assert!(!run.stdout.contains("no secrets"), "{run:?}");
}

#[test]
fn a_place_that_is_no_repository() {
    let dir = Sandbox::new();
    dir.file("file", "x");
    failure(&dir.run(["git", "--staged"]), "not a git repository");
    failure(&dir.run(["git", "--staged", "nowhere"]), "nowhere: No such file");
    failure(&dir.run(["git", "--staged", "file"]), "not a git repository");
    failure(&dir.run(["hook"]), "not a git repository");
    failure(&dir.run(["git", "--range", "HEAD"]), "help: name a git repository");
}

#[test]
fn a_damaged_index_or_head_or_object() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    repo.stage("b.txt", "y\n");
    let index = repo.path().join(".git/index");
    let whole = fs::read(&index).unwrap();
    fs::write(&index, &whole[..whole.len() - 30]).unwrap();
    failure(&repo.run(&["git", "--staged"]), "cannot read the index");
    fs::write(&index, b"").unwrap();
    failure(&repo.run(&["git", "--staged"]), "cannot read the index");
    fs::write(&index, &whole).unwrap();
    let id = repo.git(&["rev-parse", ":b.txt"]);
    let object = repo.path().join(".git/objects").join(&id[..2]).join(&id[2..]);
    fs::remove_file(&object).unwrap();
    let run = repo.run(&["git", "--staged"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stdout.contains("b.txt") && run.stdout.contains("missing"), "{run:?}");
    fs::write(&object, b"garbage").unwrap();
    assert_eq!(repo.run(&["git", "--staged"]).code, Some(2));
    let branch = repo.path().join(".git/refs/heads/main");
    fs::write(branch, "garbage\n").unwrap();
    assert_eq!(repo.run(&["git", "--staged"]).code, Some(2));
}

#[test]
fn nonsense_in_the_environment() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    repo.stage("b.txt", "y\n");
    let with = |name: &str, value: &str| Run::of(repo.command(&["git", "--staged"]).env(name, value));
    failure(&with("GIT_DIR", "/nonexistent"), "GIT_DIR=/nonexistent");
    failure(&with("GIT_INDEX_FILE", "/nonexistent/index"), "GIT_INDEX_FILE=/nonexistent/index");
    failure(&with("GIT_INDEX_FILE", "a.txt"), "cannot read the index");
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/nonexistent"),
        ("GIT_CONFIG_COUNT", "x"),
        ("GIT_EXTERNAL_DIFF", "/bin/false"),
        ("GIT_PAGER", "/bin/false"),
        ("GIT_TRACE", "1"),
        ("GIT_DIFF_OPTS", "--nonsense"),
        ("GIT_LITERAL_PATHSPECS", "nonsense"),
        ("GIT_INDEX_VERSION", "77"),
    ] {
        let run = with(name, value);
        assert_eq!(run.code, Some(0), "{name}: {run:?}");
        assert!(run.stdout.contains("scanned 1 file,"), "{name}: {run:?}");
    }
}

#[test]
fn a_bare_repository_has_no_index_but_commits() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    repo.git(&["clone", "-q", "--bare", ".", "../bare"]);
    let bare = repo.sandbox.path().join("bare");
    let bare = bare.to_str().unwrap();
    failure(&repo.run(&["git", "--staged", bare]), "a bare repository has no staged changes");
    let run = repo.run(&["git", "--range", "main", bare]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn the_index_that_git_names_is_the_one_that_counts() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    repo.git(&["read-tree", "--index-output=.git/other", "HEAD"]);
    repo.file("c.txt", "c\n");
    let other = repo.path().join(".git/other");
    let add = Run::of(repo.git_command(&["add", "c.txt"]).env("GIT_INDEX_FILE", &other));
    assert_eq!(add.code, Some(0), "{add:?}");
    for (sub, value) in [("", ".git/other"), ("sub", ".git/other"), ("", other.to_str().unwrap())] {
        repo.file("sub/x", "");
        let run = Run::of(repo.command_in(sub, &["git", "--staged"]).env("GIT_INDEX_FILE", value));
        assert!(run.stdout.contains("scanned 1 file, 2 bytes"), "{sub} {value}: {run:?}");
    }
    // Another repository is not what the variable speaks about.
    repo.git(&["clone", "-q", ".", "../clone"]);
    let run = Run::of(repo.command(&["git", "--staged", "../clone"]).env("GIT_INDEX_FILE", &other));
    assert!(run.stdout.contains("scanned 0 files"), "{run:?}");
    // GIT_DIR and GIT_WORK_TREE from elsewhere.
    let mut command = repo.command_in("..", &["git", "--staged"]);
    command.env("GIT_DIR", repo.path().join(".git")).env("GIT_WORK_TREE", repo.path());
    let run = Run::of(command.env("GIT_INDEX_FILE", &other));
    assert!(run.stdout.contains("scanned 1 file, 2 bytes"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_repository_of_another_user_must_be_marked_as_safe() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    if fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() != 0) {
        return;
    }
    let repo = Repo::with(&[("a.txt", "x\n")]);
    fs::set_permissions(repo.sandbox.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for part in ["", ".git"] {
        chown(repo.path().join(part), Some(4321), Some(4321)).unwrap();
    }
    failure(&repo.run(&["git", "--staged"]), "safe.directory");
    let top = repo.path();
    let mut command = repo.command(&["git", "--staged"]);
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory");
    let run = Run::of(command.env("GIT_CONFIG_VALUE_0", top.to_str().unwrap()));
    assert_eq!(run.code, Some(0), "{run:?}");
}
