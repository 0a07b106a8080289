//! Programs that are told to end while the manager they have asked says nothing.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bao::{Bao, ROOT};
use crate::sandbox::Sandbox;
use crate::served::Served;

/// A bound that no end in order comes near.
const SOON: Duration = Duration::from_secs(15);

fn tell(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

fn started(sandbox: &Sandbox, bao: &Bao, args: &[&str]) -> Child {
    let mut command = sandbox.command(args);
    command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn an_agent_that_is_fetching_answers_who_waits_and_ends_in_order() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    let served = Served::start(&bao, &["--timeout", "30s"]);
    bao.signal("-STOP");
    let mut caller = UnixStream::connect(served.socket()).unwrap();
    caller.write_all(b"GET /v1/secret/data/app/key HTTP/1.1\r\n\r\n").unwrap();
    // The request is on its way to a manager that says nothing.
    let begun = Instant::now();
    while !served.get("/metrics", "").2.contains("leakward_agent_requests_total{interface=\"metrics\"") {
        assert!(begun.elapsed() < SOON, "the agent counts nothing");
    }
    let begun = Instant::now();
    let ended = served.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let mut answer = String::new();
    caller.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 50") || answer.is_empty(), "{answer}");
    bao.signal("-CONT");
}

#[test]
fn a_program_that_waits_for_its_values_is_not_started_any_more() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    bao.signal("-STOP");
    let sandbox = Sandbox::new();
    let args = ["exec", "--map", "KEY=secret/app/key#value", "--wait", "60s", "--", "touch", "started"];
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let child = started(&sandbox, &bao, &args);
        std::thread::sleep(Duration::from_millis(700));
        let begun = Instant::now();
        tell(&child, signal);
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{out:?}");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
    bao.signal("-CONT");
    assert!(!sandbox.path().join("started").exists());
}

#[test]
fn a_read_ends_with_the_signal_and_prints_nothing() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    bao.signal("-STOP");
    let sandbox = Sandbox::new();
    let child = started(&sandbox, &bao, &["get", "secret/app/key", "--timeout", "60s"]);
    std::thread::sleep(Duration::from_millis(700));
    let begun = Instant::now();
    tell(&child, "-TERM");
    let out = child.wait_with_output().unwrap();
    assert!(out.status.signal() == Some(15) || out.status.code() == Some(143), "{out:?}");
    assert!(begun.elapsed() < SOON && out.stdout.is_empty(), "{out:?}");
    bao.signal("-CONT");
}
