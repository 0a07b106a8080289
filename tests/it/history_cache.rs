//! `leakward git --cache`: finds the same as without, reads only what is new, trusts nothing that is not whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use serde_json::Value;
use sha1::Digest as _;

use crate::repo::Repo;
use crate::token::github;

/// A repository with secrets in files, a message, a note, a file's name, a tag and base64, on several branches.
fn grown() -> Repo {
    let repo = Repo::new();
    for n in 0..12 {
        let filler: String = (0..200).map(|i| format!("line {i} of the file that grows {n}\n")).collect();
        repo.file("src/deep/grows.txt", filler);
        repo.file(format!("src/{n}.txt"), format!("token = {}\n", github(&format!("file {}", n % 5))));
        repo.commit(&format!("commit {n}"));
    }
    repo.git(&["checkout", "-q", "-b", "side"]);
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("token={}", github("encoded")));
    repo.file("side/encoded.txt", format!("data: {encoded}\n"));
    repo.file(format!("side/{}.txt", github("name")), format!("pem {}\n", github("under a name")));
    repo.commit(&format!("see {}", github("message")));
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-edit", "side"]);
    repo.git(&["notes", "add", "-m", &format!("note {}", github("note"))]);
    repo.git(&["tag", "-a", "v1", "-m", &format!("tag {}", github("tag"))]);
    repo
}

/// Everything that `scan` tells but how much it read.
fn told(repo: &Repo, args: &[&str]) -> (Option<i32>, Value) {
    let run = repo.run(&[&["git", "--format", "json", "--unreachable"], args].concat());
    let mut report = run.json();
    let summary = report["summary"].as_object_mut().unwrap();
    let scanned = summary["scanned"].as_object_mut().unwrap();
    scanned.remove("bytes");
    scanned.remove("recalled");
    summary.remove("notes");
    forget_effort(summary);
    (run.code, report)
}

/// Leaves of what a scan took only what was there: the objects.
fn forget_effort(summary: &mut serde_json::Map<String, Value>) {
    let history = summary["history"].as_object_mut().unwrap();
    history.retain(|key, _| ["objects", "unread"].contains(&key.as_str()));
}

fn summary(repo: &Repo) -> Value {
    repo.run(&["git", "--format", "json", "--unreachable", "--cache"]).summary()
}

fn recalled(repo: &Repo) -> u64 {
    summary(repo)["scanned"]["recalled"].as_u64().unwrap_or(0)
}

#[track_caller]
fn same(repo: &Repo) {
    assert_eq!(told(repo, &["--cache"]), told(repo, &[]));
}

fn folder(repo: &Repo) -> PathBuf {
    repo.path().join(".git/leakward")
}

