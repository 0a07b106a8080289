//! The reader that asks the `git` command, for repositories that libgit2 cannot open. Runs only commands that read,
//! with neither the user's environment nor the user's configuration, so that none of these changes the answer.

mod batch;

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

use bstr::{BString, ByteSlice};

use super::reader::{IndexEntry, Object, ReadError, Reader, Walk};
use super::{GitError, HashKind, Mode, ObjectId, ObjectKind};
use batch::Batch;

/// Variables that say which repository is meant; the only ones of git's that are passed on.
const WHICH: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
];

/// Variables that keep git from asking anybody, running anything, writing anything or reading other objects.
const QUIET: [(&str, &str); 9] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// A repository that the `git` command reads.
pub(super) struct Command {
    git_dir: PathBuf,
    common_dir: PathBuf,
    work_tree: Option<PathBuf>,
    /// Where to look for objects, when the environment says so.
    objects: Vec<(&'static str, OsString)>,
    /// `cat-file --batch`, once asked.
    contents: RefCell<Option<Batch>>,
    /// `cat-file --batch-check`, once asked.
    headers: RefCell<Option<Batch>>,
}

impl Command {
    /// Opens the repository that holds `path`. `environment` says whether `GIT_DIR` and its like count.
    ///
    /// # Errors
    /// That git refuses, and why.
    pub(super) fn open(path: &Path, environment: bool) -> Result<Self, GitError> {
        let (git_dir, work_tree) = match find(path, environment, true) {
            Ok(found) => found,
            // Only the user's own configuration can say that a repository of another user is safe.
            Err(_) => find(path, environment, false)?,
        };
        let common_dir = match std::fs::read(git_dir.join("commondir")) {
            Ok(named) => git_dir.join(os(named.trim_end())),
            Err(_) => git_dir.clone(),
        };
        let objects = if environment { object_variables() } else { Vec::new() };
        let (contents, headers) = Default::default();
        Ok(Self { git_dir, common_dir, work_tree, objects, contents, headers })
    }

    /// A `git` command on this repository.
    fn git(&self) -> process::Command {
        let mut git = scrubbed();
        // The work tree is never looked at, but some commands insist on one.
        git.current_dir(&self.git_dir).env("GIT_DIR", &self.git_dir).env("GIT_WORK_TREE", &self.git_dir);
        git.envs(self.objects.iter().map(|(name, value)| (name, value)));
        git
    }

    /// Runs `command` to its end, with `input`, and returns what it wrote.
    fn run(&self, command: &mut process::Command, input: &[u8]) -> Result<Vec<u8>, ReadError> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that ended early says why on its standard error.
            let _ = stdin.write_all(input);
        }
        let output = child.wait_with_output()?;
        if output.status.success() { Ok(output.stdout) } else { Err(ReadError(last_words(&output.stderr))) }
    }

    fn ask<T>(
        &self,
        batch: &RefCell<Option<Batch>>,
        mode: &str,
        question: impl FnOnce(&mut Batch) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let mut batch = batch.borrow_mut();
        let mut open = match batch.take() {
            Some(open) => open,
            None => Batch::spawn(self.git().args(["cat-file", mode]))?,
        };
        let answer = question(&mut open)?;
        // Not reached after an error: a batch that failed once is not asked again.
        *batch = Some(open);
        Ok(answer)
    }
}

impl Reader for Command {
    fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    fn head(&self) -> Result<Option<ObjectId>, ReadError> {
        let failed = match self.run(self.git().args(["rev-parse", "--verify", "HEAD"]), b"") {
            Ok(id) => return Ok(ObjectId::from_hex(id.trim_end())),
            Err(failed) => failed,
        };
        let name = self.run(self.git().args(["symbolic-ref", "--quiet", "HEAD"]), b"")?;
        // A branch that is there and yet names nothing is damaged, not unborn.
        let damaged = self.common_dir.join(os(name.trim_end())).exists();
        if damaged { Err(failed) } else { Ok(None) }
    }

