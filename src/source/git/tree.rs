//! Tree objects: one directory each. Source: git's `Documentation/gitformat-*`, and `tree-walk.c` for the order.

use std::cmp::Ordering;

use bstr::{BStr, ByteSlice};

use super::{HashKind, ObjectId};

/// What an entry of a tree or of the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A file, executable or not.
    File,
    /// A symbolic link; its blob holds the target.
    Link,
    /// A commit of another repository (a submodule).
    Submodule,
    /// A directory.
    Tree,
}

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

impl Mode {
    /// The mode that git writes as `bits`. What git does not know counts as a file.
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 0o170_000 {
            0o040_000 => Self::Tree,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            _ => Self::File,
        }
    }

    /// The mode written as octal `digits`.
    pub fn from_octal(digits: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(digits).ok()?;
        u32::from_str_radix(text, 8).ok().map(Self::from_bits)
    }

    /// Whether the object is a blob of this repository.
    pub const fn is_blob(self) -> bool {
        matches!(self, Self::File | Self::Link)
    }
}

impl<'t> TreeEntries<'t> {
    /// The entries of the tree whose content is `bytes` and whose ids are made by `hash`.
    pub const fn new(bytes: &'t [u8], hash: HashKind) -> Self {
        Self { rest: bytes, hash }
    }

    fn entry(&mut self) -> Option<TreeEntry<'t>> {
        let (mode, rest) = self.rest.split_once_str(b" ")?;
        let (name, rest) = rest.split_once_str(b"\0")?;
        let (id, rest) = rest.split_at_checked(self.hash.size())?;
        self.rest = rest;
        Some(TreeEntry { mode: Mode::from_octal(mode)?, name: name.as_bstr(), id: ObjectId::new(id)? })
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