/// The one file of the cache.
#[track_caller]
fn file(folder: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_second_scan_reads_no_blob_and_finds_the_same() {
    let repo = grown();
    assert_eq!(recalled(&repo), 0);
    let summary = summary(&repo);
    assert_eq!(summary["scanned"]["recalled"], summary["scanned"]["files"]);
    assert_eq!(summary["scanned"]["bytes"], 0, "{summary}");
    same(&repo);
}

#[test]
fn new_commits_rewritten_refs_and_repacks_change_nothing_but_the_cost() {
    let repo = grown();
    same(&repo);
    let steps: [fn(&Repo); 8] = [
        |repo| {
            repo.file("src/new.txt", format!("token = {}\n", github("new")));
            repo.file("src/3.txt", format!("moved = {}\n", github("file 1")));
            repo.commit("new");
        },
        |repo| drop(repo.git(&["gc", "-q"])),
        |repo| drop(repo.git(&["commit", "-q", "--amend", "-m", "amended"])),
        |repo| drop(repo.git(&["branch", "-q", "-D", "side"])),
        |repo| drop(repo.git(&["reset", "-q", "--hard", "HEAD~3"])),
        |repo| {
            repo.file("other.txt", format!("token = {}\n", github("other")));
            repo.commit("other");
            repo.git(&["repack", "-q", "-adf", "--depth=5"]);
        },
        |repo| {
            repo.git(&["reflog", "expire", "--expire=now", "--all"]);
            repo.git(&["gc", "-q", "--prune=now"]);
        },
        |repo| drop(repo.git(&["checkout", "-q", "--orphan", "fresh"])),
    ];
    for (i, step) in steps.into_iter().enumerate() {
        step(&repo);
        assert_eq!(told(&repo, &["--cache"]), told(&repo, &[]), "step {i}");
        assert!(recalled(&repo) > 0, "step {i}");
        assert_eq!(summary(&repo)["notes"], Value::Array(vec![]), "step {i}");
    }
}

#[test]
fn other_scopes_share_one_cache() {
    let repo = grown();
    same(&repo);
    for scope in [&["--branch", "side"][..], &["--max-commits", "3"], &["--since", "main~2"], &["--full"]] {
        let cached = told(&repo, &[scope, &["--cache"]].concat());
        assert_eq!(cached, told(&repo, scope), "{scope:?}");
    }
    file(&folder(&repo));
}

#[test]
fn other_rules_and_settings_have_caches_of_their_own() {
    let repo = grown();
    same(&repo);
    repo.sandbox.file("work/.leakward.toml", "[rules]\ndisable = ['github-pat']\n");
    assert_eq!(recalled(&repo), 0);
    same(&repo);
    fs::remove_file(repo.path().join(".leakward.toml")).unwrap();
    let other = repo.run(&["git", "--format", "json", "--cache", "--max-file-size", "1MB"]);
    assert!(other.summary()["scanned"]["recalled"].is_null());
    assert!(recalled(&repo) > 0);
    assert_eq!(fs::read_dir(folder(&repo)).unwrap().count(), 3);
}

#[test]
fn a_cache_that_is_not_whole_is_discarded_with_a_note() {
    let repo = grown();
    let plain = told(&repo, &[]);
    same(&repo);
    let path = file(&folder(&repo));
    let whole = fs::read(&path).unwrap();
    let flips = (0..whole.len()).step_by(whole.len() / 12);
    let mut broken: Vec<Vec<u8>> = flips
        .map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            bytes
        })
        .collect();
    broken.extend([0, 7, 80, whole.len() / 2, whole.len() - 1].map(|len| whole[..len].to_vec()));
    broken.push([&whole[..], b"more"].concat());
    for (i, bytes) in broken.iter().enumerate() {
        fs::write(&path, bytes).unwrap();
        let run = repo.run(&["git", "--format", "json", "--cache"]);
        assert!(run.summary()["notes"][0].as_str().unwrap().contains("was not used"), "{i}: {run:?}");
        if i % 8 == 0 {
            fs::write(&path, bytes).unwrap();
            assert_eq!(told(&repo, &["--cache"]), plain, "{i}");
        }
    }
    assert_eq!(fs::read(&path).unwrap().len(), whole.len(), "it was written anew");
}

#[test]
fn a_cache_of_another_repository_does_no_harm() {
    let (repo, other) = (grown(), Repo::with(&[("a.txt", "nothing\n")]));
    same(&repo);
    same(&other);
    fs::copy(file(&folder(&other)), file(&folder(&repo))).unwrap();
    same(&repo);
    // One folder for several repositories keeps them apart.
    let shared = repo.sandbox.path().join("shared");
    let flag = format!("--cache={}", shared.display());
    for repo in [&repo, &other, &repo, &other] {
        assert_eq!(told(repo, &[&flag]), told(repo, &[]));
    }
    assert_eq!(fs::read_dir(shared).unwrap().count(), 2);
}

#[test]
fn scans_at_the_same_time_do_not_disturb_each_other() {
    let repo = grown();
    let plain = told(&repo, &[]);
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| (0..2).for_each(|_| assert_eq!(told(&repo, &["--cache"]), plain)));
        }
    });
    assert!(recalled(&repo) > 0);
    file(&folder(&repo));
}

