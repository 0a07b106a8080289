//! Every kind of repository that git makes: its history is read whole, or what is not here is named.

use std::fs;

use serde_json::{Value, json};

use crate::history::{line, none, only, scan};
use crate::repo::Repo;
use crate::token::github;

/// A secret that came in with `leak`, in a file that is gone at `main`; between other commits.
fn leaky(repo: &Repo) -> String {
    repo.file("README", "hello\n");
    repo.commit("first");
    repo.file("src/a.py", line(&github("repositories")));
    let leak = repo.commit("leak");
    repo.git(&["rm", "-q", "-r", "src"]);
    repo.commit("removed");
    leak
}

/// The one finding is that of [`leaky`].
#[track_caller]
fn found(repo: &Repo, args: &[&str], leak: &str) -> Value {
    let finding = only(repo, args);
    assert_eq!((&finding["path"], &finding["commit"]["id"]), (&"src/a.py".into(), &leak.into()), "{args:?}");
    finding
}

#[track_caller]
fn gaps(repo: &Repo, args: &[&str]) -> Vec<String> {
    let (run, report) = scan(repo, args);
    let gaps = report["summary"]["gaps"].as_array().unwrap().clone();
    assert_eq!(run.code, Some(if gaps.is_empty() { 0 } else { 2 }), "{run:?}");
    gaps.iter().map(|gap| format!("{}: {}", gap["what"], gap["why"])).collect()
}

fn notes(repo: &Repo, args: &[&str]) -> String {
    scan(repo, args).1["summary"]["notes"].to_string()
}

#[test]
fn replaced_commits_are_scanned_with_what_stands_for_them() {
    let repo = Repo::new();
    let leak = leaky(&repo);
    repo.file("b.py", line(&github("replacement")));
    repo.git(&["add", "-A"]);
    let tree = repo.git(&["write-tree"]);
    let clean = repo.git(&["commit-tree", "-m", "stands for the leak", &tree]);
    repo.git(&["replace", &leak, &clean]);
    repo.git(&["rm", "-q", "--cached", "b.py"]);
    let (run, report) = scan(&repo, &[]);
    assert_eq!(run.found_in(), ["b.py", "src/a.py"], "git itself would no longer show the second");
    assert_eq!(report["findings"][1]["commit"]["id"], leak);
    assert_eq!(report["findings"][0]["spread"]["refs"], json!([format!("refs/replace/{leak}")]));
}

#[test]
fn packs_under_a_multi_pack_index_are_read() {
    let repo = Repo::new();
    repo.git(&["config", "maintenance.auto", "false"]);
    let leak = leaky(&repo);
    repo.git(&["repack", "-q", "-d"]);
    repo.file("more", "more\n");
    repo.commit("more");
    repo.git(&["repack", "-q", "-d"]);
    for form in [&["write"][..], &["write", "--bitmap"], &["write", "--incremental"]] {
        repo.git(&[&["multi-pack-index"], form].concat());
        found(&repo, &[], &leak);
    }
    repo.git(&["repack", "-q", "-d", "--geometric=2", "--write-midx"]);
    found(&repo, &[], &leak);
}

