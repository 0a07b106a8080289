//! Verdicts of a real OpenBao on what is found in files and in history.

use std::process::Command;

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::repo::Repo;
use crate::sandbox::{Run, Sandbox};

/// The command with the server's address and `token` in its environment.
fn asking(command: &mut Command, bao: &Bao, token: &str) -> Run {
    Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", token).env_remove("BAO_ADDR"))
}

/// Verdicts by path, as `state path field`.
#[track_caller]
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let word = |v: &Value, key: &str| v[key].as_str().map_or_else(String::new, |s| format!(" {s}"));
    let told = |f: &Value| {
        let verdict = &f["verdict"];
        let state = verdict["state"].as_str().unwrap_or("none").to_owned();
        (f["path"].as_str().unwrap().to_owned(), state + &word(verdict, "path") + &word(verdict, "field"))
    };
    let mut all: Vec<_> = report["findings"].as_array().unwrap().iter().map(told).collect();
    all.sort();
    all
}

/// A password that the generic rules find; made at run time.
fn made(seed: &str) -> String {
    let hash = blake3::hash(seed.as_bytes()).to_hex().to_string();
    format!("Tr{}-{}X", &hash[..9], &hash[20..29])
}

#[test]
fn verdicts_tell_current_previous_and_unmanaged_and_decide_the_exit_code() {
    let bao = Bao::start();
    let (old, new, other) = (made("old"), made("new"), made("other"));
    bao.put("prod/db", &json!({ "username": "app", "password": old }));
    bao.put("prod/db", &json!({ "username": "app", "password": new }));
    bao.call(
        "POST",
        "secret/metadata/prod/db",
        &json!({ "custom_metadata": { "owner": "payments", "class": "gold" } }),
    );
    let sandbox = Sandbox::new();
    sandbox.file("current.py", format!("password = '{new}'\n"));
    sandbox.file("previous.py", format!("password = '{old}'\n"));
    sandbox.file("unmanaged.py", format!("password = '{other}'\n"));
    let before = bao.requests_for("secret/data/prod/db");
    let run = asking(&mut sandbox.command(["scan", "--verify", "--format", "json"]), &bao, ROOT);
    assert_eq!(run.code, Some(1), "{run:?}");
    // One read of the version in force, one of the version before it.
    assert_eq!(bao.requests_for("secret/data/prod/db") - before, 2);
    let pair = |path: &str, verdict: &str| (path.to_owned(), verdict.to_owned());
    assert_eq!(
        verdicts(&run),
        [
            pair("current.py", "current secret/prod/db password"),
            pair("previous.py", "previous secret/prod/db password"),
            pair("unmanaged.py", "unmanaged"),
        ]
    );
    let report = run.json();
    let current = &report["findings"][0];
    assert_eq!((&current["severity"], &current["verdict"]["version"]), (&"critical".into(), &"2".into()));
    assert_eq!(
        (&current["verdict"]["owner"], &current["verdict"]["class"]),
        (&"payments".into(), &"gold".into())
    );
    assert_eq!(report["findings"][1]["severity"], "low");
    assert!(!run.stdout.contains(&new) && !run.stdout.contains(&old));

    for (fail_on, code) in [("previous", 1), ("destroyed", 0), ("leased,unchecked", 0), ("unmanaged", 1)] {
        let args = ["scan", "--verify", "--fail-on", fail_on];
        assert_eq!(asking(&mut sandbox.command(args), &bao, ROOT).code, Some(code), "{fail_on}");
    }
    sandbox.file("current.py", "");
    sandbox.file("unmanaged.py", "");
    assert_eq!(asking(&mut sandbox.command(["scan", "--verify"]), &bao, ROOT).code, Some(0));
}

#[test]
fn every_report_tells_the_verdict() {
    let bao = Bao::start();
    let value = made("report");
    bao.put("a", &json!({ "password": value }));
    let sandbox = Sandbox::new();
    sandbox.file("a.py", format!("password = '{value}'\n"));
    let run = asking(&mut sandbox.command(["verify", "--quiet"]), &bao, ROOT);
    assert_eq!(run.code, Some(1), "{run:?}");
    for (format, part) in [
        ("human", "current: vault:secret/a (password), version 1, 0 days old"),
        ("jsonl", "\"verdict\":{\"state\":\"current\""),
        ("sarif", "\"state\": \"current\""),
        ("gitleaks", "verdict:current"),
        ("github", "Verdict: current: vault:secret/a"),
    ] {
        let run = asking(&mut sandbox.command(["scan", "--verify", "--format", format]), &bao, ROOT);
        assert!(run.stdout.contains(part) && !run.stdout.contains(&value), "{format}: {run:?}");
    }
}

