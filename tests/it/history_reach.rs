//! What no ref and no reflog leads to is left out, and nothing else is: such a repository tells what a clone of it tells.

use serde_json::Value;

use crate::history_full::Dice;
use crate::repo::Repo;
use crate::token::github;

/// A stream for fast-import: branches that fork from each other, each commit with a token in some directory, some of
/// them taken over from another branch.
fn stream(dice: &mut Dice, branches: usize) -> Vec<u8> {
    const DIRS: [&str; 5] = ["", "a/", "a/b/", "a/b/c/d/", "e/"];
    let (mut stream, mut mark, mut ends) = (Vec::new(), 0, Vec::new());
    let mut tokens = Vec::new();
    for branch in 0..branches {
        let fork = if ends.is_empty() { None } else { Some(ends[dice.below(ends.len())]) };
        for n in 0..4 {
            mark += 1;
            let from = match (n, fork) {
                (0, None) => String::new(),
                (0, Some(fork)) => format!("from :{fork}\n"),
                _ => format!("from :{}\n", mark - 1),
            };
            let head = format!(
                "commit refs/heads/b{branch}\nmark :{mark}\ncommitter C <c@d> {} +0000\n",
                1_700_000_000 + mark
            );
            let message =
                if dice.below(4) == 0 { github(&format!("message {mark}")) } else { "x".to_owned() };
            stream.extend(format!("{head}data {}\n{message}\n{from}", message.len()).bytes());
            let new = github(&format!("file {mark}"));
            let token = if dice.below(3) == 0 && !tokens.is_empty() {
                let known: &String = &tokens[dice.below(tokens.len())];
                known.clone()
            } else {
                new
            };
            tokens.push(token.clone());
            let text = "a line that stays\n".repeat(20) + &format!("token = {token}\n");
            let path = format!("{}f{}", DIRS[dice.below(DIRS.len())], dice.below(4));
            stream.extend(format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len()).bytes());
        }
        ends.push(mark);
        stream.extend(format!("reset refs/tags/t{branch}\nfrom :{}\n\n", mark - 2).bytes());
    }
    stream
}

fn report(repo: &Repo, args: &[&str]) -> Value {
    let run = repo.run(&[&["git", "--format", "json"], args].concat());
    assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
    run.json()
}

#[test]
fn a_repository_with_leftovers_tells_what_its_clone_tells() {
    for seed in 1..7 {
        let (repo, mut dice) = (Repo::new(), Dice(seed));
        repo.git_with(&["fast-import", "--quiet"], &stream(&mut dice, 12));
        repo.git(&["update-ref", "refs/heads/main", "refs/heads/b0"]);
        // More is dropped with each seed, so that trees are chosen in one and all read in another.
        for branch in 1..12 {
            for name in [format!("refs/heads/b{branch}"), format!("refs/tags/t{branch}")] {
                if dice.below(7) < seed as usize {
                    repo.git(&["update-ref", "-d", &name]);
                }
            }
        }
        repo.git(&["reflog", "expire", "--expire=now", "--all"]);
        if seed % 3 != 0 {
            repo.git(&["repack", "-q", "-adfk", "--depth=20", "--window=20"]);
        }
        repo.git(&["clone", "-q", "--bare", "--no-local", ".", "clone"]);
        let (own, clone) = (report(&repo, &[]), report(&repo, &["clone"]));
        let all = report(&repo, &["--unreachable"]);
        assert_eq!(own["findings"], clone["findings"], "seed {seed}");
        assert_eq!(own["findings"], report(&repo, &["--full"])["findings"], "seed {seed}");
        let files = |report: &Value| report["summary"]["scanned"]["files"].as_u64().unwrap();
        let left = own["summary"]["skipped"]["unreachable"].as_u64().unwrap_or(0);
        assert_eq!(files(&own) + left, files(&all), "seed {seed}");
        assert!(files(&own) >= files(&clone), "seed {seed}");
        assert_eq!(clone["summary"]["skipped"].get("unreachable"), None, "seed {seed}");
        let found = |report: &Value| report["findings"].as_array().unwrap().len();
        assert!(found(&own) > 3 && (left == 0 || found(&all) > found(&own)), "seed {seed}");
    }
}

#[test]
fn a_revision_that_nothing_leads_to_may_be_asked_for() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.git(&["checkout", "-q", "-b", "gone"]);
    repo.file("deep/er/a.py", format!("token = {}\n", github("asked for")));
    let commit = repo.commit("leak");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-D", "gone"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    std::fs::remove_file(repo.path().join(".git/ORIG_HEAD")).ok();
    let run = repo.run(&["git"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("skipped 1 unreachable"), "{run:?}");
    let found = report(&repo, &[&format!("--branch={commit}")]);
    assert_eq!(found["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn trees_and_blobs_that_refs_name_are_read() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.file("dir/a.py", format!("token = {}\n", github("in a tree")));
    repo.git(&["add", "-A"]);
    let tree = repo.git(&["write-tree"]);
    repo.git(&["rm", "-q", "-f", "--cached", "-r", "dir"]);
    std::fs::remove_dir_all(repo.path().join("dir")).unwrap();
    repo.git(&["tag", "tree", &tree]);
    let blob =
        repo.git_with(&["hash-object", "-w", "--stdin"], format!("token = {}\n", github("alone")).as_bytes());
    repo.git(&["tag", "-a", "-m", "a blob", "blob", &blob]);
    for packed in [false, true] {
        if packed {
            repo.git(&["repack", "-q", "-adf"]);
            repo.git(&["prune-packed"]);
        }
        let found = report(&repo, &[]);
        assert_eq!(found["findings"].as_array().unwrap().len(), 2, "packed: {packed}");
    }
}
