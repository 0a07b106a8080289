//! What counts of the index: the lines that the next commit would add, whatever kind of repository it lies in.

use std::os::unix::fs::symlink;
use std::process::Command;

use bstr::ByteSlice;
use leakward::model::SkipReason;

use crate::repo::{Repo, name};

const ONE: &str = "alpha\nbeta\ngamma\ndelta\n";

#[test]
fn only_lines_added_against_head_count() {
    let repo = Repo::with(&[("a.txt", ONE), ("same.txt", "same\n")]);
    repo.stage("a.txt", &ONE.replace("beta", "beta\nnew"));
    repo.stage("dir/b.txt", "whole\n");
    let seen = repo.staged();
    assert_eq!(seen.texts(), [("index a.txt", "new\n"), ("index dir/b.txt", "whole\n")]);
    assert_eq!((seen.tally.blobs, seen.tally.gaps.len()), (2, 0));
}

#[test]
fn the_work_tree_is_never_read() {
    let repo = Repo::with(&[("a.txt", ONE)]);
    repo.stage("a.txt", &format!("{ONE}staged\n"));
    repo.file("a.txt", "not staged\n");
    repo.file("untracked.txt", "not staged\n");
    assert_eq!(repo.staged().texts(), [("index a.txt", "staged\n")]);
    std::fs::remove_file(repo.path().join("a.txt")).unwrap();
    assert_eq!(repo.staged().texts(), [("index a.txt", "staged\n")]);
}

#[test]
fn before_the_first_commit_everything_counts() {
    let repo = Repo::new();
    assert!(repo.index().is_clean());
    repo.stage("a.txt", ONE);
    assert_eq!(repo.staged().texts(), [("index a.txt", ONE)]);
}

#[test]
fn a_moved_file_brings_only_what_changed_on_the_way() {
    let repo = Repo::with(&[("old/a.txt", ONE), ("old/b.txt", &"x\n".repeat(50)), ("c.txt", "keep\n")]);
    repo.git(&["mv", "old", "new"]);
    repo.stage("new/a.txt", &ONE.replace("delta", "DELTA"));
    repo.stage("copy.txt", "keep\n");
    assert_eq!(repo.staged().texts(), [("index copy.txt", "keep\n"), ("index new/a.txt", "DELTA\n")]);
}

#[test]
fn a_rewritten_file_is_no_moved_file() {
    let repo = Repo::with(&[("a.txt", "one line that stays\nb\nc\n")]);
    repo.git(&["mv", "a.txt", "b.txt"]);
    let other = "all\nthe\nrest\nis\nnew\none line that stays\n".repeat(3);
    repo.stage("b.txt", &other);
    assert_eq!(repo.staged().texts(), [("index b.txt", other.as_str())]);
}

#[test]
fn deletions_and_mode_changes_bring_nothing() {
    let repo = Repo::with(&[("a.sh", ONE), ("b.txt", ONE), ("c.txt", ONE)]);
    repo.git(&["rm", "-q", "b.txt"]);
    repo.git(&["update-index", "--chmod=+x", "a.sh"]);
    repo.stage("c.txt", "alpha\n");
    let seen = repo.staged();
    assert_eq!(seen.texts(), []);
    assert!(!repo.index().is_clean());
}

#[test]
fn a_link_that_becomes_a_file_counts_and_so_does_a_new_link() {
    let repo = Repo::new();
    symlink("target", repo.path().join("link")).unwrap();
    repo.commit("first");
    std::fs::remove_file(repo.path().join("link")).unwrap();
    repo.stage("link", "now a file\n");
    symlink("s3cr3t", repo.path().join("other")).unwrap();
    repo.git(&["add", "other"]);
    assert_eq!(repo.staged().texts(), [("index link", "now a file\n"), ("index other", "s3cr3t")]);
}

#[test]
fn a_file_that_becomes_a_folder_and_back() {
    let repo = Repo::with(&[("a", ONE), ("b/c", ONE), ("b.txt", "x\n")]);
    repo.git(&["rm", "-q", "-r", "a", "b"]);
    repo.stage("a/x", "under a\n");
    repo.stage("b", "now a file\n");
    assert_eq!(repo.staged().texts(), [("index a/x", "under a\n"), ("index b", "now a file\n")]);
}

