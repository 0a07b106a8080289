//! Finds the literals that wake rules, without reading most of the text closely.
//!
//! Lane one: most tokens are long runs of token characters, and such runs are a small part of any text. Rules whose
//! every match holds such a run have their keywords searched only in and near runs. Lane two: the few literals of
//! the other rules are searched everywhere, by vector instructions while they are few.

mod grams;
mod groups;
mod runs;
mod simd;

use crate::model::Span;
use crate::rule::{Run, is_token};
use grams::Grams;
use groups::groups;
use runs::Runs;
use simd::{AFTER, BLOCK, Block, Tables};

/// Most literals that lane two can hold before its vector search lets too much pass.
const FEW: usize = 200;
/// Blocks classified at a time: 8 KiB of text, which stay in the first-level cache.
const BATCH: usize = 128;

/// What wakes a rule.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    /// Lower-case ASCII, at least 2 bytes.
    pub(super) literal: Box<[u8]>,
    /// The run near which alone the literal counts, at most [`Run::MARGIN`] away; `None`: everywhere.
    pub(super) near: Option<Run>,
}

/// The prefilter of a rule pack.
#[derive(Debug)]
pub(super) struct Prefilter {
    tables: Tables,
    near_runs: Grams,
    everywhere: Grams,
    /// Whether `everywhere` holds too many literals for the vector search.
    many: bool,
    margins: Margins,
    /// Runs that are reported themselves are at least so long; none are when it is `usize::MAX`.
    reported: usize,
}

/// What the prefilter found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hit {
    /// The trigger of this number begins here.
    Literal(u32, usize),
    /// A run of token characters.
    Run(Span),
}

impl Prefilter {
    /// A prefilter that reports `triggers` by their index, and all runs of at least `reported` token characters.
    pub(super) fn new(triggers: &[Trigger], reported: Option<usize>) -> Self {
        let lane = |near: bool| {
            let chosen =
                triggers.iter().zip(0..).filter(move |(t, _): &(&Trigger, u32)| t.near.is_some() == near);
            chosen.map(|(t, number)| (t.literal.clone(), number))
        };
        let (near_runs, everywhere) = (Grams::new(lane(true)), Grams::keyed(lane(false)));
        let many = everywhere.len() > FEW;
        let tables = if many { Tables::new(&[]) } else { Tables::new(&groups(everywhere.keys())) };
        let margins = Margins::new(triggers.iter().filter_map(|t| t.near));
        Self { tables, near_runs, everywhere, many, margins, reported: reported.unwrap_or(usize::MAX) }
    }

    /// Calls `sink` with every hit that lies in `range` of `bytes`, and perhaps with others: literals that straddle
    /// the range's borders, or that lie farther from a run than their triggers ask. In no order; no hit twice.
    pub(super) fn search(&self, bytes: &[u8], range: Span, sink: &mut impl FnMut(Hit)) {
        let least = self.margins.least.min(self.reported);
        let mut pass = Pass { prefilter: self, bytes, range, runs: Runs::new(least), seen: Seen::default() };
        let mut blocks = [Block::default(); BATCH];
        let mut at = range.start;
        while range.end - at >= BLOCK + AFTER {
            let count = ((range.end - at - AFTER) / BLOCK).min(BATCH);
            self.tables.classify(&bytes[at..], &mut blocks[..count]);
            for block in &blocks[..count] {
                pass.block(at, *block, sink);
                at += BLOCK;
            }
        }
        // What is left is shorter than two blocks; the zeros after it end the last run.
        let mut rest = [0; BLOCK * 2 + AFTER];
        rest[..range.end - at].copy_from_slice(&bytes[at..range.end]);
        self.tables.classify(&rest, &mut blocks[..2]);
        for block in &blocks[..2] {
            pass.block(at, *block, sink);
            at += BLOCK;
        }
    }
}

/// One pass over a range.
struct Pass<'p> {
    prefilter: &'p Prefilter,
    bytes: &'p [u8],
    range: Span,
    runs: Runs,
    seen: Seen,
}

impl Pass<'_> {
    #[inline]
    fn block(&mut self, base: usize, block: Block, sink: &mut impl FnMut(Hit)) {
        let Self { prefilter, bytes, range, runs, seen } = self;
        runs.block(base, block.tokens, &mut |start, end| {
            prefilter.near_run(bytes, *range, seen, Span::new(start, end), sink);
        });
        let everywhere = &prefilter.everywhere;
        let mut literal = |number, at| sink(Hit::Literal(number, at));
        if prefilter.many {
            everywhere.scan(bytes, base.min(range.end), (base + BLOCK).min(range.end), &mut literal);
            return;
        }
        let mut starts = block.starts;
        while starts != 0 {
            let at = base + starts.trailing_zeros() as usize;
            starts &= starts - 1;
            everywhere.at(bytes, at, &mut literal);
        }
    }
}

impl Prefilter {
    /// Looks near `run`, which begins after those of the calls before.
    fn near_run(&self, bytes: &[u8], range: Span, seen: &mut Seen, run: Span, sink: &mut impl FnMut(Hit)) {
        if run.len() >= self.reported {
            sink(Hit::Run(whole_run(bytes, range, run)));
        }
        let Some((back, ahead)) = self.margins.of(run.len()) else { return };
        let from = run.start.saturating_sub(back).max(range.start);
        let to = (run.end + ahead).min(range.end);
        seen.add(Span::new(from, to), &mut |new| {
            self.near_runs.scan(bytes, new.start, new.end, &mut |number, at| sink(Hit::Literal(number, at)));
        });
    }
}

/// Where lane one has looked: a few disjoint spans, ascending. Later spans may begin before earlier ones end, and
/// even before they begin, since longer runs look farther back.
#[derive(Debug, Default)]
struct Seen(Vec<Span>);

impl Seen {
    /// Number of spans beyond which those are forgotten that no later run can look back to.
    const KEPT: usize = 16;

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

/// The run of which `run` was seen in `range`, in full.
fn whole_run(bytes: &[u8], range: Span, run: Span) -> Span {
    let token = |b: &&u8| is_token(**b);
    let before =
        if run.start > range.start { 0 } else { bytes[..run.start].iter().rev().take_while(token).count() };
    let after = if run.end < range.end { 0 } else { bytes[run.end..].iter().take_while(token).count() };
    Span::new(run.start - before, run.end + after)
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

#[cfg(test)]
mod tests;