    fn object(&self, id: ObjectId) -> Result<Option<Object>, ReadError> {
        self.ask(&self.contents, "--batch", |batch| batch.object(&id.to_string()))
    }

    fn header(&self, id: ObjectId) -> Result<Option<(ObjectKind, u64)>, ReadError> {
        let header = self.ask(&self.headers, "--batch-check", |batch| batch.header(&id.to_string()))?;
        Ok(header.map(|h| (h.kind, h.size)))
    }

    fn index(&self, file: &Path) -> Result<Vec<IndexEntry>, ReadError> {
        if !is_intact(&std::fs::read(file)?) {
            return Err(ReadError("its checksum is wrong".to_owned()));
        }
        let mut git = self.git();
        let listed = self.run(git.args(["ls-files", "--stage", "-z"]).env("GIT_INDEX_FILE", file), b"")?;
        let entries = listed.split_str(b"\0").filter(|line| !line.is_empty());
        let entry = |line: &[u8]| {
            index_entry(line).ok_or_else(|| ReadError("git ls-files gave an unknown line".to_owned()))
        };
        entries.map(entry).collect()
    }

    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, ReadError> {
        if rev.is_empty() || rev.contains(['\n', '\0']) {
            return Ok(None);
        }
        let header = self.ask(&self.headers, "--batch-check", |batch| batch.header(rev))?;
        Ok(header.map(|h| h.id))
    }

    fn refs(&self) -> Result<Vec<(BString, ObjectId)>, ReadError> {
        let mut git = self.git();
        let listed = self.run(git.args(["for-each-ref", "--format=%(objectname) %(refname)"]), b"")?;
        let named = |line: &[u8]| {
            let (id, name) = line.split_once_str(b" ")?;
            Some((name.into(), ObjectId::from_hex(id)?))
        };
        Ok(listed.lines().filter_map(named).collect())
    }

    fn commits(&self, walk: &Walk) -> Result<Vec<ObjectId>, ReadError> {
        let mut input = Vec::new();
        for include in &walk.include {
            writeln!(input, "{include}")?;
        }
        for exclude in &walk.exclude {
            if let Some(commit) = self.resolve(&format!("{exclude}^{{commit}}"))? {
                writeln!(input, "^{commit}")?;
            }
        }
        let mut git = self.git();
        git.args(["rev-list", "--topo-order", "--reverse", "--stdin"]);
        if walk.first_parent {
            git.arg("--first-parent");
        }
        ids(&self.run(&mut git, &input)?)
    }

    fn merge_bases(&self, a: ObjectId, b: ObjectId) -> Result<Vec<ObjectId>, ReadError> {
        let (a, b) = (a.to_string(), b.to_string());
        match self.run(self.git().args(["merge-base", "--all", &a, &b]), b"") {
            Ok(listed) => ids(&listed),
            // Without a common ancestor git fails and says nothing.
            Err(e) if e.0 == SILENT => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }
}

/// The git directory and the work tree of the repository that holds `path`. `quiet` leaves the user's
/// configuration out.
fn find(path: &Path, environment: bool, quiet: bool) -> Result<(PathBuf, Option<PathBuf>), GitError> {
    let mut git = if quiet { scrubbed() } else { process::Command::new("git") };
    for name in WHICH {
        match std::env::var_os(name).filter(|_| environment) {
            Some(value) => git.env(name, value),
            None => git.env_remove(name),
        };
    }
    git.current_dir(path).env("LC_ALL", "C").stdin(Stdio::null());
    let failed = |why: String| GitError::Command { command: "rev-parse", why };
    let output = git
        .args(["rev-parse", "--absolute-git-dir", "--is-bare-repository", "--show-cdup"])
        .output()
        .map_err(|e| failed(format!("cannot run git: {e}")))?;
    if output.status.success() {
        return found(path, &output.stdout).ok_or_else(|| failed("it gave an unknown answer".to_owned()));
    }
    let why = output.stderr.as_bstr();
    Err(if why.contains_str("dubious ownership") {
        GitError::Owner(path.to_owned())
    } else if why.contains_str("not a git repository") {
        GitError::NoRepository(path.to_owned())
    } else {
        failed(last_words(&output.stderr))
    })
}

/// What `rev-parse` found: the git directory (which may hold line ends), whether it is bare, the way up.
fn found(path: &Path, stdout: &[u8]) -> Option<(PathBuf, Option<PathBuf>)> {
    let (rest, up) = stdout.strip_suffix(b"\n")?.rsplit_once_str(b"\n")?;
    let (git_dir, bare) = match rest.rsplit_once_str(b"\n") {
        Some((dir, bare @ (b"true" | b"false"))) => (dir, bare),
        // Of a bare repository there is no third line.
        _ => (rest, up),
    };
    let work_tree = (bare != b"true").then(|| path.join(os(up)));
    Some((PathBuf::from(os(git_dir)), work_tree))
}

/// A `git` command that sees none of the user's environment and configuration.
fn scrubbed() -> process::Command {
    let mut git = process::Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            git.env_remove(name);
        }
    }
    git.envs(QUIET);
    git.args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    git
}

