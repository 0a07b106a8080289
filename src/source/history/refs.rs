//! What names commits in a repository: branches, tags and other refs, heads of worktrees, reflogs.
//!
//! Files are read here; refs in a reftable are asked of the `git` command.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _, ByteVec as _};

use crate::source::odb::{Layout, ObjectId, OdbError, git_output, read_file};

/// Symbolic refs that are followed from one another; git follows 5.
const DEEPEST: usize = 8;

/// What names commits in a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refs {
    /// Branches, tags and all other refs by full name, such as `refs/heads/main`, with what they name.
    pub refs: BTreeMap<BString, ObjectId>,
    /// `HEAD` of the repository or worktree that was asked for; `None` before its first commit.
    pub head: Option<ObjectId>,
    /// The branch that `HEAD` stands for, by full name.
    pub branch: Option<BString>,
    /// `HEAD` and the like (`ORIG_HEAD`, `MERGE_HEAD`…) of all worktrees.
    pub heads: BTreeSet<ObjectId>,
    /// Everything that a reflog mentions. May be gone.
    pub logged: BTreeSet<ObjectId>,
    /// Commits whose parents a shallow clone left out.
    pub shallow: BTreeSet<ObjectId>,
    /// Refs that cannot be read, and why.
    pub broken: Vec<(BString, String)>,
}

impl Refs {
    /// Reads the refs of the repository at `layout`.
    ///
    /// # Errors
    /// When a file cannot be read, or `git` cannot be asked for a reftable.
    pub fn read(layout: &Layout) -> Result<Self, OdbError> {
        let mut refs = Self::default();
        if let Some(list) = read_file(&layout.common_dir.join("shallow"))? {
            refs.shallow.extend(list.lines().filter_map(|l| ObjectId::from_hex(l.trim())));
        }
        if layout.reftable {
            refs.ask(layout)?;
        } else {
            refs.read_files(layout)?;
        }
        Ok(refs)
    }

    fn read_files(&mut self, layout: &Layout) -> Result<(), OdbError> {
        // Loose refs first: one that is packed while we read is removed only after it is in `packed-refs`.
        let mut loose = BTreeMap::new();
        let mut dirs = layout.worktrees();
        dirs.push(layout.git_dir.clone());
        dirs.dedup();
        for dir in &dirs {
            walk(&dir.join("refs"), &mut |path| {
                let name = path.strip_prefix(dir).unwrap_or(path);
                loose.insert(slashed(name), read_file(path)?.unwrap_or_default());
                Ok(())
            })?;
        }
        let packed = read_file(&layout.common_dir.join("packed-refs"))?.unwrap_or_default();
        for line in packed.lines().filter(|l| !l.starts_with(b"#") && !l.starts_with(b"^")) {
            if let Some((hex, name)) = line.split_once_str(" ")
                && let Some(id) = ObjectId::from_hex(hex)
            {
                self.refs.insert(name.trim_end().into(), id);
            }
        }
        for (name, text) in &loose {
            match resolve(text, &loose, &self.refs) {
                Some(id) => {
                    self.refs.insert(name.clone(), id);
                }
                None if text.starts_with(b"ref: ") => {}
                None => self.broken.push((name.clone(), "the file holds no object id".to_owned())),
            }
        }
        self.read_heads(&dirs, &loose)?;
        let head = read_file(&layout.git_dir.join("HEAD"))?.unwrap_or_default();
        self.head = resolve(&head, &loose, &self.refs);
        self.branch = head.strip_prefix(b"ref: ").map(|b| b.trim().into());
        Ok(())
    }

