//! Candidates in text that is written in UTF-16.

use crate::decode::{self, Wide};
use crate::model::{Candidate, Reads, Secret, Span};

/// A decoded passage of a blob.
pub(super) struct View(Wide);

/// Calls `each` with every passage of `bytes` in UTF-16 and says whether there was one.
pub(super) fn views(bytes: &[u8], each: &mut dyn FnMut(&View)) -> bool {
    let passages = decode::wide(bytes);
    let any = !passages.is_empty();
    passages.into_iter().for_each(|wide| each(&View(wide)));
    any
}

/// Whether one of `changed` may have made a passage, where there was none.
pub(super) fn may_begin(bytes: &[u8], changed: &[Span]) -> bool {
    changed.iter().any(|&span| decode::wide_may_begin(bytes, span))
}

impl View {
    /// The passage in UTF-8.
    pub(super) fn text(&self) -> &[u8] {
        &self.0.text
    }

    /// Hands `found`, candidates of [`Self::text`], to `sink` as candidates of the blob.
    pub(super) fn restore<'r>(&self, found: Vec<Candidate<'r>>, sink: &mut dyn FnMut(Candidate<'r>)) {
        if found.is_empty() {
            return;
        }
        let ends = |c: &Candidate<'_>| [c.span.start, c.span.end, c.matched.start, c.matched.end];
        let mut offsets: Vec<_> = found.iter().flat_map(ends).collect();
        offsets.sort_unstable();
        offsets.dedup();
        let places = self.0.original(offsets.iter().copied());
        let place = |offset: usize| places[offsets.partition_point(|&o| o < offset)];
        let span = |s: Span| Span::new(place(s.start), place(s.end));
        for candidate in found {
            // The value as the user would write it; its bytes in the blob are the encoded form.
            let decoded = candidate.decoded.unwrap_or_else(|| Secret::new(candidate.span.of(self.text())));
            let mut layers = vec![self.0.order.layer()];
            layers.extend(candidate.layers);
            sink(Candidate {
                span: span(candidate.span),
                matched: span(candidate.matched),
                decoded: Some(decoded),
                layers,
                reads: Reads { start: -1, end: isize::MAX },
                ..candidate
            });
        }
    }
}
