//! Ignore files, from the top of a git work tree down. As git sees it they speak of untracked files only.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::base::reported;
use super::content::read_small;

/// The ignore files that speak of one folder's entries: its own and those of the folders above it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ignores {
    /// The nearest folder that has rules or begins a work tree.
    nearest: Option<Arc<Level>>,
    /// Whether the folder itself is ignored, and walked for the sake of what is tracked in it.
    ignored: bool,
}

/// The rules of one folder.
#[derive(Debug)]
struct Level {
    above: Option<Arc<Level>>,
    /// Path of the folder relative to the walk's base; empty for the base.
    folder: PathBuf,
    /// Patterns relative to `folder`, the weaker first.
    rules: Vec<Gitignore>,
    tree: Option<Arc<Tree>>,
}

/// A git work tree.
#[derive(Debug)]
struct Tree {
    /// Path of its top relative to the walk's base.
    top: PathBuf,
    /// The folder that holds its index.
    git_dir: PathBuf,
    /// Read when the first entry is ignored.
    index: OnceLock<Result<Index, String>>,
}

/// What to do with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Walk or scan it.
    Taken,
    /// Leave it out.
    Ignored,
    /// Walk it for the sake of what is tracked in it.
    OnlyTracked,
}

impl Ignores {
    /// The rules for the entries of `folder`, which lies at `path` on disk, added to those of the folder above.
    /// Returns too what could not be read.
    pub(super) fn enter(&self, path: &Path, folder: &Path) -> (Self, Option<String>) {
        let git_dir = git_dir(&path.join(".git"));
        let mut problem = None;
        let mut rules = Vec::new();
        if let Some(dir) = &git_dir {
            rules.extend(rules_of(&common_dir(dir).join("info/exclude"), &mut problem));
        }
        rules.extend(rules_of(&path.join(".gitignore"), &mut problem));
        if rules.is_empty() && git_dir.is_none() {
            return (self.clone(), problem);
        }
        let (above, tree) = match git_dir {
            // Another repository: the one around it has no say in it.
            Some(git_dir) => {
                (None, Some(Arc::new(Tree { top: folder.to_owned(), git_dir, index: OnceLock::new() })))
            }
            None => (self.nearest.clone(), self.nearest.as_ref().and_then(|l| l.tree.clone())),
        };
        let nested = above.is_none();
        let level = Level { above, folder: folder.to_owned(), rules, tree };
        (Self { nearest: Some(Arc::new(level)), ignored: self.ignored && !nested }, problem)
    }

    /// What to do with the entry at `path`, relative to the walk's base.
    pub(super) fn judge(&self, path: &Path, is_dir: bool) -> Judgement {
        if !self.ignored && !self.named(path, is_dir) {
            return Judgement::Taken;
        }
        match self.tracked(path) {
            Tracked::Not => Judgement::Ignored,
            Tracked::Itself => Judgement::Taken,
            Tracked::Within => Judgement::OnlyTracked,
        }
    }

    /// The rules inside an entry that was judged [`Judgement::OnlyTracked`].
    pub(super) fn only_tracked(&self) -> Self {
        Self { nearest: self.nearest.clone(), ignored: true }
    }

    /// Whether a folder is ignored, itself or through one above it.
    pub(super) fn covers(&self, folder: &Path) -> bool {
        folder.ancestors().any(|dir| !dir.as_os_str().is_empty() && self.named(dir, true))
    }

    /// Why what is tracked could not be told from what is not, if it could not.
    pub(super) fn problem(&self) -> Option<String> {
        let tree = self.nearest.as_ref()?.tree.as_ref()?;
        let cause = tree.index.get()?.as_ref().err()?;
        Some(format!("cannot tell which ignored files are tracked: {}: {cause}", tree.git_dir.display()))
    }

