//! The bytes that detection reads, and which part of them counts.

use super::{Position, Span};

/// Bytes to scan. Knows no path: detection on bytes never asks for one.
#[derive(Debug, Clone, Copy)]
pub struct Blob<'b> {
    /// The whole content.
    pub bytes: &'b [u8],
    /// Which candidates of it count.
    pub scope: Scope<'b>,
    /// Where `bytes` begins in the content, when it is a window of it.
    pub start: Start,
}

/// Where a window begins in the content it is cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Bytes before the window.
    pub offset: usize,
    /// Bytes of the window's first line that lie before the window.
    pub cut: usize,
    /// Line and column of the window's first byte.
    pub position: Position,
}

/// Which candidates of a blob count.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'b> {
    /// All of them.
    Whole,
    /// Those whose secret overlaps one of these byte ranges (sorted, disjoint), such as the added lines of a
    /// staged file. The rest of the blob is context.
    Within(&'b [Span]),
}

impl<'b> Blob<'b> {
    /// A blob that counts as a whole.
    pub const fn whole(bytes: &'b [u8]) -> Self {
        Self { bytes, scope: Scope::Whole, start: Start::FIRST }
    }

    /// A blob of which only candidates that overlap `spans` (sorted, disjoint) count.
    pub const fn within(bytes: &'b [u8], spans: &'b [Span]) -> Self {
        Self { bytes, scope: Scope::Within(spans), start: Start::FIRST }
    }

    /// The same blob as a window that begins at `start`.
    pub const fn starting_at(self, start: Start) -> Self {
        Self { start, ..self }
    }
}

impl Start {
    /// The beginning of the content.
    pub const FIRST: Self = Self { offset: 0, cut: 0, position: Position { line: 1, column: 1 } };

    /// The place in the whole content of what lies at `position` in the window.
    pub const fn place(&self, position: Position) -> Position {
        let Position { line, column } = position;
        let column = if line == 1 { column + self.position.column - 1 } else { column };
        Position { line: line + self.position.line - 1, column }
    }
}

impl Scope<'_> {
    /// Whether a candidate at `span` counts.
    pub fn admits(&self, span: Span) -> bool {
        match self {
            Self::Whole => true,
            Self::Within(spans) => {
                let next = spans.partition_point(|s| s.end <= span.start);
                spans.get(next).is_some_and(|s| s.overlaps(span))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Blob, Span};

    #[test]
    fn a_scope_admits_what_overlaps_one_of_its_spans() {
        let spans = [Span::new(2, 4), Span::new(8, 10)];
        let scope = Blob::within(b"0123456789", &spans).scope;
        let admitted: Vec<_> = (0..9).filter(|&i| scope.admits(Span::new(i, i + 2))).collect();
        assert_eq!(admitted, [1, 2, 3, 7, 8]);
    }
}