#[test]
fn a_path_that_does_not_answer_makes_absent_values_unchecked() {
    let bao = Bao::start();
    let (known, absent) = (made("known"), made("absent")); // leakward:allow
    bao.put("open", &json!({ "password": known }));
    bao.put("closed", &json!({ "password": "whatever-123" })); // leakward:allow
    let policy = r#"path "secret/metadata/*" { capabilities = ["list"] }
        path "secret/data/open" { capabilities = ["read"] }"#;
    let token = bao.token(policy);
    let sandbox = Sandbox::new();
    sandbox.file("a.py", format!("password = '{known}'\n"));
    sandbox.file("b.py", format!("password = '{absent}'\n"));
    let run = asking(&mut sandbox.command(["scan", "--verify", "--format", "json"]), &bao, &token);
    let states: Vec<_> = verdicts(&run).into_iter().map(|(_, v)| v).collect();
    assert_eq!(states, ["current secret/open password", "unchecked"]);
    let reason = run.json()["findings"][1]["verdict"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("secret/closed (permission denied"), "{reason}");
}

#[test]
fn a_manager_that_is_down_or_sealed_verifies_nothing_and_says_so() {
    let bao = Bao::start();
    let sandbox = Sandbox::new();
    sandbox.file("a.py", format!("password = '{}'\n", made("x")));
    bao.call("PUT", "sys/seal", &Value::Null);
    let run = asking(&mut sandbox.command(["scan", "--verify", "--format", "json"]), &bao, ROOT);
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("sealed"), "{run:?}");
    bao.signal("-STOP");
    let run = asking(&mut sandbox.command(["scan", "--verify", "--format", "json"]), &bao, ROOT);
    assert_eq!(verdicts(&run)[0].1, "unchecked");
    bao.signal("-CONT");
    let known = asking(&mut sandbox.command(["scan", "--known"]), &bao, ROOT);
    assert_eq!(known.code, Some(2), "what could not be searched for is missing: {known:?}");
}

#[test]
fn the_scanned_files_cannot_name_where_the_token_goes() {
    let bao = Bao::start();
    let sandbox = Sandbox::new();
    sandbox.file("a.py", format!("password = '{}'\n", made("x")));
    sandbox.file(".leakward.toml", "[managers.m]\nprovider = 'vault'\naddress = 'http://127.0.0.1:9'\n");
    let run = asking(&mut sandbox.command(["scan", "--verify"]), &bao, ROOT);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("named by the scanned files alone"), "{run:?}");
    let config = sandbox
        .file(".leakward.toml", format!("[managers.m]\nprovider = 'vault'\naddress = '{}'\n", bao.address()));
    assert_eq!(asking(&mut sandbox.command(["scan", "--verify"]), &bao, ROOT).code, Some(1));
    let named = ["scan", "--verify", "--config", config.to_str().unwrap()];
    assert_eq!(asking(&mut sandbox.command(named), &bao, ROOT).code, Some(1));
}

#[test]
fn weak_values_are_found_in_files_and_history_because_the_manager_holds_them() {
    let bao = Bao::start();
    bao.put("shop/mail", &json!({ "password": "summer of 2024" })); // leakward:allow
    bao.put("shop/pin", &json!({ "password": "changeme", "pin": "4711xy" })); // leakward:allow
    bao.put("shop/copy", &json!({ "password": "summer of 2024" })); // leakward:allow
    let repo =
        Repo::with(&[("notes.txt", "the door: summer of 2024\n"), ("b64.txt", "c3VtbWVyIG9mIDIwMjQ=\n")]);
    repo.file("notes.txt", "nothing\n");
    repo.commit("gone");
    repo.stage("new.txt", "x=summer%20of%202024;\n");
    for (args, files) in [
        (vec!["git", "--known", "--format", "json"], vec!["b64.txt", "notes.txt"]),
        (vec!["git", "--known", "--staged", "--format", "json"], vec!["new.txt"]),
        (vec!["scan", "--known", "--format", "json"], vec!["b64.txt", "new.txt"]),
    ] {
        let run = asking(&mut repo.command(&args), &bao, ROOT);
        assert_eq!(run.code, Some(1), "{run:?}");
        let found: Vec<_> = verdicts(&run)
            .into_iter()
            .map(|(path, verdict)| {
                assert_eq!(verdict, "current secret/shop/copy password", "{args:?}");
                path
            })
            .collect();
        assert_eq!(found, files, "{args:?}");
        let notes = run.summary()["notes"].to_string();
        for part in
            ["secret/shop/pin (password): a common word", "secret/shop/pin (pin): shorter", "several places"]
        {
            assert!(notes.contains(part), "{part}: {notes}");
        }
        assert!(!run.stdout.contains("summer of"), "{args:?}");
    }
}