#[test]
fn refs_in_a_reftable_are_read() {
    let repo = Repo::init(&["--ref-format=reftable"]);
    let leak = leaky(&repo);
    let refs = json!(["refs/heads/main", "refs/tags/v1"]);
    repo.git(&["tag", "v1"]);
    assert_eq!(found(&repo, &[], &leak)["spread"]["refs"], refs);
    found(&repo, &["--branch", "main"], &leak);
    found(&repo, &["--range", "main~2..main"], &leak);
    repo.git(&["checkout", "-q", "--detach"]);
    repo.file("b.py", line(&github("reflog")));
    repo.commit("soon gone");
    repo.git(&["checkout", "-q", "main"]);
    assert_eq!(scan(&repo, &[]).1["findings"].as_array().unwrap().len(), 2, "a reflog leads there");
    repo.git(&["worktree", "add", "-q", "--detach", "../side", "main"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    found(&repo, &[], &leak);
    repo.sandbox.file("side/c.py", line(&github("worktree")));
    repo.git_in("../side", &["add", "-A"]);
    repo.git_in("../side", &["commit", "-q", "-m", "detached"]);
    repo.git_in("../side", &["reflog", "expire", "--expire=now", "--all"]);
    assert_eq!(scan(&repo, &[]).1["findings"].as_array().unwrap().len(), 2, "a worktree's HEAD leads there");
}

#[test]
fn split_and_sparse_indexes_are_read() {
    let repo = Repo::new();
    let leak = leaky(&repo);
    for n in 0..3 {
        repo.file(format!("dir{n}/file"), "text\n");
    }
    repo.commit("directories");
    repo.git(&["update-index", "--split-index"]);
    found(&repo, &[], &leak);
    repo.stage("dir0/staged.py", &line(&github("staged")));
    assert_eq!(only(&repo, &["--staged"])["path"], "dir0/staged.py");
    repo.git(&["update-index", "--no-split-index"]);
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "dir0"]);
    found(&repo, &[], &leak);
    assert_eq!(only(&repo, &["--staged"])["path"], "dir0/staged.py");
}

#[test]
fn what_a_partial_clone_left_out_is_named() {
    let repo = Repo::new();
    let leak = leaky(&repo);
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", repo.path().display());
    let blob = repo.git(&["rev-parse", &format!("{leak}:src/a.py")]);
    repo.git_in("..", &["clone", "-q", "--filter=blob:none", "--no-checkout", &from, "blobless"]);
    let named = gaps(&repo, &["../blobless"]);
    assert_eq!(named.len(), 2, "README and the secret's file: {named:?}");
    let gap = named.iter().find(|gap| gap.contains(&blob)).unwrap();
    assert!(
        gap.contains("the clone is partial") && gap.contains(&format!("commit {leak} has it at src/a.py")),
        "{gap}"
    );
    repo.git_in("..", &["clone", "-q", "--filter=tree:0", "--no-checkout", &from, "treeless"]);
    let named = gaps(&repo, &["../treeless"]);
    assert!(named.len() == 3 && named.iter().all(|gap| gap.contains("the clone is partial")), "{named:?}");
    let unread = scan(&repo, &["../treeless"]).1["summary"]["history"]["unread"].clone();
    assert_eq!(unread, 2, "two of the commits have one tree");
    // What was fetched since is scanned.
    repo.git_in("../blobless", &["cat-file", "-e", &blob]);
    let (run, _) = scan(&repo, &["../blobless"]);
    assert_eq!((run.code, run.found_in()), (Some(2), vec!["src/a.py".to_owned()]), "{run:?}");
}

#[test]
fn ids_of_sha_256_are_read_loose_packed_and_bundled() {
    let repo = Repo::init(&["--object-format=sha256"]);
    let leak = leaky(&repo);
    assert_eq!(leak.len(), 64);
    found(&repo, &[], &leak);
    found(&repo, &["--range", "main~2..main"], &leak);
    repo.git(&["gc", "-q"]);
    assert_eq!(found(&repo, &[], &leak)["spread"]["refs"], json!(["refs/heads/main"]));
    repo.git(&["bundle", "create", "-q", "../all.bundle", "main"]);
    found(&repo, &["../all.bundle"], &leak);
}

