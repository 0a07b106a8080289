//! Text written as base64 (both alphabets, wrapped or not) or as hex digits.
//!
//! A region is a row of such characters or several, one a line, as mail programs and `base64` wrap them. It must begin
//! like text, or like something compressed: then a hash or a key is told from an encoded text by its first bytes.

use super::region::{LONGEST, Layer, Region, Undoing};
use super::undone::{Places, Undone};
use crate::model::{Reads, Span};

/// Least and greatest number of characters of a line that another may follow.
const WRAPPED: usize = 40;
const WIDEST: usize = 128;
/// Blanks before the first character of a line.
const INDENT: usize = 32;
/// Bytes on each side of a region that say where it ends: another line, its indent and break.
const REACH: usize = WIDEST + INDENT + 6;
/// Bytes that must look like text.
const HEAD: usize = 12;

/// How bytes are written as characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// With `+` and `/`.
    Base64,
    /// With `-` and `_`.
    Base64Url,
    /// Two digits a byte.
    Hex,
}

impl Packing {
    /// Every packing.
    pub(super) const ALL: [Self; 3] = [Self::Base64, Self::Base64Url, Self::Hex];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
        }
    }

    const fn bits(self) -> usize {
        if matches!(self, Self::Hex) { 4 } else { 6 }
    }

    /// Fewest characters that are looked at.
    pub(super) const fn least(self) -> usize {
        if matches!(self, Self::Hex) { 32 } else { 24 }
    }

    /// What `byte` stands for; 255: it is no character of this packing.
    const fn value(self, byte: u8) -> u8 {
        match (self, byte) {
            (Self::Hex, b'0'..=b'9') => byte - b'0',
            (Self::Hex, b'a'..=b'f') => byte - b'a' + 10,
            (Self::Hex, b'A'..=b'F') => byte - b'A' + 10,
            (Self::Hex, _) => 255,
            (_, b'A'..=b'Z') => byte - b'A',
            (_, b'a'..=b'z') => byte - b'a' + 26,
            (_, b'0'..=b'9') => byte - b'0' + 52,
            (Self::Base64, b'+') | (Self::Base64Url, b'-') => 62,
            (Self::Base64, b'/') | (Self::Base64Url, b'_') => 63,
            _ => 255,
        }
    }

    const fn table(self) -> [u8; 256] {
        let mut table = [255; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = self.value(byte as u8);
            byte += 1;
        }
        table
    }

    const fn values(self) -> &'static [u8; 256] {
        static TABLES: [[u8; 256]; 3] =
            [Packing::Base64.table(), Packing::Base64Url.table(), Packing::Hex.table()];
        &TABLES[self as usize]
    }

    fn holds(self, byte: u8) -> bool {
        self.values()[usize::from(byte)] != 255
    }

    /// Appends what `characters` stand for to `out`; `left` is what the characters before left over, and how many
    /// bits of it count.
    fn decode(self, characters: &[u8], left: &mut (u32, usize), out: &mut Vec<u8>) {
        let (values, bits) = (self.values(), self.bits());
        let (mut word, mut held) = *left;
        for &c in characters {
            word = word << bits | u32::from(values[usize::from(c)]);
            held += bits;
            if held >= 8 {
                held -= 8;
                out.push((word >> held) as u8);
            }
        }
        *left = (word, held);
    }
}

/// Whether `run`, of at least 16 characters, holds more than small letters and marks, as bytes written so do.
pub(super) fn is_telling(run: &[u8]) -> bool {
    // Sixteen at a time, without branches: for vector instructions.
    let tells = |part: &[u8; 16]| {
        part.iter().fold(false, |told, b| told | b.is_ascii_uppercase() | b.is_ascii_digit())
    };
    run.as_chunks().0.iter().any(tells) || run.last_chunk().is_some_and(tells)
}

/// Whether `run`, of at least 16 characters, is one row of `packing` and no line of a region: what most names are.
pub(super) fn is_plain(bytes: &[u8], run: Span, packing: Packing) -> bool {
    let own = match packing {
        Packing::Base64 => [b'+', b'/'],
        Packing::Base64Url => [b'-', b'_'],
        Packing::Hex => return false,
    };
    let all = |part: &[u8; 16]| {
        part.iter().fold(true, |all, &b| all & (b.is_ascii_alphanumeric() | (b == own[0]) | (b == own[1])))
    };
    let text = run.of(bytes);
    text.as_chunks().0.iter().all(all)
        && text.last_chunk().is_some_and(all)
        && !begins_well(text, packing)
        && !may_be_wrapped(bytes, run)
}

/// The first row of characters of `packing` in `run` from `from` on that may be a line of a region; what lies before
/// it is none.
pub(super) fn next_line(bytes: &[u8], run: Span, from: usize, packing: Packing) -> Option<Span> {
    let own = |b: &u8| matches!(b, b'-' | b'_');
    let mut at = from;
    while let Some(row) = long_row(bytes, at, run.end, packing) {
        let counts = (begins_well(row.of(bytes), packing) || may_be_wrapped(bytes, row))
            // What has neither is base64 as well.
            && (packing != Packing::Base64Url || row.of(bytes).iter().any(own));
        if counts {
            return Some(row);
        }
        at = row.end + 1;
    }
    None
}

/// Whether what `region` stands for begins like text.
pub(super) fn is_text_like(bytes: &[u8], region: &Region, packing: Packing) -> bool {
    let end = region.span.end.min(region.span.start + 2 * WRAPPED);
    begins_well(&bytes[region.span.start..end], packing)
}

