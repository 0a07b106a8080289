//! Git repositories: what is staged, and what commits bring.
//!
//! | file | noun |
//! |---|---|
//! | `place` | which repository is meant, by the user and by git's environment |
//! | `repository` | an open repository |
//! | `reader`, `library`, `command` | its two readers: libgit2, and the `git` command where libgit2 cannot |
//! | `tree`, `commit` | parsed objects |
//! | `change`, `rename`, `added` | what differs: paths, moved files, lines |
//! | `jobs` | blobs to read and scan |
//! | `staged` | the index as a source |
//! | `revisions`, `range` | a range of commits, as written and as a source |
//! | `push` | what git tells a pre-push hook |
//!
//! Nothing here asks git for a patch: attributes, drivers, filters and the user's configuration have no say in what
//! is new.

mod added;
mod change;
mod command;
mod commit;
mod error;
mod jobs;
mod library;
mod place;
mod push;
mod range;
mod reader;
mod receive;
mod rename;
mod repository;
mod revisions;
mod staged;
mod tree;

use super::odb::{HashKind, ObjectId, ObjectKind};

pub use super::odb::Mode;
pub use change::{Change, Side, between_trees};
pub use commit::{CommitObject, Identity, TagObject};
pub use error::GitError;
pub use jobs::Policy;
pub use place::Place;
pub use push::PushedRef;
pub use range::{Range, RangeSource};
pub use reader::{IndexEntry, Object, ReadError, Reader, Walk};
pub use receive::ReceivedRef;
pub use repository::Repository;
pub use revisions::Revisions;
pub use staged::{Index, Staged, Tracked};
pub use tree::{BadTree, TreeEntries, TreeEntry};
