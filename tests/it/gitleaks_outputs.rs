//! What gitleaks itself writes and what we write in its name: byte for byte.

use std::path::Path;
use std::process::Command;

use crate::gitleaks_differential::gitleaks;
use crate::repo::Repo;
use crate::sandbox::{Run, Sandbox};

const CONFIG: &str = "[[rules]]\nid = 'zq'\ndescription = 'a <zq> & \"more\"'\nregex = '''zq = \"([^\"]{12})\"'''\n\
                      tags = ['t1', 't2']\n";

/// Values with everything that CSV, JSON and XML escape, characters of several bytes, and a line end.
fn text() -> String {
    let values = [
        "abcdefgh1234",
        "aééécdefgh12",
        "<a>&',;\\ab12",
        "=cmd|x,yzab1",
        " ab\ncd\tef 12",
        "日本語日本語日本語123",
    ];
    let lines = values.map(|value| format!("zq = \"{value}\"\n"));
    format!("first\n{}last\n", lines.concat())
}

/// Both programs' reports for `args`.
fn both(folder: &Path, args: &[&str], ending: &str) -> [String; 2] {
    let sandbox = Sandbox::new();
    let out = |who: &str| sandbox.path().join(format!("{who}.{ending}"));
    let (ours, theirs) = (out("ours"), out("theirs"));
    let mut command = Command::new(gitleaks());
    let their_run = Run::of(command.args(args).arg("--no-banner").arg("-r").arg(&theirs).current_dir(folder));
    let mut command = sandbox.command(args);
    command.arg("--show-secrets").arg("-r").arg(&ours).current_dir(folder);
    let our_run = Run::of(&mut command);
    assert_eq!(our_run.code, their_run.code, "{args:?}: {our_run:?}\n{their_run:?}");
    [ours, theirs].map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())
}

#[track_caller]
fn same(folder: &Path, args: &[&str], ending: &str) -> String {
    let [ours, theirs] = both(folder, args, ending);
    assert_eq!(ours, theirs, "{args:?}");
    ours
}

#[test]
fn json_csv_and_junit_are_gitleaks_own() {
    let folder = Sandbox::new();
    folder.file(".gitleaks.toml", CONFIG);
    folder.file("app.txt", text());
    for format in ["json", "csv", "junit"] {
        let report = same(folder.path(), &["dir", "-f", format], "x");
        assert!(report.contains("abcdefgh1234"), "{format}");
    }
    assert!(same(folder.path(), &["dir"], "csv").starts_with("RuleID,Commit,"), "the name's ending tells");
}

#[test]
fn reports_of_nothing_are_gitleaks_own() {
    let folder = Sandbox::new();
    folder.file(".gitleaks.toml", CONFIG);
    folder.file("app.txt", "nothing\n");
    for format in ["json", "csv", "junit"] {
        same(folder.path(), &["dir", "-f", format], "x");
    }
}

#[test]
fn reports_of_commits_are_gitleaks_own() {
    let repo = Repo::new();
    repo.file(".gitleaks.toml", CONFIG);
    repo.commit("first: \"quoted\", and\n\na body");
    repo.file("app.txt", text());
    repo.commit("second");
    for format in ["json", "csv", "junit"] {
        let report = same(&repo.path(), &["git", "-f", format], "x");
        assert!(report.contains("second"), "{format}");
    }
}

#[test]
fn redaction_cuts_what_gitleaks_cuts() {
    let folder = Sandbox::new();
    folder.file(".gitleaks.toml", CONFIG);
    // A character that is cut in two is U+FFFD here, and raw bytes or an escape there.
    folder.file("app.txt", text().replace("日本語日本語日本語123", "one two word"));
    for percent in
        ["--redact", "--redact=0", "--redact=1", "--redact=35", "--redact=50", "--redact=99", "--redact=300"]
    {
        for format in ["json", "csv", "junit"] {
            same(folder.path(), &["dir", "-f", format, percent], "x");
        }
    }
}

#[test]
fn templates_are_refused_in_plain_words_before_anything_is_written() {
    let folder = Sandbox::new();
    folder.file("app.txt", "nothing\n");
    folder.file("t.tmpl", "{{ range . }}{{ .Secret }}{{ end }}");
    let asked: [&[&str]; 3] = [
        &["dir", "-f", "template", "--report-template", "t.tmpl", "-r", "out.txt"],
        &["--report-template", "t.tmpl", "-r", "out.txt", "dir", "."],
        &["git", "--report-format=template", "-r", "out.txt"],
    ];
    for args in asked {
        let run = folder.run(args);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(
            run.stderr.contains("templates of Go") && run.stderr.contains("help: take --report-format"),
            "{run:?}"
        );
        assert!(!folder.path().join("out.txt").exists());
    }
}
