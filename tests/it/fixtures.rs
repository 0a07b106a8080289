//! The committed fixtures: everything in `leaky/` is found, nothing in `clean/`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::sandbox::Run;

fn scan(folder: &str) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leakward"));
    Run::of(command.args(["scan", "--format", "json", folder]).current_dir(env!("CARGO_MANIFEST_DIR")))
}

fn files(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, names);
        } else {
            let relative = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            names.insert(relative.to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn every_leaky_file_has_a_finding() {
    let run = scan("fixtures/leaky");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let mut wanted = BTreeSet::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/leaky"), &mut wanted);
    assert_eq!(BTreeSet::from_iter(run.found_in()), wanted);
}

#[test]
fn no_clean_file_has_one() {
    let run = scan("fixtures/clean");
    assert_eq!((run.code, run.found_in()), (Some(0), Vec::new()));
}

#[test]
fn no_report_quotes_a_value() {
    let run = scan("fixtures/leaky");
    for value in ["vT9wLq2XzR7n", "Rm4!zQ8wTn2k", "hG6bVw1cPz9d", "Qz5vRb9mLw3x"] {
        assert!(!run.stdout.contains(value) && !run.stderr.contains(value));
    }
}
