//! The floors of the house: a module imports from the floors below it only.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Floors from the ground up; doors on one floor do not import each other.
const FLOORS: &[&[&str]] = &[
    &["rule"],
    &["model"],
    &["entropy", "decode", "checksum", "line_hash", "audit"],
    &["classify"],
    &["detect", "suppress"],
    &["source", "report", "verify", "live", "config", "foreign"],
    &["scan", "rotate", "adopt", "migrate"],
    &["scanner"],
    &["cli"],
];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&module))
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn files() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    rust_files(&src, &mut paths);
    assert!(paths.len() > 10, "the walk found the sources");
    let name = |p: &PathBuf| p.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
    paths.iter().map(|p| (name(p), fs::read_to_string(p).unwrap())).collect()
}

/// `text` without comments.
fn code(text: &str) -> String {
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Rooms that the code of `text` (comments left out) names through `crate::` or, in `main.rs`, `leakward::`.
fn imports(text: &str) -> Vec<String> {
    let code = code(text);
    let named = regex::Regex::new(r"\b(?:crate|leakward)::(\{[^}]*\}|\w+)").unwrap();
    let word = regex::Regex::new(r"\w+").unwrap();
    named
        .captures_iter(&code)
        .flat_map(|c| {
            word.find_iter(c.get(1).unwrap().as_str()).map(|w| w.as_str().to_owned()).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn imports_point_downwards() {
    let mut wrong = Vec::new();
    for (file, text) in files() {
        let Some(own) = floor(room(&file)) else { continue };
        for target in imports(&text) {
            let Some(other) = floor(&target) else { continue };
            if other > own || (other == own && target != room(&file)) {
                wrong.push(format!("{file} imports {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The ground below all floors is a crate of its own: it knows nothing of the scanner, and of the scanner only those who
/// talk to a secrets manager know it.
#[test]
fn the_fetcher_lies_below_and_few_stand_on_it() {
    for (file, text) in files() {
        let knows = code(&text).contains("leakward_fetcher");
        assert!(
            !knows || ["verify", "rotate", "cli", "lib"].contains(&room(&file)),
            "{file} names the fetcher"
        );
    }
    let fetcher = Path::new(env!("CARGO_MANIFEST_DIR")).join("fetcher");
    let mut paths = Vec::new();
    rust_files(&fetcher.join("src"), &mut paths);
    assert!(paths.len() > 10, "the walk found the fetcher");
    let above = regex::Regex::new(r"\bleakward::").unwrap();
    for path in paths {
        assert!(
            !above.is_match(&code(&fs::read_to_string(&path).unwrap())),
            "{} names the scanner",
            path.display()
        );
    }
    let manifest = fs::read_to_string(fetcher.join("Cargo.toml")).unwrap();
    assert!(!manifest.lines().any(|line| line.starts_with("leakward ") || line.starts_with("leakward=")));
}

#[test]
fn every_room_has_a_floor() {
    for (file, _) in files() {
        let room = room(&file);
        assert!(["lib", "main"].contains(&room) || floor(room).is_some(), "{file} is on no floor");
    }
}

#[test]
fn a_file_is_at_most_500_lines() {
    let long: Vec<_> =
        files().into_iter().filter(|(_, text)| text.lines().count() > 500).map(|(f, _)| f).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    for (file, text) in files() {
        assert!(text.starts_with("//!"), "{file} does not open with //!");
    }
}
