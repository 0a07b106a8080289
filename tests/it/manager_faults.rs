//! Managers that are slow, silent or changed while they are read, and values of every size and kind.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::between::Between;
use crate::sandbox::{Run, Sandbox};

/// A password that the generic rules find; made at run time.
fn made(seed: &str) -> String {
    let hash = blake3::hash(seed.as_bytes()).to_hex().to_string();
    format!("Tr{}-{}X", &hash[..9], &hash[20..29])
}

fn scan(sandbox: &Sandbox, address: &str, more: &[&str]) -> Run {
    let mut command = sandbox.command(["scan", "--verify", "--format", "json"]);
    command.args(more).env("VAULT_ADDR", address).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
    Run::of(&mut command)
}

/// State by path.
#[track_caller]
fn states(run: &Run) -> BTreeMap<String, String> {
    let report = run.json();
    let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let all = report["findings"].as_array().unwrap();
    all.iter().map(|f| (word(&f["path"]), word(&f["verdict"]["state"]))).collect()
}

fn is(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(path, state)| ((*path).to_owned(), (*state).to_owned())).collect()
}

/// What `bao` answers to the administrator while the test holds it: who forwards outlives the test.
fn forward(bao: &Weak<Bao>, method: &str, path: &str) -> (u16, String) {
    let Some(bao) = bao.upgrade() else { return (503, String::new()) };
    let (status, body) = bao.call_as(ROOT, method, path, &Value::Null);
    (status, if body.is_null() { String::new() } else { body.to_string() })
}

#[test]
fn a_slow_manager_is_waited_for() {
    let (bao, sandbox) = (Arc::new(Bao::start()), Sandbox::new());
    let value = made("slow");
    bao.put("db", &json!({ "password": value }));
    sandbox.file("a.py", format!("password = '{value}'\n"));
    let server = Arc::downgrade(&bao);
    let between = Between::start(move |method, path| {
        std::thread::sleep(Duration::from_millis(700));
        forward(&server, method, path)
    });
    assert_eq!(states(&scan(&sandbox, &between.address(), &[])), is(&[("a.py", "current")]));
}

