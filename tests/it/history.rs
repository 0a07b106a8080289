//! What a scan of a whole history says of a secret: who brought it in, where it lies, how far it spread; and what it
//! took to know.

use serde_json::{Value, json};

use crate::repo::Repo;
use crate::sandbox::Run;
use crate::token::github;

/// Runs `leakward git` in `repo` with more arguments; its report.
#[track_caller]
pub(crate) fn scan(repo: &Repo, args: &[&str]) -> (Run, Value) {
    let run = repo.run(&[&["git", "--format", "json"], args].concat());
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    (run, report)
}

/// The only finding of a scan that found one.
#[track_caller]
pub(crate) fn only(repo: &Repo, args: &[&str]) -> Value {
    let (run, report) = scan(repo, args);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!((run.code, findings.len()), (Some(1), 1), "{args:?}: {run:?}");
    findings[0].clone()
}

#[track_caller]
pub(crate) fn none(repo: &Repo, args: &[&str]) {
    let (run, report) = scan(repo, args);
    assert_eq!((run.code, &report["findings"]), (Some(0), &json!([])), "{args:?}: {run:?}");
}

pub(crate) fn line(token: &str) -> String {
    format!("token = \"{token}\"\n")
}

#[test]
fn one_secret_in_many_commits_is_one_finding_of_the_first() {
    let (repo, token) = (Repo::with(&[("README", "hello\n")]), github("many"));
    let mut first = String::new();
    for i in 0..12 {
        repo.file("a.py", format!("{}# {i}\n", line(&token)));
        let commit = repo.commit(&format!("commit {i}"));
        if i == 0 {
            first = commit;
        }
    }
    repo.file("b.py", line(&token));
    repo.commit("copied");
    repo.git(&["tag", "v1"]);
    repo.git(&["branch", "before", "HEAD~13"]);
    let finding = only(&repo, &[]);
    assert_eq!((&finding["path"], &finding["commit"]["id"]), (&"a.py".into(), &Value::from(first)));
    let commit = &finding["commit"];
    assert_eq!(commit["author"], "Ann Other");
    assert_eq!((&commit["date"], &commit["message"]), (&"2023-11-14T22:13:20Z".into(), &"commit 0".into()));
    let spread = &finding["spread"];
    assert_eq!((&spread["commits"], &spread["at_head"]), (&13.into(), &"a.py".into()));
    assert_eq!(spread["other_paths"], json!(["b.py"]));
    assert_eq!(spread["refs"], json!(["refs/heads/main", "refs/tags/v1"]));
    assert_eq!(spread["reachable"], true);
    let text = repo.run(&["git"]);
    for part in ["13 commits", "still at HEAD", "b.py", "main", "v1"] {
        assert!(text.stdout.contains(part), "{part}: {text:?}");
    }
}

#[test]
fn a_name_that_a_tree_has_twice_hides_nothing() {
    let (clean, leaky) = ("clean\n".to_owned(), line(&github("twice")));
    for texts in [[&clean, &leaky], [&leaky, &clean]] {
        let repo = Repo::with(&[("README", "hello\n")]);
        let blob = |text: &String| repo.git_with(&["hash-object", "-w", "--stdin"], text.as_bytes());
        let [first, second] = texts.map(blob);
        let entries = format!("100644 blob {first}\ta.txt\n100644 blob {second}\ta.txt\n");
        let tree = repo.git_with(&["mktree"], entries.as_bytes());
        let commit = repo.git(&["commit-tree", "-m", "twice", &tree]);
        repo.git(&["update-ref", "refs/heads/twice", &commit]);
        for args in [&[][..], &["--cache"], &["--cache"]] {
            let finding = only(&repo, args);
            assert_eq!(
                (&finding["path"], &finding["commit"]["id"]),
                (&"a.txt".into(), &Value::from(&*commit))
            );
        }
    }
}

#[test]
fn a_secret_that_was_removed_is_not_at_head() {
    let (repo, token) = (Repo::with(&[("README", "hello\n")]), github("removed"));
    repo.file("deep/er/a.py", line(&token));
    let brought = repo.commit("leak");
    repo.git(&["rm", "-q", "-r", "deep"]);
    repo.commit("removed");
    let finding = only(&repo, &[]);
    assert_eq!(finding["commit"]["id"], Value::from(brought));
    assert_eq!((&finding["spread"]["at_head"], &finding["spread"]["commits"]), (&Value::Null, &1.into()));
}

