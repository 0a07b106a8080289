//! `leakward migrate`: what another scanner let pass passes here, and its hooks and CI lines run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::repo::Repo;
use crate::sandbox::{Run, Sandbox};
use crate::token::github;

fn text(dir: &Sandbox, path: &str) -> String {
    fs::read_to_string(dir.path().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A password that the generic rules find; made at run time.
fn made(seed: &str) -> String {
    blake3::hash(seed.as_bytes()).to_hex()[..24].to_owned()
}

fn sha1(value: &str) -> String {
    use sha1::Digest as _;
    sha1::Sha1::digest(value).iter().map(|b| format!("{b:02x}")).collect()
}

fn sha256(value: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(value).iter().map(|b| format!("{b:02x}")).collect()
}

/// A folder of somebody who uses detect-secrets: one value that was not labelled, one that is none, one that is real.
fn with_detect_secrets() -> Sandbox {
    let dir = Sandbox::new();
    let files = [("open.py", ""), ("false.py", ",\"is_secret\":false"), ("real.py", ",\"is_secret\":true")];
    let entry = |(path, label): (&str, &str)| {
        dir.file(path, format!("\npass\u{77}ord = '{}'\n", made(path)));
        format!(
            "\"{path}\":[{{\"type\":\"Secret Keyword\",\"filename\":\"{path}\",\"hashed_secret\":\"{}\",\
             \"is_verified\":false,\"line_number\":2{label}}}]",
            sha1(&made(path))
        )
    };
    let results = files.map(entry).join(",");
    dir.file(
        ".secrets.baseline",
        format!(
            "{{\"version\":\"1.5.0\",\"plugins_used\":[],\"filters_used\":[{{\"path\":\
             \"detect_secrets.filters.regex.should_exclude_file\",\"pattern\":[\"^vendor/\"]}}],\"results\":{{{results}}}}}"
        ),
    );
    dir.file("vendor/x.py", format!("pass\u{77}ord = '{}'\n", made("vendor")));
    dir
}

#[test]
fn nothing_is_written_without_apply() {
    let dir = with_detect_secrets();
    let run = dir.run(["migrate"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout.contains("+++ b/.leakward.toml\n@@ ")
            && run.stdout.contains("+++ b/leakward-baseline.jsonl")
    );
    assert!(
        run.stdout.ends_with("would change: .leakward.toml, leakward-baseline.jsonl (--apply does)\n"),
        "{run:?}"
    );
    assert!(!dir.path().join(".leakward.toml").exists());
}

#[test]
fn what_detect_secrets_accepted_is_suppressed_and_what_is_real_is_not() {
    let dir = with_detect_secrets();
    let run = dir.run(["migrate", "--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("1 entry is labelled a real secret"), "{run:?}");
    let scan = dir.run(["scan", "--format", "json"]);
    assert_eq!(scan.found_in(), ["real.py"], "{scan:?}");
    assert_eq!(scan.summary()["suppressed"], 3);
    let again = dir.run(["migrate"]);
    assert!(again.stdout.ends_with("no file changes\n"), "{again:?}");
}

#[test]
fn a_settings_file_that_is_there_keeps_its_words() {
    let dir = with_detect_secrets();
    let own = "# ours\n[scan] # what\nexclude = ['a'] # why\n\n[[allow]]\nrule = 'jwt'\nreason = 'r'\n";
    dir.file(".leakward.toml", own);
    dir.run(["migrate", "--apply"]);
    let new = text(&dir, ".leakward.toml");
    for line in own.lines().filter(|line| !line.starts_with("exclude")) {
        assert!(new.contains(line), "{line}: {new}");
    }
    assert!(
        new.contains("'a'] # why") && new.contains("[scan] # what\nbaseline = 'leakward-baseline.jsonl'\n"),
        "{new}"
    );
    assert_eq!(dir.run(["scan", "--format", "json"]).found_in(), ["real.py"]);
}

#[test]
fn what_the_real_detect_secrets_accepted_is_suppressed() {
    let Some(program) = detect_secrets() else { return };
    let dir = Sandbox::new();
    dir.file("a.py", format!("pass\u{77}ord = '{}'\ntoken = '{}'\n", made("a"), github("a")));
    dir.file("b.yml", format!("url: https://user:{}@db.example.org/\n", &made("b")[..14]));
    let found = dir.run(["scan", "--format", "json"]).found_in().len();
    assert!(found >= 3);
    let output =
        Command::new(program).args(["scan", "--all-files", "."]).current_dir(dir.path()).output().unwrap();
    dir.file(".secrets.baseline", output.stdout);
    let run = dir.run(["migrate", "--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let scan = dir.run(["scan"]);
    assert_eq!(scan.code, Some(0), "{scan:?}");
}

/// The real program, where the tests' tools hold it.
fn detect_secrets() -> Option<PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = std::env::var_os("LEAKWARD_TOOLS").map_or_else(|| root.join("target/tools"), PathBuf::from);
    Some(tools.join("venv/bin/detect-secrets")).filter(|path| path.is_file())
}

#[test]
fn what_ggshield_ignored_is_suppressed_wherever_it_stands() {
    let dir = Sandbox::new();
    for (path, seed) in [("a.py", "one"), ("b/a.py", "one"), ("c.py", "two"), ("d.py", "three")] {
        dir.file(path, format!("pass\u{77}ord = '{}'\n", made(seed)));
    }
    let typed = sha256(&format!("{},password", made("two")));
    let settings = format!(
        "version: 2\nsecret:\n  ignored_matches:\n  - name: docs\n    match: {}\n  - name: more\n    match: {typed}\n",
        made("one")
    );
    dir.file(".gitguardian.yaml", settings);
    dir.run(["migrate", "--from", "ggshield", "--apply"]);
    assert_eq!(dir.run(["scan", "--format", "json"]).found_in(), ["d.py"]);
    let ours = text(&dir, ".leakward.toml") + &text(&dir, "leakward-baseline.jsonl");
    assert!(!ours.contains(&made("one")), "a value is not written to our files");
}

#[test]
fn detectors_of_trufflehog_find_what_they_found() {
    let dir = Sandbox::new();
    dir.file(
        "th.yml",
        "detectors:\n- name: Acme\n  keywords: [acme]\n  regex:\n    key: '\\bacme_([a-z0-9]{20})\\b'\n  exclude_words: [sample]\n",
    );
    dir.file("lefthook.yml", "pre-commit:\n  commands:\n    secrets:\n      run: trufflehog git file://. --since-commit HEAD --config=th.yml --fail\n");
    dir.file("a.txt", "acme_abcdefghij0123456789\nacme_samplefghij012345678\n");
    let run = dir.run(["migrate", "--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(text(&dir, "lefthook.yml").contains("      run: leakward hook\n"));
    let scan = dir.run(["scan", "--format", "json"]);
    let found: Vec<_> =
        scan.json()["findings"].as_array().unwrap().iter().map(|f| f["rule"].to_string()).collect();
    assert_eq!(found, ["\"acme\""], "{scan:?}");
}

#[test]
fn rules_of_kingfisher_find_what_kingfisher_finds() {
    let dir = Sandbox::new();
    let rules = "rules:\n- name: Acme\n  id: acme.1\n  pattern: |\n    (?xi)\n    \\b acme (?:.|[\\n\\r]){0,8}? \\b\n    ( [a-z0-9]{20} )\n    \
                 \\b\n  min_entropy: 3.0\n  confidence: medium\n  pattern_requirements:\n    ignore_if_contains: [sample]\n";
    dir.file("kingfisher.yml", rules);
    dir.file(
        "a.txt",
        "acme = abcdefgh12345678ijkl\nacme = sampleghij0123456789\nacme = aaaaaaaaaaaaaaaaaa11\n",
    );
    let theirs = kingfisher(&dir);
    dir.run(["migrate", "--from", "kingfisher", "--apply"]);
    let scan = dir.run(["scan", "a.txt", "--format", "json", "--rule", "acme-1"]);
    let lines = scan.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["start"]["line"].as_u64().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(lines, theirs, "{scan:?}");
}

/// Lines on which the real kingfisher finds something.
fn kingfisher(dir: &Sandbox) -> Vec<u64> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = root.join("target/peers/kingfisher/kingfisher/bin/kingfisher");
    if !program.is_file() {
        return vec![1];
    }
    let args = [
        "scan",
        "a.txt",
        "--rules-path",
        "kingfisher.yml",
        "--load-builtins",
        "false",
        "--no-validate",
        "-f",
        "jsonl",
    ];
    let output =
        Command::new(program).args(args).current_dir(dir.path()).env("HOME", dir.path()).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let values = report.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut lines: Vec<u64> = values.filter_map(|value| value["finding"]["line"].as_u64()).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn hooks_and_ci_of_gitleaks_run_ours_and_its_settings_stay() {
    let repo = Repo::new();
    repo.file(".gitleaks.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['^docs/']\n");
    repo.file(".gitleaksignore", "a.py:github-pat:1\n");
    repo.file("docs/x.py", format!("t = '{}'\n", github("x")));
    repo.file("a.py", format!("t = '{}'\n", github("a")));
    repo.file(
        ".github/workflows/ci.yml",
        "jobs:\n  scan:\n    steps:\n      - uses: gitleaks/gitleaks-action@v2 # pinned\n        env:\n          GITHUB_TOKEN: x\n      \
         - run: gitleaks dir . -v --redact --no-banner\n",
    );
    repo.file(".husky/pre-commit", "gitleaks protect --staged -v\n");
    let before = fs::read(repo.path().join(".gitleaks.toml")).unwrap();
    let run = repo.run(&["migrate", "--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains(".gitleaks.toml: goes on being read, as it is"), "{run:?}");
    let read = |path: &str| fs::read_to_string(repo.path().join(path)).unwrap();
    assert!(read(".github/workflows/ci.yml").contains("- uses: leakward/leakward@v0.1.0 # pinned\n"));
    assert!(read(".github/workflows/ci.yml").contains("- run: leakward dir . -v --redact --no-banner\n"));
    assert_eq!(read(".husky/pre-commit"), "leakward protect --staged -v\n");
    assert_eq!(fs::read(repo.path().join(".gitleaks.toml")).unwrap(), before);
    // The line runs as it now stands.
    let scan = repo.run(&["dir", ".", "-v", "--redact", "--no-banner"]);
    assert_eq!(scan.code, Some(0), "{scan:?}");
}

#[test]
fn only_the_named_scanner_is_left_behind() {
    let dir = with_detect_secrets();
    dir.file("Jenkinsfile", "sh 'gitleaks detect --no-git'\nsh 'detect-secrets scan .'\n");
    dir.run(["migrate", "--from", "gitleaks", "--apply"]);
    assert_eq!(text(&dir, "Jenkinsfile"), "sh 'leakward detect --no-git'\nsh 'detect-secrets scan .'\n");
    assert!(!dir.path().join(".leakward.toml").exists());
}

#[test]
fn a_folder_without_another_scanner_is_left_alone() {
    let dir = Sandbox::new();
    dir.file("a.py", "x\n");
    let run: Run = dir.run(["migrate", "--apply"]);
    assert_eq!((run.code, &run.stdout[..]), (Some(0), "nothing of another scanner found\n"));
}
