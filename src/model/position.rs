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

/// Start offsets of a text's lines. Built only for blobs with candidates.
#[derive(Debug)]
pub struct LineIndex<'b> {
    bytes: &'b [u8],
    /// Offset of the first byte of each line; never empty, first is 0, ascending.
    starts: Vec<usize>,
}

impl<'b> LineIndex<'b> {
    /// Indexes `bytes`.
    pub fn new(bytes: &'b [u8]) -> Self {
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let crlf = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
            if !crlf {
                starts.push(at + 1);
            }
        }
        Self { bytes, starts }
    }

    /// The position of the byte at `offset`.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|&s| s <= offset);
        let start = self.starts[line - 1];
        Position { line: line as u64, column: code_points(&self.bytes[start..offset]) + 1 }
    }

    /// The region of `span`.
    pub fn region(&self, span: Span) -> Region {
        Region { start: self.position(span.start), end: self.position(span.end) }
    }

    /// The ends of `span` in bytes from the starts of their lines.
    pub fn offsets(&self, span: Span) -> LineOffsets {
        let last = span.end.max(span.start + 1) - 1;
        let on_line = |offset: usize| (offset - self.starts[self.line_of(offset) as usize - 1]) as u64;
        LineOffsets { start: on_line(span.start), end: on_line(last) + 1 }
    }

    /// The span of line `line` (from 1) without its line end.
    pub fn line(&self, line: u64) -> Span {
        let i = line as usize - 1;
        let start = self.starts[i];
        let mut end = self.starts.get(i + 1).copied().unwrap_or(self.bytes.len());
        while end > start && matches!(self.bytes[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        Span::new(start, end)
    }

    /// The line (from 1) that holds the byte at `offset`.
    pub fn line_of(&self, offset: usize) -> u64 {
        self.starts.partition_point(|&s| s <= offset) as u64
    }

    /// The indexed text.
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// Number of lines; at least 1.
    pub fn lines(&self) -> u64 {
        self.starts.len() as u64
    }
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
}
