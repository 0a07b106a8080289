//! What one scan of a history leaves for the next: which objects it has seen, what they hold, and which trees lead
//! there. Names everything by place: no found value, no path and no message is in it, nor a hash of one.
//!
//! Tables of numbers, little-endian, each with its length before it. Objects are numbered in the order of their ids.

use super::ledger::NONE;
use crate::model::SkipReason;
use crate::source::odb::HashKind;

/// The kind of blobs that are scanned again: containers in which something was found or could not be read.
pub(super) const AGAIN: u8 = 5;

/// Why something of an object may be left out.
pub(super) const SKIPS: [SkipReason; 5] =
    [SkipReason::Binary, SkipReason::Encoded, SkipReason::Size, SkipReason::Symlink, SkipReason::Special];

/// What one scan leaves for the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Archive {
    /// How objects are named.
    pub(super) hash: HashKind,
    /// The ids of all objects that were scanned, ascending, one after another.
    pub(super) ids: Vec<u8>,
    /// By object: its kind, as a number, or [`AGAIN`].
    pub(super) kinds: Vec<u8>,
    /// Object, tree, time (low half, high half), where its parents end in `parents`.
    pub(super) commits: Vec<[u32; 5]>,
    /// Objects.
    pub(super) parents: Vec<[u32; 1]>,
    /// Object, where its target ends in `targets`.
    pub(super) tags: Vec<[u32; 2]>,
    /// Ids.
    pub(super) targets: Vec<u8>,
    /// Trees that lead to a hit: object, shape.
    pub(super) trees: Vec<[u32; 2]>,
    /// What trees that lead to the same hits under the same names have in common: where its twigs end in `twigs`.
    /// A shape holds only earlier ones.
    pub(super) shapes: Vec<[u32; 1]>,
    /// Name, shape or [`NONE`], object or [`NONE`]; the object stands for all that hold the same secrets.
    pub(super) twigs: Vec<[u32; 3]>,
    /// Where each name can be read: tree object, byte at which its entry begins.
    pub(super) names: Vec<[u32; 2]>,
    /// By group: position of its rule, whether it lies in messages.
    pub(super) groups: Vec<[u32; 2]>,
    /// Object, group, where the secret begins, and ends.
    pub(super) hits: Vec<[u32; 4]>,
    /// Object, kind of the text, where that begins, and ends, group, where the secret begins in it, and ends.
    pub(super) message_hits: Vec<[u32; 7]>,
    /// Object, place in [`SKIPS`], how often.
    pub(super) skips: Vec<[u32; 3]>,
}

impl Archive {
    /// Number of objects.
    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// The id of `object`.
    pub(super) fn id(&self, object: usize) -> &[u8] {
        let size = self.hash.size();
        &self.ids[object * size..(object + 1) * size]
    }

    /// The archive as bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let Self {
            hash,
            ids,
            kinds,
            commits,
            parents,
            tags,
            targets,
            trees,
            shapes,
            twigs,
            names,
            groups,
            hits,
            message_hits,
            skips,
        } = self;
        let mut out = vec![hash.size() as u8];
        [ids, kinds, targets].into_iter().for_each(|table| write_bytes(&mut out, table));
        write(&mut out, commits);
        write(&mut out, parents);
        write(&mut out, tags);
        write(&mut out, trees);
        write(&mut out, shapes);
        write(&mut out, twigs);
        write(&mut out, names);
        write(&mut out, groups);
        write(&mut out, hits);
        write(&mut out, message_hits);
        write(&mut out, skips);
        out
    }

    /// Reads what [`Archive::encode`] wrote; `None` when it is anything else, or its numbers do not hang together.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.get(1..)?;
        let hash = HashKind::of_len(usize::from(*bytes.first()?))?;
        let [ids, kinds, targets] = [read_bytes(&mut rest)?, read_bytes(&mut rest)?, read_bytes(&mut rest)?];
        let archive = Self {
            hash,
            ids,
            kinds,
            targets,
            commits: read(&mut rest)?,
            parents: read(&mut rest)?,
            tags: read(&mut rest)?,
            trees: read(&mut rest)?,
            shapes: read(&mut rest)?,
            twigs: read(&mut rest)?,
            names: read(&mut rest)?,
            groups: read(&mut rest)?,
            hits: read(&mut rest)?,
            message_hits: read(&mut rest)?,
            skips: read(&mut rest)?,
        };
        (rest.is_empty() && archive.hangs_together()).then_some(archive)
    }

    /// Whether every number points at something. The checksum keeps accidents away; this keeps a forged file from
    /// doing worse than telling lies.
    fn hangs_together(&self) -> bool {
        let objects = self.kinds.len() as u32;
        let [parents, shapes, names, groups] =
            [self.parents.len(), self.shapes.len(), self.names.len(), self.groups.len()].map(|n| n as u32);
        self.ids.len() == self.kinds.len() * self.hash.size()
            && self.kinds.iter().all(|kind| (1..=AGAIN).contains(kind))
            && self.commits.iter().all(|&[c, tree, ..]| c < objects && tree < objects)
            && ascend(self.commits.iter().map(|row| row[4]), parents)
            && self.parents.iter().all(|&[p]| p < objects)
            && self.tags.iter().all(|&[tag, _]| tag < objects)
            && ascend(self.tags.iter().map(|row| row[1]), self.targets.len() as u32)
            && self.trees.iter().all(|&[tree, shape]| tree < objects && shape < shapes)
            && ascend(self.shapes.iter().map(|row| row[0]), self.twigs.len() as u32)
            && (0..self.shapes.len()).all(|s| {
                self.twigs_of(s).iter().all(|&[name, shape, object]| {
                    name < names && (if object == NONE { (shape as usize) < s } else { object < objects })
                })
            })
            && self.names.iter().all(|&[tree, _]| tree < objects)
            && self.hits.iter().all(|&[o, group, from, to]| o < objects && group < groups && from <= to)
            && self.message_hits.iter().all(|&[o, kind, from, to, group, start, end]| {
                o < objects && kind < 3 && from <= to && group < groups && start <= end && end <= to - from
            })
            && self.skips.iter().all(|&[o, reason, _]| o < objects && (reason as usize) < SKIPS.len())
    }

    /// What shape `shape` holds.
    pub(super) fn twigs_of(&self, shape: usize) -> &[[u32; 3]] {
        let from = if shape == 0 { 0 } else { self.shapes[shape - 1][0] };
        self.twigs.get(from as usize..self.shapes[shape][0] as usize).unwrap_or_default()
    }
}