#[test]
fn what_a_merge_alone_brings_belongs_to_the_merge() {
    let (repo, token) = (Repo::with(&[("README", "hello\n")]), github("merge"));
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.file("side", "side\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
    repo.file("evil.py", line(&token));
    let merge = repo.commit("merge");
    repo.file("evil.py", "nothing\n");
    repo.commit("removed");
    assert_eq!(only(&repo, &[])["commit"]["id"], Value::from(merge));
}

#[test]
fn what_both_sides_of_a_merge_hold_came_with_the_earlier_one() {
    let (repo, token) = (Repo::with(&[("README", "hello\n")]), github("sides"));
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.file("one.py", line(&token));
    repo.commit("on the side");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    repo.git(&["mv", "one.py", "two.py"]);
    repo.commit("moved");
    let finding = only(&repo, &[]);
    assert_eq!((&finding["commit"]["message"], &finding["path"]), (&"on the side".into(), &"one.py".into()));
    assert_eq!(finding["spread"]["refs"], json!(["refs/heads/main", "refs/heads/side"]));
    assert_eq!((&finding["spread"]["at_head"], &finding["spread"]["commits"]), (&"two.py".into(), &3.into()));
}

#[test]
fn unreachable_commits_count_when_asked_for_and_say_so() {
    let (repo, token) = (Repo::with(&[("README", "hello\n")]), github("gone"));
    repo.git(&["checkout", "-q", "-b", "gone"]);
    repo.file("a.py", line(&token));
    let commit = repo.commit("leak");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-D", "gone"]);
    assert_eq!(only(&repo, &[])["spread"]["refs"], json!([]), "a reflog still leads to it");
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    std::fs::remove_file(repo.path().join(".git/ORIG_HEAD")).ok();
    none(&repo, &[]);
    let finding = only(&repo, &["--unreachable"]);
    assert_eq!(finding["commit"]["id"], Value::from(commit));
    assert_eq!(finding["spread"]["reachable"], false);
    let text = repo.run(&["git", "--unreachable"]);
    assert!(text.stdout.contains("no branch, tag, other ref or reflog leads to it"), "{text:?}");
}

#[test]
fn a_message_a_note_and_a_tag_are_places_of_their_own() {
    let repo = Repo::with(&[("README", "hello\n")]);
    let commit = repo.commit(&format!("see {}", github("message")));
    repo.git(&["notes", "add", "-m", &github("note")]);
    repo.git(&["tag", "-a", "v1", "-m", &github("tag")]);
    let (_, report) = scan(&repo, &[]);
    let mut places: Vec<_> = report["findings"].as_array().unwrap().iter().collect();
    places.sort_by_key(|f| f["place"].as_str().unwrap().to_owned());
    let shown: Vec<_> = places.iter().map(|f| (&f["place"], &f["commit"]["id"])).collect();
    let tag = repo.git(&["rev-parse", "v1"]);
    let ids = [commit.clone(), commit, tag].map(Value::from);
    let kinds = ["commit-message", "note", "tag-message"].map(Value::from);
    assert_eq!(shown, kinds.iter().zip(&ids).collect::<Vec<_>>());
}

#[test]
fn the_summary_tells_what_was_read_and_how_long_it_took() {
    let repo = Repo::with(&[("a.txt", "0123456789\n"), ("dir/b.txt", "abc\n")]);
    let (run, report) = scan(&repo, &[]);
    let people = "author Ann Other <ann@example.com> 1700000000 +0000\n".len() * 2 + "committer".len()
        - "author".len()
        + "first\n".len();
    let scanned = &report["summary"]["scanned"];
    assert_eq!((&scanned["files"], &scanned["commits"]), (&2.into(), &1.into()), "{run:?}");
    assert_eq!(scanned["bytes"], "0123456789\nabc\n".len() + people, "files and messages, no trees");
    let history = &report["summary"]["history"];
    assert_eq!(history["objects"], json!({"commits": 1, "trees": 2, "blobs": 2, "tags": 0}));
    assert!(history["bytes_inflated"].as_u64() > scanned["bytes"].as_u64());
    assert_eq!((&history["bytes_searched"], &history["unread"]), (&scanned["bytes"], &0.into()));
    for stage in ["open", "objects", "attribution", "findings"] {
        assert!(history["seconds"][stage].is_number(), "{stage}");
    }
    let people_read = repo.run(&["git"]);
    assert!(people_read.stdout.contains("1 commit, 2 files, 128 bytes"), "{people_read:?}");
    assert!(scan(&repo, &["--range", "HEAD"]).1["summary"]["history"].is_null());
}

#[test]
fn what_deltas_copy_is_searched_once_and_counts_in_full() {
    let repo = Repo::new();
    let text: String = (0..400).map(|i| format!("line {i} of a file that grows\n")).collect();
    for n in 0..8 {
        repo.file("a.txt", format!("{text}and line {n}\n"));
        repo.commit(&format!("commit {n}"));
    }
    repo.git(&["repack", "-q", "-adf"]);
    let summary = |args: &[&str]| scan(&repo, args).1["summary"].clone();
    let (deltas, full) = (summary(&[]), summary(&["--full"]));
    assert_eq!(deltas["scanned"], full["scanned"]);
    let searched = |s: &Value| s["history"]["bytes_searched"].as_u64().unwrap();
    assert_eq!(searched(&full), full["scanned"]["bytes"].as_u64().unwrap());
    assert!(searched(&deltas) * 3 < searched(&full), "{deltas}");
}

#[test]
fn objects_that_are_gone_are_counted_as_unread() {
    let repo = Repo::with(&[("a.txt", "one\n"), ("b.txt", "two\n")]);
    for name in ["a.txt", "b.txt"] {
        let id = repo.git(&["rev-parse", &format!("HEAD:{name}")]);
        std::fs::remove_file(repo.path().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    }
    let (run, report) = scan(&repo, &[]);
    assert_eq!((run.code, &report["summary"]["history"]["unread"]), (Some(2), &2.into()), "{run:?}");
    assert_eq!(report["summary"]["gaps"].as_array().unwrap().len(), 2);
}
