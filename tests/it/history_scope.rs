//! Which commits of a history count, and gitleaks' way to say so.

use serde_json::Value;

use crate::history::{line, none, only, scan};
use crate::repo::Repo;
use crate::sandbox::Run;
use crate::token::github;

/// A repository in which a secret came and went: tags `clean`, `leak`, and `main` without it.
fn came_and_went() -> Repo {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.git(&["tag", "clean"]);
    repo.file("a.py", line(&github("scope")));
    repo.commit("leak");
    repo.git(&["tag", "leak"]);
    repo.file("a.py", "nothing\n");
    repo.commit("removed");
    repo
}

#[test]
fn branches_dates_revisions_and_numbers_choose_commits() {
    let repo = came_and_went();
    for args in [
        &["--branch", "main"][..],
        &["--branch", "clean", "--branch", "leak"],
        &["--branch", "main~1"],
        &["--since", "clean"],
        &["--since", "2023-11-14"],
        &["--since", "2023-11-14T22:13:20Z"],
        &["--max-commits", "2"],
    ] {
        only(&repo, args);
    }
    for args in [
        &["--branch", "clean"][..],
        &["--branch", "main~2"],
        &["--since", "leak"],
        &["--since", "2023-11-15"],
        &["--since", "2023-11-14T22:13:21Z"],
        &["--max-commits", "1"],
    ] {
        none(&repo, args);
    }
    for (args, part) in [
        (&["--branch", "nowhere"][..], "nowhere: no such commit"),
        (&["--since", "nowhere"], "nowhere: no such commit"),
        (&["--branch", "main~9"], "main~9: no such commit"),
    ] {
        let run = repo.run(&[&["git"], args].concat());
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains(part), "{run:?}");
    }
}

#[test]
fn what_came_before_the_scope_is_not_told_again() {
    let repo = came_and_went();
    repo.git(&["checkout", "-q", "-b", "later", "leak"]);
    repo.file("b.txt", "more\n");
    repo.commit("with the secret still there");
    none(&repo, &["--since", "leak", "--branch", "later"]);
}

#[test]
fn forms_of_log_opts_mean_what_git_means() {
    let repo = came_and_went();
    for opts in [
        "clean..main",
        "clean..leak",
        "--all",
        "leak",
        "leak^!",
        "main ^clean",
        "main --not clean",
        "--branches",
        "--tags",
        "clean...leak",
        "--first-parent main",
        " clean..main ",
    ] {
        only(&repo, &["--log-opts", opts]);
        let old = repo.run(&["detect", "--source", ".", "--format", "json", "--log-opts", opts]);
        assert_eq!(old.code, Some(1), "{opts}: {old:?}");
    }
    for opts in ["leak..main", "clean", "main --not leak", "--remotes", "leak...main"] {
        let run = repo.run(&["git", "--log-opts", opts]);
        assert!(matches!(run.code, Some(0)), "{opts}: {run:?}");
    }
}

#[test]
fn other_log_opts_are_refused_and_named() {
    let repo = came_and_went();
    for (opts, part) in [
        ("--grep=x", "--grep=x"),
        ("-n 3", "-n"),
        ("main -- src", "--"),
        ("--since=yesterday", "--since=yesterday"),
        ("-p -U0 main", "-p"),
        ("nowhere..main", "nowhere"),
    ] {
        let run = repo.run(&["git", "--log-opts", opts]);
        assert_eq!(run.code, Some(2), "{opts}: {run:?}");
        assert!(run.stderr.contains(part) && run.stderr.contains("help: "), "{opts}: {run:?}");
    }
}

#[test]
fn stash_reflog_notes_and_heads_of_worktrees_count_by_default() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.git(&["worktree", "add", "-q", "--detach", "../side"]);
    repo.sandbox.file("side/side.py", line(&github("worktree")));
    repo.git_in("../side", &["add", "-A"]);
    repo.git_in("../side", &["commit", "-q", "-m", "detached"]);
    // Of a detached HEAD's commits only the HEAD itself is left when its reflog is gone.
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    assert_eq!(only(&repo, &[])["path"], "side.py");
    assert_eq!(only(&repo, &["../side"])["path"], "side.py");
    none(&repo, &["--branch", "main"]);
    repo.file("README", line(&github("stash")));
    repo.git(&["stash", "-q"]);
    repo.file("reflog.py", line(&github("reflog")));
    repo.commit("soon gone");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.git(&["notes", "add", "-m", &github("note")]);
    assert_eq!(scan(&repo, &[]).1["findings"].as_array().unwrap().len(), 4);
    none(&repo, &["--branch", "main"]);
    let note = only(&repo, &["--branch", "refs/notes/commits"]);
    assert_eq!(note["place"], "note");
}

