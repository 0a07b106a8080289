//! Makes the index of a pack that has none: bundles, and packs whose index is missing or damaged.

use std::collections::HashMap;

use super::delta::{self, Piece};
use super::{Body, Entry, HashKind, Indexed, Inflater, ObjectId, ObjectKind, PackIndex};

/// Largest object that is inflated to learn its name, in bytes.
const LIMIT: u64 = 1 << 30;

/// Bytes of bases that are kept while names are worked out.
const KEPT: usize = 64 << 20;

/// The index of the pack `bytes`, and what part of it could not be read.
pub(super) fn index(bytes: &[u8], hash: HashKind) -> (PackIndex, Option<String>) {
    let (entries, damage) = entries(bytes, hash);
    let mut namer = Namer::new(bytes, hash, &entries);
    let mut objects = Vec::with_capacity(entries.len());
    let mut unnamed = 0usize;
    // Bases that are named rather than pointed at may come later in the pack: go on while that helps.
    let mut open: Vec<usize> = (0..entries.len()).collect();
    while !open.is_empty() {
        let before = open.len();
        open.retain(|&i| match namer.name(i) {
            Named::Known(id) => {
                objects.push(Indexed { id, crc: entries[i].crc, offset: entries[i].offset });
                false
            }
            Named::Later => true,
            Named::Never => {
                unnamed += 1;
                false
            }
        });
        if open.len() == before {
            unnamed += open.len();
            break;
        }
    }
    let said = |n: usize| {
        format!("{n} of {} entries cannot be read without an object outside the pack", entries.len())
    };
    let damage = damage.map(str::to_owned).or_else(|| (unnamed > 0).then(|| said(unnamed)));
    // A pack that ends before a checksum could follow its header has none.
    let sum = bytes.last_chunk::<32>().map_or(&[0; 32], |sum| sum);
    (PackIndex::build(objects, hash, &sum[32 - hash.size()..]), damage)
}

/// One entry as it lies in the pack.
struct Lying {
    offset: u64,
    entry: Entry,
    crc: u32,
}

enum Named {
    Known(ObjectId),
    Later,
    Never,
}

/// Reads all entries one after the other; stops where one is damaged.
fn entries(bytes: &[u8], hash: HashKind) -> (Vec<Lying>, Option<&'static str>) {
    let Some(end) = bytes.len().checked_sub(hash.size()) else {
        return (Vec::new(), Some("the pack is cut short"));
    };
    let count = if bytes.len() >= 12 { super::be32(bytes, 8) } else { 0 };
    let mut found = Vec::new();
    let mut at = 12;
    for _ in 0..count {
        let Some(rest) = bytes.get(at..end).filter(|r| !r.is_empty()) else {
            return (found, Some("the pack is cut short"));
        };
        let entry = match Entry::read(rest, hash) {
            Ok(entry) => entry,
            Err(why) => return (found, Some(why)),
        };
        let Some(stream) = rest.get(entry.head..).and_then(|s| stream_len(s, entry.size)) else {
            return (found, Some("an entry's stream is damaged: what lies behind it cannot be found"));
        };
        let whole = &rest[..entry.head + stream];
        found.push(Lying { offset: at as u64, entry, crc: crc32fast::hash(whole) });
        at += whole.len();
    }
    (found, None)
}

/// Length of the zlib stream that `bytes` begin with, if it inflates to `size` bytes.
fn stream_len(bytes: &[u8], size: u64) -> Option<usize> {
    let mut stream = flate2::Decompress::new(true);
    let mut sink = vec![0; 64 << 10];
    loop {
        let (read, made) = (stream.total_in(), stream.total_out());
        let rest = bytes.get(read as usize..)?;
        let status = stream.decompress(rest, &mut sink, flate2::FlushDecompress::None).ok()?;
        if stream.total_out() > size {
            return None;
        }
        if status == flate2::Status::StreamEnd {
            return (stream.total_out() == size).then_some(stream.total_in() as usize);
        }
        if (stream.total_in(), stream.total_out()) == (read, made) {
            return None;
        }
    }
}

