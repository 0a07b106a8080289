//! The library's door, on bytes, files and a repository.

use std::process::Command;

use super::*;
use crate::checksum::example::render;

fn token() -> String {
    render(r#"{{github("ghp_")}}"#, "scanner").unwrap()
}

fn leak() -> String {
    format!("TOKEN = '{}'\n", token())
}

fn scanner() -> Scanner {
    Scanner::builder().build().unwrap()
}

fn places(scan: &Scan) -> Vec<(String, String)> {
    scan.findings().iter().map(|f| (f.rule().to_owned(), f.path().to_string())).collect()
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let status = Command::new("git").current_dir(folder).args(identity).args(arguments).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}

#[test]
fn a_scanner_serves_several_threads() {
    let scanner = scanner();
    std::thread::scope(|scope| {
        let threads = [0; 3].map(|_| scope.spawn(|| scanner.scan_bytes("a", leak().as_bytes()).unwrap()));
        for thread in threads {
            assert_eq!(thread.join().unwrap().findings().len(), 1);
        }
    });
}

#[test]
fn debug_of_a_scan_shows_no_value() {
    let scan = scanner().scan_bytes("a", leak().as_bytes()).unwrap();
    assert!(!format!("{scan:?}").contains(&token()));
}

#[test]
fn a_repository_is_scanned_staged_by_range_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    git(dir, &["init", "-q"]);
    git(dir, &["commit", "-q", "--allow-empty", "-m", "one"]);
    std::fs::write(dir.join("a.py"), leak()).unwrap();
    git(dir, &["add", "-A"]);
    let found = [("github-pat".to_owned(), "a.py".to_owned())];
    assert_eq!(places(&scanner().scan_staged(dir).unwrap()), found);
    git(dir, &["commit", "-q", "-m", "two"]);
    git(dir, &["rm", "-q", "a.py"]);
    git(dir, &["commit", "-q", "-m", "three"]);
    assert_eq!(places(&scanner().scan_range(dir, "HEAD~2..HEAD").unwrap()), found);
    let history = scanner().scan_history(dir).unwrap();
    assert_eq!(places(&history), found);
    assert_eq!(history.findings()[0].commit().map(str::len), Some(40));
    assert!(scanner().scan_files([dir]).unwrap().findings().is_empty());
}

#[test]
fn what_is_left_out_is_counted_and_what_is_suppressed_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("vendor")).unwrap();
    std::fs::write(folder.path().join("vendor/a.py"), leak()).unwrap();
    let marked = leak().replace('\n', " # leakward:allow\n");
    std::fs::write(folder.path().join("b.py"), marked).unwrap();
    let scanner = Scanner::builder().exclude("**/vendor/**").exclude("vendor/**").build().unwrap();
    let scan = scanner.scan_files([folder.path()]).unwrap();
    assert!(scan.findings().is_empty() && scan.is_complete());
    assert_eq!(scan.suppressed().len(), 1);
    assert!(scan.skipped().any(|(reason, n)| reason == SkipReason::Excluded && n == 1));
}

#[test]
fn a_configuration_names_its_files_relative_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-z]{20})\\b'\n";
    std::fs::write(folder.path().join("acme.toml"), rule).unwrap();
    let settings = folder.path().join("leakward.toml");
    let text = "[rules]\nextend = ['acme.toml']\ndisable = ['github-pat']\n";
    std::fs::write(&settings, text).unwrap();
    let scanner = Scanner::builder().settings(settings).build().unwrap();
    let text = leak() + &format!("acme_{:020}", 7);
    assert_eq!(places(&scanner.scan_bytes("a", text.as_bytes()).unwrap()), [("acme-key".into(), "a".into())]);
}

#[test]
fn what_is_asked_for_wrongly_is_named() {
    let no_rule = Scanner::builder().only_rule("github-pta").build().unwrap_err();
    assert_eq!(no_rule.to_string(), "no rule is called github-pta");
    assert_eq!(no_rule.help(), Some("did you mean github-pat?"));
    let none: [&str; 0] = [];
    assert_eq!(scanner().scan_files(none).unwrap_err().to_string(), "no path to scan");
    let missing = Scanner::builder().settings("/nowhere/x.toml").build().unwrap_err();
    assert!(missing.to_string().starts_with("/nowhere/x.toml: "), "{missing}");
    assert!(scanner().scan_files(["/nowhere"]).unwrap_err().to_string().starts_with("/nowhere: "));
}