#[test]
fn a_scan_that_does_not_verify_asks_nobody() {
    let bao = Bao::start();
    let sandbox = Sandbox::new();
    sandbox.file("a.py", format!("password = '{}'\n", made("x")));
    let before = bao.requests_for("");
    assert_eq!(asking(&mut sandbox.command(["scan"]), &bao, ROOT).code, Some(1));
    assert_eq!(bao.requests_for(""), before);
    let refused = asking(&mut sandbox.command(["scan", "--fail-on", "current"]), &bao, ROOT);
    assert_eq!(refused.code, Some(2), "verdicts without verification: {refused:?}");
}

#[test]
fn tokens_are_looked_up_at_our_own_server_when_that_is_asked_for() {
    let bao = Bao::start();
    let made = |ttl: &str| {
        let body = json!({ "policies": ["default"], "ttl": ttl, "display_name": "ci" });
        bao.call("POST", "auth/token/create", &body)["auth"].clone()
    };
    let text = |v: &Value, key: &str| v[key].as_str().unwrap().to_owned();
    let (live, dead) = (made("1h"), made("1h"));
    bao.call("POST", "auth/token/revoke", &json!({ "token": text(&dead, "client_token") }));
    bao.call("POST", "sys/auth/approle", &json!({ "type": "approle" }));
    bao.call("POST", "auth/approle/role/deploy", &json!({ "token_policies": ["default"] }));
    let secret_id = bao.call("POST", "auth/approle/role/deploy/secret-id", &json!({}))["data"].clone();
    let sandbox = Sandbox::new();
    sandbox.file("a-live.env", format!("VAULT_TOKEN={}\n", text(&live, "client_token")));
    sandbox.file("b-dead.env", format!("VAULT_TOKEN={}\n", text(&dead, "client_token")));
    sandbox.file("c-id.env", format!("VAULT_SECRET_ID={}\n", text(&secret_id, "secret_id")));
    let args = ["scan", "--lookup", "--format", "json"];
    let run = asking(&mut sandbox.command(args), &bao, ROOT);
    let states: Vec<_> = verdicts(&run).into_iter().map(|(_, v)| v).collect();
    assert_eq!(
        states,
        ["leased auth/token/create", "destroyed auth/token", "current auth/approle/role/deploy"],
        "{run:?}"
    );
    // Without the flag nothing that was found is sent.
    let before = bao.requests_for("auth/token/lookup\"");
    asking(&mut sandbox.command(["scan", "--verify"]), &bao, ROOT);
    assert_eq!(bao.requests_for("auth/token/lookup\""), before);
    // A login that may not ask cannot tell a dead token from a live one.
    let token = bao.token("path \"secret/*\" { capabilities = [\"read\", \"list\"] }");
    let run = asking(&mut sandbox.command(args), &bao, &token);
    assert_eq!(verdicts(&run)[1].1, "unchecked", "{run:?}");
}

/// What of the network the program with `args` touches: the system calls, as strace prints them.
#[cfg(target_os = "linux")]
fn network_calls(sandbox: &Sandbox, bao: &Bao, args: &[&str]) -> Vec<String> {
    let log = sandbox.path().join("calls.log");
    let mut command = sandbox.command(args.iter());
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg,bind", "-o"]).arg(&log);
    traced.arg(command.get_program()).args(args).current_dir(sandbox.path());
    traced.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT);
    let run = Run::of(&mut traced);
    assert_eq!(run.code, Some(1), "strace is installed by tests/setup.sh: {run:?}");
    command.stdin(std::process::Stdio::null());
    let text = std::fs::read_to_string(&log).unwrap();
    text.lines().filter(|l| l.contains('(')).map(str::to_owned).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn a_plain_scan_opens_no_socket_and_verification_connects_to_the_manager_alone() {
    let bao = Bao::start();
    let sandbox = Sandbox::new();
    sandbox.file("src/a.py", format!("password = '{}'\n", made("x")));
    let plain = network_calls(&sandbox, &bao, &["scan", "src"]);
    assert!(plain.is_empty(), "{plain:#?}");
    let asking = network_calls(&sandbox, &bao, &["scan", "src", "--verify"]);
    let connects: Vec<_> = asking.iter().filter(|l| l.contains("connect(")).collect();
    let port = bao.address().rsplit_once(':').unwrap().1.to_owned();
    let ours = format!("sin_port=htons({port}), sin_addr=inet_addr(\"127.0.0.1\")");
    assert!(!connects.is_empty() && connects.iter().all(|l| l.contains(&ours)), "{connects:#?}");
}
