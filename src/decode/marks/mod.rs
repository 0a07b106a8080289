//! Text of which some characters stand for others: escapes, and what joins the parts of one text.
//!
//! Such marks are everywhere in code. Those count that touch a token, or that stand in a row, which is how a whole
//! text is written in escapes: these are *strong*. A region is a row of strong marks that are not far from each other,
//! with some text around it, on one line unless a mark goes over its end.

mod escape;
mod joint;

use super::region::{LONGEST, Layer, Region, Undoing};
use super::undone::{Places, Shift, Undone};
use crate::model::{Reads, Span};
use crate::rule::is_token;

/// Token characters beside a strong mark.
pub(super) const RUN: usize = 16;
/// Marks in a row that are strong.
const ROW: usize = 4;
/// Bytes between strong marks of one region, and around it.
const AROUND: usize = 128;
/// Bytes on each side of a region that say where it ends.
const REACH: usize = 96;
/// Bytes of a line of quoted-printable before the `=` at which it is broken.
const MAIL_LINE: (usize, usize) = (66, 76);
/// Literals by which marks in a row are found.
pub(super) const TRIGGERS: &[&str] = &["\\x", "\\u00", "%4", "%5", "%6", "%7", "&#", "=3d"];

/// What kind of mark it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Backslash,
    Percent,
    Entity,
    Quoted,
    Joint,
}

/// A mark: its length, and what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    len: usize,
    stands_for: [u8; 4],
    bytes: u8,
}

impl Mark {
    fn byte(len: usize, byte: u8) -> Self {
        Self { len, stands_for: [byte, 0, 0, 0], bytes: 1 }
    }

    fn gone(len: usize) -> Self {
        Self { len, stands_for: [0; 4], bytes: 0 }
    }

    fn character(len: usize, code: u32) -> Option<Self> {
        let mut stands_for = [0; 4];
        let bytes = char::from_u32(code)?.encode_utf8(&mut stands_for).len() as u8;
        Some(Self { len, stands_for, bytes })
    }

    fn text(&self) -> &[u8] {
        &self.stands_for[..usize::from(self.bytes)]
    }

    fn is_printable(&self) -> bool {
        matches!(self.text(), [b' '..=b'~' | b'\n'])
    }
}

impl Kind {
    pub(super) const COUNT: usize = 5;

