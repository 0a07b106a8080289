//! What a reader of repositories can do. There are two: libgit2 in this process, and the `git` command for the
//! repositories that libgit2 cannot open. All else (trees, diffs, renames) is shared, so that both say the same.

use std::path::Path;

use bstr::BString;

use super::{Mode, ObjectId, ObjectKind};

/// One object's content.
#[derive(Debug)]
pub struct Object {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its content, without git's head.
    pub bytes: Vec<u8>,
}

/// One entry of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// Path from the root of the repository, separated by `/`.
    pub path: BString,
    /// What it is; never a directory.
    pub mode: Mode,
    /// The object.
    pub id: ObjectId,
    /// 0, or of an unmerged path: 1 the common ancestor, 2 ours, 3 theirs.
    pub stage: u8,
}

/// Which commits to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// What these reach is listed. Commits or annotated tags of commits.
    pub include: Vec<ObjectId>,
    /// What these reach is left out. What is no commit is ignored.
    pub exclude: Vec<ObjectId>,
    /// Whether of a merge only the first parent is followed.
    pub first_parent: bool,
}

/// A reader of one repository. Not shared between threads: each opens its own.
pub trait Reader {
    /// The directory that holds `HEAD` and the index.
    fn git_dir(&self) -> &Path;

    /// The directory that holds refs and objects; [`Self::git_dir`] unless this is a linked worktree.
    fn common_dir(&self) -> &Path;

    /// The root of the work tree; `None` of a bare repository.
    fn work_tree(&self) -> Option<&Path>;

    /// What `HEAD` points at; `None` before the first commit.
    ///
    /// # Errors
    /// `HEAD`, or what it points at, is damaged.
    fn head(&self) -> Result<Option<ObjectId>, ReadError>;

    /// The object; `None` when it is missing.
    ///
    /// # Errors
    /// Why it cannot be read although it is there.
    fn object(&self, id: ObjectId) -> Result<Option<Object>, ReadError>;

    /// The object's kind and size in bytes; `None` when it is missing.
    ///
    /// # Errors
    /// Why it cannot be read although it is there.
    fn header(&self, id: ObjectId) -> Result<Option<(ObjectKind, u64)>, ReadError>;

    /// The index, sorted by path, then stage. Entries that are only meant to be added later are left out.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn index(&self, file: &Path) -> Result<Vec<IndexEntry>, ReadError>;

    /// The object that `rev` (git's syntax for one revision) names; `None` when it names none.
    ///
    /// # Errors
    /// Why it cannot be looked up.
    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, ReadError>;

    /// Full names of all refs and what they point at.
    ///
    /// # Errors
    /// Why they cannot be listed.
    fn refs(&self) -> Result<Vec<(BString, ObjectId)>, ReadError>;

    /// The commits of `walk`, parents before children.
    ///
    /// # Errors
    /// Why they cannot be listed.
    fn commits(&self, walk: &Walk) -> Result<Vec<ObjectId>, ReadError>;

    /// The best common ancestors of two commits (or tags of commits); none when they share no history.
    ///
    /// # Errors
    /// Why they cannot be found.
    fn merge_bases(&self, a: ObjectId, b: ObjectId) -> Result<Vec<ObjectId>, ReadError>;
}

/// Why something of a repository cannot be read: the reader's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(pub String);

impl From<git2::Error> for ReadError {
    fn from(error: git2::Error) -> Self {
        Self(error.message().to_owned())
    }
}

impl From<std::io::Error> for ReadError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}
