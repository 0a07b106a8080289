//! Candidates in what is written in another way: undone, searched, undone again.

use super::{Detector, Scratch, Trace};
use crate::decode::{Region, Regions, TooMuch, Undone, inflated};
use crate::detect::settle::settle;
use crate::detect::wide;
use crate::model::{Candidate, Reads, Secret, Span};

/// Layers in layers that are undone.
const DEPTH: usize = 8;
/// Bytes that are undone for one region, layers in layers together.
const BUDGET: usize = 32 << 20;

/// How much more may be undone.
#[derive(Debug)]
pub(super) struct Allowance {
    layers: usize,
    bytes: usize,
    /// Something would have taken more.
    pub(super) exceeded: bool,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { layers: DEPTH, bytes: BUDGET, exceeded: false }
    }
}

impl Allowance {
    fn takes(&mut self, undone: &Undone) -> bool {
        let fits = self.layers > 0 && undone.text.len() <= self.bytes;
        self.bytes = self.bytes.saturating_sub(undone.text.len());
        self.exceeded |= !fits;
        fits
    }
}

impl Detector {
    /// Calls `sink` with the candidates in each of `regions` of `bytes`; says in `trace` whether any took too much.
    pub(super) fn find_undone<'r>(
        &'r self,
        scratch: &mut Scratch,
        bytes: &[u8],
        regions: &[Region],
        trace: &mut Trace,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) {
        for region in regions {
            let mut allowance = Allowance::default();
            self.find_below(scratch, &region.undone(bytes), &mut allowance, &mut |candidate| {
                sink(Candidate { reads: region.reads, ..candidate });
            });
            trace.too_much |= allowance.exceeded;
        }
    }

    /// Calls `sink` with the candidates in the passages of `bytes` in UTF-16; says whether there was a passage.
    pub(super) fn find_wide<'r>(
        &'r self,
        scratch: &mut Scratch,
        bytes: &[u8],
        allowance: &mut Allowance,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) -> bool {
        wide::views(bytes, &mut |view| {
            let mut found = Vec::new();
            self.find_text(scratch, view.text(), allowance, &mut |c| found.push(c));
            settle_view(view.text(), &mut found);
            view.restore(found, sink);
        })
    }

    /// Calls `sink` with the candidates in what was undone, as candidates of the text that it stood in.
    fn find_below<'r>(
        &'r self,
        scratch: &mut Scratch,
        undone: &Undone,
        allowance: &mut Allowance,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) {
        if !allowance.takes(undone) {
            return;
        }
        allowance.layers -= 1;
        let mut found = Vec::new();
        match inflated(&undone.text) {
            Ok(Some(inner)) => self.find_below(scratch, &inner, allowance, &mut |c| found.push(c)),
            Ok(None) => self.find_text(scratch, &undone.text, allowance, &mut |c| found.push(c)),
            Err(TooMuch) => allowance.exceeded = true,
        }
        allowance.layers += 1;
        // What stands there plainly is found there; rules of other scanners look at what is written.
        found.retain(|c| undone.was_disguised(c.matched) && !c.rule.extractor.is_foreign());
        settle_view(&undone.text, &mut found);
        found.into_iter().map(|c| restored(undone, c)).for_each(sink);
    }

    /// Calls `sink` with the candidates of `text`, whatever they are written in.
    fn find_text<'r>(
        &'r self,
        scratch: &mut Scratch,
        text: &[u8],
        allowance: &mut Allowance,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) {
        let mut regions = Regions::default();
        if self.find_plain(scratch, text, None, &mut regions, sink) {
            self.find_wide(scratch, text, allowance, sink);
        }
        allowance.exceeded |= regions.too_long;
        for region in &regions.found {
            self.find_below(scratch, &region.undone(text), allowance, sink);
        }
    }
}

/// Settles `found` in `text`, of which the places are lost afterwards. Candidates of rules that apply at some paths
/// only stay: whether they count is not known.
fn settle_view(text: &[u8], found: &mut Vec<Candidate<'_>>) {
    let (mut placed, mut rest): (Vec<_>, Vec<_>) = found.drain(..).partition(|c| c.rule.path.is_some());
    settle(text, &mut rest);
    found.append(&mut rest);
    found.append(&mut placed);
}

/// `candidate` of the text of `undone` as one of the text that this stood in.
fn restored<'r>(undone: &Undone, candidate: Candidate<'r>) -> Candidate<'r> {
    // The value as it would be used; its bytes in the blob are another form of it.
    let decoded = candidate.decoded.unwrap_or_else(|| Secret::new(candidate.span.of(&undone.text)));
    let mut layers = vec![undone.layer];
    layers.extend(candidate.layers);
    let place = |span: Span| undone.place(span);
    Candidate {
        span: place(candidate.span),
        matched: place(candidate.matched),
        decoded: Some(decoded),
        layers,
        parts: candidate.parts.into_iter().map(|(rule, span)| (rule, place(span))).collect(),
        reads: Reads { start: -1, end: isize::MAX },
        ..candidate
    }
}