#[test]
fn untracked_stashes_and_merges_in_progress_count() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.file("untracked.py", line(&github("untracked")));
    repo.git(&["stash", "-q", "--include-untracked"]);
    assert_eq!(only(&repo, &[])["path"], "untracked.py");
    repo.git(&["stash", "drop", "-q"]);
    none(&repo, &[]);
    assert_eq!(only(&repo, &["--unreachable"])["spread"]["reachable"], false);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.file("side.py", line(&github("side")));
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.file("main.py", "main\n");
    repo.commit("main");
    repo.git(&["merge", "-q", "--no-commit", "side"]);
    repo.git(&["branch", "-q", "-D", "side"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    assert_eq!(only(&repo, &[])["path"], "side.py", "MERGE_HEAD leads there");
}

#[test]
fn flags_of_whole_histories_are_refused_elsewhere() {
    let repo = came_and_went();
    for flag in
        [&["--unreachable"][..], &["--branch=main"], &["--since=leak"], &["--max-commits=1"], &["--full"]]
    {
        for other in [&["--staged"][..], &["--range", "HEAD"]] {
            let run = repo.run(&[&["git"], flag, other].concat());
            assert_eq!(run.code, Some(2), "{run:?}");
            assert!(run.stderr.contains("whole history"), "{run:?}");
        }
    }
}

/// Runs the step of an action with `payload` as its event in `repo`.
fn step(repo: &Repo, event: &str, mode: &str, payload: &Value) -> (Run, String) {
    let file = repo.sandbox.file("event.json", payload.to_string());
    let outputs = repo.sandbox.path().join("outputs");
    std::fs::write(&outputs, "").unwrap();
    let mut command = repo.command(&["ci", "github"]);
    command.env("GITHUB_EVENT_NAME", event).env("GITHUB_EVENT_PATH", &file).env("LEAKWARD_MODE", mode);
    command.env("GITHUB_WORKSPACE", repo.path()).env("GITHUB_OUTPUT", &outputs);
    command.env("LEAKWARD_SARIF_FILE", repo.sandbox.path().join("out.sarif"));
    let run = Run::of(&mut command);
    (run, std::fs::read_to_string(&outputs).unwrap())
}

#[test]
fn a_step_scans_the_range_of_its_event_and_the_history_when_told() {
    let repo = came_and_went();
    let id = |rev: &str| repo.git(&["rev-parse", rev]);
    let pull = |base: &str, head: &str| serde_json::json!({"pull_request": {"base": {"sha": id(base)}, "head": {"sha": id(head)}}});
    let push = |before: &str, after: &str| serde_json::json!({"before": before, "after": after, "repository": {"default_branch": "main"}});
    let zero = "0".repeat(40);
    for (what, event, mode, payload, code, found) in [
        ("range of a pull request", "pull_request", "range", pull("clean", "main"), 1, 1),
        ("range after the leak", "pull_request", "range", pull("leak", "main"), 0, 0),
        ("history of a pull request", "pull_request", "history", pull("leak", "main"), 1, 1),
        ("push", "push", "range", push(&id("clean"), &id("main")), 1, 1),
        ("first push", "push", "range", push(&zero, &id("main")), 1, 1),
        ("deleted branch", "push", "range", push(&id("main"), &zero), 0, 0),
        ("force push from a commit that is gone", "push", "range", push(&"1".repeat(40), &id("main")), 0, 0),
        ("schedule", "schedule", "history", serde_json::json!({}), 1, 1),
    ] {
        let (run, outputs) = step(&repo, event, mode, &payload);
        assert_eq!(run.code, Some(0), "{what}: the verdict is a later step: {run:?}");
        assert!(outputs.contains(&format!("exit-code={code}\n")), "{what}: {outputs}{run:?}");
        assert!(outputs.contains(&format!("findings={found}\n")), "{what}: {outputs}");
    }
    let gone = step(&repo, "push", "range", &push(&"1".repeat(40), &id("leak"))).0;
    assert!(gone.stderr.contains("force push"), "{gone:?}");
}

#[test]
fn a_step_sees_merges_and_tells_that_a_checkout_is_shallow() {
    let repo = came_and_went();
    repo.git(&["checkout", "-q", "-b", "side", "clean"]);
    repo.file("side", "side\n");
    repo.commit("side");
    repo.git(&["merge", "-q", "--no-ff", "--no-commit", "main"]);
    repo.file("evil.py", line(&github("evil")));
    repo.commit("merge");
    let pull = |base: String, head: String| serde_json::json!({"pull_request": {"base": {"sha": base}, "head": {"sha": head}}});
    let payload = pull(repo.git(&["rev-parse", "main"]), repo.git(&["rev-parse", "side"]));
    let (run, outputs) = step(&repo, "pull_request", "range", &payload);
    assert!(outputs.contains("findings=1\n"), "the merge alone brings it: {run:?}");
    let from = format!("file://{}", repo.path().display());
    repo.git_in("..", &["clone", "-q", "--depth=1", "--branch=side", &from, "shallow"]);
    let mut command = repo.command_in("../shallow", &["ci", "github"]);
    let file = repo.sandbox.file("event.json", payload.to_string());
    command
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_EVENT_PATH", file)
        .env("LEAKWARD_MODE", "range");
    command.env("GITHUB_WORKSPACE", repo.sandbox.path().join("shallow"));
    let run = Run::of(&mut command);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("shallow") && run.stderr.contains("fetch-depth: 0"), "{run:?}");
}
