//! A real OpenBao server in development mode, stopped when dropped.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::ops::Deref;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "../../fetcher/tests/it/openbao.rs"]
#[allow(dead_code, reason = "shared with the tests of the other crate, which use more of it")]
mod openbao;

use openbao::{OpenBao, PATIENCE};
pub(crate) use openbao::{ROOT, program, python};

/// A server that vanishes with the test.
pub(crate) struct Bao(OpenBao);

impl Deref for Bao {
    type Target = OpenBao;

    fn deref(&self) -> &OpenBao {
        &self.0
    }
}

impl Bao {
    /// Starts a server on a free port of 127.0.0.1, with a key/value engine at `secret`.
    pub(crate) fn start() -> Self {
        let (server, begun) = (Self(OpenBao::spawn(false)), Instant::now());
        while !server.is_ready() {
            assert!(begun.elapsed() < PATIENCE, "OpenBao did not become ready");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
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
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
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

    fn is_ready(&self) -> bool {
        self.call_as(ROOT, "GET", "sys/health", &Value::Null).0 == 200
            && self.call_as(ROOT, "GET", "secret/config", &Value::Null).0 == 200
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
