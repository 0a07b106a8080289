//! A real OpenBao server in development mode, stopped when dropped.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use leakward_fetcher::http::{Address, Buffer, HttpClient, Limits, Method, Request, TlsSettings};
use leakward_fetcher::provider::vault::{Login, VaultConfig, VaultProvider};
use leakward_fetcher::{Secret, SecretPath, SecretRef};

#[path = "openbao.rs"]
#[allow(dead_code, reason = "shared with the tests of the other crate, which use more of it")]
mod openbao;

use openbao::{OpenBao, PATIENCE};
#[allow(unused_imports, reason = "not every test that has this file starts the program itself")]
pub(crate) use openbao::{ROOT, program};

pub(crate) struct Bao {
    server: OpenBao,
    pub(crate) address: String,
    admin: HttpClient,
}

impl Deref for Bao {
    type Target = OpenBao;

    fn deref(&self) -> &OpenBao {
        &self.server
    }
}

impl Bao {
    /// Starts a server that listens on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Self {
        Self::with(false).await
    }

    /// The same with TLS; the authority's certificate is at [`OpenBao::ca`].
    pub(crate) async fn start_tls() -> Self {
        Self::with(true).await
    }

    async fn with(tls: bool) -> Self {
        let server = OpenBao::spawn(tls);
        let (begun, address) = (Instant::now(), server.address());
        let settings = TlsSettings { ca_file: tls.then(|| server.ca()), client: None };
        let admin = HttpClient::new(Address::parse(&address).unwrap(), &settings, Limits::default()).unwrap();
        let server = Self { server, address, admin };
        while !server.is_ready().await {
            assert!(begun.elapsed() < PATIENCE, "OpenBao did not become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }

    /// Waits until the mount, which has versions, takes requests.
    pub(crate) async fn ready(&self, mount: &str) {
        self.call(Method::Get, &format!("{mount}config"), "").await;
    }

    async fn is_ready(&self) -> bool {
        let request = Request::new(Method::Get, "/v1/sys/health".to_owned());
        self.admin.send(&request).await.is_ok_and(|r| r.status == 200)
    }

    /// A call as the administrator; the answer's body as text. Fails the test when it is refused.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &str) -> String {
        let begun = Instant::now();
        let (status, text) = loop {
            let (status, text) = self.call_as(ROOT, method, path, body).await;
            // A mount with versions is not there yet in the first moments after it was made.
            let early = status == 400 && text.contains("Upgrading from non-versioned");
            if !early || begun.elapsed() > Duration::from_secs(30) {
                break (status, text);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!((200..300).contains(&status), "{path}: {status} {text}");
        text
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> String {
        self.call(Method::Post, path, body).await
    }

    pub(crate) async fn call_as(&self, token: &str, method: Method, path: &str, body: &str) -> (u16, String) {
        let mut request =
            Request::new(method, format!("/v1/{path}")).header("x-vault-token", token.as_bytes());
        if !body.is_empty() {
            let mut buffer = Buffer::default();
            buffer.extend(body.as_bytes());
            request = request.json(buffer);
        }
        let response = self.admin.send(&request).await.expect("OpenBao answers");
        (response.status, String::from_utf8(response.body.filled().to_vec()).unwrap())
    }

    /// A provider with the root token.
    pub(crate) fn provider(&self) -> VaultProvider {
        self.provider_with(Login::Token(Secret::copy_of(ROOT.as_bytes())))
    }

    pub(crate) fn provider_with(&self, login: Login) -> VaultProvider {
        VaultProvider::new(self.config(login)).unwrap()
    }

    pub(crate) fn config(&self, login: Login) -> VaultConfig {
        let mut config = VaultConfig::new(Address::parse(&self.address).unwrap(), login);
        let ca = self.ca();
        config.tls.ca_file = ca.exists().then_some(ca);
        config
    }

    /// How many requests for `path`, exactly (as the API names it), the audit log has.
    pub(crate) fn requests_for(&self, path: &str) -> usize {
        self.server.requests_for(&format!("{path}\""))
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// The current version of `path`.
pub(crate) fn current(path: &str) -> SecretRef {
    SecretRef::current(SecretPath::parse(path).unwrap())
}

/// A field of a JSON text, found by its dotted path.
pub(crate) fn field(json: &str, path: &str) -> String {
    let secret = Secret::copy_of(json.as_bytes());
    let field = secret.field(path).unwrap_or_else(|e| panic!("{path}: {e} in an answer"));
    field.expose_text().unwrap().to_owned()
}
