//! The literals that count near runs of one alphabet alone.

use super::grams::Grams;
use super::groups::sorted;
use super::simd::{BLOCK, Tables};
use crate::model::Span;
use crate::rule::Run;

/// Most literals for which the vector search is worth its while.
const MOST: usize = 1_000;

/// Literals, and how far from runs they are looked for.
#[derive(Debug)]
pub(super) struct Lane {
    literals: Grams,
    /// `None`: there are too many literals.
    tables: Option<Tables>,
    margins: Margins,
}

impl Lane {
    /// A lane for `literals`, each of which counts near one of `runs`.
    pub(super) fn new(
        literals: impl IntoIterator<Item = (Box<[u8]>, u32)>,
        runs: impl Iterator<Item = Run> + Clone,
    ) -> Self {
        let literals = Grams::new(literals);
        let tables = (literals.len() <= MOST).then(|| Tables::new(&sorted(literals.keys())));
        Self { literals, tables, margins: Margins::new(runs) }
    }

    /// Searches as processors do that have less: the way of this number of [`Tables::by_path`].
    #[cfg(test)]
    pub(super) fn take_path(&mut self, number: usize) {
        self.tables = self.tables.take().map(|tables| tables.by_path().swap_remove(number));
    }

    /// Length of the shortest run near which any literal counts; `usize::MAX` when there are none.
    pub(super) fn least(&self) -> usize {
        self.margins.least
    }

    /// Looks in `range` near `run`, which ends after those of the calls before. Calls `sink(number, start)` for each
    /// literal.
    pub(super) fn near(
        &self,
        run: Span,
        bytes: &[u8],
        range: Span,
        seen: &mut Seen,
        sink: &mut impl FnMut(u32, usize),
    ) {
        let Some((back, ahead)) = self.margins.of(run.len()) else { return };
        let from = run.start.saturating_sub(back).max(range.start);
        let to = (run.end + ahead).min(range.end);
        seen.add(Span::new(from, to), &mut |new| self.scan(bytes, new, sink));
    }

    fn scan(&self, bytes: &[u8], span: Span, sink: &mut impl FnMut(u32, usize)) {
        let mut at = span.start;
        if let Some(tables) = &self.tables {
            while let Some(text) =
                bytes.get(at..).and_then(|rest| rest.first_chunk()).filter(|_| at < span.end)
                && let Some(starts) = tables.starts(text)
            {
                let inside = span.end - at;
                let mut starts = if inside < BLOCK { starts & ((1 << inside) - 1) } else { starts };
                while starts != 0 {
                    self.literals.at(bytes, at + starts.trailing_zeros() as usize, sink);
                    starts &= starts - 1;
                }
                at += inside.min(BLOCK);
            }
        }
        self.literals.scan(bytes, at, span.end, sink);
    }
}

/// Where a lane has looked: a few disjoint spans, ascending. Later spans may begin before earlier ones end, and
/// even before they begin, since longer runs look farther back.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<Span>);

impl Seen {
    /// Number of spans beyond which those are forgotten that no later run can look back to.
    const KEPT: usize = 16;

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Calls `fresh` with the parts of `span` not seen before.
    fn add(&mut self, span: Span, fresh: &mut impl FnMut(Span)) {
        let first = self.0.iter().rposition(|s| s.end < span.start).map_or(0, |i| i + 1);
        let mut merged = span;
        let mut at = span.start;
        for old in self.0.drain(first..) {
            if at < old.start {
                fresh(Span::new(at, old.start.min(span.end)));
            }
            at = at.max(old.end);
            merged = Span::new(merged.start.min(old.start), merged.end.max(old.end));
        }
        if at < span.end {
            fresh(Span::new(at, span.end));
        }
        self.0.push(merged);
        if self.0.len() > Self::KEPT {
            self.0.retain(|s| s.end + 2 * Run::MARGIN > span.start);
        }
    }
}

/// How far from a run of some length a trigger may stand.
#[derive(Debug)]
struct Margins {
    /// Shortest run near which any trigger counts; `usize::MAX` when there are none.
    least: usize,
    /// By the run's length: greatest distances before and after it.
    by_len: Vec<Option<(usize, usize)>>,
}

impl Margins {
    fn new(runs: impl Iterator<Item = Run> + Clone) -> Self {
        let least = runs.clone().map(|r| r.len).min().unwrap_or(usize::MAX);
        let widest = |len| {
            let shorter = runs.clone().filter(move |r| r.len <= len);
            shorter.map(|r| (r.back, r.ahead)).reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))
        };
        Self { least, by_len: (0..=Run::LONGEST).map(widest).collect() }
    }

    fn of(&self, len: usize) -> Option<(usize, usize)> {
        self.by_len[len.min(Run::LONGEST)]
    }
}
