//! A git repository of its own for one test, made by the real git.

use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use leakward::model::{Blob, Origin, Place as Where, Scope, Tally};
use leakward::source::git::{Index, Place, Policy, Range, Revisions};
use leakward::source::{Source, Visitor};
use leakward::suppress::PathGlobs;

use crate::sandbox::{Run, Sandbox};

/// A repository in a folder that vanishes with the test.
pub(crate) struct Repo {
    /// Holds `work`, the repository's work tree, and whatever else the test needs beside it.
    pub(crate) sandbox: Sandbox,
    name: &'static str,
}

impl Repo {
    /// An empty repository on branch `main`.
    pub(crate) fn new() -> Self {
        Self::init(&[])
    }

    /// An empty repository made with more arguments for `git init`.
    pub(crate) fn init(args: &[&str]) -> Self {
        let repo = Self { sandbox: Sandbox::new(), name: "work" };
        fs::create_dir(repo.path()).unwrap();
        repo.git(&[&["init", "-q", "-b", "main"], args].concat());
        repo
    }

    /// A repository in which `files` are committed.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::new();
        for (name, text) in files {
            repo.file(name, text);
        }
        repo.commit("first");
        repo
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.sandbox.path().join(self.name)
    }

    pub(crate) fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        self.sandbox.file(Path::new(self.name).join(name), content)
    }

    /// `git` with `args`, to be run in the work tree, seeing nobody's configuration.
    pub(crate) fn git_command(&self, args: &[&str]) -> Command {
        self.command_at("git".as_ref(), &self.path(), args)
    }

    /// Runs git and returns what it wrote, without the last line end.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in("", args)
    }

    /// The same in folder `sub` of the work tree, or in a folder beside it (`../other`).
    #[track_caller]
    pub(crate) fn git_in(&self, sub: &str, args: &[&str]) -> String {
        let run = Run::of(&mut self.command_at("git".as_ref(), &self.path().join(sub), args));
        assert_eq!(run.code, Some(0), "git {args:?}: {run:?}");
        run.stdout.trim_end_matches('\n').to_owned()
    }

    /// Runs git, feeding it `input`.
    #[track_caller]
    pub(crate) fn git_with(&self, args: &[&str], input: &[u8]) -> String {
        let mut command = self.git_command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(0), "git {args:?}: {run:?}");
        run.stdout.trim_end_matches('\n').to_owned()
    }

    /// Commits everything in the work tree and returns the commit's id.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    #[track_caller]
    pub(crate) fn stage(&self, name: &str, content: &str) {
        self.file(name, content);
        self.git(&["add", "--", name]);
    }

    /// The program with `args`, to be run in the work tree.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_in("", args)
    }

    /// The program with `args`, to be run in folder `sub` of the work tree.
    pub(crate) fn command_in(&self, sub: &str, args: &[&str]) -> Command {
        self.command_at(env!("CARGO_BIN_EXE_leakward").as_ref(), &self.path().join(sub), args)
    }

    /// Runs the program in the work tree.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    fn command_at(&self, program: &OsStr, dir: &Path, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args.iter());
        let mut own = Command::new(program);
        own.args(args).current_dir(dir).stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => own.env(name, value),
                None => own.env_remove(name),
            };
        }
        for who in ["AUTHOR", "COMMITTER"] {
            own.env(format!("GIT_{who}_NAME"), "Ann Other")
                .env(format!("GIT_{who}_EMAIL"), "ann@example.com");
            own.env(format!("GIT_{who}_DATE"), "1700000000 +0000");
        }
        own.env("HOME", self.sandbox.path()).env("PATH", std::env::var_os("PATH").unwrap());
        command.stdin(Stdio::null());
        own
    }

    /// What a scan of the staged changes hands to its visitor.
    #[track_caller]
    pub(crate) fn staged(&self) -> Seen {
        Seen::of(&self.index().staged(policy()))
    }

    /// What a scan of everything in the index hands to its visitor.
    #[track_caller]
    pub(crate) fn tracked(&self) -> Seen {
        Seen::of(&self.index().tracked(policy()))
    }

    #[track_caller]
    pub(crate) fn index(&self) -> Index {
        Index::read(&Place::new(self.path()).unwrap()).unwrap()
    }

    /// What a scan of a range of commits hands to its visitor.
    #[track_caller]
    pub(crate) fn range(&self, revisions: &str) -> Seen {
        let place = Place::new(self.path()).unwrap();
        let revisions = Revisions::parse(revisions).unwrap();
        Seen::of(&Range::open(&place, &revisions).unwrap().with(policy()))
    }
}

/// A policy that leaves out little and watches `.leakward.toml`.
pub(crate) fn policy() -> Policy {
    Policy {
        archive_depth: 8,
        max_size: 1 << 20,
        exclude: PathGlobs::new(&["vendored/".to_owned()]).unwrap(),
        watched: vec![".leakward.toml".into()],
        threads: std::num::NonZeroUsize::new(2).unwrap(),
    }
}

/// What a source handed to its visitors, and what it counted.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Place and path (`index a/b`, `<commit's message> a/b`, `message of <…>`), and the text that counts.
    pub(crate) blobs: Vec<(String, String)>,
    pub(crate) tally: Tally,
}

impl Seen {
    #[track_caller]
    pub(crate) fn of(source: &dyn Source) -> Self {
        let blobs = Arc::new(Mutex::new(Vec::new()));
        let tally = source.run(&|| Box::new(Recorder(blobs.clone()))).unwrap();
        let mut blobs = std::mem::take(&mut *blobs.lock().unwrap());
        blobs.sort();
        Self { blobs, tally }
    }

    /// The text that counts, by place and path.
    pub(crate) fn texts(&self) -> Vec<(&str, &str)> {
        self.blobs.iter().map(|(place, text)| (place.as_str(), text.as_str())).collect()
    }

    /// The same without commits' messages and identities.
    pub(crate) fn files(&self) -> Vec<(&str, &str)> {
        self.texts().into_iter().filter(|(place, _)| !place.starts_with("message of")).collect()
    }
}

struct Recorder(Arc<Mutex<Vec<(String, String)>>>);

impl Visitor for Recorder {
    fn visit(&mut self, origin: &Origin, blob: &Blob<'_>) -> ControlFlow<()> {
        let place = match &origin.place {
            Where::Index => "index".to_owned(),
            Where::Commit(commit) => commit.message.lines().next().unwrap_or_default().to_owned(),
            Where::Message(commit, kind) => {
                format!("message of {} {kind:?}", commit.message.lines().next().unwrap_or_default())
            }
            other => panic!("{other:?}"),
        };
        let text = match blob.scope {
            Scope::Whole => blob.bytes.to_vec(),
            Scope::Within(spans) => spans.iter().flat_map(|s| s.of(blob.bytes)).copied().collect(),
        };
        let seen = (format!("{place} {}", origin.path), String::from_utf8_lossy(&text).into_owned());
        self.0.lock().unwrap().push(seen);
        ControlFlow::Continue(())
    }
}

/// `bytes` as a file name.
pub(crate) fn name(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}
