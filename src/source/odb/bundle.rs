//! Bundles: refs and one pack in one file.
//! Source: git's `Documentation/gitformat-bundle.adoc`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::{HashKind, Mapped, ObjectId, Odb, OdbError, Pack};

/// One bundle.
#[derive(Debug)]
pub struct Bundle {
    /// What it names, by full name of the ref.
    pub refs: BTreeMap<BString, ObjectId>,
    /// Commits that it builds on and does not hold.
    pub prerequisites: BTreeSet<ObjectId>,
    /// Whether objects were left out on purpose.
    pub partial: bool,
    /// Its objects.
    pub odb: Odb,
}

/// What stands before a bundle's pack.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    refs: BTreeMap<BString, ObjectId>,
    prerequisites: BTreeSet<ObjectId>,
    partial: bool,
    hash: HashKind,
    /// Where the pack begins, in bytes.
    end: usize,
}

impl Bundle {
    /// Opens the bundle at `path`.
    ///
    /// # Errors
    /// When it is no bundle, or needs something that is not known here.
    pub fn open(path: &Path) -> Result<Self, OdbError> {
        let map = Mapped::open(path).map_err(|e| OdbError::file(path, e))?;
        if !map.starts_with(b"# v2 git bundle\n") && !map.starts_with(b"# v3 git bundle\n") {
            return Err(OdbError::NoRepository(path.to_owned()));
        }
        let Head { refs, prerequisites, partial, hash, end } =
            Head::read(&map).map_err(|what| OdbError::Unknown { path: path.to_owned(), what })?;
        let (pack, damage) = Pack::bundled(path, map, end, hash)?;
        Ok(Self { refs, prerequisites, partial, odb: Odb::of_pack(pack, damage)? })
    }
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut head = Self::default();
        let mut at = b"# v2 git bundle\n".len();
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let len = memchr::memchr(b'\n', rest).ok_or("the bundle's head is cut short")?;
            let line = &rest[..len];
            at += len + 1;
            match line.first() {
                None => break,
                Some(b'@') => head.capability(&line[1..])?,
                Some(b'-') => {
                    let hex = line[1..].split(|&b| b == b' ').next().unwrap_or_default();
                    head.prerequisites.insert(ObjectId::from_hex(hex).ok_or("a prerequisite without an id")?);
                }
                Some(_) => {
                    let (hex, name) = line.split_once_str(" ").ok_or("a ref without a name")?;
                    let id = ObjectId::from_hex(hex).ok_or("a ref without an id")?;
                    head.refs.insert(name.into(), id);
                }
            }
        }
        head.end = at;
        Ok(head)
    }

    fn capability(&mut self, capability: &[u8]) -> Result<(), String> {
        match capability {
            b"object-format=sha1" => self.hash = HashKind::Sha1,
            b"object-format=sha256" => self.hash = HashKind::Sha256,
            _ if capability.starts_with(b"filter=") => self.partial = true,
            _ => return Err(format!("the bundle needs {}, which is not known here", capability.as_bstr())),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn heads_of_both_versions_are_read() {
        let v2 = format!("# v2 git bundle\n-{ID} subject\n{ID} refs/heads/main\n\nPACK");
        let head = Head::read(v2.as_bytes()).unwrap();
        assert_eq!((head.refs.len(), head.prerequisites.len(), head.partial), (1, 1, false));
        assert_eq!(&v2[head.end..], "PACK");
        let v3 =
            format!("# v3 git bundle\n@object-format=sha256\n@filter=blob:none\n{} HEAD\n\n", "b".repeat(64));
        let head = Head::read(v3.as_bytes()).unwrap();
        assert_eq!((head.hash, head.partial), (HashKind::Sha256, true));
    }

    #[test]
    fn damage_and_unknown_capabilities_are_named() {
        for text in
            ["", "# v3 git bundle\n@fancy\n\n", "# v2 git bundle\nxyz\n\n", "# v2 git bundle\n-12 x\n\n"]
        {
            assert!(Head::read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
