//! Commands and flags of gitleaks, as hooks and CI lines hold them.

use std::fs;

use crate::sandbox::Sandbox;

#[test]
fn dir_reads_ignored_files_and_takes_the_usual_flags() {
    let dir = Sandbox::new();
    dir.file("src/.gitignore", "a\n");
    dir.file("src/a", "x");
    for command in ["dir", "directory", "file"] {
        let args = [
            command,
            "src",
            "-v",
            "--redact",
            "--no-banner",
            "--no-color",
            "-l",
            "debug",
            "--exit-code",
            "9",
            "--max-target-megabytes",
            "5",
            "--max-decode-depth",
            "3",
            "--max-archive-depth",
            "0",
            "--timeout",
            "60",
            "-f",
            "json",
            "-r",
            "out.json",
            "--platform",
            "github",
            "--ignore-gitleaks-allow",
            "-i",
            ".",
            "--follow-symlinks",
        ];
        let run = dir.run(args);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("scanned 2 files"), "{run:?}");
        assert_eq!(fs::read_to_string(dir.path().join("out.json")).unwrap().trim(), "[]");
    }
}

#[test]
fn detect_without_git_reads_files() {
    let dir = Sandbox::new();
    dir.file("src/a", "x");
    let run = dir.run(["detect", "--no-git", "--source", "src", "--redact=100", "--verbose"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("scanned 1 file,"), "{run:?}");
}

#[test]
fn detect_with_a_pipe_reads_standard_input() {
    let run = Sandbox::new().run_with(["detect", "--pipe"], b"x\n");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("standard input"), "{run:?}");
}

#[test]
fn what_would_be_missed_in_silence_is_refused() {
    let dir = Sandbox::new();
    let refused: [&[&str]; 3] =
        [&["--diagnostics", "cpu"], &["--report-template", "x.tmpl"], &["-f", "template", "-r", "x"]];
    for flags in refused {
        let run = dir.run(["dir"].iter().chain(flags));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{flags:?}: {run:?}");
        assert!(run.stderr.starts_with("error: "), "{flags:?}: {run:?}");
    }
}

#[test]
fn the_hook_line_of_gitleaks_works_as_it_stands() {
    let dir = Sandbox::new();
    let git = |args: &[&str]| {
        let status = std::process::Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(args)
            .current_dir(dir.path())
            .status();
        assert!(status.unwrap().success());
    };
    git(&["init", "-q"]);
    dir.file("settings.yaml", "password: vT9wLq2XzR7n\n"); // leakward:allow
    let hook = ["git", "--pre-commit", "--redact", "--staged", "--verbose"];
    assert_eq!(dir.run(hook).code, Some(0), "nothing is staged");
    git(&["add", "."]);
    let lines: [&[&str]; 4] = [
        &hook,
        &["protect", "--staged", "--verbose", "--redact", "--no-banner"],
        &["protect", "--staged", "--source", "."],
        &["--no-banner", "-l", "warn", "git", "--staged"],
    ];
    for line in lines {
        let run = dir.run(line);
        assert_eq!(run.code, Some(1), "{line:?}: {run:?}");
        assert!(run.stdout.contains("settings.yaml"), "{line:?}: {run:?}");
        assert!(!run.stdout.contains("vT9wLq2XzR7n"), "{line:?}");
    }
    let run = dir.run(["git", "--staged", "-f", "json", "-r", "-", "--exit-code", "7"]);
    assert_eq!(run.code, Some(7), "{run:?}");
    assert_eq!(run.json()[0]["RuleID"], "generic-password");
    for unstaged in [&["git", "--pre-commit"][..], &["protect"]] {
        assert_eq!(dir.run(unstaged).code, Some(2));
    }
}