/// Works out the names of entries by inflating them.
struct Namer<'p> {
    bytes: &'p [u8],
    hash: HashKind,
    entries: &'p [Lying],
    by_offset: HashMap<u64, usize>,
    by_name: HashMap<ObjectId, usize>,
    state: Vec<Option<ObjectKind>>,
    inflater: Inflater,
    kept: HashMap<usize, Vec<u8>>,
    kept_bytes: usize,
}

impl<'p> Namer<'p> {
    fn new(bytes: &'p [u8], hash: HashKind, entries: &'p [Lying]) -> Self {
        Self {
            bytes,
            hash,
            entries,
            by_offset: entries.iter().enumerate().map(|(i, e)| (e.offset, i)).collect(),
            by_name: HashMap::new(),
            state: vec![None; entries.len()],
            inflater: Inflater::new(LIMIT),
            kept: HashMap::new(),
            kept_bytes: 0,
        }
    }

    fn name(&mut self, i: usize) -> Named {
        match self.base(i) {
            Ok(None) => {}
            Ok(Some(base)) if self.state[base].is_some() => {}
            Ok(Some(_)) | Err(true) => return Named::Later,
            Err(false) => return Named::Never,
        }
        let Some((kind, content)) = self.content(i) else { return Named::Never };
        let id = kind.name(&content, self.hash);
        self.state[i] = Some(kind);
        self.by_name.insert(id, i);
        self.keep(i, content);
        Named::Known(id)
    }

    /// The entry that entry `i` is a delta on; `Err(true)` when it may still turn up.
    fn base(&self, i: usize) -> Result<Option<usize>, bool> {
        let Lying { offset, entry, .. } = &self.entries[i];
        match entry.body {
            Body::Whole(_) => Ok(None),
            Body::Behind(by) => {
                let base = offset.checked_sub(by).and_then(|o| self.by_offset.get(&o));
                base.map(|&b| Some(b)).ok_or(false)
            }
            Body::Named(id) => self.by_name.get(&id).map(|&b| Some(b)).ok_or(true),
        }
    }

    fn content(&mut self, i: usize) -> Option<(ObjectKind, Vec<u8>)> {
        let mut deltas = Vec::new();
        let mut at = i;
        let (kind, mut content) = loop {
            if let Some(kept) = self.kept.get(&at) {
                break (self.state[at]?, kept.clone());
            }
            match self.base(at) {
                Ok(None) => {
                    let Body::Whole(kind) = self.entries[at].entry.body else { return None };
                    break (kind, self.body(at)?);
                }
                Ok(Some(base)) => {
                    deltas.push(at);
                    at = base;
                }
                Err(_) => return None,
            }
            if deltas.len() > self.entries.len() {
                return None;
            }
        };
        let (mut next, mut pieces) = (Vec::new(), Vec::<Piece>::new());
        while let Some(delta) = deltas.pop() {
            let code = self.body(delta)?;
            delta::apply(&content, &code, LIMIT, &mut next, &mut pieces).ok()?;
            std::mem::swap(&mut content, &mut next);
        }
        Some((kind, content))
    }

    fn body(&mut self, i: usize) -> Option<Vec<u8>> {
        let Lying { offset, entry, .. } = &self.entries[i];
        let mut out = Vec::new();
        let stream = &self.bytes[*offset as usize + entry.head..];
        self.inflater.inflate(stream, entry.size, &mut out).ok()?;
        Some(out)
    }

    fn keep(&mut self, i: usize, content: Vec<u8>) {
        if self.kept_bytes + content.len() > KEPT {
            self.kept.clear();
            self.kept_bytes = 0;
        }
        if content.len() <= KEPT {
            self.kept_bytes += content.len();
            self.kept.insert(i, content);
        }
    }
}
