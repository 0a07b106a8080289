//! `leakward agent` and its callers.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bao::{self, Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

/// An agent that ends with the test.
pub(crate) struct Served {
    pub(crate) sandbox: Sandbox,
    child: Option<Child>,
}

impl Served {
    /// An agent of `bao` with more `args`, once it takes callers.
    pub(crate) fn start(bao: &Bao, args: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let mut command = sandbox.command(["agent", "--socket", "agent.sock"]);
        command.args(args).env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT);
        command.env_remove("BAO_ADDR").stdout(Stdio::null()).stderr(Stdio::piped());
        let served = Self { child: Some(command.spawn().unwrap()), sandbox };
        let begun = Instant::now();
        while UnixStream::connect(served.socket()).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the agent did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        served
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.sandbox.path().join("agent.sock")
    }

    /// Status, head and body of a request through the socket.
    pub(crate) fn get(&self, target: &str, fields: &str) -> (u16, String, String) {
        ask(UnixStream::connect(self.socket()).unwrap(), target, fields)
    }

    pub(crate) fn value(&self, path: &str) -> Value {
        let (status, _, body) = self.get(&format!("/v1/secret/data/{path}"), "");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["data"]["data"]["value"].clone()
    }

    /// Ends it with SIGTERM.
    pub(crate) fn end(mut self) -> Run {
        let child = self.child.take().unwrap();
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        let run = Run::from(child.wait_with_output().unwrap());
        assert!(!self.socket().exists(), "the socket is gone");
        run
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn ask(mut stream: impl std::io::Read + std::io::Write, target: &str, fields: &str) -> (u16, String, String) {
    // A server that refuses early may have closed before all is written; its answer is there all the same.
    let _ =
        stream.write_all(format!("GET {target} HTTP/1.1\r\nConnection: close\r\n{fields}\r\n").as_bytes());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

/// A value that no program holds by chance.
fn canary() -> String {
    blake3::hash(format!("{:?}", std::time::SystemTime::now()).as_bytes()).to_hex()[..24].to_owned()
}

#[test]
fn a_real_vault_client_reads_through_the_socket() {
    let bao = Bao::start();
    let value = canary();
    bao.put("app/key", &json!({ "value": value }));
    let served = Served::start(&bao, &[]);
    let mut client = Command::new(bao::program());
    client.args(["kv", "get", "-field=value", "secret/app/key"]).env("HOME", served.sandbox.path());
    client.env("BAO_ADDR", format!("unix://{}", served.socket().display())).env_remove("BAO_TOKEN");
    let run = Run::of(&mut client);
    assert_eq!((run.code, run.stdout.trim()), (Some(0), value.as_str()), "{run:?}");
    let before = bao.requests_for("secret/data/app/key");
    assert_eq!(served.value("app/key"), value.as_str());
    assert_eq!(bao.requests_for("secret/data/app/key"), before, "the second answer is from the cache");
}

#[test]
fn a_caller_of_the_aws_agent_gets_the_same_shape() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    let served = Served::start(&bao, &[]);
    let (status, head, body) = served.get("/secretsmanager/get?secretId=secret%2Fapp%2Fkey", "");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &answer["SecretString"]), (200, &json!("{\"value\":\"one\"}")));
    assert_eq!((&answer["VersionId"], &answer["VersionStages"]), (&json!("1"), &json!(["AWSCURRENT"])));
    assert!(head.contains("cache-control: no-store"), "{head}");
    let (status, _, body) = served.get("/secretsmanager/get?secretId=secret/none", "");
    assert_eq!(status, 400);
    assert!(body.contains("ResourceNotFoundException"), "{body}");
    bao.put("app/key", &json!({ "value": "two" }));
    let (_, _, body) = served.get("/secretsmanager/get?secretId=secret/app/key&refreshNow=true", "");
    assert!(body.contains("two"), "{body}");
}

#[test]
fn over_loopback_only_those_with_the_token_and_this_machines_name_are_answered() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let served = Served::start(&bao, &["--listen", &address, "--token-file", "token"]);
    let file = served.sandbox.path().join("token");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(file).unwrap();
    let begun = Instant::now();
    let connect = || loop {
        match std::net::TcpStream::connect(&address) {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{error}"),
        }
    };
    let status = |fields: &str| ask(connect(), "/v1/secret/data/app/key", fields).0;
    let right = format!("X-Vault-Token: {token}\r\n");
    assert_eq!(status(&format!("Host: localhost:{port}\r\n{right}")), 200);
    assert_eq!(status("Host: localhost\r\n"), 403);
    assert_eq!(status("Host: localhost\r\nX-Vault-Token: wrong\r\n"), 403);
    assert_eq!(status(&format!("Host: rebound.example\r\n{right}")), 400);
    assert_eq!(status(&right), 400, "no host at all");
    for relay in ["X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "Origin: http://localhost"] {
        assert_eq!(status(&format!("Host: localhost\r\n{right}{relay}\r\n")), 400, "{relay}");
    }
    assert_eq!(ask(connect(), "/live", "Host: localhost\r\n").0, 200, "a supervisor needs no token");
    assert_eq!(ask(connect(), "/metrics", "Host: localhost\r\n").0, 403);
}

