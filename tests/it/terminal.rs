//! What people see: on a terminal, in a pipe, narrow and wide.

use std::process::Command;

use crate::sandbox::{Run, Sandbox};
use crate::token::github;

fn leaky() -> Sandbox {
    let dir = Sandbox::new();
    let long = "x".repeat(3000);
    dir.file("a.py", format!("\ttoken = '{}' # 漢字\n{long} '{}' {long}\n", github("one"), github("two")));
    dir
}

/// Runs the program on a pseudo-terminal of `columns` columns.
#[cfg(target_os = "linux")]
fn on_terminal(dir: &Sandbox, columns: u16, env: &[(&str, &str)]) -> Run {
    let program = env!("CARGO_BIN_EXE_leakward");
    let mut command = Command::new("script");
    command.args(["-qec", &format!("stty rows 24 cols {columns}; exec {program} scan"), "/dev/null"]);
    command.current_dir(dir.path()).env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    Run::of(command.envs(env.iter().copied()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_colours_unless_the_environment_says_no() {
    let dir = leaky();
    let run = on_terminal(&dir, 100, &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("\x1b["), "{run:?}");
    for no in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        for ci in [&[no][..], &[no, ("CI", "true")]] {
            let run = on_terminal(&dir, 100, ci);
            assert!(!run.stdout.contains('\x1b'), "{ci:?}: {run:?}");
        }
    }
}

#[test]
fn a_pipe_gets_colours_only_by_force() {
    let dir = leaky();
    let piped = |env: Option<&str>| {
        let mut command = dir.command(["scan"]);
        command.env_remove("NO_COLOR");
        Run::of(command.envs(env.map(|name| (name, "1"))))
    };
    assert!(!piped(None).stdout.contains('\x1b'));
    assert!(piped(Some("CLICOLOR_FORCE")).stdout.contains("\x1b["));
    assert!(!piped(Some("NO_COLOR")).stdout.contains('\x1b'));
}

#[cfg(target_os = "linux")]
#[test]
fn lines_fit_the_terminal_and_keep_the_secret() {
    let dir = leaky();
    for columns in [80, 200] {
        let run = on_terminal(&dir, columns, &[("NO_COLOR", "1")]);
        let pictures: Vec<_> = run.stdout.lines().filter(|l| l.contains(" | ")).collect();
        let widest = pictures.iter().map(|l| l.trim_end().chars().count()).max().unwrap();
        assert!(widest <= usize::from(columns), "{widest} at {columns}: {run:?}");
        assert!(pictures.iter().filter(|l| l.contains("ghp_****")).count() == 2, "{run:?}");
        assert!(run.stdout.contains("--> a.py:2:3003"), "{run:?}");
    }
}

#[test]
fn the_last_line_says_what_was_scanned() {
    let run = leaky().run(["scan"]);
    let last = run.stdout.lines().last().unwrap();
    assert!(last.starts_with("2 secrets in 1 file · scanned 1 file, 6.1 kB (.) · "), "{last}");
    let dir = Sandbox::new();
    dir.file("a", "nothing\n");
    let run = dir.run(["scan"]);
    assert!(run.stdout.starts_with("no secrets found · scanned 1 file, 8 bytes (.) · "), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1);
    assert_eq!(run.stderr, "");
}

#[test]
fn scanning_nothing_is_not_called_clean() {
    let run = Sandbox::new().run(["scan"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.starts_with("nothing was scanned · "), "{run:?}");
}

#[test]
fn no_output_shows_the_secret() {
    let dir = leaky();
    for format in ["human", "json", "jsonl", "sarif", "gitleaks", "github"] {
        let mut command = dir.command(["scan", "--format", format]);
        let run = Run::of(command.env("RUST_BACKTRACE", "1").env("RUST_LOG", "trace"));
        assert_eq!(run.code, Some(1), "{run:?}");
        let both = run.stdout + &run.stderr;
        assert!(["one", "two"].iter().all(|seed| !both.contains(&github(seed)[4..36])), "{format}");
        let run = dir.run(["scan", "--format", format, "--show-secrets"]);
        assert!(run.stdout.contains(&github("one")), "{format}");
    }
}
