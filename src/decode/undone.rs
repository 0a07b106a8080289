//! What an encoded part of a text stands for, and where each byte of it came from.

use crate::model::Span;

/// A part of a text with its encoding undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What it stands for.
    pub text: Vec<u8>,
    /// The name of the layer that was undone, such as `base64`.
    pub layer: &'static str,
    /// Where its bytes came from.
    pub(super) places: Places,
}

/// Where decoded bytes came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Places {
    /// Each depends on all of the span: it was compressed.
    Whole(Span),
    /// Each character stands for so many bits.
    Packed {
        /// Bits of a character, 4 or 6.
        bits: usize,
        /// The lines, as number of the first character and its place; ascending, the first is character 0.
        lines: Vec<(usize, usize)>,
    },
    /// All stand for themselves, but for these; ascending.
    Marks {
        /// Place of the first byte.
        start: usize,
        /// What does not stand for itself.
        shifts: Vec<Shift>,
    },
}

/// Something in a text that stands for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    /// Where it lies in the text.
    pub(super) from: Span,
    /// What it became, in the decoded text; may be empty.
    pub(super) to: Span,
}

impl Undone {
    /// The least part of the text that `span` of the decoded one came from.
    pub fn place(&self, span: Span) -> Span {
        match &self.places {
            Places::Whole(whole) => *whole,
            Places::Packed { bits, lines } => {
                let place = |character: usize| {
                    let line = lines.partition_point(|(first, _)| *first <= character) - 1;
                    lines[line].1 + character - lines[line].0
                };
                let last = (span.end.max(span.start + 1) * 8).div_ceil(*bits) - 1;
                Span::new(place(span.start * 8 / bits), place(last) + 1)
            }
            Places::Marks { start, shifts } => {
                let first = source(*start, shifts, span.start).start;
                if span.is_empty() {
                    return Span::new(first, first);
                }
                Span::new(first, source(*start, shifts, span.end - 1).end)
            }
        }
    }

    /// Whether `span` of the decoded text, or a neighbour of it, did not stand for itself.
    pub fn was_disguised(&self, span: Span) -> bool {
        let Places::Marks { shifts, .. } = &self.places else { return true };
        let first = shifts.partition_point(|s| s.to.end < span.start);
        shifts.get(first).is_some_and(|s| s.to.start <= span.end)
    }
}

/// Where the decoded byte `at` came from.
fn source(start: usize, shifts: &[Shift], at: usize) -> Span {
    let before = shifts.partition_point(|s| s.to.start <= at);
    let Some(shift) = before.checked_sub(1).map(|i| shifts[i]) else {
        return Span::new(start + at, start + at + 1);
    };
    if at < shift.to.end {
        return shift.from;
    }
    let place = shift.from.end + at - shift.to.end;
    Span::new(place, place + 1)
}
