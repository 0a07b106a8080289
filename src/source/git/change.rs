//! What differs between two trees, or between a tree and the index. By ids alone: no content is read but trees.

use std::cmp::Ordering;

use bstr::{BString, ByteVec};

use super::reader::IndexEntry;
use super::{BadTree, GitError, Mode, ObjectId, Repository, TreeEntries, TreeEntry};

/// One path that differs. `old` and `new` are never both `None`, and never equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path from the root of the repository.
    pub path: BString,
    /// What was there before; `None` when nothing was.
    pub old: Option<Side>,
    /// What is there now; `None` when nothing is.
    pub new: Option<Side>,
}

/// One side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// What it is; never a directory.
    pub mode: Mode,
    /// The object.
    pub id: ObjectId,
}

/// What differs between the tree `old` (`None`: the empty tree) and the tree `new`, in git's order.
///
/// # Errors
/// A tree is missing or damaged.
pub fn between_trees(
    repository: &Repository,
    old: Option<ObjectId>,
    new: ObjectId,
) -> Result<Vec<Change>, GitError> {
    let mut comparison = Comparison { repository, path: BString::default(), changes: Vec::new() };
    comparison.trees(old, Some(new))?;
    Ok(comparison.changes)
}

/// What differs between the tree `old` (`None`: the empty tree) and the `index`, in git's order. Of unmerged paths
/// each stage but the common ancestor's is a change of its own.
///
/// # Errors
/// A tree is missing or damaged.
pub(super) fn tree_to_index(
    repository: &Repository,
    old: Option<ObjectId>,
    index: &[IndexEntry],
) -> Result<Vec<Change>, GitError> {
    let mut comparison = Comparison { repository, path: BString::default(), changes: Vec::new() };
    comparison.tree_and_index(old, index)?;
    Ok(comparison.changes)
}

/// A comparison under way.
struct Comparison<'r> {
    repository: &'r Repository,
    /// The directory being compared; empty or ending in `/`.
    path: BString,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    fn trees(&mut self, old: Option<ObjectId>, new: Option<ObjectId>) -> Result<(), GitError> {
        if old == new {
            return Ok(());
        }
        let (old, new) = (self.read(old)?, self.read(new)?);
        let (mut olds, mut news) = (old.entries(), new.entries());
        let (mut a, mut b) = (olds.next().transpose()?, news.next().transpose()?);
        loop {
            // Nearly all entries of two trees are alike.
            if a.is_some() && a == b {
                (a, b) = (olds.next().transpose()?, news.next().transpose()?);
                continue;
            }
            let order = match (&a, &b) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.order(b),
            };
            let gone = a.filter(|_| order.is_le());
            let come = b.filter(|_| order.is_ge());
            self.entries(gone, come)?;
            if gone.is_some() {
                a = olds.next().transpose()?;
            }
            if come.is_some() {
                b = news.next().transpose()?;
            }
        }
    }

    /// Compares two entries of one name and, as the order of trees sees to, both or neither directories.
    fn entries(&mut self, old: Option<TreeEntry<'_>>, new: Option<TreeEntry<'_>>) -> Result<(), GitError> {
        let Some(named) = old.or(new) else { return Ok(()) };
        let above = self.path.len();
        self.path.push_str(named.name);
        if named.mode == Mode::Tree {
            self.path.push_byte(b'/');
            self.trees(old.map(|e| e.id), new.map(|e| e.id))?;
        } else {
            let side = |e: TreeEntry<'_>| Side { mode: e.mode, id: e.id };
            self.push(old.map(side), new.map(side));
        }
        self.path.truncate(above);
        Ok(())
    }

    /// Compares a directory with those `entries` of the index that lie in it.
    fn tree_and_index(&mut self, tree: Option<ObjectId>, entries: &[IndexEntry]) -> Result<(), GitError> {
        let tree = self.read(tree)?;
        let mut rest = entries;
        for entry in tree.entries() {
            let entry = entry?;
            let above = self.path.len();
            self.path.push_str(entry.name);
            if entry.mode == Mode::Tree {
                self.path.push_byte(b'/');
            }
            let (before, from) = rest.split_at(rest.partition_point(|e| e.path < self.path));
            self.added(before);
            let own = match entry.mode {
                Mode::Tree => from.partition_point(|e| e.path.starts_with(&self.path)),
                _ => from.partition_point(|e| e.path == self.path),
            };
            let (own, after) = from.split_at(own);
            rest = after;
            if entry.mode == Mode::Tree {
                self.tree_and_index(Some(entry.id), own)?;
            } else {
                self.against(Side { mode: entry.mode, id: entry.id }, own);
            }
            self.path.truncate(above);
        }
        self.added(rest);
        Ok(())
    }

    /// Compares a file of the tree with the stages of its path.
    fn against(&mut self, old: Side, stages: &[IndexEntry]) {
        if stages.is_empty() {
            return self.push(Some(old), None);
        }
        for stage in stages.iter().filter(|e| e.stage != 1) {
            self.push(Some(old), Some(Side { mode: stage.mode, id: stage.id }));
        }
    }

    fn added(&mut self, entries: &[IndexEntry]) {
        for entry in entries.iter().filter(|e| e.stage != 1) {
            let new = Some(Side { mode: entry.mode, id: entry.id });
            self.changes.push(Change { path: entry.path.clone(), old: None, new });
        }
    }

    fn push(&mut self, old: Option<Side>, new: Option<Side>) {
        if old != new {
            self.changes.push(Change { path: self.path.clone(), old, new });
        }
    }

    fn read(&self, id: Option<ObjectId>) -> Result<ReadTree, GitError> {
        Ok(match id {
            Some(id) => ReadTree { bytes: self.repository.object(id)?.bytes, id: Some(id) },
            None => ReadTree { bytes: Vec::new(), id: None },
        })
    }
}

/// A tree's content.
struct ReadTree {
    bytes: Vec<u8>,
    id: Option<ObjectId>,
}

impl ReadTree {
    fn entries(&self) -> impl Iterator<Item = Result<TreeEntry<'_>, GitError>> {
        let id = self.id;
        id.into_iter().flat_map(move |id| {
            let damaged = move |e: BadTree| GitError::Object { id: id.to_string(), why: e.to_string() };
            TreeEntries::new(&self.bytes, id.kind()).map(move |entry| entry.map_err(damaged))
        })
    }
}
