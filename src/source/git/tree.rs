//! Tree objects: one directory each, read by the parser of the object database; and their order.
//! Source: git's `tree-walk.c`.

use std::cmp::Ordering;

use bstr::{BStr, ByteSlice};

use super::{HashKind, Mode, ObjectId};
use crate::source::odb;

/// One entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry<'t> {
    /// What it is.
    pub mode: Mode,
    /// Its name, without directories.
    pub name: &'t BStr,
    /// The object.
    pub id: ObjectId,
}

/// The entries of a tree, in git's order.
#[derive(Debug, Clone)]
pub struct TreeEntries<'t> {
    rest: &'t [u8],
    hash: HashKind,
}

impl<'t> TreeEntries<'t> {
    /// The entries of the tree whose content is `bytes` and whose ids are made by `hash`.
    pub const fn new(bytes: &'t [u8], hash: HashKind) -> Self {
        Self { rest: bytes, hash }
    }

    fn entry(&mut self) -> Option<TreeEntry<'t>> {
        let odb::TreeEntry { mode, name, id, end } = odb::TreeEntry::at(self.rest, 0, self.hash)?;
        self.rest = &self.rest[end..];
        Some(TreeEntry { mode, name: name.as_bstr(), id: ObjectId::new(id)? })
    }
}

impl<'t> Iterator for TreeEntries<'t> {
    /// An entry, or that the tree is damaged from here on.
    type Item = Result<TreeEntry<'t>, BadTree>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.entry().ok_or(BadTree);
        if entry.is_err() {
            self.rest = &[];
        }
        Some(entry)
    }
}

/// A tree that does not parse. The repository is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree is damaged")]
pub struct BadTree;

impl TreeEntry<'_> {
    /// Git's order of entries: by name, where a directory's name ends in `/`.
    pub fn order(&self, other: &TreeEntry<'_>) -> Ordering {
        let bytes = |e: &TreeEntry<'_>| {
            let slash = (e.mode == Mode::Tree).then_some(b'/');
            e.name.iter().copied().chain(slash).collect::<Vec<_>>()
        };
        let shared = self.name.len().min(other.name.len());
        match self.name[..shared].cmp(&other.name[..shared]) {
            Ordering::Equal => bytes(self)[shared..].cmp(&bytes(other)[shared..]),
            unequal => unequal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[7; 20]);
        }
        bytes
    }

    #[test]
    fn entries_come_with_mode_name_and_id() {
        let bytes = tree(&[("100644", "a b"), ("40000", "dir"), ("120000", "link"), ("160000", "sub")]);
        let entries: Vec<_> = TreeEntries::new(&bytes, HashKind::Sha1).map(|e| e.unwrap()).collect();
        let seen: Vec<_> = entries.iter().map(|e| (e.mode, e.name.to_string())).collect();
        let wanted =
            [(Mode::File, "a b"), (Mode::Tree, "dir"), (Mode::Link, "link"), (Mode::Submodule, "sub")];
        assert_eq!(seen, wanted.map(|(m, n)| (m, n.to_owned())));
        assert_eq!(entries[0].id.as_bytes(), [7; 20]);
    }

    #[test]
    fn a_cut_tree_is_an_error_once() {
        let bytes = tree(&[("100644", "a"), ("100644", "b")]);
        let results: Vec<_> = TreeEntries::new(&bytes[..bytes.len() - 1], HashKind::Sha1).collect();
        assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn directories_sort_as_if_their_names_ended_in_a_slash() {
        let id = ObjectId::new(&[0; 20]).unwrap();
        let entry = |mode, name: &'static str| TreeEntry { mode, name: name.into(), id };
        let order =
            |a: (Mode, &'static str), b: (Mode, &'static str)| entry(a.0, a.1).order(&entry(b.0, b.1));
        assert_eq!(order((Mode::Tree, "a"), (Mode::File, "a.b")), Ordering::Greater);
        assert_eq!(order((Mode::File, "a"), (Mode::File, "a.b")), Ordering::Less);
        assert_eq!(order((Mode::File, "a"), (Mode::Tree, "a")), Ordering::Less);
    }
}
