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
use grams::{Grams, word};
use groups::groups;
use lane::{Lane, Seen};
use pairs::rarity;
use runs::{Runs, is_idle};
use simd::{AFTER, BLOCK, Block, Tables};

/// Most literals that can be searched everywhere before the vector search lets too much pass.
const FEW: usize = 200;
/// Literals up to which those that are dear to search near runs are rather searched everywhere.
const ROOM: usize = 180;
/// To look beside a run at all costs as much as so many bytes.
const VISIT: usize = 200;
/// To look for a run beside a literal costs as much as so many bytes.
const ASK: usize = 300;
/// Bytes of a megabyte beside runs, visits counted, above which a literal is dear.
const DEAR: usize = 100_000;
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

/// What a search notes; kept from one to the next for its memory alone.
#[derive(Debug)]
pub(super) struct Looked {
    /// Where it has looked near runs of each alphabet.
    seen: [Seen; 3],
    /// Places of a batch.
    places: Box<Places>,
}

/// Places of a batch, in bytes from its begin.
type Places = [u16; BATCH * BLOCK];

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
        let Looked { seen, places } = looked;
        seen.iter_mut().for_each(Seen::clear);
        let [hex, alnum, token] = self.lanes.each_ref().map(Lane::least);
        let runs = [Runs::new(hex), Runs::new(alnum), Runs::new(token.min(self.reported))];
        let mut pass = Pass { prefilter: self, bytes, range, runs, before: [0; 3], seen, places };
        let mut blocks = [Block::default(); BATCH];
        let (mut at, mut zeros) = (range.start, 0);
        while range.end - at >= BLOCK + AFTER {
            let count = ((range.end - at - AFTER) / BLOCK).min(BATCH);
            self.tables.classify(&bytes[at..], &mut blocks[..count]);
            zeros |= blocks[..count].iter().fold(0, |zeros, block| zeros | block.zeros);
            pass.batch(at, &blocks[..count], sink);
            at += count * BLOCK;
        }
        // What is left is shorter than two blocks; the zeros after it end the last run.
        let mut rest = [0; BLOCK * 2 + AFTER];
        rest[..range.end - at].copy_from_slice(&bytes[at..range.end]);
        self.tables.classify(&rest, &mut blocks[..2]);
        for (block, begin) in blocks[..2].iter().zip([at, at + BLOCK]) {
            let inside = range.end.saturating_sub(begin);
            zeros |= if inside < BLOCK { block.zeros & ((1 << inside) - 1) } else { block.zeros };
        }
        pass.batch(at, &blocks[..2], sink);
        zeros != 0
    }
}

impl Default for Looked {
    fn default() -> Self {
        Self { seen: Default::default(), places: Box::new([0; BATCH * BLOCK]) }
    }
}

/// One pass over a range.
struct Pass<'p> {
    prefilter: &'p Prefilter,
    bytes: &'p [u8],
    range: Span,
    /// By [`Alphabet::ALL`], like the masks of the block before and what was seen in each lane.
    runs: [Runs; 3],
    before: [u64; 3],
    seen: &'p mut [Seen; 3],
    places: &'p mut Places,
}

impl Pass<'_> {
    /// Takes the blocks from `base` on.
    fn batch(&mut self, base: usize, blocks: &[Block], sink: &mut impl FnMut(Hit)) {
        let Self { prefilter, bytes, range, .. } = *self;
        let everywhere = &prefilter.everywhere;
        if prefilter.many {
            let (from, to) = (base.min(range.end), (base + blocks.len() * BLOCK).min(range.end));
            everywhere.scan(bytes, from, to, &mut |number, at| sink(Hit::Literal(number, at)));
        }
        let likely = self.likely(base, blocks);
        let mut told = 0;
        for (i, block) in blocks.iter().enumerate() {
            let before = std::mem::replace(&mut self.before, block.runs);
            if !is_idle(before[2], block.runs[2]) {
                self.near_runs(base + i * BLOCK, before, block.runs, sink);
            }
            // Block by block: what runs and literals lead to, a region of text, is told near each other.
            while told < likely && usize::from(self.places[told]) < (i + 1) * BLOCK {
                let at = base + usize::from(self.places[told]);
                let mut literal = |number, at| sink(Hit::Literal(number, at));
                everywhere.report(bytes, at, word(bytes, at), &mut literal);
                told += 1;
            }
        }
    }

    /// Number of the places, noted in order, where a literal that counts everywhere may begin.
    fn likely(&mut self, base: usize, blocks: &[Block]) -> usize {
        let Self { prefilter, bytes, places, .. } = self;
        let mut count = 0;
        for (i, block) in blocks.iter().enumerate() {
            let mut starts = block.starts;
            while starts != 0 {
                places[count] = (i * BLOCK) as u16 + starts.trailing_zeros() as u16;
                count += 1;
                starts &= starts - 1;
            }
        }
        let mut likely = 0;
        for i in 0..count {
            let place = places[i];
            places[likely] = place;
            likely += usize::from(prefilter.everywhere.may_hold(word(bytes, base + usize::from(place))));
        }
        likely
    }

    /// Looks near the runs that end in the block of `masks`.
    fn near_runs(&mut self, base: usize, before: [u64; 3], masks: [u64; 3], sink: &mut impl FnMut(Hit)) {
        let Self { prefilter, bytes, range, runs, seen, .. } = self;
        let [hex, alnum, token] = &prefilter.lanes;
        let mut literal = |number, at| sink(Hit::Literal(number, at));
        runs[0].block(base, before[0], masks[0], &mut |start, end| {
            hex.near(Span::new(start, end), bytes, *range, &mut seen[0], &mut literal);
        });
        runs[1].block(base, before[1], masks[1], &mut |start, end| {
            alnum.near(Span::new(start, end), bytes, *range, &mut seen[1], &mut literal);
        });
        runs[2].block(base, before[2], masks[2], &mut |start, end| {
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
    // What a literal costs there more than everywhere.
    let cost = |trigger: &Trigger, run: Option<Run>| {
        let beside = run.map_or(0, |run| run.rate() * (VISIT + run.width()));
        beside.saturating_sub(ASK * (1_000_000 >> (rarity(&trigger.literal) / 3).min(20)))
    };
    let costs = triggers.iter().zip(&mut near).map(|(trigger, run)| (cost(trigger, *run), run));
    let mut dear: Vec<_> = costs.filter(|(cost, _)| *cost > DEAR).collect();
    dear.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
    dear.into_iter().take(ROOM.saturating_sub(everywhere)).for_each(|(_, run)| *run = None);
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
