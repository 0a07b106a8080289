//! One pack: its entries, read where they lie in the map.

use std::path::{Path, PathBuf};

use super::delta::{self, Piece};
use super::{Body, Entry, HashKind, Inflater, Mapped, ObjectId, ObjectKind, OdbError, PackIndex};

/// Deltas on deltas that are followed. git itself makes at most 4095.
const DEEPEST: usize = 10_000;

/// One pack with its index.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    map: Mapped,
    /// Where the pack's header begins in the map: 0, or behind a bundle's own header.
    start: usize,
    index: PackIndex,
}

/// What is odd about a pack that can be read nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What is odd.
    pub text: String,
    /// Whether objects are lost by it.
    pub is_lossy: bool,
}

/// What a chain of deltas ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bottom {
    /// A whole object of this kind.
    Whole(ObjectKind),
    /// An object that the pack names, but that need not lie in it.
    Elsewhere(ObjectId),
}

/// A chain of deltas, from the object that was asked for down to its bottom.
#[derive(Debug)]
pub struct Chain {
    /// Entries and their offsets, the asked one first. The last one is whole, or names an object elsewhere.
    entries: Vec<(u64, Entry)>,
    /// What it ends in.
    pub bottom: Bottom,
}

impl Pack {
    /// Opens the pack at `path` (`….pack`), whose index lies beside it. A missing or damaged index is built anew
    /// from the pack; the second value says so.
    ///
    /// # Errors
    /// When the pack cannot be read at all.
    pub fn open(path: &Path, hash: HashKind) -> Result<(Self, Option<Remark>), OdbError> {
        let map = Mapped::open(path).map_err(|e| OdbError::file(path, e))?;
        Self::header(&map, path)?;
        let mut remark = None;
        let index = match PackIndex::open(&path.with_extension("idx"), hash) {
            Ok(index) if index.is_intact() => index,
            other => {
                let why = match other {
                    Ok(_) => "its index fails its checksum".to_owned(),
                    Err(e) => format!("its index cannot be used: {e}"),
                };
                let (index, damage) = super::indexer::index(&map, hash);
                let is_lossy = damage.is_some();
                let damage = damage.map(|d| format!("; {d}")).unwrap_or_default();
                remark = Some(Remark { text: format!("{why}; read without it{damage}"), is_lossy });
                index
            }
        };
        let pack = Self { path: path.to_owned(), map, start: 0, index };
        if remark.is_none() && !pack.is_complete() {
            let text = "its end does not carry the checksum that its index names".to_owned();
            remark = Some(Remark { text, is_lossy: true });
        }
        Ok((pack, remark))
    }

    /// The pack that begins at byte `start` of the bundle `map`; `None` for the second value, or what is damaged.
    ///
    /// # Errors
    /// When there is no pack.
    pub fn bundled(
        path: &Path,
        map: Mapped,
        start: usize,
        hash: HashKind,
    ) -> Result<(Self, Option<Remark>), OdbError> {
        Self::header(&map[start..], path)?;
        let (index, damage) = super::indexer::index(&map[start..], hash);
        let remark = damage.map(|text| Remark { text, is_lossy: true });
        Ok((Self { path: path.to_owned(), map, start, index }, remark))
    }

    /// Checks the pack's header; the number of objects that it claims.
    fn header(bytes: &[u8], path: &Path) -> Result<u32, OdbError> {
        let head = bytes.get(..12).ok_or_else(|| OdbError::damaged(path, "the pack is cut short"))?;
        if &head[..4] != b"PACK" {
            return Err(OdbError::damaged(path, "not a pack"));
        }
        match super::be32(head, 4) {
            2 | 3 => Ok(super::be32(head, 8)),
            _ => Err(OdbError::damaged(path, "a pack version other than 2 and 3")),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which objects it holds.
    pub fn index(&self) -> &PackIndex {
        &self.index
    }

    /// The bytes of the pack, from its header to its checksum.
    pub fn bytes(&self) -> &[u8] {
        &self.map[self.start..]
    }

    /// Whether it ends in the checksum that its index names (its content is not hashed).
    fn is_complete(&self) -> bool {
        self.bytes().ends_with(self.index.pack_checksum())
    }

    /// The head of the entry at `offset`.
    ///
    /// # Errors
    /// When there is no whole head.
    pub fn entry(&self, offset: u64) -> Result<Entry, OdbError> {
        let bytes = usize::try_from(offset).ok().and_then(|o| self.bytes().get(o..)).unwrap_or_default();
        Entry::read(bytes, self.index.hash()).map_err(OdbError::Entry)
    }

    /// Inflates the body of `entry`, which begins at `offset`, into `out`.
    ///
    /// # Errors
    /// When its stream is damaged or larger than the inflater's limit.
    pub fn body(
        &self,
        offset: u64,
        entry: &Entry,
        inflater: &mut Inflater,
        out: &mut Vec<u8>,
    ) -> Result<(), OdbError> {
        let start = offset as usize + entry.head;
        inflater.inflate(self.bytes().get(start..).unwrap_or_default(), entry.size, out)
    }

    /// The deltas that make up the object at `offset`.
    ///
    /// # Errors
    /// When an entry of the chain is damaged, or the chain never ends.
    pub fn chain(&self, offset: u64) -> Result<Chain, OdbError> {
        let mut entries = Vec::new();
        let mut at = offset;
        while entries.len() < DEEPEST {
            let entry = self.entry(at)?;
            entries.push((at, entry));
            match entry.body {
                Body::Whole(kind) => return Ok(Chain { entries, bottom: Bottom::Whole(kind) }),
                Body::Behind(by) => {
                    at = at.checked_sub(by).ok_or(OdbError::Entry("its base lies outside"))?
                }
                Body::Named(id) => {
                    let here = self.index.find(id.as_bytes()).and_then(|p| self.index.offset(p));
                    match here {
                        Some(base) => at = base,
                        None => return Ok(Chain { entries, bottom: Bottom::Elsewhere(id) }),
                    }
                }
            }
        }
        Err(OdbError::Endless)
    }

    /// Inflates the object that `chain` makes up into `out`. `out` holds the bottom object when that lies elsewhere.
    ///
    /// # Errors
    /// When a stream or a delta is damaged or exceeds the inflater's limit.
    pub fn inflate(&self, chain: &Chain, inflater: &mut Inflater, out: &mut Vec<u8>) -> Result<(), OdbError> {
        let mut deltas = chain.entries.as_slice();
        if let (Bottom::Whole(_), [rest @ .., (offset, whole)]) = (chain.bottom, deltas) {
            self.body(*offset, whole, inflater, out)?;
            deltas = rest;
        }
        let (mut code, mut next, mut pieces) = (Vec::new(), Vec::new(), Vec::<Piece>::new());
        for (offset, entry) in deltas.iter().rev() {
            self.body(*offset, entry, inflater, &mut code)?;
            delta::apply(out, &code, inflater.limit(), &mut next, &mut pieces)?;
            std::mem::swap(out, &mut next);
        }
        Ok(())
    }
}
