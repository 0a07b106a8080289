//! Where a repository keeps its parts: git folder, common folder of linked worktrees, object folders, alternates.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bstr::ByteSlice as _;

use super::{HashKind, OdbError};

/// Alternates of alternates that are followed; git follows 5.
const DEEPEST_ALTERNATE: usize = 8;

/// Where a repository keeps its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The git folder of the worktree: holds its `HEAD`.
    pub git_dir: PathBuf,
    /// The folder that all worktrees share: holds refs and objects. Often the same.
    pub common_dir: PathBuf,
    /// Object folders, the repository's own first, then its alternates; each once.
    pub object_dirs: Vec<PathBuf>,
    /// How objects are named.
    pub hash: HashKind,
    /// Whether refs lie in a reftable rather than in files.
    pub reftable: bool,
    /// Whether objects may be missing because a promisor holds them.
    pub partial: bool,
    /// Extensions that this reader does not know, as `name=value`.
    pub unknown: Vec<String>,
}

impl Layout {
    /// Finds the repository at `path`: a worktree or a folder in it, a linked worktree, or a git folder.
    ///
    /// # Errors
    /// When there is none, or its parts cannot be read.
    pub fn discover(path: &Path) -> Result<Self, OdbError> {
        let start = fs::canonicalize(path).map_err(|e| OdbError::file(path, e))?;
        for dir in start.ancestors() {
            if is_git_dir(dir) {
                return Self::of_git_dir(dir);
            }
            let dot = dir.join(".git");
            if is_git_dir(&dot) {
                return Self::of_git_dir(&dot);
            }
            if let Some(linked) = linked(&dot)? {
                return Self::of_git_dir(&linked);
            }
        }
        Err(OdbError::NoRepository(path.to_owned()))
    }

    /// The layout of the git folder `git_dir`.
    ///
    /// # Errors
    /// When its parts cannot be read.
    pub fn of_git_dir(git_dir: &Path) -> Result<Self, OdbError> {
        let common_dir = match read_file(&git_dir.join("commondir"))? {
            Some(text) => git_dir.join(as_path(text.trim_end())),
            None => git_dir.to_owned(),
        };
        let mut layout = Self {
            git_dir: git_dir.to_owned(),
            object_dirs: Vec::new(),
            hash: HashKind::Sha1,
            reftable: false,
            partial: false,
            unknown: Vec::new(),
            common_dir,
        };
        layout.read_extensions()?;
        layout.add_objects(layout.common_dir.join("objects"))?;
        Ok(layout)
    }

    /// Adds the object folder `dir` and its alternates.
    ///
    /// # Errors
    /// When a list of alternates cannot be read.
    pub fn add_objects(&mut self, dir: PathBuf) -> Result<(), OdbError> {
        let mut seen: BTreeSet<PathBuf> = self.object_dirs.iter().cloned().collect();
        let mut open = vec![(dir, 0)];
        while let Some((dir, depth)) = open.pop() {
            let dir = fs::canonicalize(&dir).unwrap_or(dir);
            if depth > DEEPEST_ALTERNATE || !seen.insert(dir.clone()) {
                continue;
            }
            let list = read_file(&dir.join("info/alternates"))?.unwrap_or_default();
            for line in list.lines().filter(|l| !l.is_empty() && l[0] != b'#') {
                open.push((dir.join(as_path(&unquoted(line))), depth + 1));
            }
            self.object_dirs.push(dir);
        }
        Ok(())
    }

