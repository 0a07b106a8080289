//! Parts of a text that are written in another way: where they are, and what they stand for.
//!
//! A region is found from any of its triggers alike, and rests on the bytes that it names ([`Region::reads`]) and on
//! no others; each of its bytes lies near a trigger. So a text that changed in one place has the regions that it had,
//! but for those that the change touches, and these have a trigger near it.

use super::marks::{self, Kind};
use super::packed::{self, Packing};
use super::undone::Undone;
use crate::model::{Reads, Span};

/// Length of a region, in bytes, above which it is not undone.
pub(super) const LONGEST: usize = 1 << 20;
/// From a byte that a region rests on ([`Region::reads`]) it is at most so far, in bytes, to all that makes up a trigger.
pub const NEAR: usize = 384;
/// Fewest characters of a run of token characters that may be a trigger.
pub const RUN: usize = marks::RUN;

/// A part of a text that is written in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// How it is written.
    pub(super) layer: Layer,
    /// Where it lies.
    pub span: Span,
    /// The bytes that were read to find it.
    pub reads: Reads,
    /// How it is undone.
    pub(super) undoing: Undoing,
}

/// A way to write a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Some bits a character.
    Packed(Packing),
    /// Some of its characters stand for others.
    Marked(Kind),
}

/// What is needed to undo a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undoing {
    /// Its lines.
    Lines(Vec<Span>),
    /// It is read from its begin.
    Marks,
    /// It is too long.
    TooLong,
}

/// The regions of a text, gathered trigger by trigger: each once, as long as its triggers come one after another.
#[derive(Debug, Default)]
pub struct Regions {
    /// What was found.
    pub found: Vec<Region>,
    /// Whether something was too long.
    pub too_long: bool,
    /// Where each layer's last region lies.
    last: [Option<Span>; Layer::COUNT],
}

impl Layer {
    const COUNT: usize = 3 + Kind::COUNT;

    const fn number(self) -> usize {
        match self {
            Self::Packed(packing) => packing as usize,
            Self::Marked(kind) => 3 + kind as usize,
        }
    }
}

impl Regions {
    /// Looks for regions around `run`, a whole run of at least [`RUN`] token characters of `bytes`.
    #[inline]
    pub fn at_run(&mut self, bytes: &[u8], run: Span) {
        if run.len() >= Packing::Base64.least() {
            self.packed(bytes, run);
        }
        if marks::may_border(bytes, run) {
            marks::beside(bytes, run, &mut |kind, mark| self.marked(bytes, kind, mark));
        }
    }

    /// Looks for a region around the literal of [`triggers`] that begins at `at`.
    pub fn at_literal(&mut self, bytes: &[u8], at: usize) {
        if let Some((kind, mark)) = marks::in_row(bytes, at) {
            self.marked(bytes, kind, mark);
        }
    }

    fn marked(&mut self, bytes: &[u8], kind: Kind, mark: Span) {
        if !self.has_seen(Layer::Marked(kind), mark) {
            let region = marks::region(bytes, kind, mark);
            self.add(region, true);
        }
    }

    fn packed(&mut self, bytes: &[u8], run: Span) {
        if !packed::is_telling(run.of(bytes)) {
            return;
        }
        for packing in Packing::ALL.into_iter().filter(|&packing| !packed::is_plain(bytes, run, packing)) {
            let mut from = run.start;
            while let Some(row) = packed::next_line(bytes, run, from, packing) {
                from = row.end + 1;
                if !self.has_seen(Layer::Packed(packing), row) {
                    let region = packed::region(bytes, row, packing);
                    let text = packed::is_text_like(bytes, &region, packing);
                    self.add(region, text);
                }
            }
        }
    }

    fn has_seen(&self, layer: Layer, at: Span) -> bool {
        self.last[layer.number()].is_some_and(|span| span.contains(at))
    }

    /// Enters `region`; it is worth undoing when it `counts`.
    fn add(&mut self, region: Region, counts: bool) {
        self.last[region.layer.number()] = Some(region.span);
        match region.undoing {
            Undoing::TooLong => self.too_long |= counts,
            _ if counts => self.found.push(region),
            _ => {}
        }
    }
}

impl Region {
    /// What the region of `bytes` stands for.
    pub fn undone(&self, bytes: &[u8]) -> Undone {
        match (self.layer, &self.undoing) {
            (Layer::Packed(packing), Undoing::Lines(lines)) => packed::undo(bytes, lines, packing),
            (Layer::Marked(kind), _) => marks::undo(bytes, self.span, kind),
            (Layer::Packed(packing), _) => packed::undo(bytes, &[self.span], packing),
        }
    }
}

/// Literals (lower case) that may be part of a region without a run of token characters beside it.
pub const fn triggers() -> &'static [&'static str] {
    marks::TRIGGERS
}
