//! A repository is set up: configuration, hooks, CI, and a first scan.

use std::fs;
use std::process::Command;

use crate::sandbox::{Run, Sandbox};

const FILES: [(&str, &str); 5] = [
    (".gitlab-ci.yml", "build:\n  script: make # all\n"),
    ("bitbucket-pipelines.yml", "pipelines:\n  default:\n    - step:\n        script: [make]\n"),
    ("azure-pipelines.yml", "trigger: [main]\n\nsteps:\n- script: make\n"),
    (
        "Jenkinsfile",
        "pipeline {\n  agent any\n  stages {\n    stage('Build') {\n      steps { sh 'make' }\n    }\n  }\n}\n",
    ),
    (
        ".circleci/config.yml",
        "version: 2.1\njobs:\n  build:\n    steps: [checkout]\nworkflows:\n  all:\n    jobs:\n      - build\n",
    ),
];

fn git(sandbox: &Sandbox, arguments: &[&str]) -> std::process::Output {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_leakward")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    Command::new("git")
        .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"])
        .args(arguments)
        .current_dir(sandbox.path())
        .env("PATH", path)
        .output()
        .unwrap()
}

/// A repository with a job file of every service.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    assert!(git(&sandbox, &["init", "-q"]).status.success());
    sandbox.file(".github/CODEOWNERS", "* @ann\n");
    for (name, text) in FILES {
        sandbox.file(name, text);
    }
    sandbox
}

/// A password that nobody has.
fn made(seed: &str) -> String {
    format!("Zq{}", &blake3::hash(seed.as_bytes()).to_hex()[..14])
}

fn init(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.run(["init"].iter().chain(arguments))
}

#[test]
fn nothing_is_changed_without_apply() {
    let sandbox = repository();
    sandbox.file("a.py", format!("password = '{}'\n", made("old")));
    let run = init(&sandbox, &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for told in ["+++ b/.leakward.toml", "would install", "finds secrets", "nothing was changed"] {
        assert!(run.stdout.contains(told), "{told}: {}", run.stdout);
    }
    assert!(!run.stdout.contains(&made("old")));
    for (name, text) in FILES {
        assert!(run.stdout.contains(&format!("+++ b/{name}")), "{name}");
        assert_eq!(fs::read_to_string(sandbox.path().join(name)).unwrap(), text);
    }
    assert!(!sandbox.path().join(".leakward.toml").exists());
    assert!(!sandbox.path().join(".git/hooks/pre-commit").exists());
}

#[test]
fn old_secrets_are_accepted_and_new_ones_are_stopped() {
    let sandbox = repository();
    sandbox.file("a.py", format!("password = '{}'\n", made("old")));
    let run = init(&sandbox, &["--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for (name, text) in FILES {
        let new = fs::read_to_string(sandbox.path().join(name)).unwrap();
        assert!(new.contains("leakward") && new.len() > text.len(), "{name}");
    }
    assert!(sandbox.path().join(".github/workflows/leakward.yml").exists());
    assert_eq!(sandbox.run(["scan"]).code, Some(0), "the baseline accepts what was there");
    git(&sandbox, &["add", "-A"]);
    let first = git(&sandbox, &["commit", "-qm", "set up"]);
    assert!(first.status.success(), "{first:?}");
    sandbox.file("b.py", format!("password = '{}'\n", made("new")));
    git(&sandbox, &["add", "-A"]);
    let second = git(&sandbox, &["commit", "-qm", "leak"]);
    assert!(
        !second.status.success() && String::from_utf8_lossy(&second.stderr).contains("b.py"),
        "{second:?}"
    );
    let again = init(&sandbox, &["--no-hook"]);
    assert!(again.stdout.contains("no file changes"), "{}", again.stdout);
}

#[test]
fn a_clean_folder_ends_in_a_clean_result() {
    let sandbox = Sandbox::new();
    sandbox.file("a.py", "x = 1\n");
    let run = init(&sandbox, &["--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout.contains("the first scan found nothing") && run.stdout.contains("no hook"),
        "{}",
        run.stdout
    );
    let config = fs::read_to_string(sandbox.path().join(".leakward.toml")).unwrap();
    assert!(!config.contains("baseline"), "{config}");
    assert!(!sandbox.path().join("leakward-baseline.jsonl").exists());
}

#[test]
fn what_is_there_stays() {
    let sandbox = repository();
    let config = "# ours\n[scan]\nexclude = ['/vendor/'] # theirs\n\n[rules]\ndisable = ['jwt']\n";
    sandbox.file(".leakward.toml", config);
    let hooks = "repos:\n# all of them\n- repo: local\n  hooks: []\n";
    sandbox.file(".pre-commit-config.yaml", hooks);
    sandbox.file("azure-pipelines.yml", "extends: {template: a.yml}\n");
    sandbox.file("a.py", format!("password = '{}'\n", made("old")));
    let run = init(&sandbox, &["--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let new = fs::read_to_string(sandbox.path().join(".leakward.toml")).unwrap();
    assert_eq!(new.replace("baseline = \"leakward-baseline.jsonl\"\n", ""), config);
    let new = fs::read_to_string(sandbox.path().join(".pre-commit-config.yaml")).unwrap();
    assert!(
        new.starts_with(hooks) && new.contains("\n- repo: https://github.com/leakward/leakward\n"),
        "{new}"
    );
    assert!(!sandbox.path().join(".git/hooks/pre-commit").exists(), "pre-commit looks after the hooks");
    assert!(
        run.stdout.contains("Azure Pipelines: add this to azure-pipelines.yml:\n  - job: leakward\n"),
        "{run:?}"
    );
    let again = init(&sandbox, &["--apply"]);
    assert!(again.code == Some(0) && !again.stdout.contains("+++"), "{}", again.stdout);
}

#[test]
fn a_configuration_that_is_wrong_stops_it() {
    let sandbox = repository();
    sandbox.file(".leakward.toml", "[scan]\nexlude = []\n");
    let run = init(&sandbox, &["--apply"]);
    assert!(run.code == Some(2) && run.stderr.contains("exlude"), "{run:?}");
    assert!(!sandbox.path().join(".github/workflows").exists());
    let run = init(&sandbox, &["nowhere"]);
    assert!(run.code == Some(2) && run.stderr.contains("nowhere"), "{run:?}");
}
