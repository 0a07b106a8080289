//! The floors of the house: a module imports from the floors below it only.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Floors from the ground up; doors on one floor do not import each other.
const FLOORS: &[&[&str]] = &[
    &["secret", "clock", "wipe"],
    &["http"],
    &["provider"],
    &["cache"],
    &["client"],
    &["exec", "render", "policy", "redact", "pool", "certificate", "webhook"],
    &["agent", "blocking"],
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

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Rooms that the code of `text` (comments left out) names through `crate::`.
fn imports(text: &str) -> Vec<String> {
    let code: String =
        text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let ident = |c: char| !c.is_alphanumeric() && c != '_';
    let mut rooms = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let names = rest.strip_prefix('{').and_then(|r| r.split('}').next());
        match names {
            Some(list) => rooms.extend(list.split(ident).map(str::to_owned)),
            None => rooms.extend(rest.split(ident).next().map(str::to_owned)),
        }
    }
    rooms
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
