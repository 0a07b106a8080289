//! Scans blobs, and of blobs made from scanned ones only what is new in them.
//!
//! The candidates found are those of scanning each blob in full: a candidate rests on the bytes that it names, so
//! one that rests on copied bytes alone is copied, and all others are searched for (see [`Detector::find_in`]).

use super::changes::Changes;
use crate::detect::{Detector, Scratch, Trace, Wake};
use crate::model::{Candidate, Reads, Span};
use crate::source::odb::Piece;

/// Scans blobs; one per thread.
#[derive(Debug)]
pub(super) struct Scanner<'d> {
    detector: &'d Detector,
    scratch: Scratch,
    changes: Changes,
    /// Bytes that were searched.
    pub(super) searched: u64,
}

/// What was found in a blob, as it is handed to blobs that are made from it.
#[derive(Debug, Default)]
pub(super) struct Found<'d> {
    /// Candidates before they are settled, sorted by where their reads start.
    candidates: Vec<Candidate<'d>>,
    /// Sorted by where their reads start.
    wakes: Vec<Wake>,
    /// What is made from this blob is searched in full.
    whole: bool,
    /// Something encoded in it was not undone.
    pub(super) too_much: bool,
}

impl<'d> Scanner<'d> {
    /// A scanner that finds what `detector` finds.
    pub(super) fn new(detector: &'d Detector) -> Self {
        Self { detector, scratch: Scratch::default(), changes: Changes::default(), searched: 0 }
    }

    /// Scans a whole blob.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Found<'d> {
        let mut candidates = Vec::new();
        let trace = self.detector.find(&mut self.scratch, bytes, &mut |c| candidates.push(c));
        self.searched += trace.searched;
        let too_much = trace.too_much;
        Found { candidates, whole: whole(&trace), wakes: trace.wakes, too_much }.sorted()
    }

    /// Scans a blob that was made by `pieces` from a blob of `base_len` bytes in which `base` was found.
    pub(super) fn scan_delta(
        &mut self,
        bytes: &[u8],
        pieces: &[Piece],
        base_len: usize,
        base: &Found<'d>,
    ) -> Found<'d> {
        if base.whole {
            return self.scan(bytes);
        }
        self.changes.compare(pieces, base_len, bytes.len());
        let changed = &self.changes.changed;
        let mut found = Found::default();
        self.changes.inherit(&base.wakes, |w| w.reads, |w, by| found.wakes.push(w.shifted(by)));
        let mut new = Vec::new();
        let searched =
            self.detector.find_in(&mut self.scratch, bytes, changed, &found.wakes, &mut |c| new.push(c));
        let Ok(trace) = searched else { return self.scan(bytes) };
        self.searched += trace.searched;
        self.changes.inherit(&base.candidates, |c| c.reads, |c, by| found.candidates.push(shifted(c, by)));
        found.candidates.append(&mut new);
        found.whole = whole(&trace);
        // Where the base had it, all was searched.
        found.too_much = trace.too_much;
        found.wakes.extend(trace.wakes);
        found.sorted()
    }

    /// The candidates that `found` in `bytes` comes to: settled as if every rule with a path applied, and as if none
    /// did, since the path comes later. Sorted by span and rule, each once.
    pub(super) fn settled(&self, bytes: &[u8], found: &Found<'d>) -> Vec<Candidate<'d>> {
        let mut all = found.candidates.clone();
        if all.is_empty() {
            return all;
        }
        let mut anywhere: Vec<_> = all.iter().filter(|c| c.rule.path.is_none()).cloned().collect();
        let has_path = anywhere.len() < all.len();
        self.detector.settle(bytes, &mut all);
        if has_path {
            self.detector.settle(bytes, &mut anywhere);
            all.append(&mut anywhere);
            all.sort_by(|a, b| (a.span, &a.rule.id, a.undone()).cmp(&(b.span, &b.rule.id, b.undone())));
            all.dedup_by(|a, b| a.is_same(b));
        }
        all
    }
}

/// Whether what is made from a blob is searched in full. How far a region that is too long reaches depends on where it
/// is met first.
const fn whole(trace: &Trace) -> bool {
    trace.whole || trace.too_much
}

impl Found<'_> {
    /// Of a blob that is not text: what is made from it is searched in full.
    pub(super) fn opaque() -> Self {
        Self { whole: true, ..Self::default() }
    }

    fn sorted(mut self) -> Self {
        self.candidates.sort_by_key(|c| c.reads.start);
        self.wakes.sort_unstable_by_key(|w| w.reads.start);
        self.wakes.dedup();
        self
    }
}

/// `candidate` in a blob that holds the same bytes `by` bytes farther on.
fn shifted<'d>(candidate: &Candidate<'d>, by: isize) -> Candidate<'d> {
    let move_span = |span: Span| span.shifted(by);
    let reads: Reads = candidate.reads.shifted(by);
    Candidate {
        span: move_span(candidate.span),
        matched: move_span(candidate.matched),
        parts: candidate.parts.iter().map(|&(rule, span)| (rule, move_span(span))).collect(),
        reads,
        ..candidate.clone()
    }
}
