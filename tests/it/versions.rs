//! Earlier versions: which are compared, what that costs, and what is said of those that cannot be.

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

/// The value of version `n`; made at run time.
fn value(n: usize) -> String {
    let hash = blake3::hash(format!("version {n}").as_bytes()).to_hex().to_string();
    format!("Tr{}-{}X", &hash[..9], &hash[20..29])
}

/// A server whose `secret/db` has `count` versions, and a folder with one file for each of them and one more.
fn history(count: usize) -> (Bao, Sandbox) {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    for n in 1..=count {
        bao.put("db", &json!({ "password": value(n) }));
    }
    for n in 0..=count {
        sandbox.file(format!("v{n:02}.py"), format!("password = '{}'\n", value(n)));
    }
    (bao, sandbox)
}

fn scan(bao: &Bao, sandbox: &Sandbox, token: &str, more: &[&str]) -> Run {
    let mut command = sandbox.command(["scan", "--verify", "--format", "json"]);
    command.args(more).env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", token).env_remove("BAO_ADDR");
    Run::of(&mut command)
}

/// State, and version or reason, of each file.
#[track_caller]
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let told = |f: &Value| {
        let verdict = &f["verdict"];
        let more = if verdict["state"] == "unchecked" { &verdict["reason"] } else { &verdict["version"] };
        (word(&f["path"]), word(&verdict["state"]), word(more))
    };
    let mut all: Vec<_> = report["findings"].as_array().unwrap().iter().map(told).collect();
    all.sort();
    all.into_iter().map(|(_, state, more)| (state, more)).collect()
}

fn is(state: &str, more: &str) -> (String, String) {
    (state.to_owned(), more.to_owned())
}

#[test]
fn every_version_that_the_engine_keeps_is_compared_with_one_read_each() {
    let (bao, sandbox) = history(9);
    let (values, lists) = (bao.requests_for("secret/data/db"), bao.requests_for("secret/metadata/db"));
    let all = verdicts(&scan(&bao, &sandbox, ROOT, &[]));
    assert_eq!((all.len(), &all[0]), (10, &is("unmanaged", "")));
    let before: Vec<_> = (1..9).map(|n| is("previous", &n.to_string())).collect();
    assert_eq!(all[1..9], before);
    assert_eq!(all[9], is("current", "9"));
    assert_eq!(bao.requests_for("secret/data/db") - values, 9, "each version once");
    assert_eq!(bao.requests_for("secret/metadata/db") - lists, 1, "their list once");
}

#[test]
fn a_secret_without_a_history_costs_one_read() {
    let (bao, sandbox) = history(1);
    let before = bao.requests_for("secret/");
    assert_eq!(verdicts(&scan(&bao, &sandbox, ROOT, &[]))[1], is("current", "1"));
    let listed = bao.requests_for("secret/metadata/\"") + bao.requests_for("secret/metadata\"");
    assert_eq!(bao.requests_for("secret/data/db"), 1 + 1, "one write by this test, one read");
    assert_eq!(bao.requests_for("secret/") - before, 1 + listed, "nothing but that and the folder's list");
}

#[test]
fn deleted_destroyed_dropped_and_older_versions_make_an_absent_value_unchecked() {
    let (bao, sandbox) = history(6);
    bao.call("POST", "secret/delete/db", &json!({ "versions": [5, 2] }));
    bao.call("PUT", "secret/destroy/db", &json!({ "versions": [3] }));
    let all = verdicts(&scan(&bao, &sandbox, ROOT, &[]));
    let lost = "vault: versions that cannot be compared: secret/db (2 deleted, 1 destroyed)";
    assert_eq!(all[0], is("unchecked", lost), "it may have been one of those");
    for n in [2, 3, 5] {
        assert_eq!(all[n], is("unchecked", lost), "version {n}");
    }
    for n in [1, 4] {
        assert_eq!(all[n], is("previous", &n.to_string()));
    }
    let few = verdicts(&scan(&bao, &sandbox, ROOT, &["--versions", "1"]));
    assert_eq!((few[4].0.as_str(), few[1].0.as_str()), ("previous", "unchecked"));
    assert!(few[1].1.contains("2 deleted, 1 destroyed, 1 older than the 1 that are read"), "{few:?}");
    // The engine drops what is more than it keeps.
    bao.call("POST", "secret/metadata/db", &json!({ "max_versions": 2 }));
    bao.put("db", &json!({ "password": value(7) }));
    let all = verdicts(&scan(&bao, &sandbox, ROOT, &[]));
    assert_eq!(all[6], is("previous", "6"));
    assert!(all[4].0 == "unchecked" && all[4].1.contains("secret/db (5 dropped by the manager)"), "{all:?}");
}

#[test]
fn a_secret_whose_newest_version_is_deleted_still_tells_the_earlier_ones() {
    let (bao, sandbox) = history(3);
    bao.call("DELETE", "secret/data/db", &Value::Null);
    let all = verdicts(&scan(&bao, &sandbox, ROOT, &[]));
    assert_eq!((all[1].clone(), all[2].clone()), (is("previous", "1"), is("previous", "2")));
    assert!(all[3].0 == "unchecked" && all[3].1.contains("secret/db (1 deleted)"), "{all:?}");
    let token = bao.token("path \"secret/metadata/*\" { capabilities = [\"list\"] }\npath \"secret/data/*\" { capabilities = [\"read\"] }");
    let all = verdicts(&scan(&bao, &sandbox, &token, &[]));
    let why = "its versions could not be listed: permission denied";
    assert!(all[1].0 == "unchecked" && all[1].1.contains(why), "{all:?}");
}

#[test]
fn without_a_right_to_list_versions_their_numbers_are_tried() {
    let (bao, sandbox) = history(4);
    bao.call("PUT", "secret/destroy/db", &json!({ "versions": [2] }));
    let token = bao.token("path \"secret/metadata/*\" { capabilities = [\"list\"] }\npath \"secret/data/*\" { capabilities = [\"read\"] }");
    let all = verdicts(&scan(&bao, &sandbox, &token, &[]));
    assert_eq!((all[1].clone(), all[3].clone()), (is("previous", "1"), is("previous", "3")));
    assert!(all[2].0 == "unchecked" && all[2].1.contains("secret/db (1 destroyed)"), "{all:?}");
}