#[test]
fn neither_attributes_nor_nul_bytes_hide_a_line() {
    let repo = Repo::with(&[
        (
            ".gitattributes",
            "*.lock -diff\n*.bin binary\n*.txt diff=up\n*.enc text working-tree-encoding=UTF-16\n",
        ),
        ("a.lock", ONE),
        ("a.bin", ONE),
        ("a.txt", ONE),
    ]);
    repo.git(&["config", "diff.up.textconv", "tr a-z A-Z"]);
    repo.git(&["config", "diff.up.binary", "true"]);
    repo.git(&["config", "diff.external", "/bin/true"]);
    for name in ["a.lock", "a.bin", "a.txt"] {
        repo.stage(name, &format!("{ONE}new\n"));
    }
    let nul = format!("\0{}\n", "text after an early zero ".repeat(9));
    repo.stage("nul.txt", &nul);
    let all = ["a.bin", "a.lock", "a.txt"].map(|n| format!("index {n}"));
    let mut wanted: Vec<_> = all.iter().map(|n| (n.as_str(), "new\n")).collect();
    wanted.push(("index nul.txt", &nul));
    assert_eq!(repo.staged().texts(), wanted);
}

#[test]
fn the_user_s_configuration_changes_nothing() {
    let repo = Repo::with(&[("a.txt", ONE)]);
    repo.file(
        "../.gitconfig",
        "[color]\nui = always\n[diff]\nexternal = /bin/false\nnoprefix = true\n\
         algorithm = patience\nrenames = false\nsubmodule = log\n[core]\nattributesFile = ~/attributes\n\
         quotePath = true\nfsmonitor = /bin/false\npager = /bin/false\n[pager]\ndiff = /bin/false\n",
    );
    repo.file("../attributes", "* -diff -text binary\n");
    repo.stage("a.txt", &format!("{ONE}new\n"));
    let run = repo.command(&["git", "--staged", "--format", "json"]).env_remove("GIT_CONFIG_GLOBAL").output();
    let report: serde_json::Value = serde_json::from_slice(&run.unwrap().stdout).unwrap();
    assert_eq!(report["summary"]["scanned"]["files"], 1);
}

#[test]
fn submodules_are_counted() {
    let repo = Repo::with(&[("a.txt", ONE)]);
    let inner = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{inner},sub")]);
    let seen = repo.staged();
    assert_eq!((seen.texts().len(), seen.tally.skipped[&SkipReason::Submodule]), (0, 1));
}

#[test]
fn names_are_bytes() {
    let repo = Repo::new();
    let odd = [&b"caf\xe9"[..], b"a\nb", b"-rf", b"\"q\" 'q'", b"\xf0\x9f\x98\x80"];
    for bytes in odd {
        repo.file(name(bytes), bytes);
    }
    repo.git(&["add", "-A"]);
    let mut seen: Vec<_> = repo.staged().blobs.into_iter().map(|(place, _)| place).collect();
    let mut wanted: Vec<_> = odd.iter().map(|b| format!("index {}", b.as_bstr())).collect();
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
}

#[test]
fn what_is_only_meant_to_be_added_does_not_count() {
    let repo = Repo::with(&[("a.txt", ONE)]);
    repo.file("later.txt", "later\n");
    repo.git(&["add", "-N", "later.txt"]);
    assert!(repo.index().is_clean());
    repo.git(&["update-index", "--split-index"]);
    assert_eq!(repo.staged().texts().iter().filter(|(_, text)| !text.is_empty()).count(), 0);
}

#[test]
fn policies_count_what_they_leave_out() {
    let repo = Repo::new();
    repo.stage("vendored/a.txt", ONE);
    repo.stage("big.txt", &"x".repeat((1 << 20) + 1));
    repo.stage("image.png", &"\0\u{1}".repeat(4000));
    repo.stage(".leakward.toml", "[scan]\n");
    let seen = repo.staged();
    assert_eq!(seen.texts(), [("index .leakward.toml", "[scan]\n")]);
    let skipped =
        [SkipReason::Excluded, SkipReason::Binary, SkipReason::Size].map(|r| seen.tally.skipped[&r]);
    assert_eq!(skipped, [1, 1, 1]);
    assert!(seen.tally.notes[0].contains(".leakward.toml"), "{:?}", seen.tally.notes);
}

#[test]
fn of_a_merge_in_progress_both_sides_count() {
    let repo = Repo::with(&[("a.txt", ONE), ("b.txt", ONE)]);
    repo.git(&["checkout", "-qb", "theirs"]);
    repo.file("a.txt", ONE.replace("beta", "theirs"));
    repo.file("c.txt", "clean\n");
    repo.commit("theirs");
    repo.git(&["checkout", "-q", "main"]);
    repo.file("a.txt", ONE.replace("beta", "ours"));
    repo.commit("ours");
    let merge = repo.git_command(&["merge", "-q", "theirs"]).output().unwrap();
    assert!(!merge.status.success());
    let seen = repo.staged();
    assert_eq!(seen.texts(), [("index a.txt", "theirs\n"), ("index c.txt", "clean\n")]);
    assert_eq!(seen.tally.notes, ["1 unmerged paths: both sides were scanned"]);
}

