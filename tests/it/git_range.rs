//! What commits of a range bring: lines that no parent has, each at the first commit that brings it.

use std::process::Command;

use leakward::model::SkipReason;
use leakward::source::git::{GitError, Place, PushedRef, Range, Repository, Revisions};

use crate::repo::{Repo, Seen, policy};

const ONE: &str = "alpha\nbeta\ngamma\ndelta\n";

/// A repository with `first` on main and a base tag.
fn base() -> Repo {
    let repo = Repo::with(&[("a.txt", ONE)]);
    repo.git(&["tag", "base"]);
    repo
}

#[test]
fn every_commit_of_the_range_counts_and_no_other() {
    let repo = base();
    repo.file("a.txt", format!("{ONE}second\n"));
    repo.commit("second");
    repo.file("a.txt", ONE);
    repo.file("b.txt", "third\n");
    repo.commit("third");
    let wanted = [("second a.txt", "second\n"), ("third b.txt", "third\n")];
    for range in ["base..main", "base..", "^base HEAD", "main --not base", "--all ^base", "base...main"] {
        let seen = repo.range(range);
        assert_eq!((seen.files(), seen.tally.commits), (wanted.to_vec(), 2), "{range}");
    }
    assert_eq!(repo.range("HEAD^!").files(), [wanted[1]]);
    assert_eq!(repo.range("HEAD~1^!").files(), [wanted[0]]);
    assert_eq!(repo.range("main").tally.commits, 3);
    assert_eq!(repo.range("main..base").tally.commits, 0);
}

#[test]
fn messages_and_people_count_once() {
    let repo = base();
    repo.commit("second\n\nwith a body");
    repo.commit("third");
    let seen = repo.range("base..");
    let messages: Vec<_> = seen.texts().into_iter().filter(|(p, _)| p.starts_with("message of")).collect();
    let wanted = [
        ("message of second Commit ", "second\n\nwith a body\n"),
        ("message of second Identity ", "Ann Other <ann@example.com>"),
        ("message of third Commit ", "third\n"),
    ];
    assert_eq!(messages, wanted);
}

#[test]
fn one_version_at_one_path_is_read_once() {
    let repo = base();
    for (text, message) in [("x\n", "second"), ("", "third"), ("x\n", "fourth")] {
        repo.file("b.txt", text);
        repo.commit(message);
    }
    assert_eq!(repo.range("base..").files(), [("second b.txt", "x\n")]);
}

