//! What a blob that is made from another by copying and inserting need not be searched for again.

use crate::model::{Reads, Span};

/// A range that one blob copies from another, its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Where the range begins in the base.
    pub from: usize,
    /// Where it begins in the blob.
    pub to: usize,
    /// Its length in bytes.
    pub len: usize,
}

/// A blob as a delta describes it: ranges of a base, and between them what is new.
#[derive(Debug, Clone, Copy)]
pub struct Delta<'d> {
    /// The copied ranges, ascending and disjoint in the blob, in any order in the base. None is empty.
    pub copied: &'d [Copied],
    /// Length of the base in bytes.
    pub base_len: usize,
    /// Length of the blob in bytes.
    pub len: usize,
}

impl Delta<'_> {
    /// The spans of the blob that are new, and as empty spans the seams; sorted. What
    /// [`Detector::find_in`](super::Detector::find_in) is given.
    pub fn changed(&self) -> Vec<Span> {
        let mut changed: Vec<Span> = Vec::with_capacity(self.copied.len() + 1);
        let mut at = 0;
        for copied in self.copied {
            // Where one copy ends and the next begins is a seam even if they were neighbours in the base: what rests on
            // both is in neither, so it is not carried.
            let natural = copied.to == 0 && copied.from == 0;
            if copied.to > at || !natural {
                changed.push(Span::new(at, copied.to));
            }
            at = copied.to + copied.len;
        }
        let last = self.copied.last().map_or(0, |c| c.from + c.len);
        if at < self.len || last != self.base_len {
            changed.push(Span::new(at, self.len));
        }
        changed
    }

    /// How far what rests on `reads` in the base is moved in the blob, for each time that all of it was copied.
    pub fn carried(&self, reads: Reads) -> impl Iterator<Item = isize> {
        self.copied.iter().filter_map(move |copied| {
            let by = copied.to as isize - copied.from as isize;
            let from_start = copied.from == 0 && copied.to == 0;
            let to_end = copied.from + copied.len == self.base_len && copied.to + copied.len == self.len;
            let start = from_start || reads.start >= copied.from as isize;
            let end = to_end || reads.end <= (copied.from + copied.len) as isize;
            (start && end).then_some(by)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_copied_is_changed() {
        let copied = [Copied { from: 0, to: 0, len: 10 }, Copied { from: 10, to: 14, len: 6 }];
        let delta = Delta { copied: &copied, base_len: 16, len: 20 };
        assert_eq!(delta.changed(), [Span::new(10, 14)]);
        let cut = Delta { base_len: 17, ..delta };
        assert_eq!(cut.changed(), [Span::new(10, 14), Span::new(20, 20)]);
    }

    #[test]
    fn every_seam_is_a_change() {
        let copied = |from| [Copied { from: 0, to: 0, len: 10 }, Copied { from, to: 10, len: 6 }];
        let changed = |from| Delta { copied: &copied(from), base_len: from + 6, len: 16 }.changed();
        assert_eq!(changed(12), [Span::new(10, 10)]);
        assert_eq!(changed(10), [Span::new(10, 10)]);
        let tail = [Copied { from: 5, to: 0, len: 5 }];
        assert_eq!(Delta { copied: &tail, base_len: 10, len: 5 }.changed(), [Span::new(0, 0)]);
        assert_eq!(Delta { copied: &[], base_len: 10, len: 5 }.changed(), [Span::new(0, 5)]);
        assert_eq!(Delta { copied: &[], base_len: 10, len: 0 }.changed(), [Span::new(0, 0)]);
    }

    #[test]
    fn what_was_read_is_carried_when_all_of_it_was_copied() {
        let copied = [Copied { from: 0, to: 0, len: 10 }, Copied { from: 4, to: 10, len: 6 }];
        let delta = Delta { copied: &copied, base_len: 20, len: 16 };
        let carried = |start, end| delta.carried(Reads { start, end }).collect::<Vec<_>>();
        assert_eq!(carried(4, 10), [0, 6]);
        assert_eq!(carried(-3, 10), [0]);
        assert_eq!(carried(3, 9), [0]);
        assert!(carried(4, 11).is_empty());
    }
}