/// Whether `ends` never fall and the last is `total`.
fn ascend(ends: impl Iterator<Item = u32>, total: u32) -> bool {
    let mut last = 0;
    for end in ends {
        if end < last {
            return false;
        }
        last = end;
    }
    last == total
}

fn write<const N: usize>(out: &mut Vec<u8>, rows: &[[u32; N]]) {
    out.extend((rows.len() as u64).to_le_bytes());
    out.reserve(rows.len() * N * 4);
    for number in rows.as_flattened() {
        out.extend(number.to_le_bytes());
    }
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn read<const N: usize>(rest: &mut &[u8]) -> Option<Vec<[u32; N]>> {
    let (len, tail) = rest.split_first_chunk::<8>()?;
    let size = usize::try_from(u64::from_le_bytes(*len)).ok()?.checked_mul(N * 4)?;
    let table = tail.get(..size)?;
    *rest = &tail[size..];
    let row = |row: &[u8]| {
        let mut numbers = [0; N];
        for (number, bytes) in numbers.iter_mut().zip(row.chunks_exact(4)) {
            *number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        numbers
    };
    Some(table.chunks_exact(N * 4).map(row).collect())
}

fn read_bytes(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let (len, tail) = rest.split_first_chunk::<8>()?;
    let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
    let bytes = tail.get(..len)?;
    *rest = &tail[len..];
    Some(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Archive {
        Archive {
            ids: (0..60).collect(),
            kinds: vec![1, 2, 3],
            commits: vec![[0, 1, 7, 0, 1]],
            parents: vec![[0]],
            tags: vec![[0, 20]],
            targets: vec![9; 20],
            trees: vec![[1, 0]],
            shapes: vec![[1]],
            twigs: vec![[0, NONE, 2]],
            names: vec![[1, 0]],
            groups: vec![[4, 0]],
            hits: vec![[2, 0, 5, 9]],
            message_hits: vec![[0, 0, 10, 20, 0, 1, 4]],
            skips: vec![[2, 1, 1]],
            ..Archive::default()
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(Archive::decode(&archive().encode()), Some(archive()));
        assert_eq!(Archive::decode(&Archive::default().encode()), Some(Archive::default()));
    }

    #[test]
    fn numbers_that_point_nowhere_are_refused() {
        let broken: [fn(&mut Archive); 8] = [
            |a| a.commits[0][1] = 3,
            |a| a.commits[0][4] = 2,
            |a| a.twigs[0] = [0, 0, NONE],
            |a| a.hits[0][1] = 1,
            |a| a.message_hits[0][6] = 11,
            |a| a.kinds[0] = 6,
            |a| a.names[0][0] = 9,
            |a| a.skips[0][1] = 5,
        ];
        for (i, break_it) in broken.iter().enumerate() {
            let mut archive = archive();
            break_it(&mut archive);
            assert_eq!(Archive::decode(&archive.encode()), None, "{i}");
        }
    }

    #[test]
    fn bytes_of_any_other_kind_are_refused_without_harm() {
        let whole = archive().encode();
        for cut in 0..whole.len() {
            assert_eq!(Archive::decode(&whole[..cut]), None, "{cut}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x81;
            let _ = Archive::decode(&flipped);
        }
    }
}