#[test]
fn a_manager_that_falls_silent_ends_the_wait_and_leaves_absent_values_unchecked() {
    let (bao, sandbox) = (Arc::new(Bao::start()), Sandbox::new());
    let (told, silent) = (made("told"), made("silent"));
    bao.put("answering", &json!({ "password": told }));
    for n in 0..20 {
        bao.put(&format!("silent/{n}"), &json!({ "password": made(&n.to_string()) }));
    }
    sandbox.file("a.py", format!("password = '{told}'\n"));
    sandbox.file("b.py", format!("password = '{silent}'\n"));
    let server = Arc::downgrade(&bao);
    let between = Between::start(move |method, path| {
        if path.starts_with("secret/data/silent") {
            std::thread::sleep(Duration::from_secs(600));
        }
        forward(&server, method, path)
    });
    let begun = Instant::now();
    let run = scan(&sandbox, &between.address(), &[]);
    assert_eq!(states(&run), is(&[("a.py", "current"), ("b.py", "unchecked")]), "{run:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(run.summary()["notes"].to_string().contains("silent/"), "{run:?}");
}

#[test]
fn a_value_that_changes_while_it_is_read_is_current_or_previous_and_never_unmanaged() {
    let (bao, sandbox) = (Arc::new(Bao::start()), Sandbox::new());
    let (old, new) = (made("before"), made("after"));
    bao.put("db", &json!({ "password": old }));
    sandbox.file("old.py", format!("password = '{old}'\n"));
    sandbox.file("new.py", format!("password = '{new}'\n"));
    let (reads, server, second) = (AtomicUsize::new(0), Arc::downgrade(&bao), new);
    let between = Between::start(move |method, path| {
        let answer = forward(&server, method, path);
        if path.starts_with("secret/data/db") && reads.fetch_add(1, Ordering::Relaxed) == 0 {
            server.upgrade().unwrap().put("db", &json!({ "password": second }));
        }
        answer
    });
    let first = states(&scan(&sandbox, &between.address(), &[]));
    assert_eq!(first["old.py"], "current", "as it was when it was read");
    assert_eq!(first["new.py"], "unmanaged", "it was nobody's yet");
    let after = states(&scan(&sandbox, &between.address(), &[]));
    assert_eq!(after, is(&[("old.py", "previous"), ("new.py", "current")]));
}

#[test]
fn a_secret_that_vanishes_between_the_list_and_the_read_makes_absent_values_unchecked() {
    let (bao, sandbox) = (Arc::new(Bao::start()), Sandbox::new());
    let absent = made("absent");
    bao.put("db", &json!({ "password": made("gone") }));
    sandbox.file("a.py", format!("password = '{absent}'\n"));
    let server = Arc::downgrade(&bao);
    let between = Between::start(move |method, path| {
        if path.starts_with("secret/data/db") {
            server.upgrade().unwrap().call("DELETE", "secret/metadata/db", &Value::Null);
        }
        forward(&server, method, path)
    });
    let run = scan(&sandbox, &between.address(), &[]);
    assert_eq!(states(&run), is(&[("a.py", "unchecked")]), "{run:?}");
}

#[test]
fn values_of_a_megabyte_of_all_bytes_and_of_none_are_taken_in() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    let long: String = (0..50_000).map(|n| made(&n.to_string())).collect();
    let long = &long[..1_000_000 - 11];
    let binary: String = (0..64u8).chain(200..=255).map(char::from).collect();
    let part = made("part");
    bao.put("long", &json!({ "file": long, "password": part }));
    bao.put("binary", &json!({ "bytes": binary }));
    bao.put("empty", &json!({ "password": "" }));
    bao.put("nothing", &json!({}));
    bao.put("null", &json!({ "password": null, "list": [], "number": 1.5, "yes": true }));
    sandbox.file("a.py", format!("password = '{part}'\n"));
    sandbox.file("b.bin", &binary);
    sandbox.file("c.txt", format!("begin {long} end\n"));
    let run = scan(&sandbox, &bao.address(), &["--known"]);
    let states = states(&run);
    assert_eq!(states.get("a.py").map(String::as_str), Some("current"), "{run:?}");
    assert_eq!(
        states.get("c.txt").map(String::as_str),
        Some("current"),
        "the long one is found by its start"
    );
    assert!(run.summary()["notes"].to_string().contains("verified against 5 secrets"), "{:?}", run.summary());
    assert!(states.values().all(|state| state == "current"), "{states:?}");
}

#[test]
fn a_hundred_thousand_paths_are_read_once_each() {
    const PATHS: usize = 100_000;
    let sandbox = Sandbox::new();
    let (first, last, other) = (made("0"), made(&(PATHS - 1).to_string()), made("other"));
    sandbox.file("first.py", format!("password = '{first}'\n"));
    sandbox.file("last.py", format!("password = '{last}'\n"));
    sandbox.file("other.py", format!("password = '{other}'\n"));
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let between = Between::start(move |_, path| {
        if path.starts_with("sys/internal/ui/mounts") {
            let mount = json!({ "type": "kv", "options": { "version": "2" } });
            let one = json!({ "type": "kv", "path": "secret/", "options": { "version": "2" } });
            let all = json!({ "data": { "secret": { "secret/": mount } } });
            let is_one = path.trim_end_matches('/') != "sys/internal/ui/mounts";
            return (200, if is_one { json!({ "data": one }) } else { all }.to_string());
        }
        if path.starts_with("secret/metadata") {
            let keys: Vec<_> = (0..PATHS).map(|n| format!("service-{n}")).collect();
            return (200, json!({ "data": { "keys": keys } }).to_string());
        }
        let number = path.strip_prefix("secret/data/service-").and_then(|rest| rest.split('?').next());
        let Some(number) = number else { return (404, json!({ "errors": [] }).to_string()) };
        counted.fetch_add(1, Ordering::Relaxed);
        let metadata = json!({ "version": 1, "created_time": "2026-01-01T00:00:00Z", "deletion_time": "" });
        let data = json!({ "data": { "password": made(number) }, "metadata": metadata });
        (200, json!({ "data": data }).to_string())
    });
    let run = scan(&sandbox, &between.address(), &[]);
    let all = is(&[("first.py", "current"), ("last.py", "current"), ("other.py", "unmanaged")]);
    assert_eq!(states(&run), all, "{:?}", run.stderr);
    assert_eq!(reads.load(Ordering::Relaxed), PATHS);
}
