//! Archives and compressed files in a history: opened, each version of them, under the path form `outer.zip!inner`.

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};

use crate::history::{line, none, only, scan};
use crate::repo::Repo;
use crate::token::github;

fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(name: &str, text: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_path(name).unwrap();
    header.set_cksum();
    builder.append(&header, text).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn members_are_found_at_the_commit_that_brought_them() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.file("app.jar", zip(&[("a.txt", "nothing\n"), ("conf/b.properties", "nothing\n")]));
    repo.commit("clean");
    let text = format!("first\n{}", line(&github("jar")));
    repo.file("app.jar", zip(&[("a.txt", "nothing\n"), ("conf/b.properties", &text)]));
    let leak = repo.commit("leak");
    repo.file("app.jar", zip(&[("a.txt", "more\n"), ("conf/b.properties", &text)]));
    repo.commit("still there");
    repo.git(&["rm", "-q", "app.jar"]);
    repo.commit("removed");
    for args in [&[][..], &["--full"], &["--unreachable"]] {
        let finding = only(&repo, args);
        assert_eq!(finding["path"], "app.jar!conf/b.properties");
        assert_eq!(
            (&finding["start"]["line"], &finding["commit"]["id"]),
            (&2.into(), &Value::from(leak.clone()))
        );
        let spread = &finding["spread"];
        assert_eq!((&spread["commits"], &spread["other_paths"]), (&2.into(), &json!([])));
    }
}

#[test]
fn what_is_compressed_or_nested_is_opened_too() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.file("one.gz", gzip(line(&github("gz")).as_bytes()));
    repo.file("two.tar.gz", gzip(&tar("etc/conf", line(&github("tgz")).as_bytes())));
    let inner = tar("deep", line(&github("nested")).as_bytes());
    repo.file("three.tar", tar("inner.tar.gz", &gzip(&inner)));
    repo.commit("archives");
    let run = repo.run(&["git", "--format", "json"]);
    assert_eq!(run.found_in(), ["one.gz", "three.tar!inner.tar.gz!deep", "two.tar.gz!etc/conf"]);
    let (_, report) = scan(&repo, &["--max-archive-depth", "1"]);
    let gaps = report["summary"]["gaps"].to_string();
    assert!(gaps.contains("!inner.tar.gz"), "{gaps}");
    none(&repo, &["--max-archive-depth", "0"]);
    // The work tree agrees.
    assert_eq!(repo.run(&["scan", "--format", "json"]).found_in(), run.found_in());
}

#[test]
fn an_archive_nobody_reaches_is_told_by_its_object() {
    let repo = Repo::with(&[("README", "hello\n")]);
    let id = repo.git_with(&["hash-object", "-w", "--stdin"], &gzip(line(&github("dangling")).as_bytes()));
    none(&repo, &[]);
    let finding = only(&repo, &["--unreachable"]);
    assert_eq!((&finding["place"], &finding["object"]), (&"unreachable".into(), &Value::from(id)));
}

#[test]
fn one_that_cannot_be_opened_is_a_gap_and_searched_as_it_stands() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.file("broken.zip", format!("PK\u{3}\u{4} is how a zip begins\n{}", line(&github("broken"))));
    repo.commit("broken");
    let (run, report) = scan(&repo, &[]);
    assert_eq!((run.code, run.found_in()), (Some(2), vec!["broken.zip".to_owned()]), "{run:?}");
    let gap = &report["summary"]["gaps"][0];
    assert!(gap["what"].as_str().unwrap().starts_with("object "), "{gap}");
    assert!(gap["why"].as_str().unwrap().contains("cannot be read"), "{gap}");
}

#[test]
fn a_cache_knows_archives_without_secrets_and_opens_the_others_again() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.file("clean.zip", zip(&[("a.txt", "nothing\n")]));
    repo.file("leaky.zip", zip(&[("b/c.txt", &line(&github("cached")))]));
    repo.file("broken.gz", &gzip(b"some text that is cut short")[..20]);
    repo.file("plain.py", line(&github("plain")));
    repo.commit("archives");
    let told = |args: &[&str]| {
        let (run, report) = scan(&repo, args);
        let gaps = report["summary"]["gaps"].clone();
        (run.code, report["findings"].clone(), gaps, report["summary"]["scanned"]["recalled"].clone())
    };
    let plain = told(&[]);
    assert_eq!((plain.0, plain.1.as_array().unwrap().len()), (Some(2), 2), "{plain:?}");
    for recalled in [Value::Null, 3.into(), 3.into()] {
        let cached = told(&["--cache"]);
        assert_eq!((&cached.0, &cached.1, &cached.2), (&plain.0, &plain.1, &plain.2));
        assert_eq!(cached.3, recalled);
    }
    let other = told(&["--cache", "--max-archive-depth", "0"]);
    assert_eq!(other.3, Value::Null, "another depth, another cache");
    let file = std::fs::read_dir(repo.path().join(".git/leakward")).unwrap().next().unwrap().unwrap();
    let bytes = std::fs::read(file.path()).unwrap();
    assert!(!bytes.windows(5).any(|w| w == b"c.txt"), "no path is in it");
}

#[test]
fn what_is_skipped_is_counted_alike_by_every_scan() {
    let repo = Repo::with(&[("README", "hello\n")]);
    repo.file("mixed.zip", zip(&[("a.txt", "nothing\n"), ("b.bin", "\0\0\0\0")]));
    let bomb = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        gzip("0".repeat(64 << 20).as_bytes()),
    );
    repo.file("bomb.txt", format!("{bomb}\n{}", line(&github("beside"))));
    repo.commit("a bomb");
    repo.file("bomb.txt", format!("{bomb}\n{}and more\n", line(&github("beside"))));
    repo.commit("the bomb again");
    for args in [&[][..], &["--full"], &["--cache"], &["--cache"], &["--cache"]] {
        let (run, report) = scan(&repo, args);
        assert_eq!(report["summary"]["skipped"], json!({ "binary": 1, "encoded": 2 }), "{args:?} {run:?}");
        assert_eq!(run.code, Some(1));
    }
}

#[test]
fn a_tape_archive_that_ends_too_early_is_searched_as_it_stands() {
    let repo = Repo::with(&[("README", "hello\n")]);
    let whole = tar("a.py", format!("{}{}", line(&github("tape")), "x".repeat(4000)).as_bytes());
    repo.file("cut.tar", &whole[..1500]);
    repo.commit("cut");
    assert_eq!(only(&repo, &[])["path"], "cut.tar");
    let notes = scan(&repo, &[]).1["summary"]["notes"].to_string();
    assert!(notes.contains("was searched as it stands"), "{notes}");
}
