//! Why an object or a file of the object database cannot be read.

use std::path::{Path, PathBuf};

use super::{DeltaError, ObjectId};

/// Why an object or a file of the object database cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OdbError {
    /// The system refuses a file.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// A file is not what its name says. The repository is damaged.
    #[error("{}: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The path names nothing that holds git objects. The user must fix it.
    #[error("{}: not a git repository or bundle", .0.display())]
    NoRepository(PathBuf),
    /// The repository needs something this reader does not know.
    #[error("{}: {what}", path.display())]
    Unknown {
        /// The file that says so.
        path: PathBuf,
        /// What it asks for.
        what: String,
    },
    /// No object of this name. A damaged, shallow or partial repository.
    #[error("object {0} is missing")]
    Missing(ObjectId),
    /// An entry of a pack is damaged.
    #[error("the pack entry is damaged: {0}")]
    Entry(&'static str),
    /// A delta is damaged.
    #[error("the delta is damaged: {0}")]
    Delta(#[from] DeltaError),
    /// The object is larger than the reader's limit.
    #[error("the object has {size} bytes, above the limit of {limit}")]
    Limit {
        /// Size in bytes, as its head claims.
        size: u64,
        /// Greatest size in bytes.
        limit: u64,
    },
    /// Deltas that are based on each other, or too many of them.
    #[error("the deltas it is made of never reach a whole object")]
    Endless,
    /// The `git` command failed.
    #[error("git {command}: {why}")]
    Command {
        /// The subcommand.
        command: &'static str,
        /// What it said, first line.
        why: String,
    },
}

impl OdbError {
    pub(super) fn file(path: &Path, cause: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), cause }
    }

    pub(super) fn damaged(path: &Path, why: &'static str) -> Self {
        Self::Damaged { path: path.to_owned(), why }
    }
}
