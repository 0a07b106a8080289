//! Pack indexes, versions 1 and 2: which objects a pack holds, and where.
//! Source: git's `Documentation/gitformat-pack.adoc`.

use std::path::Path;
use std::sync::OnceLock;

use super::{HashKind, Mapped, ObjectId, OdbError};

const MAGIC: [u8; 4] = [0xff, b't', b'O', b'c'];
const FANOUT: usize = 256 * 4;
/// Ids that are looked for at a time.
const AT_ONCE: usize = 16;

/// The index of one pack. Objects are numbered by position, from 0, in the order of their ids.
#[derive(Debug)]
pub struct PackIndex {
    bytes: Store,
    hash: HashKind,
    version: Version,
    /// Number of objects.
    count: u32,
    /// `fanout[b]`: number of objects whose id's first byte is at most `b`. Ascending.
    fanout: Box<[u32; 256]>,
    /// The same by more bits, for many look-ups.
    fine: OnceLock<Fine>,
}

/// A fan-out table of as many entries as there are objects, about: [`PackIndex::find`] then touches two or three
/// lines of memory instead of four or five.
#[derive(Debug)]
struct Fine {
    /// How far the first four bytes of an id are shifted to tell its entry.
    shift: u32,
    /// Number of objects whose entry is at most this one. Ascending.
    ends: Box<[u32]>,
}

#[derive(Debug)]
enum Store {
    Mapped(Mapped),
    Owned(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    /// Where the tables of ids, checksums, short offsets and long offsets begin, and where the last ends.
    Two {
        ids: usize,
        crcs: usize,
        short: usize,
        long: usize,
        end: usize,
    },
}

/// One object, for [`PackIndex::build`].
#[derive(Debug, Clone, Copy)]
pub struct Indexed {
    /// Its name.
    pub id: ObjectId,
    /// CRC-32 of its entry in the pack.
    pub crc: u32,
    /// Where its entry begins in the pack, in bytes.
    pub offset: u64,
}

impl PackIndex {
    /// Opens the index at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a complete index.
    pub fn open(path: &Path, hash: HashKind) -> Result<Self, OdbError> {
        let map = Mapped::open(path).map_err(|e| OdbError::file(path, e))?;
        Self::parse(Store::Mapped(map), hash).map_err(|why| OdbError::damaged(path, why))
    }

    /// Reads an index from `bytes`.
    ///
    /// # Errors
    /// Why it is not a complete index.
    pub fn read(bytes: Vec<u8>, hash: HashKind) -> Result<Self, &'static str> {
        Self::parse(Store::Owned(bytes), hash)
    }

    /// Makes an index (version 2) of `objects`, for a pack that has none.
    pub fn build(mut objects: Vec<Indexed>, hash: HashKind, pack_checksum: &[u8]) -> Self {
        objects.sort_unstable_by_key(|o| o.id);
        objects.dedup_by_key(|o| o.id);
        let mut bytes = Vec::with_capacity(8 + FANOUT + objects.len() * (hash.size() + 12));
        bytes.extend(MAGIC);
        bytes.extend(2u32.to_be_bytes());
        for first in 0..=255u8 {
            let upto = objects.partition_point(|o| o.id.as_bytes()[0] <= first);
            bytes.extend((upto as u32).to_be_bytes());
        }
        objects.iter().for_each(|o| bytes.extend(o.id.as_bytes()));
        objects.iter().for_each(|o| bytes.extend(o.crc.to_be_bytes()));
        let mut long = Vec::new();
        for o in &objects {
            let short = if o.offset < 0x8000_0000 {
                o.offset as u32
            } else {
                long.push(o.offset);
                0x8000_0000 | (long.len() as u32 - 1)
            };
            bytes.extend(short.to_be_bytes());
        }
        long.iter().for_each(|l| bytes.extend(l.to_be_bytes()));
        bytes.extend(pack_checksum);
        let own = hash.digest(&[&bytes]);
        bytes.extend(own.as_bytes());
        Self::read(bytes, hash).expect("an index built here is complete")
    }

