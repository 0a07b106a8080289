//! The sessions of `tests/cmd`: what the program says to people, as a whole.
//!
//! Each file is one session in a folder of its own. A block marked `file NAME` writes that file before the first
//! command, its `{{...}}` filled in by the generator of rules' examples, so that no session holds a secret.

use std::fs;
use std::path::Path;

use leakward::checksum::example::render;

use crate::console::{blocks, steps};
use crate::sandbox::{Run, Sandbox};

fn play(name: &str, text: &str) -> Vec<String> {
    let dir = Sandbox::new();
    for (mark, lines) in blocks(text) {
        let Some(file) = mark.strip_prefix("file ") else { continue };
        let content = render(&(lines.join("\n") + "\n"), name).unwrap_or_else(|e| panic!("{name}: {e}"));
        dir.file(file, content);
    }
    let mut wrong = Vec::new();
    for step in steps(text) {
        let arguments = step.command.strip_prefix("leakward").expect("a command of ours").split_whitespace();
        let run = Run::of(dir.command(arguments).env("COLUMNS", "100"));
        let code = step.code.unwrap_or(0);
        let judged = match run.code {
            Some(c) if c == code => step.judge(&[run.stdout, run.stderr].concat()),
            other => Err(format!("exit code {other:?}, not {code}: {}{}", run.stdout, run.stderr)),
        };
        wrong.extend(judged.err().map(|e| format!("{name}: {}: {e}", step.command)));
    }
    wrong
}

#[test]
fn every_session_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    let mut wrong = Vec::new();
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        wrong.extend(play(&name, &fs::read_to_string(&path).unwrap()));
        played += 1;
    }
    assert!(wrong.is_empty() && played >= 6, "{played} played\n{}", wrong.join("\n\n"));
}
