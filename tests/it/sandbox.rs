//! A folder of its own for one test, and the program run in it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder that vanishes with the test.
pub(crate) struct Sandbox {
    dir: TempDir,
}

/// What one run of the program left.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::Builder::new().prefix("leakward-it-").tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, with the folders that lead to it.
    pub(crate) fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Adds a rule for `acme_` and 20 letters or digits, in a `.leakward.toml` of the folder.
    pub(crate) fn acme_rule(&self) {
        let rule = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-z]{20})\\b'\n";
        self.file("acme.toml", rule);
        self.file(
            ".leakward.toml",
            "[scan]\nexclude = ['/acme.toml']\n[rules]\nenable = ['acme-key']\nextend = ['acme.toml']\n",
        );
    }

    /// The program with `args`, to be run in the folder.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_leakward").as_ref(), args)
    }

    /// Another program with `args`, to be run likewise.
    pub(crate) fn command_of<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["GIT_", "LEAKWARD_", "GITLEAKS_", "GITHUB_"].iter().any(|p| name.starts_with(p)) {
                command.env_remove(&*name);
            }
        }
        command.env("NO_COLOR", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// Runs the program.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Runs the program with `input` on standard input.
    pub(crate) fn run_with<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, input: &[u8]) -> Run {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The program may end before it has read everything.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let run = Run::from(child.wait_with_output().unwrap());
        writer.join().unwrap();
        run
    }

    /// Runs the program as a user whom file modes bind, even when the tests run as root.
    #[cfg(unix)]
    pub(crate) fn run_unprivileged<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        use std::os::unix::process::CommandExt;
        let is_root = fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
        if !is_root {
            return self.run(args);
        }
        const NOBODY: u32 = 65534;
        // Where the program was built, nobody may not be let in.
        let outside = Self::new();
        fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(self.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let program = outside.path().join("leakward");
        fs::copy(env!("CARGO_BIN_EXE_leakward"), &program).unwrap();
        Run::of(self.command_of(&program, args).uid(NOBODY).gid(NOBODY))
    }
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The summary of a run with `--format json`.
    #[track_caller]
    pub(crate) fn summary(&self) -> Value {
        self.json()["summary"].clone()
    }

    /// Paths of the findings of a run with `--format json`, in the report's order.
    #[track_caller]
    pub(crate) fn found_in(&self) -> Vec<String> {
        let report = self.json();
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|f| f["path"].as_str().unwrap().to_owned()).collect()
    }
}

impl From<std::process::Output> for Run {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