    fn parse(store: Store, hash: HashKind) -> Result<Self, &'static str> {
        let bytes = store.bytes();
        let two = bytes.starts_with(&MAGIC);
        if two && bytes.get(4..8) != Some(&[0, 0, 0, 2]) {
            return Err("an index version other than 1 and 2");
        }
        let head = if two { 8 } else { 0 };
        let table = bytes.get(head..head + FANOUT).ok_or("the index is cut short")?;
        let fanout = fanout(table)?;
        let count = fanout[255];
        let (n, h) = (count as usize, hash.size());
        let version = if two {
            let ids = head + FANOUT;
            let crcs = ids + n * h;
            let (short, long) = (crcs + n * 4, crcs + n * 8);
            let end =
                bytes.len().checked_sub(2 * h).filter(|&e| e >= long).ok_or("the index is cut short")?;
            if (end - long) % 8 != 0 || (end - long) / 8 > n {
                return Err("the index has an odd length");
            }
            Version::Two { ids, crcs, short, long, end }
        } else {
            if bytes.len() != FANOUT + n * (4 + h) + 2 * h {
                return Err("the index has an odd length");
            }
            Version::One
        };
        Ok(Self { bytes: store, hash, version, count, fanout, fine: OnceLock::new() })
    }

    /// Number of objects.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Which hash its ids are made with.
    pub fn hash(&self) -> HashKind {
        self.hash
    }

    /// The id of the object at `position` (below [`PackIndex::count`]): 20 or 32 bytes.
    #[inline]
    pub fn id(&self, position: u32) -> &[u8] {
        let (h, p) = (self.hash.size(), position as usize);
        let start = match self.version {
            Version::One => FANOUT + p * (4 + h) + 4,
            Version::Two { ids, .. } => ids + p * h,
        };
        &self.bytes.bytes()[start..start + h]
    }

    /// Where the entry of the object at `position` begins in the pack; `None` when the table is damaged.
    pub fn offset(&self, position: u32) -> Option<u64> {
        let (bytes, p) = (self.bytes.bytes(), position as usize);
        match self.version {
            Version::One => Some(u64::from(be32(bytes, FANOUT + p * (4 + self.hash.size())))),
            Version::Two { short, long, end, .. } => {
                let near = be32(bytes, short + p * 4);
                if near & 0x8000_0000 == 0 {
                    return Some(u64::from(near));
                }
                let at = long + (near & 0x7fff_ffff) as usize * 8;
                let far = bytes.get(at..at + 8).filter(|_| at + 8 <= end)?;
                Some(u64::from_be_bytes(far.try_into().ok()?))
            }
        }
    }

    /// CRC-32 of the entry of the object at `position`; version 1 holds none.
    pub fn crc(&self, position: u32) -> Option<u32> {
        match self.version {
            Version::One => None,
            Version::Two { crcs, .. } => Some(be32(self.bytes.bytes(), crcs + position as usize * 4)),
        }
    }

    /// The position of the object called `id`.
    #[inline]
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        if id.len() != self.hash.size() {
            return None;
        }
        if let Some(fine) = self.fine.get() {
            let (low, high) = fine.range(id);
            return halve(id, low, high, |p| self.id(p));
        }
        let first = usize::from(id[0]);
        let low = if first == 0 { 0 } else { self.fanout[first - 1] };
        search(id, low, self.fanout[first], |p| self.id(p))
    }

    /// Tells `found` the position of each of `count` objects, of which `id` says how they are called. Several are looked
    /// for at a time, so that waiting for memory is done for all of them at once.
    pub fn find_each<'i>(
        &self,
        count: usize,
        id: impl Fn(usize) -> &'i [u8],
        found: &mut impl FnMut(usize, Option<u32>),
    ) {
        let Some(fine) = self.fine.get().filter(|_| (0..count).all(|i| id(i).len() == self.hash.size()))
        else {
            return (0..count).for_each(|i| found(i, self.find(id(i))));
        };
        for from in (0..count).step_by(AT_ONCE) {
            let mut places = [(0, 0, 0); AT_ONCE];
            let places = &mut places[..AT_ONCE.min(count - from)];
            for (i, (low, high, _)) in places.iter_mut().enumerate() {
                (*low, *high) = fine.range(id(from + i));
            }
            for (low, high, head) in places.iter_mut() {
                if *low < *high {
                    *head = be64(self.id(*low));
                }
            }
            for (i, &mut (low, high, head)) in places.iter_mut().enumerate() {
                let id = id(from + i);
                // The ids of an entry are few, and mostly one.
                let low = low + u32::from(low < high && head < be64(id));
                found(from + i, halve(id, low, high, |p| self.id(p)));
            }
        }
    }

    /// Makes ready for many look-ups: reads all ids once.
    pub fn hasten(&self) {
        self.fine.get_or_init(|| Fine::new(self));
    }

    /// The checksum at the end of the pack that this index belongs to.
    pub fn pack_checksum(&self) -> &[u8] {
        let bytes = self.bytes.bytes();
        let h = self.hash.size();
        &bytes[bytes.len() - 2 * h..bytes.len() - h]
    }

    /// Whether the index's own checksum holds.
    pub fn is_intact(&self) -> bool {
        let (body, sum) = self.bytes.bytes().split_at(self.bytes.bytes().len() - self.hash.size());
        self.hash.digest(&[body]).as_bytes() == sum
    }
}

