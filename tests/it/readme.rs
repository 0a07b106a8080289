//! README's console blocks, run as they stand.
//!
//! A line that begins with `$ ` is a command; what follows it is what it prints, `...` standing for lines left out and
//! times for any time. `cargo run` runs in this repository, `leakward` in a fresh git repository.

use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

struct Step {
    command: String,
    output: Vec<String>,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match (inside, line.strip_prefix("$ ")) {
            (false, _) => inside = line == "```console",
            (true, _) if line == "```" => inside = false,
            (true, Some(command)) => steps.push(Step { command: command.to_owned(), output: Vec::new() }),
            (true, None) => steps.last_mut().expect("a command comes first").output.push(line.to_owned()),
        }
    }
    steps
}

fn without_times(text: &str) -> String {
    let time = regex::Regex::new(r"(under 1 ms|\d+(\.\d+)? m?s)").unwrap();
    time.replace_all(text.trim_end(), "TIME").into_owned()
}

fn run(command: &str, repository: &Path) -> (i32, String) {
    let (arguments, folder) = match command.strip_prefix("cargo run --release --quiet -- ") {
        Some(arguments) => (arguments, Path::new(ROOT)),
        None => (command.strip_prefix("leakward ").expect("a command of ours"), repository),
    };
    let output = Command::new(env!("CARGO_BIN_EXE_leakward"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// Whether the parts of `expected` between `...` stand in `printed`, in their order.
fn holds(printed: &str, expected: &[String]) -> Result<(), String> {
    let printed = without_times(printed);
    let mut rest = printed.as_str();
    for part in expected.split(|line| line == "...").filter(|part| !part.is_empty()) {
        let part = without_times(&part.join("\n"));
        let at = rest.find(&part).ok_or_else(|| format!("not printed:\n{part}\n--- in:\n{rest}"))?;
        rest = &rest[at + part.len()..];
    }
    Ok(())
}

#[test]
fn every_console_block_prints_what_it_says() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let steps = steps(&readme);
    assert!(steps.len() >= 3, "the blocks were found");
    let repository = tempfile::tempdir().unwrap();
    assert!(
        Command::new("git").args(["init", "-q"]).current_dir(repository.path()).status().unwrap().success()
    );
    for Step { command, output } in steps {
        let (code, printed) = run(&command, repository.path());
        let wanted = if command.contains("fixtures") { 1 } else { 0 };
        assert_eq!(code, wanted, "{command}\n{printed}");
        holds(&printed, &output).unwrap_or_else(|e| panic!("{command}: {e}"));
    }
}

#[test]
fn continuous_integration_runs_the_test_command_of_the_readme() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let ci = fs::read_to_string(Path::new(ROOT).join(".ci/run")).unwrap();
    assert!(readme.contains("```sh\nbash tests/all.sh\n```") && ci.contains("bash tests/all.sh"));
}
