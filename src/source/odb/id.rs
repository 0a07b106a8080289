//! Names of git objects: 20 bytes of SHA-1 or 32 bytes of SHA-256.

use std::fmt;

use sha1::Digest as _;

/// Which hash a repository names its objects by (`extensions.objectFormat`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum HashKind {
    /// 20 bytes.
    #[default]
    Sha1,
    /// 32 bytes.
    Sha256,
}

/// The name of one object. Shorter names are padded with zeros, so that ids of one repository order as git
/// orders them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; 32],
    kind: HashKind,
}

/// What kind of object an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ObjectKind {
    /// A commit.
    Commit = 1,
    /// A directory.
    Tree = 2,
    /// A file's content.
    Blob = 3,
    /// An annotated tag.
    Tag = 4,
}

impl HashKind {
    /// Length of a name in bytes: 20 or 32.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The kind whose names have `len` bytes.
    pub const fn of_len(len: usize) -> Option<Self> {
        match len {
            20 => Some(Self::Sha1),
            32 => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The hash of `parts`, one after the other.
    pub fn digest(self, parts: &[&[u8]]) -> ObjectId {
        match self {
            Self::Sha1 => {
                let mut hash = sha1::Sha1::new();
                parts.iter().for_each(|p| hash.update(p));
                ObjectId::padded(&hash.finalize(), self)
            }
            Self::Sha256 => {
                let mut hash = sha2::Sha256::new();
                parts.iter().for_each(|p| hash.update(p));
                ObjectId::padded(&hash.finalize(), self)
            }
        }
    }
}

impl ObjectId {
    /// The id with these bytes; `None` unless there are 20 or 32.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        Some(Self::padded(bytes, HashKind::of_len(bytes.len())?))
    }

    /// The id written as `hex`; `None` unless it is 40 or 64 hexadecimal digits.
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        let kind = HashKind::of_len(hex.len() / 2).filter(|_| hex.len().is_multiple_of(2))?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let digit = |d: u8| char::from(d).to_digit(16);
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Some(Self { bytes, kind })
    }

    /// The bytes: 20 or 32.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.kind.size()]
    }

    /// The hash that made it.
    pub const fn kind(&self) -> HashKind {
        self.kind
    }

    /// Whether it is the id of zeros, which means "no object".
    pub fn is_zero(&self) -> bool {
        self.bytes == [0; 32]
    }

    fn padded(name: &[u8], kind: HashKind) -> Self {
        let mut bytes = [0; 32];
        bytes[..kind.size()].copy_from_slice(name);
        Self { bytes, kind }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ObjectKind {
    /// The word that git uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    /// The kind that git calls `word`.
    pub fn from_word(word: &[u8]) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag].into_iter().find(|k| k.as_str().as_bytes() == word)
    }

    /// The kind that packs write as `code`.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Commit),
            2 => Some(Self::Tree),
            3 => Some(Self::Blob),
            4 => Some(Self::Tag),
            _ => None,
        }
    }

    /// The name of an object of this kind with this content.
    pub fn name(self, content: &[u8], hash: HashKind) -> ObjectId {
        hash.digest(&[self.as_str().as_bytes(), format!(" {}\0", content.len()).as_bytes(), content])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_git_gives() {
        let empty = ObjectKind::Tree.name(b"", HashKind::Sha1);
        assert_eq!(empty.to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        let blob = ObjectKind::Blob.name(b"", HashKind::Sha256);
        assert_eq!(blob.to_string(), "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813");
    }

    #[test]
    fn hex_is_read_back() {
        let id = ObjectId::from_hex(b"4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap();
        assert_eq!(ObjectId::from_hex(id.to_string().as_bytes()), Some(id));
        assert_eq!(ObjectId::from_hex(b"4b825"), None);
        assert_eq!(ObjectId::from_hex(&[b'g'; 40]), None);
        assert!(ObjectId::from_hex(&[b'0'; 64]).unwrap().is_zero());
    }
}