    const fn name(self) -> &'static str {
        match self {
            Self::Backslash => "escapes",
            Self::Percent => "percent",
            Self::Entity => "entities",
            Self::Quoted => "quoted-printable",
            Self::Joint => "joined",
        }
    }

    /// The byte that every mark begins with, where it is one alone.
    const fn begin(self) -> Option<u8> {
        match self {
            Self::Backslash => Some(b'\\'),
            Self::Percent => Some(b'%'),
            Self::Entity => Some(b'&'),
            Self::Quoted => Some(b'='),
            Self::Joint => None,
        }
    }

    /// Whether a mark may begin with `byte`.
    const fn begins(self, byte: u8) -> bool {
        match self.begin() {
            Some(begin) => byte == begin,
            None => matches!(byte, b'"' | b'\'' | b'`' | b'\\'),
        }
    }

    /// Where the first byte of `text` stands that a mark may begin with, or a line break.
    fn first(self, text: &[u8]) -> Option<usize> {
        match self.begin() {
            Some(begin) => memchr::memchr2(begin, b'\n', text),
            None => text.iter().position(|&b| b == b'\n' || self.begins(b)),
        }
    }

    /// The same from the end.
    fn last(self, text: &[u8]) -> Option<usize> {
        match self.begin() {
            Some(begin) => memchr::memrchr2(begin, b'\n', text),
            None => text.iter().rposition(|&b| b == b'\n' || self.begins(b)),
        }
    }

    /// The mark at `at`.
    fn mark(self, bytes: &[u8], at: usize) -> Option<Mark> {
        if !self.begins(bytes[at]) {
            return None;
        }
        let text = &bytes[at..];
        match self {
            Self::Backslash => escape::backslash(text),
            Self::Percent => escape::percent(text),
            Self::Entity => escape::entity(text),
            Self::Quoted => escape::quoted(text),
            Self::Joint => joint::joint(text),
        }
    }

    /// The strong mark at `at`.
    fn strong(self, bytes: &[u8], at: usize) -> Option<Span> {
        let mark = self.mark(bytes, at)?;
        let span = Span::new(at, at + mark.len);
        let before = || at >= RUN && bytes[at - RUN..at].iter().all(|&b| is_token(b));
        let after =
            || bytes.get(span.end..span.end + RUN).is_some_and(|run| run.iter().all(|&b| is_token(b)));
        let strong = match self {
            Self::Quoted => mark.text() == b"=" || (mark.bytes == 0 && before() && ends_mail_line(bytes, at)),
            _ => before() || after() || self.in_row(bytes, span, &mark),
        };
        strong.then_some(span)
    }

    /// Whether `mark` is of a form of [`TRIGGERS`] and one of several printable ones in a row.
    fn in_row(self, bytes: &[u8], span: Span, mark: &Mark) -> bool {
        let text = span.of(bytes);
        let found = match self {
            Self::Backslash => matches!(text, [b'\\', b'x', ..] | [b'\\', b'u', b'0', b'0', ..]),
            Self::Percent => matches!(text[1], b'4'..=b'7'),
            Self::Entity => text[1] == b'#',
            Self::Quoted | Self::Joint => false,
        };
        if !found || !mark.is_printable() {
            return false;
        }
        let (mut count, mut end) = (1, span.end);
        while count < ROW
            && let Some(next) = bytes.get(end).and_then(|_| self.mark(bytes, end)).filter(Mark::is_printable)
        {
            (count, end) = (count + 1, end + next.len);
        }
        let mut start = span.start;
        while count < ROW
            && let Some(before) = self.printable_before(bytes, start)
        {
            (count, start) = (count + 1, before);
        }
        count >= ROW
    }

    /// Where the printable mark begins that ends at `end`.
    fn printable_before(self, bytes: &[u8], end: usize) -> Option<usize> {
        let ends = |at: &usize| self.mark(bytes, *at).is_some_and(|m| at + m.len == end && m.is_printable());
        (end.saturating_sub(8)..end.saturating_sub(2)).rev().find(ends)
    }

    /// Whether the line break at `at` is within a mark.
    fn goes_over(self, bytes: &[u8], at: usize) -> bool {
        match self {
            Self::Quoted => bytes[..at].ends_with(b"=") || bytes[..at].ends_with(b"=\r"),
            Self::Joint => {
                let from = at.saturating_sub(joint::LONGEST);
                let begins = |i: &usize| self.begins(bytes[*i]);
                let covers = |i: usize| joint::joint(&bytes[i..]).is_some_and(|m| i + m.len > at);
                // Between the begin of a joint and a line break in it there is little.
                let between = |i: &usize| {
                    matches!(bytes[*i], b' ' | b'\t' | b'\r' | b'\n' | b'_')
                        || !bytes[*i].is_ascii_alphanumeric()
                };
                (from..at).rev().take_while(between).filter(begins).any(covers)
            }
            _ => false,
        }
    }
}

/// Whether the `=` at `at` ends a line as long as mail programs make lines that they break. Shorter ones that end so are
/// the padding of base64, as is a second `=`.
fn ends_mail_line(bytes: &[u8], at: usize) -> bool {
    let line = bytes[..at].iter().rev().take(MAIL_LINE.1 + 1).take_while(|b| **b != b'\n').count();
    (MAIL_LINE.0..=MAIL_LINE.1).contains(&line) && !bytes[..at].ends_with(b"=")
}

/// Whether what stands beside `run` may be a mark.
#[inline]
pub(super) fn may_border(bytes: &[u8], run: Span) -> bool {
    const fn borders(byte: u8) -> bool {
        matches!(byte, b'\\' | b'%' | b'&' | b';' | b'"' | b'\'' | b'`' | b'\n' | b' ' | b'\t')
    }
    let before = run.start.checked_sub(1).is_some_and(|at| borders(bytes[at]));
    before || bytes.get(run.end).is_some_and(|&b| borders(b))
}

