//! The doors through which bytes come in: files, standard input, the git index, commit ranges, git history.
//!
//! A source pushes blobs from its own threads to a [`Visitor`] and counts what it skipped or could not read.
//! Sources never import reports or each other's internals.

mod archive;
mod files;
pub mod git;
pub mod history;
pub mod odb;
mod stdin;
mod texts;
mod windows;

pub use archive::MAX_DEPTH as MAX_ARCHIVE_DEPTH;
pub use files::{Base, Files};
pub use stdin::Stdin;
pub use texts::Texts;

use crate::model::{Blob, Finding, Origin, Paced, Tally};

/// What a source hands its blobs to. One per thread.
pub trait Visitor: Send {
    /// Takes one blob. `origin` is where it came from. Returns whether to go on.
    fn visit(&mut self, origin: &Origin, blob: &Blob<'_>) -> std::ops::ControlFlow<()>;
}

/// A stream of blobs.
pub trait Source {
    /// Pushes every blob to visitors made by `visitor` (one per thread) and returns what was counted.
    ///
    /// # Errors
    /// What stops the whole run: a path that does not exist, a repository that cannot be opened.
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError>;

    /// What tells how far the source has come, while it runs; `None`: what it hands to visitors tells.
    fn paced(&self) -> Option<Paced> {
        None
    }

    /// What the source knows of all `findings` together, once it has run: a history makes one finding of all that
    /// are the same secret.
    fn refine(&self, findings: Vec<Finding>) -> Vec<Finding> {
        findings
    }
}

/// Why a source could not run at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A path named by the user does not exist or cannot be read. The user must fix it.
    #[error("{path}: {cause}")]
    Path {
        /// The path as the user gave it.
        path: String,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// A git repository, or what was asked of it, is not there or not readable.
    #[error(transparent)]
    Git(#[from] git::GitError),
    /// The git objects cannot be read at all.
    #[error(transparent)]
    Objects(#[from] odb::OdbError),
    /// A revision that names no commit. The user must fix it.
    #[error("{revision}: no such commit")]
    Revision {
        /// The revision as the user gave it.
        revision: String,
    },
    /// The system has no random numbers.
    #[error("no random numbers: {0}")]
    Random(std::io::Error),
}
