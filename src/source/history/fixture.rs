//! Throwaway repositories for the tests of this module.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::source::odb::{Layout, ObjectId, Odb};

/// A bare repository in a folder of its own.
pub(super) struct Fixture {
    dir: TempDir,
}

/// A stream for `git fast-import`.
#[derive(Default)]
pub(super) struct Stream {
    text: Vec<u8>,
    mark: usize,
    /// Files at each mark, by path.
    pub(super) files: BTreeMap<usize, BTreeMap<String, Vec<u8>>>,
}

impl Fixture {
    /// An empty repository whose objects are named by `hash` (`sha1` or `sha256`).
    pub(super) fn new(hash: &str) -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        fixture.git(&["init", "-q", "--bare", "-b", "main", &format!("--object-format={hash}"), "."], b"");
        fixture
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Runs git with `input` as its standard input; what it prints.
    pub(super) fn git(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new("git")
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs([
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("HOME", "/nonexistent"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Imports `stream` and packs everything into one pack of deep deltas.
    pub(super) fn import(&self, stream: &Stream) {
        self.git(&["fast-import", "--quiet", "--force"], &stream.text);
        self.git(&["repack", "-adfq", "--depth=40", "--window=30"], b"");
    }

    pub(super) fn odb(&self) -> Odb {
        Odb::open(&Layout::discover(self.path()).unwrap()).unwrap()
    }

    /// The object that `revision` names.
    pub(super) fn id(&self, revision: &str) -> ObjectId {
        ObjectId::from_hex(self.git(&["rev-parse", revision], b"").trim_ascii()).unwrap()
    }
}

impl Stream {
    /// Adds a commit with all `files` on `branch` that follows the commits with the marks `parents`; its mark.
    pub(super) fn commit(
        &mut self,
        branch: &str,
        parents: &[usize],
        files: BTreeMap<String, Vec<u8>>,
    ) -> usize {
        self.mark += 1;
        let (mark, time) = (self.mark, 1_700_000_000 + 60 * self.mark);
        let text = &mut self.text;
        let line = |text: &mut Vec<u8>, more: String| text.extend(more.bytes());
        line(
            text,
            format!("commit refs/heads/{branch}\nmark :{mark}\ncommitter C <c@d> {time} +0000\ndata 1\nx\n"),
        );
        for (i, parent) in parents.iter().enumerate() {
            line(text, format!("{} :{parent}\n", if i == 0 { "from" } else { "merge" }));
        }
        line(text, "deleteall\n".to_owned());
        for (path, content) in &files {
            line(text, format!("M 100644 inline {path}\ndata {}\n", content.len()));
            text.extend(content);
            text.push(b'\n');
        }
        self.files.insert(mark, files);
        mark
    }
}

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}