/// Calls `sink` with each strong mark that touches `run`, a whole run of token characters.
pub(super) fn beside(bytes: &[u8], run: Span, sink: &mut impl FnMut(Kind, Span)) {
    let mut tell = |kind: Kind, at: usize| {
        if let Some(mark) = kind.strong(bytes, at) {
            sink(kind, mark);
        }
    };
    match bytes.get(run.end) {
        Some(b'\\') => {
            tell(Kind::Backslash, run.end);
            tell(Kind::Joint, run.end);
        }
        Some(b'%') => tell(Kind::Percent, run.end),
        Some(b'&') => tell(Kind::Entity, run.end),
        Some(b'"' | b'\'' | b'`') => tell(Kind::Joint, run.end),
        Some(b'\n' | b'\r') if bytes[run.end - 1] == b'=' => tell(Kind::Quoted, run.end - 1),
        _ => {}
    }
    let Some(before) = run.start.checked_sub(1) else { return };
    match bytes[before] {
        b'\\' => tell(Kind::Backslash, before),
        b'%' => tell(Kind::Percent, before),
        b';' => {
            let and = bytes[before.saturating_sub(10)..before].iter().rposition(|b| *b == b'&');
            if let Some(and) = and {
                tell(Kind::Entity, before.saturating_sub(10) + and);
            }
        }
        b'"' | b'\'' | b'`' => {
            if before > 0 && bytes[before - 1] == b'\\' {
                tell(Kind::Backslash, before - 1);
            } else if let Some(start) = joint::ending_at(bytes, run.start) {
                tell(Kind::Joint, start);
            }
        }
        b'\n' | b' ' | b'\t' => {
            if let Some(start) = joint::ending_at(bytes, run.start) {
                tell(Kind::Joint, start);
            }
        }
        _ => {}
    }
}

/// The strong mark at the literal of [`TRIGGERS`] that begins at `at`.
pub(super) fn in_row(bytes: &[u8], at: usize) -> Option<(Kind, Span)> {
    let kind = match bytes[at] {
        b'\\' => Kind::Backslash,
        b'%' => Kind::Percent,
        b'&' => Kind::Entity,
        _ => Kind::Quoted,
    };
    kind.strong(bytes, at).map(|mark| (kind, mark))
}

/// The region of which `mark`, a strong one, is a part.
pub(super) fn region(bytes: &[u8], kind: Kind, mark: Span) -> Region {
    // Forward first: then what is too long is gone through once, not once for each mark.
    let end = forward(bytes, kind, mark);
    let start = if end - mark.start > LONGEST { mark.start } else { backward(bytes, kind, mark, end) };
    let span = Span::new(start, end);
    let reads = Reads { start: start as isize - REACH as isize, end: (end + REACH) as isize };
    let undoing = if span.len() > LONGEST { Undoing::TooLong } else { Undoing::Marks };
    Region { layer: Layer::Marked(kind), span, reads, undoing }
}

/// Where the region of `mark` ends.
fn forward(bytes: &[u8], kind: Kind, mark: Span) -> usize {
    let (mut last, mut at) = (mark, mark.start + 1);
    loop {
        let most = bytes.len().min(last.start + AROUND + 1).min(mark.start + LONGEST + 1);
        let Some(next) = kind.first(&bytes[at..most.max(at)]) else { return most.max(at) };
        at += next;
        if bytes[at] == b'\n' && !kind.goes_over(bytes, at) {
            return at;
        }
        last = kind.strong(bytes, at).unwrap_or(last);
        at += 1;
    }
}

/// Where the region begins that goes from `mark` to `end`.
fn backward(bytes: &[u8], kind: Kind, mark: Span, end: usize) -> usize {
    let (mut first, mut at) = (mark, mark.start);
    loop {
        let least = first.start.saturating_sub(AROUND).max(end.saturating_sub(LONGEST + 1)).min(at);
        let Some(before) = kind.last(&bytes[least..at]) else { return least };
        at = least + before;
        if bytes[at] == b'\n' && !kind.goes_over(bytes, at) {
            return at + 1;
        }
        first = kind.strong(bytes, at).unwrap_or(first);
    }
}

/// What `region` of `bytes` stands for.
pub(super) fn undo(bytes: &[u8], region: Span, kind: Kind) -> Undone {
    let (mut text, mut shifts) = (Vec::with_capacity(region.len()), Vec::new());
    let mut at = region.start;
    while at < region.end {
        match kind.mark(bytes, at) {
            Some(mark) if at + mark.len <= region.end => {
                let start = text.len();
                text.extend_from_slice(mark.text());
                let (from, to) = (Span::new(at, at + mark.len), Span::new(start, text.len()));
                shifts.push(Shift { from, to });
                at += mark.len;
            }
            _ => {
                text.push(bytes[at]);
                at += 1;
            }
        }
    }
    let places = Places::Marks { start: region.start, shifts };
    Undone { text, layer: kind.name(), places }
}