/// `GIT_OBJECT_DIRECTORY` and `GIT_ALTERNATE_OBJECT_DIRECTORIES`, made independent of the current directory.
fn object_variables() -> Vec<(&'static str, OsString)> {
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let mut variables = Vec::new();
    if let Some(one) = std::env::var_os("GIT_OBJECT_DIRECTORY") {
        variables.push(("GIT_OBJECT_DIRECTORY", absolute(one.into()).into_os_string()));
    }
    if let Some(many) = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
        let all = std::env::join_paths(std::env::split_paths(&many).map(absolute)).unwrap_or(many);
        variables.push(("GIT_ALTERNATE_OBJECT_DIRECTORIES", all));
    }
    variables
}

/// Whether an index file ends in the hash of what comes before, or in zeros (`index.skipHash`). Git itself does
/// not look.
fn is_intact(file: &[u8]) -> bool {
    [HashKind::Sha1, HashKind::Sha256].into_iter().any(|hash| {
        let end = file.len().checked_sub(hash.size()).map(|at| file.split_at(at));
        let hashed = end.and_then(|(body, end)| Some((body, ObjectId::new(end)?)));
        hashed.is_some_and(|(body, end)| end.is_zero() || hash.digest(&[body]) == end)
    })
}

/// One record of `ls-files --stage -z`: `<mode> <id> <stage>\t<path>`.
fn index_entry(line: &[u8]) -> Option<IndexEntry> {
    let (head, path) = line.split_once_str(b"\t")?;
    let mut words = head.split_str(b" ");
    let mode = Mode::read(words.next()?)?;
    let id = ObjectId::from_hex(words.next()?)?;
    let stage = words.next()?.to_str().ok()?.parse().ok()?;
    Some(IndexEntry { path: path.into(), mode, id, stage })
}

/// Ids, one a line.
fn ids(lines: &[u8]) -> Result<Vec<ObjectId>, ReadError> {
    let unknown = || ReadError("git gave an unknown line".to_owned());
    lines.lines().map(|line| ObjectId::from_hex(line).ok_or_else(unknown)).collect()
}

/// The last words of a command that had none.
const SILENT: &str = "it failed without a word";

/// The first line of what a failed command wrote, without its `fatal:`.
fn last_words(stderr: &[u8]) -> String {
    let line = stderr.lines().next().unwrap_or(SILENT.as_bytes());
    let line = line.strip_prefix(b"fatal: ").or_else(|| line.strip_prefix(b"error: ")).unwrap_or(line);
    line.to_str_lossy().into_owned()
}

fn os(bytes: &[u8]) -> &OsStr {
    bytes.to_os_str().unwrap_or_default()
}
