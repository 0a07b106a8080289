//! Finds the literals that wake rules, without reading most of the text closely.
//!
//! Most tokens are long runs of hex digits, of letters and digits, or of token characters, and such runs are a small
//! part of any text. Rules whose every match holds such a run have their keywords searched only in and near runs: a
//! lane for each alphabet. The few literals of the other rules, and of those whose runs are too common, are searched
//! everywhere, by vector instructions while they are few.

mod grams;
mod groups;
mod lane;
mod pairs;
mod runs;
mod simd;

use crate::model::Span;
use crate::rule::{Alphabet, Run, is_token};
use grams::Grams;
use groups::groups;
use lane::{Lane, Seen};
use runs::Runs;
use simd::{AFTER, BLOCK, Block, Tables};

/// Most literals that can be searched everywhere before the vector search lets too much pass.
const FEW: usize = 200;
/// Bytes of a megabyte beside runs, above which a literal is rather searched everywhere.
const DEAR: usize = 60_000;
/// Blocks classified at a time: 2 KiB of text, which stay in the first-level cache.
const BATCH: usize = 32;

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
    /// By [`Alphabet::ALL`].
    lanes: [Lane; 3],
    everywhere: Grams,
    /// Whether `everywhere` holds too many literals for the vector search.
    many: bool,
    /// Runs of token characters that are reported themselves are at least so long; none are when it is `usize::MAX`.
    reported: usize,
}

/// Where a search has looked near runs; kept from one to the next for its memory alone.
#[derive(Debug, Default)]
pub(super) struct Looked([Seen; 3]);

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
        let near = near(triggers);
        let chosen = |wanted: Option<Alphabet>| {
            let numbered = (0..).zip(triggers).zip(&near);
            numbered.filter(move |(_, run)| run.map(|r| r.alphabet) == wanted)
        };
        let literals = |wanted| chosen(wanted).map(|((number, t), _)| (t.literal.clone(), number));
        let lanes = Alphabet::ALL.map(|alphabet| {
            Lane::new(literals(Some(alphabet)), chosen(Some(alphabet)).filter_map(|(_, run)| *run))
        });
        let everywhere = Grams::new(literals(None));
        let many = everywhere.len() > FEW;
        let tables = if many { Tables::new(&[]) } else { Tables::new(&groups(everywhere.keys())) };
        Self { tables, lanes, everywhere, many, reported: reported.unwrap_or(usize::MAX) }
    }

    /// Calls `sink` with every hit that lies in `range` of `bytes`, and perhaps with others: literals that straddle
    /// the range's borders, or that lie farther from a run than their triggers ask. In no order; no hit twice. Says
    /// whether a byte of the range is zero.
    pub(super) fn search(
        &self,
        bytes: &[u8],
        range: Span,
        looked: &mut Looked,
        sink: &mut impl FnMut(Hit),
    ) -> bool {
        looked.0.iter_mut().for_each(Seen::clear);
        let [hex, alnum, token] = self.lanes.each_ref().map(Lane::least);
        let runs = [Runs::new(hex), Runs::new(alnum), Runs::new(token.min(self.reported))];
        let mut pass = Pass { prefilter: self, bytes, range, runs, seen: &mut looked.0 };
        let mut blocks = [Block::default(); BATCH];
        let (mut at, mut zeros) = (range.start, 0);
        while range.end - at >= BLOCK + AFTER {
            let count = ((range.end - at - AFTER) / BLOCK).min(BATCH);
            self.tables.classify(&bytes[at..], &mut blocks[..count]);
            for block in &blocks[..count] {
                zeros |= block.zeros;
                pass.block(at, *block, sink);
                at += BLOCK;
            }
        }
        // What is left is shorter than two blocks; the zeros after it end the last run.
        let mut rest = [0; BLOCK * 2 + AFTER];
        rest[..range.end - at].copy_from_slice(&bytes[at..range.end]);
        self.tables.classify(&rest, &mut blocks[..2]);
        for block in &blocks[..2] {
            let inside = range.end.saturating_sub(at);
            zeros |= if inside < BLOCK { block.zeros & ((1 << inside) - 1) } else { block.zeros };
            pass.block(at, *block, sink);
            at += BLOCK;
        }
        zeros != 0
    }
}

/// One pass over a range.
struct Pass<'p> {
    prefilter: &'p Prefilter,
    bytes: &'p [u8],
    range: Span,
    /// By [`Alphabet::ALL`], like what was seen in each lane.
    runs: [Runs; 3],
    seen: &'p mut [Seen; 3],
}

impl Pass<'_> {
    #[inline]
    fn block(&mut self, base: usize, block: Block, sink: &mut impl FnMut(Hit)) {
        match self.runs[2].is_idle(block.runs[2]) {
            true => self.runs.iter_mut().zip(block.runs).for_each(|(runs, mask)| runs.pass(mask)),
            false => self.near_runs(base, block, sink),
        }
        let Self { prefilter, bytes, range, .. } = self;
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

    /// Looks near the runs that end in the block.
    fn near_runs(&mut self, base: usize, block: Block, sink: &mut impl FnMut(Hit)) {
        let Self { prefilter, bytes, range, runs, seen } = self;
        let [hex, alnum, token] = &prefilter.lanes;
        let mut literal = |number, at| sink(Hit::Literal(number, at));
        runs[0].block(base, block.runs[0], &mut |start, end| {
            hex.near(Span::new(start, end), bytes, *range, &mut seen[0], &mut literal);
        });
        runs[1].block(base, block.runs[1], &mut |start, end| {
            alnum.near(Span::new(start, end), bytes, *range, &mut seen[1], &mut literal);
        });
        runs[2].block(base, block.runs[2], &mut |start, end| {
            let run = Span::new(start, end);
            if run.len() >= prefilter.reported {
                sink(Hit::Run(whole_run(bytes, *range, run)));
            }
            token.near(run, bytes, *range, &mut seen[2], &mut |number, at| sink(Hit::Literal(number, at)));
        });
    }
}

/// Near which run each of `triggers` is searched; `None`: everywhere.
fn near(triggers: &[Trigger]) -> Vec<Option<Run>> {
    let mut near: Vec<_> = triggers.iter().map(|t| t.near).collect();
    let everywhere = near.iter().filter(|run| run.is_none()).count();
    let mut dear: Vec<_> = near.iter_mut().filter(|r| r.is_some_and(|r| r.cost() > DEAR)).collect();
    dear.sort_by_key(|run| std::cmp::Reverse(run.map(|r| r.cost())));
    dear.into_iter().take(FEW.saturating_sub(everywhere)).for_each(|run| *run = None);
    near
}

/// The run of which `run` was seen in `range`, in full.
fn whole_run(bytes: &[u8], range: Span, run: Span) -> Span {
    let token = |b: &&u8| is_token(**b);
    let before =
        if run.start > range.start { 0 } else { bytes[..run.start].iter().rev().take_while(token).count() };
    let after = if run.end < range.end { 0 } else { bytes[run.end..].iter().take_while(token).count() };
    Span::new(run.start - before, run.end + after)
}

#[cfg(test)]
mod tests;
