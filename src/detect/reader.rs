//! What the readers of generic credentials share: they find values, the classifier judges, the detector is told.

use super::assignment::{line_end, line_start};
use super::builtin::{Builtin, Extraction, Window};
use super::shown::shown;
use crate::checksum::is_refused;
use crate::classify::{Judgement, Model, Subject, judge, may_be_told, may_count, stand_in, weigh};
use crate::model::{Secret, Span};
use crate::rule::Confidence;

/// Bytes of the line to each side of a match that are told to the classifier.
const AROUND: usize = 120;

/// A reader whose finds are judged by [`crate::classify`].
pub trait Reader: Sync {
    /// See [`Builtin::name`].
    fn name(&self) -> &'static str;

    /// See [`Builtin::triggers`].
    fn triggers(&self) -> &'static [&'static str];

    /// See [`Builtin::reach`].
    fn reach(&self) -> usize;

    /// Calls `sink` with every value that the trigger of `window` leads to, noise included.
    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>));
}

/// A value that a reader found, not judged yet. Spans are relative to the window.
#[derive(Debug, Clone, Copy)]
pub struct Found<'b> {
    /// What is to be judged.
    pub subject: Subject<'b>,
    /// The secret's bytes.
    pub secret: Span,
    /// The whole shape.
    pub matched: Span,
    /// The value, where the bytes at `secret` are another form of it.
    pub decoded: Option<&'b Secret>,
}

impl<'b> Found<'b> {
    /// A value that stands in `text` as it is; what stands around it there is added to the subject.
    pub(super) fn new(text: &'b [u8], subject: Subject<'b>, secret: Span, matched: Span) -> Self {
        let before =
            &text[line_start(text, matched.start).max(matched.start.saturating_sub(AROUND))..matched.start];
        let after = &text[matched.end..line_end(text, matched.end).min(matched.end + AROUND)];
        Self { subject: Subject { before, after, ..subject }, secret, matched, decoded: None }
    }
}

impl<R: Reader> Builtin for R {
    fn name(&self) -> &'static str {
        Reader::name(self)
    }

    fn triggers(&self) -> &'static [&'static str] {
        Reader::triggers(self)
    }

    fn reach(&self) -> usize {
        Reader::reach(self)
    }

    fn extract(&self, window: &Window<'_>, sink: &mut dyn FnMut(Extraction)) {
        let lexicon = Model::embedded().lexicon();
        self.read(window, &mut |found| {
            let Judgement::Open(mut evidence) = judge(&found.subject, &lexicon) else { return };
            // Judged here, in this process.
            let value = found.decoded.map_or(found.subject.value, Secret::expose);
            if may_count(&evidence) && !is_refused(value) && stand_in(&found.subject).is_none() {
                if may_be_told(&evidence)
                    && let Some(shown) = shown(window.bytes, found.matched)
                {
                    shown.note(&mut evidence);
                }
                sink(Extraction {
                    secret: found.secret,
                    matched: found.matched,
                    decoded: found.decoded.cloned(),
                    confidence: Some(weigh(&evidence).unwrap_or(Confidence::Low)),
                    evidence: Some(evidence),
                    why: Vec::new(),
                });
            }
        });
    }
}
