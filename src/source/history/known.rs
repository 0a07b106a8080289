//! Objects that an earlier scan has seen.

use super::archive::Archive;
use super::ledger::NONE;
use crate::source::odb::{ObjectKind, Odb};

/// Objects that an earlier scan has seen, by number.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By object number: its kind, or 0; empty when nothing is known.
    kinds: Vec<u8>,
    /// Whether the archive should be written anew although no object is new.
    pub(super) stale: bool,
}

impl Known {
    /// Nothing known yet of the objects of `odb`.
    pub(super) fn of(odb: &Odb) -> Self {
        Self { kinds: vec![0; odb.len() as usize], stale: false }
    }

    /// Notes that object `number`, of kind `kind`, was seen.
    pub(super) fn add(&mut self, number: u32, kind: u8) {
        self.kinds[number as usize] = kind;
    }

    /// Whether object `number` was seen.
    #[inline]
    pub(super) fn has(&self, number: u32) -> bool {
        self.kinds.get(number as usize).is_some_and(|&kind| kind != 0)
    }

    /// The kind of object `number`, if it was seen, as a number.
    pub(super) fn kind(&self, number: u32) -> Option<u8> {
        self.kinds.get(number as usize).copied().filter(|&kind| kind != 0)
    }

    /// How many objects of each kind were seen, in the order of [`ObjectKind`].
    pub(super) fn counts(&self) -> [u64; 4] {
        let mut counts = [0; 4];
        for &kind in self.kinds.iter().filter(|&&kind| kind != 0) {
            counts[usize::from(kind) - 1] += 1;
        }
        counts
    }

    /// How many blobs were seen.
    pub(super) fn blobs(&self) -> u64 {
        self.counts()[ObjectKind::Blob as usize - 1]
    }
}

/// The number in `odb` of each object of `archive`, or [`NONE`].
pub(super) fn numbers(archive: &Archive, odb: &Odb) -> Vec<u32> {
    let mut numbers = vec![NONE; archive.len()];
    if archive.hash != odb.hash() {
        return numbers;
    }
    for (p, pack) in odb.packs().iter().enumerate() {
        let index = pack.index();
        let ids = (0..index.count()).map(|position| (index.id(position), odb.number_in(p, position)));
        join(archive, ids, index.count() as usize, &mut numbers);
    }
    let loose = odb.loose_numbers();
    let count = loose.len();
    join(archive, loose.map(|number| (odb.id_bytes(number), number)), count, &mut numbers);
    numbers
}

/// Enters the numbers of `ids` (ascending), unless an earlier place has the object.
fn join<'i>(
    archive: &Archive,
    ids: impl Iterator<Item = (&'i [u8], u32)>,
    count: usize,
    numbers: &mut [u32],
) {
    // Few among many are looked up, many among many are gone through side by side.
    let few = count.saturating_mul(16) < archive.len();
    let mut at = 0;
    for (id, number) in ids {
        if few {
            at = first_from(archive, id);
        } else {
            while at < archive.len() && archive.id(at) < id {
                at += 1;
            }
        }
        if at < archive.len() && archive.id(at) == id && numbers[at] == NONE {
            numbers[at] = number;
        }
    }
}

/// The first object whose id is not below `id`.
fn first_from(archive: &Archive, id: &[u8]) -> usize {
    let (mut low, mut high) = (0, archive.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if archive.id(middle) < id {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