#[test]
fn a_chain_of_alternates_is_followed() {
    let repo = Repo::new();
    let leak = leaky(&repo);
    for (from, to) in [("work", "one"), ("one", "two"), ("two", "three"), ("three", "four")] {
        repo.git_in("..", &["clone", "-q", "--shared", from, to]);
    }
    assert_eq!(fs::read_dir(repo.sandbox.path().join("four/.git/objects/pack")).unwrap().count(), 0);
    found(&repo, &["../four"], &leak);
    fs::rename(repo.sandbox.path().join("one"), repo.sandbox.path().join("moved")).unwrap();
    let run = repo.run(&["git", "--format", "json", "../four"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    let gaps = run.summary()["gaps"].to_string();
    assert!(gaps.contains("no such object folder"), "{gaps}");
}

#[test]
fn bundles_of_both_versions_are_read_and_what_they_build_on_is_told() {
    let repo = Repo::new();
    let leak = leaky(&repo);
    for version in ["2", "3"] {
        let version = format!("--version={version}");
        repo.git(&["bundle", "create", "-q", &version, "../all.bundle", "--all"]);
        found(&repo, &["../all.bundle"], &leak);
        repo.git(&["bundle", "create", "-q", &version, "../part.bundle", "main~2..main"]);
        found(&repo, &["../part.bundle"], &leak);
        let told = notes(&repo, &["../part.bundle"]);
        assert!(told.contains("builds on 1 commits that it does not hold"), "{told}");
    }
    repo.git(&["bundle", "create", "-q", "../filtered.bundle", "--filter=blob:none", "--all"]);
    let named = gaps(&repo, &["../filtered.bundle"]);
    assert!(named.iter().any(|gap| gap.contains("src/a.py") && gap.contains("left it out")), "{named:?}");
}

#[test]
fn deltas_on_what_a_thin_bundle_leaves_out_are_named() {
    let repo = Repo::new();
    let text: String = (0..200).map(|i| format!("line {i} of a file that grows\n")).collect();
    repo.file("a.txt", &text);
    repo.commit("first");
    repo.file("a.txt", format!("{text}{}", line(&github("thin"))));
    let leak = repo.commit("leak");
    repo.git(&["bundle", "create", "-q", "../thin.bundle", "main~1..main"]);
    let (run, report) = scan(&repo, &["../thin.bundle"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    let gaps = report["summary"]["gaps"].to_string();
    assert!(gaps.contains("without an object outside the pack"), "{leak}: {gaps}");
}

#[test]
fn a_shallow_clone_says_where_it_ends() {
    let repo = Repo::new();
    let leak = leaky(&repo);
    let from = format!("file://{}", repo.path().display());
    repo.git_in("..", &["clone", "-q", "--depth=2", &from, "shallow"]);
    found(&repo, &["../shallow"], &leak);
    let told = notes(&repo, &["../shallow"]);
    assert!(told.contains("shallow") && told.contains("1 of its commits"), "{told}");
    repo.git_in("..", &["clone", "-q", "--depth=1", &from, "shallower"]);
    none(&repo, &["../shallower"]);
    assert!(notes(&repo, &["../shallower"]).contains("was not scanned"));
}

#[test]
fn git_folders_elsewhere_bare_ones_and_linked_worktrees_are_found() {
    let repo = Repo::new();
    let leak = leaky(&repo);
    repo.git_in("..", &["clone", "-q", "--bare", "work", "bare.git"]);
    found(&repo, &["../bare.git"], &leak);
    repo.git_in("..", &["clone", "-q", "--separate-git-dir=elsewhere", "work", "apart"]);
    found(&repo, &["../apart"], &leak);
    repo.git(&["worktree", "add", "-q", "../side", "-b", "side"]);
    found(&repo, &["../side"], &leak);
    fs::create_dir(repo.sandbox.path().join("side/below")).unwrap();
    found(&repo, &["../side/below"], &leak);
    found(&repo, &[".git"], &leak);
}

#[test]
fn an_extension_that_nobody_knows_is_told() {
    let repo = Repo::new();
    leaky(&repo);
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.fancy", "yes"]);
    let run = repo.run(&["git", "--format", "json"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.summary()["gaps"].to_string().contains("fancy=yes"), "{run:?}");
    assert_eq!(run.found_in(), ["src/a.py"]);
}
