//! The book: its pages are all there, its links lead somewhere, and its console blocks print what they say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "it/console.rs"]
mod console;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Every Markdown file below `folder`.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { pages(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect()
}

/// Where the links of `page` lead that stay in the repository, fragments left out.
fn links(page: &Path) -> Vec<PathBuf> {
    let link = regex::Regex::new(r"\]\(([^)#\s]+)(?:#[^)]*)?\)").unwrap();
    let text = fs::read_to_string(page).unwrap();
    let targets = link.captures_iter(&text).map(|c| c[1].to_owned());
    targets.filter(|t| !t.contains("://")).map(|t| page.parent().unwrap().join(t)).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for page in pages(&docs()) {
        dead.extend(links(&page).into_iter().filter(|target| !target.exists()).map(|t| (page.clone(), t)));
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = docs().join("SUMMARY.md");
    let named: Vec<_> = links(&summary).iter().map(|page| page.canonicalize().unwrap()).collect();
    let forgotten = |page: &PathBuf| *page != summary && !named.contains(&page.canonicalize().unwrap());
    let left: Vec<_> = pages(&docs()).into_iter().filter(forgotten).collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// The files of `page`: TOML blocks whose first line is a comment with the file's name.
fn files(page: &str) -> Vec<(&str, String)> {
    let blocks = console::blocks(page).into_iter().filter(|(mark, _)| *mark == "toml");
    let named = blocks.filter_map(|(_, lines)| Some((lines.first()?.strip_prefix("# ")?, lines.join("\n"))));
    named.filter(|(name, _)| name.ends_with(".toml")).collect()
}

#[test]
fn console_blocks_print_what_they_say() {
    for name in ["getting-started.md", "hook.md", "rules.md", "exit-codes.md"] {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().canonicalize().unwrap();
        fs::write(shop.join("shop.py"), "x = 1\n").unwrap();
        for arguments in [&["init", "-q"][..], &["add", "-A"]] {
            assert!(Command::new("git").args(arguments).current_dir(&shop).status().unwrap().success());
        }
        let page = fs::read_to_string(docs().join(name)).unwrap();
        for (file, content) in files(&page) {
            fs::write(shop.join(file), content).unwrap();
        }
        let steps = console::steps(&page);
        assert!(!steps.is_empty(), "{name} has no console block");
        for step in steps {
            let arguments = step.command.strip_prefix("leakward ").expect("a command of ours");
            let mut command = Command::new(env!("CARGO_BIN_EXE_leakward"));
            let output =
                command.args(arguments.split(' ')).current_dir(&shop).env("COLUMNS", "100").output().unwrap();
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let printed = printed.replace(shop.to_str().unwrap(), "~/shop");
            assert_eq!(output.status.code(), Some(step.code.unwrap_or(0)), "{}\n{printed}", step.command);
            step.judge(&printed).unwrap_or_else(|e| panic!("{name}: {}: {e}", step.command));
        }
    }
}