/// The first row of enough characters of `packing` in `from..to`, without padding; none of them stands before `from`.
fn long_row(bytes: &[u8], from: usize, to: usize, packing: Packing) -> Option<Span> {
    let mut start = from;
    // From the last character of each possible row back to the first that is none.
    while let Some(enough) = bytes[..to].get(start..start + packing.least()) {
        match enough.iter().rposition(|&b| !packing.holds(b)) {
            Some(wrong) => start += wrong + 1,
            None => return Some(row_at(bytes, start, to, packing)),
        }
    }
    None
}

/// Whether the first characters of `row` stand for text, for text in UTF-16, or for something compressed.
fn begins_well(row: &[u8], packing: Packing) -> bool {
    let values = packing.values();
    let bits = packing.bits();
    let mut head = [0; HEAD];
    let (mut word, mut held, mut len) = (0u32, 0, 0);
    for &c in row {
        let value = values[usize::from(c)];
        if value == 255 || len == HEAD {
            break;
        }
        word = word << bits | u32::from(value);
        held += bits;
        if held >= 8 {
            held -= 8;
            head[len] = (word >> held) as u8;
            // Most rows are no text, and the first bytes tell.
            if len == 2 && !may_begin([head[0], head[1], head[2]]) {
                return false;
            }
            len += 1;
        }
    }
    let wide = |odd: usize| {
        head.iter().enumerate().all(|(i, &b)| (i % 2 == odd) == (b == 0) && (b == 0 || is_text(b)))
    };
    len == HEAD
        && (head.iter().all(|&b| is_text(b)) || super::deflate::is_compressed(&head) || wide(1) || wide(0))
}

const fn may_begin(first: [u8; 3]) -> bool {
    let [a, b, c] = first;
    (is_text(a) && is_text(b) && is_text(c))
        || (is_text(a) && b == 0)
        || (a == 0 && is_text(b))
        || (a == 0x1f && b == 0x8b)
        || a == 0x78
}

const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

/// Whether `row` may be one of several lines.
fn may_be_wrapped(bytes: &[u8], row: Span) -> bool {
    let ends_line = matches!(bytes.get(row.end), Some(b'\n' | b'\r'));
    row.len() <= WIDEST && ((ends_line && row.len() >= WRAPPED) || begins_line(bytes, row.start).is_some())
}

/// Where the line break ends that is followed by nothing but blanks before `at`.
fn begins_line(bytes: &[u8], at: usize) -> Option<usize> {
    let blanks = bytes[..at].iter().rev().take(INDENT).take_while(|b| matches!(b, b' ' | b'\t')).count();
    (bytes[..at - blanks].last() == Some(&b'\n')).then_some(at - blanks)
}

/// The row on the line after `row`, if the two are lines of one text.
fn next_row(bytes: &[u8], row: Span, packing: Packing) -> Option<Span> {
    let rest = &bytes[row.end..];
    let line_break = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
    if line_break == 0 || !(WRAPPED..=WIDEST).contains(&row.len()) {
        return None;
    }
    let indent = rest[line_break..].iter().take(INDENT).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let start = row.end + line_break + indent;
    // A longer one is no line of the same text.
    let most = bytes.len().min(start + row.len() + 1);
    let next = row_at(bytes, start, most, packing);
    let padding = bytes[next.end..].iter().take(2).take_while(|b| **b == b'=').count();
    let ends = bytes.get(next.end + padding).is_none_or(|&b| !crate::rule::is_token(b) && b != b':');
    (!next.is_empty() && next.len() <= row.len() && ends).then_some(next)
}

fn row_at(bytes: &[u8], start: usize, most: usize, packing: Packing) -> Span {
    let end = (start..most).find(|&i| !packing.holds(bytes[i])).unwrap_or(most);
    Span::new(start, end.max(start))
}

/// The row on the line before `row`, if the two are lines of one text.
fn previous_row(bytes: &[u8], row: Span, packing: Packing) -> Option<Span> {
    let line = begins_line(bytes, row.start).filter(|_| row.len() <= WIDEST)?;
    let end = line - if bytes[..line].ends_with(b"\r\n") { 2 } else { 1 };
    let len = bytes[..end].iter().rev().take(WIDEST + 1).take_while(|&&b| packing.holds(b)).count();
    let before = Span::new(end - len, end);
    (next_row(bytes, before, packing) == Some(row)).then_some(before)
}

/// The region of which `row` is a line.
pub(super) fn region(bytes: &[u8], row: Span, packing: Packing) -> Region {
    let (mut after, mut before) = (vec![row], Vec::new());
    let (mut first, mut last) = (row, row);
    // Forward first: then what is too long is gone through once, not once for each line.
    while last.end - row.start <= LONGEST
        && let Some(next) = next_row(bytes, last, packing)
    {
        after.push(next);
        last = next;
    }
    while last.end - first.start <= LONGEST
        && let Some(previous) = previous_row(bytes, first, packing)
    {
        before.push(previous);
        first = previous;
    }
    before.reverse();
    before.append(&mut after);
    let span = Span::new(first.start, last.end);
    let reads = Reads { start: span.start as isize - REACH as isize, end: (span.end + REACH) as isize };
    let undoing = if span.len() > LONGEST { Undoing::TooLong } else { Undoing::Lines(before) };
    Region { layer: Layer::Packed(packing), span, reads, undoing }
}

/// What `lines` of `bytes` stand for.
pub(super) fn undo(bytes: &[u8], lines: &[Span], packing: Packing) -> Undone {
    let mut text = Vec::with_capacity(lines.iter().map(|l| l.len()).sum::<usize>() * packing.bits() / 8);
    let (mut left, mut characters) = ((0, 0), 0);
    let mut places = Vec::with_capacity(lines.len());
    for line in lines {
        places.push((characters, line.start));
        characters += line.len();
        packing.decode(line.of(bytes), &mut left, &mut text);
    }
    let places = Places::Packed { bits: packing.bits(), lines: places };
    Undone { text, layer: packing.name(), places }
}