    fn read_heads(&mut self, dirs: &[PathBuf], loose: &BTreeMap<BString, Vec<u8>>) -> Result<(), OdbError> {
        for dir in dirs {
            let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
            for path in entries.map(|e| e.path()).filter(|p| p.is_file()) {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let text = match name.as_str() {
                    "HEAD" | "FETCH_HEAD" | "ORIG_HEAD" => read_file(&path)?.unwrap_or_default(),
                    _ if name.ends_with("_HEAD") || name == "AUTO_MERGE" => {
                        read_file(&path)?.unwrap_or_default()
                    }
                    _ => continue,
                };
                self.heads.extend(resolve(&text, loose, &self.refs));
                self.heads.extend(text.lines().filter_map(leading_id));
            }
            walk(&dir.join("logs"), &mut |path| {
                let text = read_file(path)?.unwrap_or_default();
                for line in text.lines() {
                    let ids = line.splitn(3, |&b| b == b' ').take(2).filter_map(ObjectId::from_hex);
                    self.logged.extend(ids.filter(|id| !id.is_zero()));
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Asks the `git` command.
    fn ask(&mut self, layout: &Layout) -> Result<(), OdbError> {
        let dir = &layout.git_dir;
        let listed = git_output(dir, "for-each-ref", &["--format=%(objectname) %(refname)"])?;
        for line in listed.lines() {
            if let Some((hex, name)) = line.split_once_str(" ")
                && let Some(id) = ObjectId::from_hex(hex)
            {
                self.refs.insert(name.into(), id);
            }
        }
        let head = git_output(dir, "rev-parse", &["--verify", "-q", "HEAD"]).unwrap_or_default();
        self.head = ObjectId::from_hex(head.trim());
        let branch = git_output(dir, "symbolic-ref", &["-q", "HEAD"]).unwrap_or_default();
        self.branch = Some(branch.trim().into()).filter(|b: &BString| !b.is_empty());
        let worktrees = git_output(dir, "worktree", &["list", "--porcelain"])?;
        let heads = worktrees.lines().filter_map(|l| ObjectId::from_hex(l.strip_prefix(b"HEAD ")?));
        self.heads.extend(heads.filter(|id| !id.is_zero()).chain(self.head));
        // Its (empty) standard input keeps git from asking for revisions where no reflog has any.
        let logged = git_output(dir, "rev-list", &["--no-walk", "--ignore-missing", "--reflog", "--stdin"])?;
        self.logged.extend(logged.lines().filter_map(ObjectId::from_hex));
        Ok(())
    }

    /// Everything that is named, each id once.
    pub fn tips(&self) -> BTreeSet<ObjectId> {
        self.refs.values().chain(&self.heads).chain(&self.logged).chain(&self.head).copied().collect()
    }
}

/// The object that the content of a ref's file names, through other refs if need be.
fn resolve(
    text: &[u8],
    loose: &BTreeMap<BString, Vec<u8>>,
    packed: &BTreeMap<BString, ObjectId>,
) -> Option<ObjectId> {
    let mut text = text;
    for _ in 0..DEEPEST {
        let Some(name) = text.strip_prefix(b"ref: ") else { return leading_id(text.lines().next()?) };
        let name = name.trim().as_bstr();
        match loose.get(name) {
            Some(next) => text = next,
            None => return packed.get(name).copied(),
        }
    }
    None
}

/// The object id that `line` begins with.
fn leading_id(line: &[u8]) -> Option<ObjectId> {
    let hex = line.split(|b| !b.is_ascii_hexdigit()).next()?;
    ObjectId::from_hex(hex).filter(|id| !id.is_zero())
}

/// Calls `file` with every file below `dir`.
fn walk(dir: &Path, file: &mut dyn FnMut(&Path) -> Result<(), OdbError>) -> Result<(), OdbError> {
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                open.push(path);
            } else if path.extension().is_none_or(|e| e != "lock") {
                file(&path)?;
            }
        }
    }
    Ok(())
}

/// `path` with `/` between its parts.
fn slashed(path: &Path) -> BString {
    let bytes = Vec::from_path_lossy(path).into_owned();
    if cfg!(windows) { bytes.replace(b"\\", b"/").into() } else { bytes.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

    fn id(hex: &str) -> ObjectId {
        ObjectId::from_hex(hex.as_bytes()).unwrap()
    }

    fn write(dir: &Path, name: &str, text: &str) {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn files_are_read_wherever_git_keeps_refs() {
        let dir = tempfile::tempdir().unwrap();
        let git = dir.path();
        fs::create_dir_all(git.join("objects")).unwrap();
        write(git, "HEAD", "ref: refs/heads/main\n");
        write(git, "refs/heads/main", &format!("{A}\n"));
        write(git, "refs/heads/half.lock", B);
        write(git, "refs/heads/bad", "nonsense");
        write(git, "refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main\n");
        write(
            git,
            "packed-refs",
            &format!("# pack-refs with: peeled\n{B} refs/heads/main\n{B} refs/tags/v1\n^{C}\n"),
        );
        write(git, "ORIG_HEAD", C);
        write(git, "FETCH_HEAD", &format!("{B}\tnot-for-merge\tbranch 'x' of y\n"));
        write(
            git,
            "logs/HEAD",
            &format!("{} {A} N <m> 1 +0000\tcommit\n{A} {C} N <m> 2 +0000\tamend\n", "0".repeat(40)),
        );
        write(git, "shallow", &format!("{C}\n"));
        write(git, "worktrees/side/HEAD", B);
        write(git, "worktrees/side/commondir", "../..");
        let refs = Refs::read(&Layout::of_git_dir(git).unwrap()).unwrap();
        assert_eq!((refs.head, refs.branch), (Some(id(A)), Some("refs/heads/main".into())));
        assert_eq!(refs.refs[&BString::from("refs/heads/main")], id(A), "loose beats packed");
        assert_eq!(refs.refs[&BString::from("refs/tags/v1")], id(B));
        assert_eq!(refs.heads, BTreeSet::from([id(A), id(B), id(C)]));
        assert_eq!(refs.logged, BTreeSet::from([id(A), id(C)]));
        assert_eq!(refs.shallow, BTreeSet::from([id(C)]));
        assert_eq!(refs.broken.len(), 1);
    }
}