impl Fine {
    /// Most bits that tell an entry: 16 MiB of them.
    const BITS: u32 = 22;

    fn new(index: &PackIndex) -> Self {
        let bits = index.count.checked_ilog2().unwrap_or(0).clamp(8, Self::BITS);
        let shift = 32 - bits;
        let mut ends = vec![0u32; 1 << bits].into_boxed_slice();
        for position in 0..index.count {
            ends[(be32(index.id(position), 0) >> shift) as usize] = position + 1;
        }
        // Entries without objects; in a damaged index, such as are out of order.
        let mut last = 0;
        for end in &mut ends {
            last = last.max(*end);
            *end = last;
        }
        Self { shift, ends }
    }

    /// The positions among which `id` lies, if anywhere.
    #[inline]
    fn range(&self, id: &[u8]) -> (u32, u32) {
        let entry = (be32(id, 0) >> self.shift) as usize;
        (if entry == 0 { 0 } else { self.ends[entry - 1] }, self.ends[entry])
    }
}

/// Finds `id` among the few sorted ids of positions `low..high`.
#[inline]
fn halve<'a>(id: &[u8], mut low: u32, mut high: u32, name: impl Fn(u32) -> &'a [u8]) -> Option<u32> {
    while low < high {
        let middle = low + (high - low) / 2;
        let found = name(middle);
        match be64(found).cmp(&be64(id)).then_with(|| found[8..].cmp(&id[8..])) {
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// Finds `id` among the sorted ids of positions `low..high`. Ids are hashes, so a guess from the next four bytes
/// lands close; halving takes over when the guesses do not.
#[inline]
pub(super) fn search<'a>(
    id: &[u8],
    mut low: u32,
    mut high: u32,
    name: impl Fn(u32) -> &'a [u8],
) -> Option<u32> {
    let key = u64::from(be32(id, 1));
    let (mut from, mut to) = (0u64, 1u64 << 32);
    for guesses in 0.. {
        if low >= high {
            return None;
        }
        let room = u64::from(high - low);
        let step = if guesses < 4 && to > from {
            ((key.clamp(from, to - 1) - from) * room / (to - from)).min(room - 1)
        } else {
            room / 2
        };
        let middle = low + step as u32;
        let found = name(middle);
        // Most ids differ in their first eight bytes; comparing those alone takes no call.
        let order = be64(found).cmp(&be64(id)).then_with(|| found[8..].cmp(&id[8..]));
        match order {
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Less => (low, from) = (middle + 1, u64::from(be32(found, 1))),
            std::cmp::Ordering::Greater => (high, to) = (middle, u64::from(be32(found, 1)) + 1),
        }
    }
    None
}

/// Reads a fan-out table of 256 ascending counts.
pub(super) fn fanout(table: &[u8]) -> Result<Box<[u32; 256]>, &'static str> {
    let mut fanout = Box::new([0; 256]);
    for (slot, count) in fanout.iter_mut().zip(table.chunks_exact(4)) {
        *slot = be32(count, 0);
    }
    if fanout.is_sorted() { Ok(fanout) } else { Err("the fan-out table is out of order") }
}

/// The big-endian number at `at`, which lies inside `bytes`.
#[inline]
pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The first eight bytes of an id as a number that orders as they do.
#[inline]
fn be64(id: &[u8]) -> u64 {
    u64::from(be32(id, 0)) << 32 | u64::from(be32(id, 4))
}

impl Store {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(n: u32) -> Vec<Indexed> {
        let indexed = |i: u32| Indexed {
            id: HashKind::Sha1.digest(&[&i.to_le_bytes()]),
            crc: i,
            offset: u64::from(i) * 0x0100_0000,
        };
        (0..n).map(indexed).collect()
    }

    #[test]
    fn every_object_is_found_where_it_was_put() {
        let all = objects(700);
        let index = PackIndex::build(all.clone(), HashKind::Sha1, &[7; 20]);
        assert!(index.is_intact());
        assert_eq!(index.pack_checksum(), [7; 20]);
        for o in &all {
            let at = index.find(o.id.as_bytes()).unwrap();
            assert_eq!((index.offset(at), index.crc(at)), (Some(o.offset), Some(o.crc)));
        }
        assert_eq!(index.find(&[0; 20]), None);
        assert_eq!(index.find(&[255; 20]), None);
        index.hasten();
        for o in &all {
            assert_eq!(index.offset(index.find(o.id.as_bytes()).unwrap()), Some(o.offset));
        }
        assert_eq!(index.find(&[0; 20]), None);
        assert_eq!(index.find(&[255; 20]), None);
    }

    #[test]
    fn ids_that_share_their_first_bytes_are_found() {
        let clump = |i: u8| {
            let mut id = [9; 20];
            id[19] = i;
            Indexed { id: ObjectId::new(&id).unwrap(), crc: 0, offset: u64::from(i) }
        };
        let index = PackIndex::build((0..200).map(clump).collect(), HashKind::Sha1, &[0; 20]);
        for i in 0..200 {
            let at = index.find(clump(i).id.as_bytes()).unwrap();
            assert_eq!(index.offset(at), Some(u64::from(i)));
        }
        index.hasten();
        assert!((0..200).all(|i| index.find(clump(i).id.as_bytes()).is_some()));
        assert_eq!(index.find(&[9; 20]).map(|at| index.offset(at)), Some(Some(9)));
    }

    #[test]
    fn many_are_found_as_each_is() {
        let alike = (0..40).map(|i: u8| {
            let id = [[5; 19].as_slice(), &[i * 3]].concat();
            Indexed { id: ObjectId::new(&id).unwrap(), crc: 0, offset: 0 }
        });
        let all: Vec<Indexed> = objects(300).into_iter().chain(alike).collect();
        let index = PackIndex::build(all.clone(), HashKind::Sha1, &[0; 20]);
        let absent = (0..120).map(|i: u8| [[5; 19].as_slice(), &[i]].concat());
        let mut ids: Vec<Vec<u8>> = all.iter().map(|o| o.id.as_bytes().to_vec()).chain(absent).collect();
        ids.extend([vec![0; 20], vec![255; 20], vec![1; 32], vec![]]);
        for hastened in [false, true] {
            if hastened {
                index.hasten();
            }
            for count in [0, 1, 15, 16, 17, ids.len()] {
                let mut found = Vec::new();
                index.find_each(count, |i| &ids[i], &mut |i, at| found.push((i, at)));
                let each: Vec<_> = ids[..count].iter().map(|id| index.find(id)).enumerate().collect();
                assert_eq!(found, each);
            }
        }
    }

    #[test]
    fn version_1_is_read() {
        let all = objects(3);
        let mut sorted = all.clone();
        sorted.sort_by_key(|o| o.id);
        let mut bytes = Vec::new();
        for first in 0..=255u8 {
            let upto = sorted.partition_point(|o| o.id.as_bytes()[0] <= first);
            bytes.extend((upto as u32).to_be_bytes());
        }
        for o in &sorted {
            bytes.extend((o.offset as u32).to_be_bytes());
            bytes.extend(o.id.as_bytes());
        }
        bytes.extend([0; 40]);
        let index = PackIndex::read(bytes, HashKind::Sha1).unwrap();
        let at = index.find(all[2].id.as_bytes()).unwrap();
        assert_eq!((index.offset(at), index.crc(at)), (Some(0x0200_0000), None));
    }

    #[test]
    fn a_cut_or_bent_index_is_refused_or_known_to_be_damaged() {
        let index = PackIndex::build(objects(20), HashKind::Sha1, &[7; 20]);
        let Store::Owned(whole) = index.bytes else { unreachable!("it was built") };
        for cut in 0..whole.len() {
            if let Ok(short) = PackIndex::read(whole[..cut].to_vec(), HashKind::Sha1) {
                assert!(!short.is_intact());
            }
        }
        for at in 0..whole.len() {
            let mut bent = whole.clone();
            bent[at] ^= 0x10;
            if let Ok(bent) = PackIndex::read(bent, HashKind::Sha1) {
                assert!(!bent.is_intact());
                for hasty in [false, true] {
                    if hasty {
                        bent.hasten();
                    }
                    for p in 0..bent.count() {
                        let _ = bent.find(bent.id(p));
                    }
                }
                for p in 0..bent.count() {
                    let _ = (bent.find(bent.id(p)), bent.offset(p), bent.crc(p));
                }
            }
        }
    }
}
