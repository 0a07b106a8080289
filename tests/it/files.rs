//! What `leakward scan` takes, and what it leaves out by policy.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

fn scan(dir: &Sandbox, args: &[&str]) -> Run {
    dir.run(["scan", "--format", "json"].iter().chain(args))
}

#[track_caller]
fn summary(dir: &Sandbox, args: &[&str]) -> Value {
    let run = scan(dir, args);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.summary()
}

fn git(dir: &Sandbox, args: &[&str]) {
    let run = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(args)
        .current_dir(dir.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
}

#[test]
fn an_empty_folder_is_clean() {
    let dir = Sandbox::new();
    let summary = summary(&dir, &[]);
    assert_eq!(summary["scanned"], json!({"files": 0, "bytes": 0, "commits": 0}));
    assert_eq!(summary["skipped"], json!({}));
}

#[test]
fn any_number_of_folders_may_be_named() {
    let dir = Sandbox::new();
    for folder in ["a", "b", "c", "d"] {
        dir.file(format!("{folder}/x.txt"), "nothing here\n");
    }
    assert_eq!(summary(&dir, &["a", "b", "c", "d"])["scanned"]["files"], 4);
}

#[test]
fn hidden_files_lock_files_and_bundles_are_scanned() {
    let dir = Sandbox::new();
    for name in
        [".env", ".config/app", "Cargo.lock", "package-lock.json", "app.min.js", "node_modules/a/b.js"]
    {
        dir.file(name, "x");
    }
    assert_eq!(summary(&dir, &["."])["scanned"]["files"], 6);
}

#[test]
fn ignored_files_are_counted_and_folders_count_once() {
    let dir = Sandbox::new();
    dir.file(".gitignore", "*.log\n/out/\n!keep.log\n");
    dir.file("a.log", "x");
    dir.file("keep.log", "x");
    dir.file("out/1", "x");
    dir.file("out/2", "x");
    dir.file("sub/out/3", "x");
    dir.file("sub/.gitignore", "!b.log\n3\n");
    dir.file("sub/b.log", "x");
    let counted = summary(&dir, &[]);
    assert_eq!(counted["skipped"], json!({"ignored": 3}));
    // Both ignore files, keep.log, sub/b.log.
    assert_eq!(counted["scanned"]["files"], 4);
    assert_eq!(summary(&dir, &["--no-ignore"])["scanned"]["files"], 8);
    assert_eq!(summary(&dir, &["--no-ignore"])["skipped"], json!({}));
}

#[test]
fn ignore_files_above_count_as_far_as_the_work_tree_goes() {
    let dir = Sandbox::new();
    dir.file(".gitignore", "a.*\n");
    dir.file("repo/.gitignore", "b.*\n");
    for name in ["a.txt", "b.txt", "c.txt", "d.txt"] {
        dir.file(format!("repo/sub/{name}"), "x");
    }
    git(&dir, &["init", "-q", "repo"]);
    dir.file("repo/.git/info/exclude", "d.*\n");
    let counted = summary(&dir, &["repo/sub"]);
    assert_eq!((&counted["skipped"], &counted["scanned"]["files"]), (&json!({"ignored": 2}), &json!(2)));
}

#[test]
fn a_tracked_file_is_scanned_even_where_it_is_ignored() {
    let dir = Sandbox::new();
    git(&dir, &["init", "-q"]);
    dir.file(".gitignore", ".env\nbuild/\n");
    dir.file(".env", "x");
    dir.file("build/kept/by-git", "x");
    dir.file("build/kept/not", "x");
    dir.file("build/other/not", "x");
    dir.file("sub/.env", "x");
    git(&dir, &["add", "-f", ".env", "build/kept/by-git"]);
    let counted = summary(&dir, &[]);
    // sub/.env, build/kept/not, build/other.
    assert_eq!(counted["skipped"]["ignored"], 3);
    // .gitignore, .env, build/kept/by-git, and what git writes: config and sample hooks.
    let hooks = fs::read_dir(dir.path().join(".git/hooks")).map_or(0, Iterator::count);
    assert_eq!(counted["scanned"]["files"], 3 + 1 + hooks);
}

#[test]
fn of_a_git_folder_only_config_and_hooks_are_scanned() {
    let dir = Sandbox::new();
    git(&dir, &["init", "-q", "--template="]);
    dir.file(".git/hooks/pre-commit", "x");
    dir.file(".git/hooks/_/husky.sh", "x");
    dir.file(".git/description", "x");
    dir.file(".git/objects/ab/cdef", "x");
    dir.file("a", "x");
    let counted = summary(&dir, &[]);
    assert_eq!(counted["scanned"]["files"], 4);
    assert_eq!(counted["skipped"], json!({"git-folder": 1}));
}

#[test]
fn a_named_file_is_scanned_whatever_the_policies_say() {
    let dir = Sandbox::new();
    dir.file(".gitignore", "*.log\nout/\n");
    let zeros = vec![0; 100_000];
    dir.file("a.log", &zeros);
    dir.file("out/b", "x");
    let args = ["--max-file-size", "1kB", "--exclude", "a.log", "a.log"];
    assert_eq!(summary(&dir, &args)["scanned"], json!({"files": 1, "bytes": 100_000, "commits": 0}));
    assert_eq!(summary(&dir, &["out"])["scanned"]["files"], 1);
    assert_eq!(summary(&dir, &[".", "a.log"])["scanned"]["files"], 2);
}

#[test]
fn what_is_named_twice_is_scanned_once() {
    let dir = Sandbox::new();
    dir.file("sub/a", "x");
    for args in [&["sub/a", "./sub/a"][..], &[".", "sub"], &["sub", "."], &[".", "sub/a"]] {
        assert_eq!(summary(&dir, args)["scanned"]["files"], 1, "{args:?}");
    }
}

#[test]
fn binary_and_large_files_are_counted_and_leave_the_exit_code_alone() {
    let dir = Sandbox::new();
    dir.file("a.bin", vec![0; 5000]);
    dir.file("large.txt", "x".repeat(2001));
    dir.file("fits.txt", "x".repeat(2000));
    let counted = summary(&dir, &["--max-file-size", "2kB"]);
    assert_eq!(counted["skipped"], json!({"size": 2}), "the size is known first");
    assert_eq!(counted["scanned"]["files"], 1);
    assert_eq!(summary(&dir, &[])["skipped"], json!({"binary": 1}));
}

#[test]
fn excluded_paths_are_counted() {
    let dir = Sandbox::new();
    for name in ["third_party/a", "third_party/b", "src/a.snap", "src/b"] {
        dir.file(name, "x");
    }
    let counted = summary(&dir, &["--exclude", "/third_party/", "--exclude", "*.snap"]);
    assert_eq!((&counted["skipped"], &counted["scanned"]["files"]), (&json!({"excluded": 2}), &json!(1)));
    assert_eq!(scan(&dir, &["--exclude", "a["]).code, Some(2));
}

#[test]
fn an_excluded_folder_is_scanned_when_it_is_named() {
    let dir = Sandbox::new();
    dir.file("fixtures/sub/a", "x");
    dir.file("b", "x");
    dir.file(".leakward.toml", "[scan]\nexclude = ['/fixtures/']\n");
    assert_eq!(summary(&dir, &[])["skipped"], json!({"excluded": 1}));
    for named in ["fixtures", "fixtures/sub"] {
        let counted = summary(&dir, &[named]);
        assert_eq!((&counted["skipped"], &counted["scanned"]["files"]), (&json!({}), &json!(1)), "{named}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_when_asked_for_and_each_file_once() {
    use std::os::unix::fs::symlink;
    let dir = Sandbox::new();
    dir.file("tree/real/a", "x");
    dir.file("outside/b", "x");
    let link = |to: &str, from: &str| symlink(to, dir.path().join(from)).unwrap();
    link("real", "tree/again");
    link("real/a", "tree/a");
    link("../outside", "tree/out");
    link("out", "tree/via");
    link("..", "tree/real/loop");
    link("me", "tree/me");
    link("nowhere", "tree/dangling");
    let counted = summary(&dir, &["tree"]);
    assert_eq!((&counted["skipped"], &counted["scanned"]["files"]), (&json!({"symlink": 7}), &json!(1)));
    let counted = summary(&dir, &["tree", "--follow-symlinks"]);
    // Two links lead nowhere; behind the others is one new file.
    assert_eq!((&counted["skipped"], &counted["scanned"]["files"]), (&json!({"symlink": 2}), &json!(2)));
}

#[cfg(unix)]
#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let dir = Sandbox::new();
    dir.file("a/f", "x");
    for (target, link) in [("..", "a/up"), ("two", "one"), ("one", "two")] {
        std::os::unix::fs::symlink(target, dir.path().join(link)).unwrap();
    }
    assert_eq!(summary(&dir, &[])["skipped"], json!({"symlink": 3}));
    let followed = scan(&dir, &["--follow-symlinks"]);
    assert_eq!(
        (followed.code, &followed.summary()["scanned"]["files"]),
        (Some(0), &json!(1)),
        "{followed:?}"
    );
    assert_eq!(scan(&dir, &["one"]).code, Some(2));
}

#[test]
fn a_named_link_is_followed() {
    let dir = Sandbox::new();
    dir.file("real/a", "x");
    std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
    assert_eq!(summary(&dir, &["link"])["scanned"]["files"], 1);
}
