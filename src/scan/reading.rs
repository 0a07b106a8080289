//! A blob's text as people read it: what lines, columns and excerpts are taken from.

use std::borrow::Cow;

use crate::decode;
use crate::model::{Candidate, Span};

/// The text of `bytes`: decoded where all of it is UTF-16, else the bytes themselves. The places of `candidates` are
/// carried over.
pub(super) fn read<'b>(bytes: &'b [u8], candidates: &mut [Candidate<'_>]) -> Cow<'b, [u8]> {
    let wide = |c: &Candidate<'_>| c.layers.first().is_some_and(|layer| layer.starts_with("utf-16"));
    if !candidates.iter().any(wide) {
        return bytes.into();
    }
    let passages = decode::wide(bytes);
    let [text] = &passages[..] else { return bytes.into() };
    if !text.is_all_of(bytes) {
        return bytes.into();
    }
    let mut ends: Vec<_> = spans(candidates).flat_map(|span| [span.start, span.end]).collect();
    ends.sort_unstable();
    ends.dedup();
    let offsets = text.decoded(ends.iter().copied());
    let carried = |at: usize| offsets[ends.partition_point(|&end| end < at)];
    for span in spans(candidates) {
        *span = Span::new(carried(span.start), carried(span.end));
    }
    text.text.clone().into()
}

/// Every span of `candidates`.
fn spans<'c>(candidates: &'c mut [Candidate<'_>]) -> impl Iterator<Item = &'c mut Span> {
    candidates.iter_mut().flat_map(|c| {
        [&mut c.span, &mut c.matched].into_iter().chain(c.parts.iter_mut().map(|(_, span)| span))
    })
}
