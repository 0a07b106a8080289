//! Lines and columns for people.

use super::{LineOffsets, Span};

/// A place in a text, as people count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1. `\n`, `\r\n` and a lone `\r` each end a line.
    pub line: u64,
    /// Column in code points, from 1; a byte that is not part of valid UTF-8 counts as one.
    pub column: u64,
}

/// Where a span lies, as people count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// The first code point.
    pub start: Position,
    /// One past the last code point.
    pub end: Position,
}

/// Finds lines and columns in a text. Built only for blobs with candidates.
///
/// Keeps a mark every [`STRIDE`] bytes rather than every line's start: ten million empty lines take no more memory
/// than one line of ten million bytes, and on either a place is found by reading one stride.
#[derive(Debug)]
pub struct LineIndex<'b> {
    bytes: &'b [u8],
    /// By offset; never empty, the first is the text's first byte.
    marks: Vec<Mark>,
}

/// Least distance of two marks, in bytes.
const STRIDE: usize = 16 << 10;

/// A place in the text, counted from its beginning.
#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Where it is; never between the two bytes of a CRLF, never inside a code point.
    offset: usize,
    /// Where its line begins.
    line_start: usize,
    position: Position,
}

impl<'b> LineIndex<'b> {
    /// Indexes `bytes`.
    pub fn new(bytes: &'b [u8]) -> Self {
        let mut mark = Mark { offset: 0, line_start: 0, position: Position { line: 1, column: 1 } };
        let mut marks = vec![mark];
        while mark.offset + STRIDE < bytes.len() {
            mark = mark.moved(bytes, whole(bytes, mark.offset + STRIDE));
            marks.push(mark);
        }
        Self { bytes, marks }
    }

    /// The position of the byte at `offset`.
    pub fn position(&self, offset: usize) -> Position {
        self.mark(offset).position
    }

    /// The region of `span`.
    pub fn region(&self, span: Span) -> Region {
        Region { start: self.position(span.start), end: self.position(span.end) }
    }

    /// The ends of `span` in bytes from the starts of their lines.
    pub fn offsets(&self, span: Span) -> LineOffsets {
        let last = span.end.max(span.start + 1) - 1;
        let on_line = |offset: usize| (offset - self.mark(offset).line_start) as u64;
        LineOffsets { start: on_line(span.start), end: on_line(last) + 1 }
    }

    /// The span of line `line` (from 1) without its line end. A line past the last is empty, at the text's end.
    pub fn line(&self, line: u64) -> Span {
        // The mark before the line's start, and the one before its end.
        let before_start = self.marks.partition_point(|m| m.position.line < line).saturating_sub(1);
        let before_end = self.marks.partition_point(|m| m.position.line <= line).saturating_sub(1);
        let mark = self.marks[before_start];
        let start = if mark.position.line >= line {
            mark.line_start
        } else {
            let missing = (line - mark.position.line) as usize;
            ends(self.bytes, mark.offset).nth(missing - 1).unwrap_or(self.bytes.len())
        };
        let from = start.max(self.marks[before_end].offset);
        let mut end = ends(self.bytes, from).next().unwrap_or(self.bytes.len());
        while end > start && matches!(self.bytes[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        Span::new(start, end)
    }

    /// The line (from 1) that holds the byte at `offset`.
    pub fn line_of(&self, offset: usize) -> u64 {
        self.mark(offset).position.line
    }

    /// The indexed text.
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// Number of lines; at least 1.
    pub fn lines(&self) -> u64 {
        self.line_of(self.bytes.len())
    }

    /// `offset` as a mark.
    fn mark(&self, offset: usize) -> Mark {
        let before = self.marks.partition_point(|m| m.offset <= offset) - 1;
        self.marks[before].moved(self.bytes, offset)
    }
}

impl Mark {
    /// The place `to`, which is not before this one.
    fn moved(self, bytes: &[u8], to: usize) -> Self {
        let Self { offset, line_start, position: Position { line, column } } = self;
        let (mut lines, mut start) = (0, None);
        for end in ends(bytes, offset).take_while(|&end| end <= to) {
            lines += 1;
            start = Some(end);
        }
        let (line_start, column) = match start {
            Some(start) => (start, code_points(&bytes[start..to]) + 1),
            None => (line_start, column + code_points(&bytes[offset..to])),
        };
        Self { offset: to, line_start, position: Position { line: line + lines, column } }
    }
}

/// The ends of the lines of `bytes` that end after `from`: one past the line end. `from` does not part a CRLF.
fn ends(bytes: &[u8], from: usize) -> impl Iterator<Item = usize> {
    memchr::memchr2_iter(b'\n', b'\r', &bytes[from..]).filter_map(move |at| {
        let at = from + at;
        let crlf = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
        (!crlf).then_some(at + 1)
    })
}

/// The first offset from `at` on that parts neither a CRLF nor a code point.
fn whole(bytes: &[u8], at: usize) -> usize {
    let parts = |i: usize| match bytes.get(i) {
        Some(b'\n') => bytes[i - 1] == b'\r',
        Some(byte) => byte & 0xC0 == 0x80,
        None => false,
    };
    (at..at + 4).find(|&i| !parts(i)).unwrap_or(at)
}

fn code_points(bytes: &[u8]) -> u64 {
    if bytes.is_ascii() {
        return bytes.len() as u64;
    }
    bstr::ByteSlice::chars(bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_counts_once() {
        let lines = LineIndex::new(b"a\nb\r\nc\rd");
        let at = |o| (lines.position(o).line, lines.position(o).column);
        assert_eq!([at(0), at(2), at(5), at(7)], [(1, 1), (2, 1), (3, 1), (4, 1)]);
        assert_eq!(lines.line(2), Span::new(2, 3));
    }

    #[test]
    fn columns_count_code_points() {
        let lines = LineIndex::new("é😀x".as_bytes());
        assert_eq!(lines.position("é😀".len()).column, 3);
    }

    #[test]
    fn marks_change_nothing() {
        // Texts whose marks fall on every kind of border.
        for (unit, times) in
            [("\n", 50_000), ("é\r\n", 20_000), ("\r", 40_000), ("😀", 30_000), ("ab\r\ncd", 9_000)]
        {
            for shift in ["", "x", "xy", "xyz"] {
                let text = format!("{shift}{}", unit.repeat(times));
                let (bytes, index) = (text.as_bytes(), LineIndex::new(text.as_bytes()));
                let (mut line, mut start) = (1, 0);
                for (at, c) in text.char_indices() {
                    if at.is_multiple_of(97) || at % STRIDE < 9 || at % STRIDE > STRIDE - 9 {
                        let column = text[start..at].chars().count() as u64 + 1;
                        assert_eq!(index.position(at), Position { line, column }, "{unit:?} {at}");
                        if start < at && !matches!(c, '\n' | '\r') {
                            assert_eq!(index.line(line).start, start, "{unit:?} {at}");
                        }
                    }
                    if c == '\n' || (c == '\r' && bytes.get(at + 1) != Some(&b'\n')) {
                        let mut end = at;
                        while end > start && bytes[end - 1] == b'\r' {
                            end -= 1;
                        }
                        if line % 1000 == 0 {
                            assert_eq!(index.line(line), Span::new(start, end), "{unit:?} {at}");
                        }
                        (line, start) = (line + 1, at + 1);
                    }
                }
                assert_eq!(index.lines(), line);
            }
        }
    }

    #[test]
    fn a_line_past_the_last_is_empty() {
        assert_eq!(LineIndex::new(b"a\nb").line(3), Span::new(3, 3));
    }
}
