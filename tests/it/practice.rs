//! `--refs` and `--audit`: references that lead nowhere, asked of a real OpenBao, and other bad practice.

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

/// Path, rule and last reason of each finding.
#[track_caller]
fn told(run: &Run) -> Vec<String> {
    let report = run.json();
    let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let line = |f: &Value| {
        let why = f["why"].as_array().and_then(|w| w.last()).map(word).unwrap_or_default();
        format!("{} {}: {why}", word(&f["path"]), word(&f["rule"]))
    };
    report["findings"].as_array().unwrap().iter().map(line).collect()
}

fn references(sandbox: &Sandbox) {
    sandbox.file("a.ctmpl", "{{ with secret \"secret/data/prod/db\" }}x{{ end }}\n{{ with secret \"secret/data/prod/gone\" }}y{{ end }}\n");
    sandbox.file("b.tf", "data \"vault_kv_secret_v2\" \"a\" {\n  mount = \"secret\"\n  name = \"never\"\n}\ndata \"vault_generic_secret\" \"b\" {\n  path = \"nomount/x\"\n}\n");
    sandbox.file("c.yaml", "kind: ExternalSecret\nmetadata:\n  name: x\nspec:\n  data:\n  - secretKey: p\n    remoteRef:\n      key: secret/prod/db\n      property: password\n  - secretKey: q\n    remoteRef:\n      key: secret/prod/db\n      property: pin\n  - secretKey: r\n    remoteRef:\n      key: secret/prod/db\n      version: '1'\n");
}

#[test]
fn references_that_lead_nowhere_are_told_and_others_are_not() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("prod/db", &json!({ "password": "one" })); // leakward:allow
    bao.put("prod/db", &json!({ "password": "two" })); // leakward:allow
    bao.call("PUT", "secret/destroy/prod/db", &json!({ "versions": [1] }));
    bao.put("prod/gone", &json!({ "password": "x" })); // leakward:allow
    bao.call("DELETE", "secret/data/prod/gone", &Value::Null);
    references(&sandbox);
    let run = |args: &[&str]| {
        let mut command = sandbox.command(args);
        Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR"))
    };
    let asked = run(&["scan", "--refs", "--verify", "--format", "json"]);
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert_eq!(
        told(&asked),
        [
            "a.ctmpl reference-unresolved: it was deleted in vault",
            "b.tf reference-unresolved: vault has no such secret",
            "b.tf reference-unresolved: vault has no such mount",
            "c.yaml reference-unresolved: it has no field pin in vault",
            "c.yaml reference-unresolved: it is destroyed or disabled in vault",
        ]
    );
    let before = bao.requests_for("");
    let counted = run(&["scan", "--refs", "--format", "json"]);
    assert_eq!((counted.code, bao.requests_for("") - before), (Some(0), 0), "{counted:?}");
    assert!(
        counted.summary()["notes"].to_string().contains("7 references to secrets were found"),
        "{counted:?}"
    );
    assert_eq!(run(&["scan", "--verify"]).code, Some(0), "without the flag nothing is told");
}

#[test]
fn a_reference_that_may_not_be_read_is_unchecked() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    references(&sandbox);
    let token = bao.token("path \"secret/metadata/*\" { capabilities = [\"list\"] }");
    let mut command = sandbox.command(["scan", "--refs", "--verify", "--format", "json"]);
    let run =
        Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", token).env_remove("BAO_ADDR"));
    let verdicts: Vec<_> =
        run.json()["findings"].as_array().unwrap().iter().map(|f| f["verdict"]["state"].clone()).collect();
    assert!(verdicts.len() == 7 && verdicts.iter().all(|state| state == "unchecked"), "{run:?}");
}

#[test]
fn every_report_shows_bad_practice_in_full_and_only_when_asked() {
    let sandbox = Sandbox::new();
    sandbox.file("policy.hcl", "path \"secret/*\" {\n  capabilities = [\"read\"]\n}\n");
    sandbox.file("src/app.py", "logger.info('login with %s', db_password)\n");
    sandbox.file("tests/test_app.py", "print(db_password)\n");
    assert_eq!(sandbox.run(["scan"]).code, Some(0));
    assert_eq!(sandbox.run(["scan", "--refs"]).code, Some(0));
    let run = sandbox.run(["scan", "--audit", "--format", "json"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let found = told(&run);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("policy.hcl practice-vault-policy-wide") && found[1].starts_with("src/app.py")
    );
    for (format, parts) in [
        ("human", ["path \"secret/*\"", "db_password"]),
        ("jsonl", ["secret/*", "db_password"]),
        ("gitleaks", ["secret/*", "db_password"]),
        ("github", ["::warning file=policy.hcl", "::notice file=src/app.py"]),
        ("sarif", ["\"level\": \"warning\"", "\"level\": \"note\""]),
    ] {
        let run = sandbox.run(["scan", "--audit", "--format", format]);
        assert!(parts.iter().all(|part| run.stdout.contains(part)), "{format}: {run:?}");
    }
    let named = sandbox.run(["scan", "--rule", "practice-secret-logged", "--format", "json"]);
    assert_eq!(told(&named).len(), 1, "a rule that is named runs");
    sandbox.file(".leakward.toml", "[rules]\ndisable = ['practice-secret-logged']\n");
    assert_eq!(told(&sandbox.run(["scan", "--audit", "--format", "json"])).len(), 1);
}

#[test]
fn secrets_are_found_and_hidden_as_without_the_audit() {
    let sandbox = Sandbox::new();
    let hash = blake3::hash(b"practice").to_hex().to_string();
    let value = format!("Tr{}-{}X", &hash[..9], &hash[20..29]);
    sandbox.file("a.py", format!("password = '{value}'; print(password)\n"));
    let name = |args: &[&str]| {
        let report = sandbox.run(args).json();
        let all = report["findings"].as_array().unwrap().clone();
        all.into_iter().find(|f| f["rule"].as_str().is_some_and(|r| r.starts_with("generic"))).unwrap()
    };
    let (plain, audited) =
        (name(&["scan", "--format", "json"]), name(&["scan", "--audit", "--format", "json"]));
    assert_eq!(plain["fingerprint"], audited["fingerprint"]);
    assert!(!sandbox.run(["scan", "--audit"]).stdout.contains(&value));
}
