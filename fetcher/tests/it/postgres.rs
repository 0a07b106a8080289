//! A real PostgreSQL server, stopped when dropped.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

pub(crate) struct Postgres {
    folder: tempfile::TempDir,
    pub(crate) port: u16,
}

/// The password of the administrator `postgres`.
pub(crate) const ADMIN: &str = "admin-of-the-test";

impl Postgres {
    /// Starts a server on a free port of 127.0.0.1.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(folder.path().join("pw"), ADMIN).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, port };
        let data = server.data();
        let pw = server.folder.path().join("pw");
        server.run(&format!("initdb -D {data} -A scram-sha-256 --no-sync --pwfile={}", pw.display()));
        let options = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync=off",
            server.folder.path().display()
        );
        server.run(&format!("pg_ctl -D {data} -o '{options}' -l {data}/log -w start"));
        server
    }

    /// One statement as `user`; its output, or what went wrong.
    pub(crate) fn query(&self, user: &str, password: &str, statement: &str) -> Result<String, String> {
        let out = Command::new("psql")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                user,
                "-d",
                "postgres",
                "-Atc",
                statement,
            ])
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "10")
            .output()
            .expect("psql runs: see tests/setup.sh");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if out.status.success() { Ok(text(&out.stdout)) } else { Err(text(&out.stderr)) }
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Runs a program of PostgreSQL as the user `postgres`: it refuses to run as root.
    fn run(&self, command: &str) -> Output {
        let (program, rest) = command.split_once(' ').unwrap();
        let line = format!("{} {rest} >/dev/null 2>&1", binary(program).display());
        let out = Command::new("su").args(["postgres", "-c", &line]).output().unwrap();
        assert!(out.status.success(), "{program} works: see tests/setup.sh");
        out
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run(&format!("pg_ctl -D {} -m immediate stop", self.data()));
    }
}

fn binary(name: &str) -> PathBuf {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .map(|dir| dir.flatten().map(|e| e.path()).collect())
        .unwrap_or_default();
    versions.sort();
    let found = versions.into_iter().rev().map(|version| version.join("bin").join(name)).find(|p| p.exists());
    found.unwrap_or_else(|| name.into())
}