#[test]
fn a_scan_that_is_killed_leaves_a_cache_that_still_holds() {
    let repo = grown();
    let plain = told(&repo, &[]);
    for wait in [0, 10, 40, 160] {
        let mut command = repo.command(&["git", "--format", "json", "--unreachable", "--cache"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Where in its work the program is killed is left to chance.
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(told(&repo, &["--cache"]), plain, "killed after {wait} ms");
        if wait % 20 == 0 {
            fs::remove_dir_all(folder(&repo)).unwrap();
        }
    }
}

#[test]
fn the_cache_holds_no_secret_in_any_form() {
    let repo = grown();
    same(&repo);
    let cache = fs::read(file(&folder(&repo))).unwrap();
    for seed in ["file 0", "file 4", "encoded", "name", "under a name", "message", "note", "tag"] {
        let value = github(seed);
        let bytes = value.as_bytes();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut forms = vec![bytes.to_vec(), bytes[4..20].to_vec(), hex.clone().into(), wide];
        forms.extend([
            hex.to_uppercase().into_bytes(),
            base64.into_bytes(),
            bytes.iter().rev().copied().collect(),
        ]);
        let hashes = [
            sha1::Sha1::digest(bytes).to_vec(),
            sha2::Sha256::digest(bytes).to_vec(),
            blake3::hash(bytes).as_bytes().to_vec(),
            crc32fast::hash(bytes).to_le_bytes().to_vec(),
        ];
        // The first 16 bytes: a hash may be cut.
        forms.extend(hashes.into_iter().map(|hash| hash[..hash.len().min(16)].to_vec()));
        for (i, form) in forms.iter().enumerate().filter(|(_, form)| form.len() > 4) {
            assert!(!cache.windows(form.len()).any(|w| w == form), "{seed}, form {i}");
        }
    }
    for text in ["grows.txt", "encoded.txt", "Ann Other", "refs/heads"] {
        assert!(!cache.windows(text.len()).any(|w| w == text.as_bytes()), "{text}");
    }
}

#[test]
fn damage_is_told_in_the_second_scan_as_in_the_first() {
    let repo = grown();
    repo.git(&["gc", "-q"]);
    let tree = repo.git(&["rev-parse", "HEAD:src/deep"]);
    let blob = repo.git(&["hash-object", "-w", "--stdin"]);
    repo.file("lost.txt", "about to be lost\n");
    repo.commit("lost");
    same(&repo);
    let lost = repo.git(&["rev-parse", "HEAD:lost.txt"]);
    for id in [&lost, &blob] {
        fs::remove_file(repo.path().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    }
    let (code, report) = told(&repo, &["--cache"]);
    assert_eq!(code, Some(2), "{report}");
    assert!(report["summary"]["gaps"][0]["what"].as_str().unwrap().contains(&lost), "{tree}");
    same(&repo);
    same(&repo);
}

#[test]
fn shallow_clones_partial_clones_and_other_hashes_keep_caches() {
    let repo = grown();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", repo.path().display());
    for (name, args) in [
        ("shallow", &["--depth=3"][..]),
        ("partial", &["--filter=blob:none", "--no-checkout"]),
        ("bare", &["--bare"]),
    ] {
        repo.git_in("..", &[&["clone", "-q"], args, &[&from, name]].concat());
        let scan = |more: &[&str]| {
            let name = format!("../{name}");
            let args = [&["git", &name][..], more].concat();
            told_by(&repo, &args)
        };
        let plain = scan(&[]);
        for _ in 0..3 {
            assert_eq!(scan(&["--cache"]), plain, "{name}");
        }
    }
    let sha256 = Repo::init(&["--object-format=sha256"]);
    sha256.file("a.txt", format!("token = {}\n", github("sha256")));
    sha256.commit("first");
    same(&sha256);
    assert!(recalled(&sha256) > 0);
    same(&sha256);
}

fn told_by(repo: &Repo, args: &[&str]) -> (Option<i32>, Value) {
    let run = repo.run(&[args, &["--format", "json"]].concat());
    let mut report = run.json();
    let scanned = report["summary"]["scanned"].as_object_mut().unwrap();
    scanned.remove("bytes");
    scanned.remove("recalled");
    forget_effort(report["summary"].as_object_mut().unwrap());
    (run.code, report)
}

#[test]
fn what_cannot_have_a_cache_says_so() {
    let repo = grown();
    repo.git(&["bundle", "create", "-q", "../all.bundle", "--all"]);
    let run = repo.run(&["git", "../all.bundle", "--cache"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("--cache=DIR"), "{}", run.stderr);
    let run = repo.run(&["git", "--staged", "--cache"]);
    assert_eq!(run.code, Some(2));
    let cached = told_by(&repo, &["git", "../all.bundle", "--cache=../kept"]);
    assert_eq!(cached, told_by(&repo, &["git", "../all.bundle"]));
    // A place that cannot be written to costs the cache, not the scan.
    let run = repo.run(&["git", "--format", "json", "--cache=/proc/nowhere"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.summary()["notes"][0].as_str().unwrap().contains("was not written"));
}