    fn read_extensions(&mut self) -> Result<(), OdbError> {
        let path = self.common_dir.join("config");
        // libgit2 reads configuration files well; it refuses only to open repositories with new extensions.
        let config = match git2::Config::open(&path) {
            Ok(config) if path.exists() => config,
            _ => return Ok(()),
        };
        let unreadable = |e: git2::Error| OdbError::file(&path, io::Error::other(e.message().to_owned()));
        let mut entries =
            config.entries(Some(r"^(extensions\.|remote\..*\.promisor$)")).map_err(unreadable)?;
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(unreadable)?;
            let name = String::from_utf8_lossy(entry.name_bytes()).to_lowercase();
            let value = String::from_utf8_lossy(entry.value_bytes()).to_lowercase();
            let Some(extension) = name.strip_prefix("extensions.") else {
                self.partial |= !["false", "no", "off", "0"].contains(&value.as_str());
                continue;
            };
            match (extension, value.as_str()) {
                ("objectformat", "sha1") | ("refstorage", "files") => {}
                ("objectformat", "sha256") => self.hash = HashKind::Sha256,
                ("refstorage", "reftable") => self.reftable = true,
                ("partialclone", _) => self.partial = true,
                ("noop" | "noop-v1" | "preciousobjects" | "worktreeconfig" | "relativeworktrees", _) => {}
                ("compatobjectformat" | "submodulepathconfig", _) => {}
                (other, value) => self.unknown.push(format!("{other}={value}")),
            }
        }
        Ok(())
    }

    /// The git folders that have a `HEAD` of their own: the common one, then those of linked worktrees, sorted.
    pub fn worktrees(&self) -> Vec<PathBuf> {
        let mut dirs = vec![self.common_dir.clone()];
        if let Ok(entries) = fs::read_dir(self.common_dir.join("worktrees")) {
            let mut linked: Vec<_> =
                entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect();
            linked.sort();
            dirs.extend(linked);
        }
        dirs
    }

    /// The git folders of submodules (`modules/**`), with their names, sorted.
    pub fn submodules(&self) -> Vec<(PathBuf, PathBuf)> {
        let root = self.common_dir.join("modules");
        let (mut found, mut open) = (Vec::new(), vec![root.clone()]);
        while let Some(dir) = open.pop() {
            let Ok(entries) = fs::read_dir(&dir) else { continue };
            for path in entries.filter_map(Result::ok).filter(|e| e.path().is_dir()).map(|e| e.path()) {
                if is_git_dir(&path) {
                    found.push((path.strip_prefix(&root).unwrap_or(&path).to_owned(), path));
                } else {
                    open.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

/// Whether `dir` looks like a git folder: it has a `HEAD`, and refs and objects of its own or of a common folder.
fn is_git_dir(dir: &Path) -> bool {
    let has = |name: &str| dir.join(name).exists();
    // A symbolic `HEAD` may dangle, so it is asked for without following it.
    let head = fs::symlink_metadata(dir.join("HEAD")).is_ok();
    head && (has("commondir") || (has("objects") && has("refs")))
}

/// The git folder that the file `dot` (`.git` of a linked worktree or submodule) points at.
fn linked(dot: &Path) -> Result<Option<PathBuf>, OdbError> {
    if !dot.is_file() {
        return Ok(None);
    }
    let text = read_file(dot)?.unwrap_or_default();
    let target = text
        .strip_prefix(b"gitdir: ")
        .ok_or_else(|| OdbError::damaged(dot, "not a pointer to a git folder"))?;
    let base = dot.parent().unwrap_or(Path::new(""));
    let dir = base.join(as_path(target.trim_end_with(|c| c == '\n' || c == '\r')));
    if is_git_dir(&dir) { Ok(Some(dir)) } else { Err(OdbError::NoRepository(dir)) }
}

/// The content of the file `path`; `None` when there is none.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_file(path: &Path) -> Result<Option<Vec<u8>>, OdbError> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(OdbError::file(path, e)),
    }
}

fn as_path(bytes: &[u8]) -> PathBuf {
    bytes
        .to_path()
        .map_or_else(|_| PathBuf::from(bytes.to_os_str_lossy().as_ref() as &OsStr), Path::to_path_buf)
}

/// A line of `info/alternates` may be quoted as C strings are.
fn unquoted(line: &[u8]) -> Vec<u8> {
    let Some(inner) = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")) else {
        return line.to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(first @ b'0'..=b'3') => {
                let mut value = first - b'0';
                for _ in 0..2 {
                    value = value << 3 | bytes.next_if(u8::is_ascii_digit).map_or(0, |d| (d - b'0') & 7);
                }
                out.push(value);
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(dir: &Path) {
        fs::create_dir_all(dir.join("objects/info")).unwrap();
        fs::create_dir_all(dir.join("refs")).unwrap();
        fs::write(dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    }

    #[test]
    fn a_repository_is_found_from_inside_and_its_extensions_are_read() {
        let dir = tempfile::tempdir().unwrap();
        bare(&dir.path().join(".git"));
        fs::create_dir_all(dir.path().join("src/deep")).unwrap();
        let config = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n\
                      \trefStorage = reftable\n\tpartialClone = origin\n\tfancy = yes\n";
        fs::write(dir.path().join(".git/config"), config).unwrap();
        let layout = Layout::discover(&dir.path().join("src/deep")).unwrap();
        assert_eq!((layout.hash, layout.reftable, layout.partial), (HashKind::Sha256, true, true));
        assert_eq!(layout.unknown, ["fancy=yes"]);
    }

    #[test]
    fn linked_worktrees_share_the_common_folder() {
        let dir = tempfile::tempdir().unwrap();
        let common = dir.path().join("main/.git");
        bare(&common);
        fs::create_dir_all(common.join("worktrees/side")).unwrap();
        fs::write(common.join("worktrees/side/HEAD"), "ref: refs/heads/side\n").unwrap();
        fs::write(common.join("worktrees/side/commondir"), "../..\n").unwrap();
        let side = dir.path().join("side");
        fs::create_dir(&side).unwrap();
        fs::write(side.join(".git"), format!("gitdir: {}\n", common.join("worktrees/side").display()))
            .unwrap();
        let layout = Layout::discover(&side).unwrap();
        assert_eq!(fs::canonicalize(&layout.common_dir).unwrap(), fs::canonicalize(&common).unwrap());
        assert_eq!(layout.worktrees().len(), 2);
    }

    #[test]
    fn alternates_are_followed_once() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b \"q\""));
        bare(&a);
        bare(&b);
        let quoted = format!("\"{}\"\n", b.join("objects").display().to_string().replace('"', "\\\""));
        fs::write(a.join("objects/info/alternates"), quoted).unwrap();
        fs::write(b.join("objects/info/alternates"), format!("# note\n{}\n", a.join("objects").display()))
            .unwrap();
        let layout = Layout::discover(&a).unwrap();
        let expected = [a.join("objects"), b.join("objects")].map(|p| fs::canonicalize(p).unwrap());
        assert_eq!(layout.object_dirs, expected);
    }

    #[test]
    fn a_folder_outside_any_repository_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Layout::discover(dir.path()), Err(OdbError::NoRepository(_))));
        assert!(matches!(Layout::discover(&dir.path().join("none")), Err(OdbError::File { .. })));
    }
}