#[test]
fn configuration_comes_from_the_index() {
    let repo = Repo::with(&[(".leakward.toml", "old")]);
    repo.stage(".leakward.toml", "staged");
    repo.file(".leakward.toml", "not staged");
    let index = repo.index();
    assert_eq!(index.file_at(".leakward.toml".into()).unwrap().unwrap(), b"staged");
    assert_eq!(index.file_at("nothing".into()).unwrap(), None);
}

#[test]
fn everything_in_the_index_counts_when_asked_for() {
    let many: Vec<_> = (0..200).map(|i| (format!("d{}/f{i}.txt", i % 7), format!("text {i}\n"))).collect();
    let files: Vec<_> = many.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let repo = Repo::with(&files);
    repo.file("untracked.txt", "untracked\n");
    let seen = repo.tracked();
    assert_eq!((seen.blobs.len(), seen.tally.blobs), (200, 200));
    assert!(seen.texts().contains(&("index d3/f17.txt", "text 17\n")));
}

/// Every kind of repository and index shows the same change.
#[test]
fn every_kind_of_repository_and_index_is_read() {
    type Kind = (&'static str, &'static [&'static str], &'static [&'static [&'static str]]);
    let kinds: [Kind; 9] = [
        ("plain", &[], &[]),
        ("SHA-256", &["--object-format=sha256"], &[]),
        ("reftable", &["--ref-format=reftable"], &[]),
        ("split index", &[], &[&["update-index", "--split-index"]]),
        ("sparse index", &[], &[&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]]),
        ("index version 4", &[], &[&["update-index", "--index-version", "4"]]),
        ("index without hash", &[], &[&["config", "index.skipHash", "true"], &["update-index", "--refresh"]]),
        ("untracked cache", &[], &[&["update-index", "--untracked-cache"]]),
        (
            "partial clone",
            &[],
            &[
                &["config", "extensions.partialClone", "origin"],
                &["config", "core.repositoryFormatVersion", "1"],
            ],
        ),
    ];
    for (kind, init, commands) in kinds {
        let repo = Repo::init(init);
        repo.file("in/a.txt", ONE);
        repo.file("in/deep/er/b.txt", ONE);
        repo.file("out/c.txt", ONE);
        repo.file("out/deep/d.txt", ONE);
        repo.commit("first");
        for command in commands {
            repo.git(command);
        }
        repo.stage("in/a.txt", &format!("{ONE}new\n"));
        repo.stage("in/new.txt", "whole\n");
        let seen = repo.staged();
        assert_eq!(seen.texts(), [("index in/a.txt", "new\n"), ("index in/new.txt", "whole\n")], "{kind}");
        assert_eq!((&seen.tally.notes, &seen.tally.gaps), (&vec![], &vec![]), "{kind}");
        assert_eq!(repo.tracked().texts().len(), 5, "{kind}");
        let config = repo.index().file_at("out/deep/d.txt".into()).unwrap();
        assert_eq!(config.unwrap(), ONE.as_bytes(), "{kind}");
    }
}

#[test]
fn linked_worktrees_have_an_index_of_their_own() {
    let repo = Repo::with(&[("a.txt", ONE)]);
    repo.git(&["worktree", "add", "-q", "../linked"]);
    repo.stage("a.txt", "main\n");
    repo.file("../linked/a.txt", "linked\n");
    repo.git_in("../linked", &["add", "a.txt"]);
    assert_eq!(repo.staged().texts(), [("index a.txt", "main\n")]);
    let run = repo.command_in("../linked", &["git", "--staged", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["summary"]["scanned"]["bytes"], "linked\n".len());
}

#[test]
fn packed_objects_and_alternates_are_read() {
    let repo = Repo::with(&[("a.txt", ONE)]);
    repo.git(&["repack", "-adq"]);
    let path = repo.sandbox.path().join("shared");
    let clone = Command::new("git").args(["clone", "-q", "--shared"]).arg(repo.path()).arg(&path).status();
    assert!(clone.unwrap().success());
    repo.file("../shared/a.txt", format!("{ONE}new\n"));
    repo.git_in("../shared", &["add", "a.txt"]);
    let run = repo.command_in("../shared", &["git", "--staged", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["summary"]["scanned"]["files"], 1);
}

#[test]
fn a_staged_archive_is_opened() {
    let repo = Repo::new();
    repo.file("conf/app.env", format!("TOKEN={}\n", crate::token::github("staged archive")));
    let tar =
        std::process::Command::new("tar").args(["-czf", "app.tgz", "conf"]).current_dir(repo.path()).status();
    assert!(tar.unwrap().success());
    repo.git(&["add", "app.tgz"]);
    let run = repo.run(&["git", "--staged"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("app.tgz!conf/app.env:1:7"), "{run:?}");
}
