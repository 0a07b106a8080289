//! What a blob shares with the blob that it is a delta on, and what is new in it.

use crate::model::{Reads, Span};
use crate::source::odb::Piece;

/// What of a blob is new, and what was copied from its base.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Spans of the blob that were not copied, and, as empty spans, places whose neighbours are new to each other;
    /// sorted, disjoint.
    pub(super) changed: Vec<Span>,
    runs: Vec<Run>,
}

/// A run of bytes that was copied.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// First byte in the base.
    from: usize,
    /// How far it moved.
    by: isize,
    /// What may be read of the base (one end before the run, one past it) so that the same is read here. A run at
    /// an end of both blobs includes that it ends there.
    sight: (isize, isize),
}

impl Changes {
    /// Compares a blob of `len` bytes with its base of `base_len` bytes, of which it was made by `pieces`.
    pub(super) fn compare(&mut self, pieces: &[Piece], base_len: usize, len: usize) {
        self.changed.clear();
        self.runs.clear();
        let mut after_copy = false;
        let mut ends_alike = len == 0 && base_len == 0;
        for piece in pieces {
            match *piece {
                Piece::Insert { to, len } => {
                    self.changed.push(Span::new(to, to + len));
                    (after_copy, ends_alike) = (false, false);
                }
                Piece::Copy { from, to, len: count } => {
                    let starts_alike = from == 0 && to == 0;
                    ends_alike = from + count == base_len && to + count == len;
                    if after_copy || (to == 0 && !starts_alike) {
                        self.changed.push(Span::new(to, to));
                    }
                    let low = if starts_alike { isize::MIN } else { from as isize };
                    let high = if ends_alike { isize::MAX } else { (from + count) as isize };
                    self.runs.push(Run { from, by: to as isize - from as isize, sight: (low, high) });
                    after_copy = true;
                }
            }
        }
        if after_copy && !ends_alike {
            self.changed.push(Span::new(len, len));
        }
    }

    /// Calls `copied` with each of `items` (sorted by where their reads start) that rests on copied bytes alone, and
    /// how far it moved; once for each copy.
    pub(super) fn inherit<T>(
        &self,
        items: &[T],
        reads: impl Fn(&T) -> Reads,
        mut copied: impl FnMut(&T, isize),
    ) {
        if items.is_empty() {
            return;
        }
        for run in &self.runs {
            let first = items.partition_point(|item| reads(item).start < run.sight.0);
            for item in &items[first..] {
                let reads = reads(item);
                if reads.start >= run.sight.1 {
                    break;
                }
                // What starts before the blob does belongs to the run that starts there, too.
                if reads.end <= run.sight.1 && reads.end > run.from as isize {
                    copied(item, run.by);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(pieces: &[Piece], base_len: usize, len: usize) -> Changes {
        let mut changes = Changes::default();
        changes.compare(pieces, base_len, len);
        changes
    }

    const fn copy(from: usize, to: usize, len: usize) -> Piece {
        Piece::Copy { from, to, len }
    }

    fn inherited(changes: &Changes, items: &[Reads]) -> Vec<(isize, isize)> {
        let mut found = Vec::new();
        changes.inherit(items, |r| *r, |r, by| found.push((r.start + by, r.end + by)));
        found
    }

    #[test]
    fn seams_and_insertions_are_changes() {
        let pieces = [copy(0, 0, 4), Piece::Insert { to: 4, len: 2 }, copy(6, 6, 4), copy(0, 10, 3)];
        assert_eq!(changes(&pieces, 10, 13).changed, [Span::new(4, 6), Span::new(10, 10), Span::new(13, 13)]);
        assert_eq!(changes(&[copy(0, 0, 9)], 9, 9).changed, []);
        assert_eq!(changes(&[copy(1, 0, 8)], 9, 8).changed, [Span::new(0, 0)]);
        assert_eq!(changes(&[Piece::Insert { to: 0, len: 3 }], 9, 3).changed, [Span::new(0, 3)]);
        assert_eq!(changes(&[], 9, 0).changed, []);
    }

    #[test]
    fn what_rests_on_one_copied_run_is_inherited_moved() {
        let pieces = [copy(0, 0, 4), Piece::Insert { to: 4, len: 2 }, copy(6, 6, 4), copy(1, 10, 3)];
        let changes = changes(&pieces, 10, 13);
        let reads = |start, end| Reads { start, end };
        let items = [reads(-1, 4), reads(1, 4), reads(2, 7), reads(6, 10), reads(7, 11)];
        assert_eq!(inherited(&changes, &items), [(-1, 4), (1, 4), (6, 10), (10, 13)]);
    }

    #[test]
    fn a_blob_that_ends_alike_inherits_what_saw_the_end() {
        let reads = |start, end| Reads { start, end };
        let moved = changes(&[Piece::Insert { to: 0, len: 2 }, copy(0, 2, 9)], 9, 11);
        assert_eq!(inherited(&moved, &[reads(-1, 3), reads(0, 3), reads(7, 10)]), [(2, 5), (9, 12)]);
    }
}