    /// Whether the last pattern that fits `path` ignores it.
    fn named(&self, path: &Path, is_dir: bool) -> bool {
        let mut level = self.nearest.as_deref();
        while let Some(Level { above, folder, rules, .. }) = level {
            if let Ok(inner) = path.strip_prefix(folder) {
                for rules in rules.iter().rev() {
                    match rules.matched(inner, is_dir) {
                        Match::Ignore(_) => return true,
                        Match::Whitelist(_) => return false,
                        Match::None => {}
                    }
                }
            }
            level = above.as_deref();
        }
        false
    }

    fn tracked(&self, path: &Path) -> Tracked {
        let tree = self.nearest.as_ref().and_then(|level| level.tree.as_ref());
        let found = tree.and_then(|tree| {
            let index = tree.index.get_or_init(|| Index::read(&tree.git_dir)).as_ref().ok()?;
            Some(index.find(path.strip_prefix(&tree.top).ok()?))
        });
        found.unwrap_or(Tracked::Not)
    }
}

/// What the index knows of a path.
#[derive(Debug, PartialEq, Eq)]
enum Tracked {
    Not,
    Itself,
    /// A folder with tracked files in it.
    Within,
}

/// Paths that git tracks.
#[derive(Debug)]
struct Index {
    /// Relative to the work tree's top, separated by `/`, sorted.
    paths: Vec<Box<[u8]>>,
}

impl Index {
    /// Reads the index in `git_dir`; an absent one tracks nothing.
    fn read(git_dir: &Path) -> Result<Self, String> {
        let file = git_dir.join("index");
        if !file.exists() {
            return Ok(Self { paths: Vec::new() });
        }
        // Without a repository: reading a list of names needs no trust in its configuration.
        let index = git2::Index::open(&file).map_err(|e| e.message().to_owned())?;
        let mut paths: Vec<_> = index.iter().map(|entry| entry.path.into_boxed_slice()).collect();
        paths.sort_unstable();
        Ok(Self { paths })
    }

    fn find(&self, path: &Path) -> Tracked {
        let path = reported(path);
        let at = self.paths.partition_point(|p| **p < **path);
        if self.paths.get(at).is_some_and(|p| **p == **path) {
            return Tracked::Itself;
        }
        let folder = [path.as_slice(), b"/"].concat();
        let at = self.paths.partition_point(|p| **p < *folder);
        if self.paths.get(at).is_some_and(|p| p.starts_with(&folder)) {
            Tracked::Within
        } else {
            Tracked::Not
        }
    }
}

/// The rules in `file`, if there is such a file.
fn rules_of(file: &Path, problem: &mut Option<String>) -> Option<Gitignore> {
    let text = match read_small(file) {
        Ok(text) => text,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return None,
        Err(e) => {
            *problem = Some(format!("{}: {e}; nothing is ignored on its account", file.display()));
            return None;
        }
    };
    let mut builder = GitignoreBuilder::new("");
    for line in bstr::ByteSlice::lines(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)) {
        // git passes over a line that is no valid pattern; so does this.
        let _ = builder.add_line(None, &String::from_utf8_lossy(line));
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// The git folder that `dot_git` (a `.git`) is or points to.
fn git_dir(dot_git: &Path) -> Option<PathBuf> {
    if std::fs::metadata(dot_git).ok()?.is_dir() {
        return Some(dot_git.to_owned());
    }
    let text = read_small(dot_git).ok()?;
    let target = bytes_to_path(text.strip_prefix(b"gitdir:")?.trim_ascii());
    Some(dot_git.parent()?.join(target))
}

/// The git folder that the linked work trees of `git_dir` share.
fn common_dir(git_dir: &Path) -> PathBuf {
    match read_small(&git_dir.join("commondir")) {
        Ok(text) => git_dir.join(bytes_to_path(text.trim_ascii())),
        Err(_) => git_dir.to_owned(),
    }
}

fn bytes_to_path(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    return <OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).into();
    #[cfg(not(unix))]
    return AsRef::<OsStr>::as_ref(&*String::from_utf8_lossy(bytes)).into();
}
