//! Reports in another format.

use std::fs;

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// A password that nobody has, and a scan that found it.
fn scanned() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let value = format!("Zq{}", &blake3::hash(b"report").to_hex()[..14]);
    sandbox.file("shop/a.py", format!("password = '{value}'\n"));
    let reports = ["json", "jsonl", "sarif", "gitleaks"].map(|format| {
        ["--format".to_owned(), format.to_owned(), "--output".to_owned(), format!("r.{format}")]
    });
    let arguments = ["scan", "shop", "--quiet"].map(str::to_owned).into_iter().chain(reports.concat());
    assert_eq!(sandbox.run(arguments).code, Some(1));
    (sandbox, value)
}

fn report(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.run(["report"].iter().chain(arguments))
}

#[test]
fn each_report_becomes_every_other_and_tells_the_same_place() {
    let (sandbox, value) = scanned();
    for from in ["json", "jsonl", "sarif", "gitleaks"] {
        let run = report(&sandbox, &[&format!("r.{from}"), "--format", "json"]);
        assert_eq!(run.code, Some(0), "{from}: {run:?}");
        let finding = &run.json()["findings"][0];
        assert_eq!(
            (&finding["rule"], &finding["path"]),
            (&json!("generic-password"), &json!("shop/a.py")),
            "{from}"
        );
        assert_eq!(finding["start"]["line"], 1, "{from}");
        for to in
            ["human", "jsonl", "sarif", "gitleaks", "gitlab", "junit", "csv", "rdjson", "markdown", "html"]
        {
            let run = report(&sandbox, &[&format!("r.{from}"), "--to", to]);
            assert_eq!(run.code, Some(0), "{from} to {to}");
            assert!(
                run.stdout.contains("a.py") && !run.stdout.contains(&value),
                "{from} to {to}: {}",
                run.stdout
            );
        }
    }
}

#[test]
fn our_own_report_comes_back_as_it_was() {
    let (sandbox, _) = scanned();
    let run = sandbox.run(["convert", "r.jsonl", "--to", "json"]);
    let before: Value = serde_json::from_slice(&fs::read(sandbox.path().join("r.json")).unwrap()).unwrap();
    assert_eq!(run.json()["findings"], before["findings"]);
    assert_eq!(run.json()["summary"]["scanned"], before["summary"]["scanned"]);
}

#[test]
fn a_value_in_a_foreign_report_is_masked_unless_asked_for() {
    let (sandbox, value) = scanned();
    assert_eq!(
        sandbox.run(["dir", "shop", "-f", "json", "-r", "open.json", "--no-banner", "--show-secrets"]).code,
        Some(1)
    );
    let open = fs::read_to_string(sandbox.path().join("open.json")).unwrap();
    assert!(open.contains(&value), "a report to begin with that holds the value");
    for format in ["json", "html", "csv", "human"] {
        assert!(!report(&sandbox, &["open.json", "--to", format]).stdout.contains(&value), "{format}");
        let shown = report(&sandbox, &["open.json", "--to", format, "--show-secrets"]);
        assert!(shown.stdout.contains(&value), "{format}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let (sandbox, value) = scanned();
    let text = fs::read_to_string(sandbox.path().join("r.jsonl")).unwrap();
    sandbox.file("cut.jsonl", text.lines().next().unwrap());
    let run = report(&sandbox, &["cut.jsonl", "--to", "json"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(run.json()["summary"]["gaps"][0]["what"], "the end of the report");
    sandbox.file("half.json", &fs::read(sandbox.path().join("r.json")).unwrap()[..200]);
    sandbox.file("other.json", format!(r#"{{"passwords": ["{value}"]}}"#));
    sandbox.file("empty.json", "");
    for (file, told) in [
        ("half.json", "not JSON"),
        ("other.json", "not a report that can be read"),
        ("empty.json", "the file is empty"),
        ("none.json", "cannot read none.json"),
    ] {
        let run = report(&sandbox, &[file, "--to", "html", "--output", "out.html"]);
        assert_eq!(run.code, Some(2), "{file}");
        assert!(run.stderr.contains(told) && !run.stderr.contains(&value), "{file}: {}", run.stderr);
        assert!(!sandbox.path().join("out.html").exists(), "{file}");
    }
    let wrong = report(&sandbox, &["r.json", "--from", "kingfisher"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("not a report of kingfisher"), "{wrong:?}");
}

#[test]
fn a_page_goes_where_it_is_sent() {
    let (sandbox, _) = scanned();
    let run = report(&sandbox, &["r.sarif", "--html", "--output", "page.html"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    assert!(fs::read_to_string(sandbox.path().join("page.html")).unwrap().starts_with("<!doctype html>"));
    assert_eq!(report(&sandbox, &["r.sarif", "--output", "by-its-ending.html"]).code, Some(0));
    let both = |name| fs::read(sandbox.path().join(name)).unwrap();
    assert_eq!(both("page.html"), both("by-its-ending.html"));
}
