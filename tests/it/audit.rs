//! The audit log: what is written down, and that no value is.

use std::fs;

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

fn lines(sandbox: &Sandbox) -> Vec<Value> {
    let text = fs::read_to_string(sandbox.path().join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn reads_lookups_suppressions_and_rotations_are_written_down_without_values() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    let hash = blake3::hash(b"audit").to_hex().to_string();
    let (value, other) = (format!("Tr{}-{}X", &hash[..9], &hash[20..29]), format!("Qk{}", &hash[30..50]));
    bao.put("prod/db", &json!({ "password": value }));
    let token =
        bao.call("POST", "auth/token/create", &json!({ "ttl": "1h" }))["auth"]["client_token"].clone();
    sandbox.file("a.py", format!("password = '{value}'\n"));
    sandbox.file("b.py", format!("password = '{other}'  # {}\n", "leakward:allow"));
    sandbox.file("c.env", format!("VAULT_TOKEN={}\n", token.as_str().unwrap()));
    let run = |args: &[&str]| {
        let mut command = sandbox.command(args);
        command.args(["--audit-log", "audit.jsonl"]);
        command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
        Run::of(command.env("LEAKWARD_STATE", sandbox.path().join("state")))
    };
    assert_eq!(run(&["scan", "--lookup"]).code, Some(1));
    let all = lines(&sandbox);
    let deeds = |all: &[Value], deed: &str| {
        all.iter().filter(|line| line["deed"] == deed).cloned().collect::<Vec<_>>()
    };
    let reads = deeds(&all, "manager-read");
    let read = reads.iter().find(|line| line["path"] == "secret/prod/db").unwrap();
    assert_eq!((&read["version"], &read["outcome"]), (&"1".into(), &"ok".into()));
    assert_eq!(deeds(&all, "manager-list").len(), 1);
    let lookups = deeds(&all, "lookup");
    assert_eq!((&lookups[0]["kind"], &lookups[0]["outcome"]), (&"token".into(), &"leased".into()));
    let suppressed = deeds(&all, "suppression");
    assert_eq!((&suppressed[0]["path"], &suppressed[0]["line"]), (&"b.py".into(), &"1".into()));
    assert_eq!(suppressed[0]["by"], "marker leakward:allow");
    assert!(all.iter().all(|line| line["run"] == all[0]["run"] && line["at"].is_string()));

    assert_eq!(run(&["rotate", "secret/prod/db", "--apply", "--without-hook"]).code, Some(0));
    let steps: Vec<_> = deeds(&lines(&sandbox), "rotation").iter().map(|l| l["step"].clone()).collect();
    assert_eq!(steps[..2], ["a new value is staged", "version 2 is in force"]);
    let text = fs::read_to_string(sandbox.path().join("audit.jsonl")).unwrap();
    for secret in [&value, &other, token.as_str().unwrap(), ROOT] {
        assert!(secret == ROOT || !text.contains(secret));
    }
}

#[test]
fn scanned_files_cannot_name_the_log_and_a_log_that_cannot_be_written_fails_the_run() {
    let sandbox = Sandbox::new();
    let config = sandbox.file(".leakward.toml", "[audit]\nlog = 'written.jsonl'\n");
    sandbox.file("a.py", format!("password = 'xK9{}'  # {}\n", "mQ2vR7tL4", "leakward:allow"));
    let run = sandbox.run(["scan"]);
    assert!(run.code == Some(2) && run.stderr.contains("named by the scanned files alone"), "{run:?}");
    assert!(!sandbox.path().join("written.jsonl").exists());
    assert_eq!(sandbox.run(["scan", "--config", config.to_str().unwrap()]).code, Some(0));
    assert!(sandbox.path().join("written.jsonl").exists());
    let missing = sandbox.run(["scan", "--audit-log", "no/such/folder"]);
    assert!(missing.code == Some(2) && missing.stderr.contains("audit log no/such/folder"), "{missing:?}");
    #[cfg(target_os = "linux")]
    {
        let full = sandbox.run(["scan", "--audit-log", "/dev/full"]);
        assert!(full.code == Some(2), "{full:?}");
    }
}
