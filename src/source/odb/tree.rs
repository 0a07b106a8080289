//! Tree objects: a directory's entries.

use super::HashKind;

/// One entry of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeEntry<'t> {
    /// What it is.
    pub mode: Mode,
    /// Its name in the directory; any bytes but `/` and zero.
    pub name: &'t [u8],
    /// The object's id: 20 or 32 bytes.
    pub id: &'t [u8],
    /// One past its last byte, counted from the tree's first.
    pub end: usize,
}

/// What an entry of a tree, or of the index, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A directory.
    Tree,
    /// A file, executable or not.
    File,
    /// A symbolic link; the blob holds its target.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Mode {
    /// Reads octal digits as git writes them.
    pub fn read(digits: &[u8]) -> Option<Self> {
        let mut mode = 0u32;
        if digits.is_empty() || digits.len() > 7 {
            return None;
        }
        for d in digits {
            mode = mode << 3 | u32::from(d.checked_sub(b'0').filter(|d| *d < 8)?);
        }
        Some(Self::from_bits(mode))
    }

    /// The mode that git writes as `bits`. Unknown kinds of file count as files: their blobs are scanned.
    pub const fn from_bits(bits: u32) -> Self {
        match bits >> 12 & 0o17 {
            0o04 => Self::Tree,
            0o12 => Self::Link,
            0o16 => Self::Submodule,
            _ => Self::File,
        }
    }

    /// Whether the object is a blob of this repository.
    pub const fn is_blob(self) -> bool {
        matches!(self, Self::File | Self::Link)
    }
}

impl<'t> TreeEntry<'t> {
    /// The entry that begins at byte `start` of `tree`; `None` when there is no whole entry.
    #[inline]
    pub fn at(tree: &'t [u8], start: usize, hash: HashKind) -> Option<Self> {
        let rest = tree.get(start..)?;
        let gap = rest.iter().take(8).position(|&b| b == b' ')?;
        let mode = Mode::read(&rest[..gap])?;
        let zero = gap + 1 + memchr::memchr(0, &rest[gap + 1..])?;
        let id = rest.get(zero + 1..zero + 1 + hash.size())?;
        let name = &rest[gap + 1..zero];
        (!name.is_empty()).then_some(Self { mode, name, id, end: start + zero + 1 + hash.size() })
    }

    /// The entries of `tree`, in order. Ends early, with `None`, where the tree is damaged.
    pub fn all(tree: &'t [u8], hash: HashKind) -> impl Iterator<Item = Option<Self>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            if at >= tree.len() {
                return None;
            }
            let entry = Self::at(tree, at, hash);
            at = entry.map_or(tree.len(), |e| e.end);
            Some(entry)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (i, (mode, name)) in entries.iter().enumerate() {
            out.extend(format!("{mode} {name}\0").bytes());
            out.extend([i as u8; 20]);
        }
        out
    }

    #[test]
    fn entries_are_read_in_order() {
        let bytes = tree(&[
            ("100644", "a b"),
            ("40000", "dir"),
            ("120000", "link"),
            ("160000", "sub"),
            ("100664", "x\ny"),
        ]);
        let all: Vec<_> = TreeEntry::all(&bytes, HashKind::Sha1).map(|e| e.unwrap()).collect();
        let modes: Vec<_> = all.iter().map(|e| e.mode).collect();
        assert_eq!(modes, [Mode::File, Mode::Tree, Mode::Link, Mode::Submodule, Mode::File]);
        assert_eq!((all[0].name, all[4].name, all[4].id), (&b"a b"[..], &b"x\ny"[..], &[4; 20][..]));
        assert_eq!(all[4].end, bytes.len());
    }

    #[test]
    fn damage_ends_the_entries() {
        let whole = tree(&[("100644", "a"), ("40000", "dir")]);
        for cut in 1..whole.len() {
            let last = TreeEntry::all(&whole[..cut], HashKind::Sha1).last().unwrap();
            assert_eq!(last.is_none(), cut != 29, "{cut}");
        }
        for bad in [tree(&[("100844", "a")]), tree(&[("", "a")]), tree(&[("100644", "")]), vec![b'1'; 50]] {
            assert!(TreeEntry::all(&bad, HashKind::Sha1).any(|e| e.is_none()));
        }
    }
}
