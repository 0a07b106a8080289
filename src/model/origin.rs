//! Where a blob came from.

use std::sync::Arc;

use bstr::BString;

/// Where a blob came from: a path in a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Path relative to the root of the scan, separated by `/`, bytes as the system or git holds them.
    /// Members of containers follow a `!`: `outer.zip!inner/file`. Empty for unnamed standard input and messages.
    pub path: Arc<BString>,
    /// The place.
    pub place: Place,
}

/// The kind of place a blob lies in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A file on disk.
    File,
    /// Standard input.
    Stdin,
    /// The git index: what the next commit would hold.
    Index,
    /// A file as a commit holds it.
    Commit(Arc<Commit>),
    /// Text that belongs to a commit or tag rather than to a file.
    Message(Arc<Commit>, MessageKind),
    /// A git object that nothing reachable mentions; the object id in hex.
    Unreachable(Arc<str>),
}

/// The kind of text that belongs to a commit or tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// A commit's message.
    Commit,
    /// A tag's message.
    Tag,
    /// Author, committer or tagger line.
    Identity,
    /// A note (`refs/notes/*`).
    Note,
}

/// A commit (or annotated tag) as reports show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Commit {
    /// Place in the walk that found it: parents before children, from 0. Of two commits the earlier compares less.
    pub order: u64,
    /// Object id in hex, 40 or 64 digits.
    pub id: String,
    /// Author's name, as recorded, lossily decoded.
    pub author: String,
    /// Author's mail address, lossily decoded.
    pub email: String,
    /// Author date in seconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// The message, lossily decoded, without trailing blank lines.
    pub message: String,
}

impl Origin {
    /// A path in a place.
    pub fn new(path: impl Into<BString>, place: Place) -> Self {
        Self { path: Arc::new(path.into()), place }
    }

    /// The commit, when the place has one.
    pub fn commit(&self) -> Option<&Arc<Commit>> {
        match &self.place {
            Place::Commit(c) | Place::Message(c, _) => Some(c),
            Place::File | Place::Stdin | Place::Index | Place::Unreachable(_) => None,
        }
    }
}