#[test]
fn another_user_is_turned_away_by_the_kernels_word() {
    use std::os::unix::process::CommandExt as _;
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    if !is_root {
        return; // Only root can be somebody else.
    }
    let bao = Bao::start();
    // Another user is let in, so that the file's own rights do not decide.
    let served = Served::start(&bao, &["--allow-uid", "65533"]);
    let folder = served.sandbox.path();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let as_user = |uid: u32| {
        let script = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n\
                      s.sendall(b'GET /live HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n')\nprint(s.recv(99))";
        let mut command = Command::new("/usr/bin/python3");
        Run::of(command.args(["-c", script]).arg(served.socket()).uid(uid).gid(uid)).stdout
    };
    assert!(as_user(65533).contains("200 OK"));
    assert!(as_user(65534).contains("403 Forbidden"));
    let (_, _, metrics) = served.get("/metrics", "");
    assert!(metrics.contains("interface=\"unix\",outcome=\"wrong-user\"} 1"), "{metrics}");
}

#[test]
fn the_socket_is_this_users_alone_and_goes_with_the_agent() {
    let bao = Bao::start();
    let served = Served::start(&bao, &[]);
    assert_eq!(std::fs::metadata(served.socket()).unwrap().permissions().mode() & 0o777, 0o600);
    let second = served
        .sandbox
        .command(["agent", "--socket", "agent.sock"])
        .env("VAULT_ADDR", bao.address())
        .env("VAULT_TOKEN", ROOT)
        .output();
    let second = Run::from(second.unwrap());
    assert_eq!(second.code, Some(2), "{second:?}");
    assert!(second.stderr.contains("somebody listens there already"), "{second:?}");
    assert_eq!(served.end().code, Some(0));
}

#[test]
fn a_rotated_value_is_seen_by_itself() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    let served = Served::start(&bao, &["--ttl", "2s", "--require", "secret/app/key"]);
    assert_eq!(served.value("app/key"), "one");
    bao.put("app/key", &json!({ "value": "two" }));
    let begun = Instant::now();
    while served.value("app/key") != "two" {
        assert!(begun.elapsed() < Duration::from_secs(20), "the new value did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_outage_is_served_stale_then_refused_and_over_when_it_is_over() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    let served = Served::start(&bao, &["--ttl", "2s", "--max-stale", "4s", "--timeout", "200ms"]);
    assert_eq!(served.value("app/key"), "one");
    bao.signal("-STOP");
    let (begun, mut stale) = (Instant::now(), 0);
    let refused = loop {
        let (status, head, body) = served.get("/v1/secret/data/app/key", "");
        stale += usize::from(head.contains("x-leakward-freshness: stale"));
        if status != 200 {
            break (status, body);
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "stale is not served for ever");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(stale > 10, "{stale} stale answers");
    assert!(begun.elapsed() > Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(matches!(refused.0, 503 | 504), "{refused:?}");
    assert!(!refused.1.contains("one"));
    bao.signal("-CONT");
    let begun = Instant::now();
    while served.get("/v1/secret/data/app/key", "").0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not recover");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn neither_logs_nor_errors_nor_metrics_hold_a_value() {
    let bao = Bao::start();
    let value = canary();
    bao.put("app/key", &json!({ "value": value }));
    let served = Served::start(&bao, &["--name-secrets", "--audit", "audit.log", "--ttl", "1s"]);
    assert_eq!(served.value("app/key"), value.as_str());
    let mut told = String::new();
    for target in
        ["/metrics", "/ready", "/nothing", "/v1/secret/data/none", "/v1/secret/app/../key", "/v1/%zz"]
    {
        told += &served.get(target, "").2;
    }
    told += &served.get("/v1/secret/data/app/key", "X-Vault-Namespace: other\r\n").2;
    bao.put("app/key", &json!({ "value": "next" }));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(told.contains("leakward_agent_reads_total{secret=\"secret/app/key\"} 1"), "{told}");
    told += &read(served.sandbox.path().join("audit.log").as_path());
    assert!(told.contains("\"secret\":\"secret/app/key\""), "{told}");
    let run = served.end();
    told += &run.stderr;
    assert!(!told.contains(&value), "{told}");
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn what_is_no_request_is_refused_and_harms_nobody() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    let served = Served::start(&bao, &["--max-connections", "2"]);
    for (bytes, status) in [
        (b"\x16\x03\x01hello\r\n\r\n".to_vec(), "400"),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000)).into_bytes(), "431"),
        (b"PUT /v1/secret/data/app/key HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}".to_vec(), "405"),
        (b"GET /live HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(), "413"),
    ] {
        let mut stream = UnixStream::connect(served.socket()).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    // Two that say nothing take the places; a third is turned away, and let in when one goes.
    let begun = Instant::now();
    let quiet: Vec<_> = (0..2).map(|_| UnixStream::connect(served.socket()).unwrap()).collect();
    while served.get("/live", "").0 != 503 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the bound does not hold");
    }
    drop(quiet);
    while served.get("/live", "").0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the places are not given back");
    }
    // Two requests in one piece get two answers, in order.
    let mut stream = UnixStream::connect(served.socket()).unwrap();
    stream
        .write_all(b"GET /ping HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut both = String::new();
    stream.read_to_string(&mut both).unwrap();
    assert!(both.starts_with("HTTP/1.1 200 OK") && both.contains("HTTP/1.1 404 Not Found"), "{both}");
}