/// A merge whose content neither parent has, made by hand.
fn merged() -> Repo {
    let repo = base();
    repo.git(&["checkout", "-qb", "side"]);
    repo.file("a.txt", ONE.replace("alpha", "side"));
    repo.file("side.txt", "of the side\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.file("a.txt", ONE.replace("delta", "main"));
    repo.commit("main");
    repo.git(&["merge", "-q", "--no-commit", "side"]);
    repo.file("a.txt", ONE.replace("alpha", "side").replace("delta", "main").replace("beta", "evil"));
    repo.file("evil.txt", "only in the merge\n");
    repo.commit("merge");
    repo
}

#[test]
fn of_a_merge_what_no_parent_has_counts() {
    let repo = merged();
    let merge = [("merge a.txt", "evil\n"), ("merge evil.txt", "only in the merge\n")];
    let seen = repo.range("base..");
    let others = [("main a.txt", "main\n"), ("side a.txt", "side\n"), ("side side.txt", "of the side\n")];
    assert_eq!(seen.files(), [&others[..1], &merge, &others[1..]].concat());
    assert_eq!(repo.range("HEAD^!").files(), merge);
    assert_eq!(repo.range("base.. --first-parent").files(), [others[0], merge[0], merge[1]]);
}

#[test]
fn a_clean_merge_brings_nothing_of_its_own() {
    let repo = base();
    repo.git(&["checkout", "-qb", "side"]);
    repo.file("side.txt", "of the side\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.file("main.txt", "of main\n");
    repo.commit("main");
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    assert_eq!(repo.range("HEAD^!").files(), []);
    assert_eq!(repo.range("base..").files().len(), 2);
}

#[test]
fn moved_and_linked_files_and_submodules_in_commits() {
    let repo = base();
    let inner = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{inner},sub")]);
    repo.git(&["mv", "a.txt", "b.txt"]);
    repo.stage("b.txt", &format!("{ONE}new\n"));
    repo.stage("vendored/x", "left out\n");
    repo.git(&["commit", "-qm", "second"]);
    let seen = repo.range("base..");
    assert_eq!(seen.files(), [("second b.txt", "new\n")]);
    let skipped = [SkipReason::Submodule, SkipReason::Excluded].map(|r| seen.tally.skipped[&r]);
    assert_eq!(skipped, [1, 1]);
}

#[test]
fn the_other_reader_says_the_same() {
    let shape = |repo: &Repo| {
        let all = ["base..", "HEAD^!", "base...side", "--branches --not base", "main"];
        all.map(|range| {
            let seen = repo.range(range);
            let files = seen.files().iter().map(|&(p, t)| (p.to_owned(), t.to_owned())).collect::<Vec<_>>();
            (files, seen.tally.commits)
        })
    };
    let plain = merged();
    let wanted = shape(&plain);
    plain.git(&["config", "core.repositoryFormatVersion", "1"]);
    plain.git(&["config", "extensions.partialClone", "origin"]);
    assert_eq!(shape(&plain), wanted);
}

#[test]
fn tags_and_what_they_point_at() {
    let repo = base();
    repo.commit("second");
    repo.git(&["tag", "-a", "v1", "-m", "a tag's text"]);
    let seen = repo.range("base..v1");
    let texts = seen.texts();
    assert!(texts.contains(&("message of a tag's text Tag ", "a tag's text\n")), "{texts:?}");
    assert_eq!(seen.tally.commits, 1);
    let blob = repo.git_with(&["hash-object", "-w", "--stdin"], b"a blob that a tag names\n");
    repo.git(&["tag", "blob", &blob]);
    let seen = repo.range("blob");
    assert_eq!(seen.texts(), [(format!(" {blob}").as_str(), "a blob that a tag names\n")]);
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    repo.git(&["tag", "tree", &tree]);
    assert_eq!(repo.range("tree").texts(), [(" a.txt", ONE)]);
}

#[test]
fn configuration_comes_from_the_tip_and_edits_are_told() {
    let repo = base();
    repo.file(".leakward.toml", "one");
    repo.commit("second");
    repo.file(".leakward.toml", "two");
    repo.commit("third");
    let place = Place::new(repo.path()).unwrap();
    let at = |range: &str| {
        let range = Range::open(&place, &Revisions::parse(range).unwrap()).unwrap();
        range.file_at(".leakward.toml".into()).unwrap().map(|b| String::from_utf8(b).unwrap())
    };
    let found = ["base..", "base..HEAD~1", "base"].map(at);
    assert_eq!(found, [Some("two".to_owned()), Some("one".to_owned()), None]);
    let notes = repo.range("base..").tally.notes;
    assert!(notes.len() == 1 && notes[0].contains(".leakward.toml"), "{notes:?}");
    assert_eq!(repo.range("base").tally.notes, [""; 0]);
}

#[test]
fn what_names_nothing_or_means_nothing_is_an_error() {
    let repo = base();
    let place = Place::new(repo.path()).unwrap();
    for range in ["nosuch..HEAD", "HEAD..nosuch", "HEAD~5", "^nosuch HEAD", "nosuch^!"] {
        match Range::open(&place, &Revisions::parse(range).unwrap()).map(|_| ()).unwrap_err() {
            GitError::Revision { shallow: false, .. } => {}
            other => panic!("{range}: {other}"),
        }
    }
    for range in
        ["", "  ", "--frobnicate HEAD", "-p HEAD", "^HEAD", "--not HEAD", "--remotes=*x* HEAD", "HEAD ^"]
    {
        match Revisions::parse(range).unwrap_err() {
            GitError::Range { .. } => {}
            other => panic!("{range}: {other}"),
        }
    }
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let repo = base();
    for i in 0..4 {
        repo.file("a.txt", format!("{ONE}{i}\n"));
        repo.commit(&format!("commit {i}"));
    }
    let shallow = repo.sandbox.path().join("shallow");
    let url = format!("file://{}", repo.path().display());
    let clone = Command::new("git").args(["clone", "-q", "--depth", "2", &url]).arg(&shallow).status();
    assert!(clone.unwrap().success());
    let place = Place::new(&shallow).unwrap();
    let open = |range: &str| Range::open(&place, &Revisions::parse(range).unwrap());
    let lost = repo.git(&["rev-parse", "base"]);
    let error = open(&format!("{lost}..HEAD")).map(|_| ()).unwrap_err();
    assert!(error.help().unwrap().contains("fetch-depth: 0"), "{error}: {:?}", error.help());
    let known = Seen::of(&open("HEAD~1..HEAD").unwrap().with(policy()));
    assert_eq!((known.files(), &known.tally.gaps), (vec![("commit 3 a.txt", "3\n")], &vec![]));
    let beyond = Seen::of(&open("HEAD").unwrap().with(policy()));
    assert_eq!(beyond.tally.gaps.len(), 1);
    assert!(beyond.tally.gaps[0].why.contains("shallow"), "{:?}", beyond.tally.gaps);
    assert_eq!(beyond.files().len(), 2);
}

/// A repository whose branches were pushed to `origin`, and what is new since.
fn pushed() -> Repo {
    let repo = base();
    let origin = repo.sandbox.path().join("origin.git");
    repo.git(&["init", "-q", "--bare", origin.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
    repo.git(&["push", "-q", "origin", "main"]);
    repo
}

#[track_caller]
fn push(repo: &Repo, remote: &str, lines: &[(&str, &str)]) -> Seen {
    let id = |rev: &str| if rev == "0" { "0".repeat(40) } else { repo.git(&["rev-parse", rev]) };
    let line = |(local, remote): &(&str, &str)| {
        format!(
            "refs/heads/{local} {} refs/heads/x {}\n",
            id(local),
            if remote.len() == 40 { (*remote).to_owned() } else { id(remote) }
        )
    };
    let input: String = lines.iter().map(line).collect();
    let place = Place::new(repo.path()).unwrap();
    let repository = Repository::open(&place).unwrap();
    let refs = PushedRef::parse_all(input.as_bytes()).unwrap();
    let revisions = PushedRef::revisions(&refs, remote, &repository);
    Seen::of(&Range::of(repository, &revisions).unwrap().with(policy()))
}

#[test]
fn a_push_brings_what_the_remote_lacks() {
    let repo = pushed();
    repo.git(&["checkout", "-qb", "b1"]);
    repo.file("b1.txt", "one\n");
    repo.commit("one");
    repo.git(&["checkout", "-qb", "b2", "main"]);
    repo.file("b2.txt", "two\n");
    repo.commit("two");
    let (one, two) = (("one b1.txt", "one\n"), ("two b2.txt", "two\n"));
    assert_eq!(push(&repo, "origin", &[("b1", "0"), ("b2", "0")]).files(), [one, two]);
    assert_eq!(push(&repo, "origin", &[("b1", "base")]).files(), [one]);
    assert_eq!(push(&repo, "origin", &[("0", "main")]).files(), []);
    // What the remote holds is not in this clone: somebody else's work is about to be overwritten.
    assert_eq!(push(&repo, "origin", &[("b1", &"1".repeat(40))]).files(), [one]);
    // A remote that was never seen has nothing.
    assert_eq!(push(&repo, "https://example.com/x.git", &[("b1", "0")]).files(), [("first a.txt", ONE), one]);
    assert_eq!(push(&repo, "", &[("b1", "0")]).files().len(), 2);
}

#[test]
fn a_first_push_is_the_range_that_frameworks_ask_for() {
    let repo = pushed();
    repo.file("new.txt", "new\n");
    repo.commit("new");
    let range = repo.range("main --not --remotes=origin");
    assert_eq!(range.files(), [("new new.txt", "new\n")]);
    assert_eq!(repo.range("main --not --remotes").files(), range.files());
    assert_eq!(repo.range("main --not --remotes=other").files().len(), 2);
}

#[test]
fn a_secret_in_several_commits_is_reported_at_the_first() {
    let repo = base();
    // Put together here, so that this file holds no finding.
    let leak = ["db = postgres://app:", "kV7rQ2wX9mZ4tB8n", "@db.corp.example/prod\n"].concat();
    let mut ids = Vec::new();
    for text in
        [leak.clone(), format!("# moved\n{}", leak.replace('\n', " # edited\n")), ONE.to_owned(), leak]
    {
        repo.file("conf.ini", text);
        ids.push(repo.commit("change"));
    }
    let run = repo.run(&["git", "--range", "base..", "--format", "json"]);
    assert_eq!((run.code, run.found_in()), (Some(1), vec!["conf.ini".to_owned()]), "{run:?}");
    let finding = &run.json()["findings"][0];
    assert!(finding["commit"].to_string().contains(&ids[0]), "{finding}");
    assert_eq!(
        (&finding["start"]["line"], &finding["start"]["column"]),
        (&1.into(), &21.into()),
        "{finding}"
    );
    let run = repo.run(&["git", "--range", &format!("{}..HEAD~1", ids[0]), "--format", "json"]);
    assert!(run.json()["findings"][0]["commit"].to_string().contains(&ids[1]), "{run:?}");
}
