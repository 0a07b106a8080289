//! The bytes that detection reads, and which part of them counts.

use super::Span;

/// Bytes to scan. Knows no path: detection on bytes never asks for one.
#[derive(Debug, Clone, Copy)]
pub struct Blob<'b> {
    /// The whole content.
    pub bytes: &'b [u8],
    /// Which candidates of it count.
    pub scope: Scope<'b>,
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
        Self { bytes, scope: Scope::Whole }
    }

    /// A blob of which only candidates that overlap `spans` (sorted, disjoint) count.
    pub const fn within(bytes: &'b [u8], spans: &'b [Span]) -> Self {
        Self { bytes, scope: Scope::Within(spans) }
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
