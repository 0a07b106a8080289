//! Cross-validation by repository, counted as the scorer counts: lines that people judged are hit or not.

use std::collections::BTreeSet;
use std::sync::Arc;

use leakward::detect::{Detector, Scratch};
use leakward::model::{Blob, LineIndex};
use leakward::rule::RulePack;

use crate::corpus::Corpus;
use crate::harvest::Sample;
use crate::units::{Truth, Unit, units};

/// The judged lines of a corpus, and what the rules that need no classifier find there.
pub(crate) struct Bench {
    /// By text.
    units: Vec<Vec<Unit>>,
    /// By text: first and last line of each finding.
    structured: Vec<Vec<(u64, u64)>>,
}

/// What a scan at one level finds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Count {
    pub(crate) hits: usize,
    pub(crate) misses: usize,
    pub(crate) wrong: usize,
    /// Findings on lines of which nobody said anything.
    pub(crate) unsaid: usize,
}

impl Bench {
    pub(crate) fn new(corpus: &Corpus) -> Self {
        let mut pack = RulePack::builtin();
        pack.retain(|rule| !rule.tags.iter().any(|tag| tag == "generic"));
        let detector =
            Detector::new(Arc::new(pack)).expect("the built-in rules are checked when they are built");
        let mut scratch = Scratch::default();
        let structured = corpus.texts.iter().map(|text| {
            let lines = LineIndex::new(&text.bytes);
            let mut found = Vec::new();
            detector.detect(&mut scratch, &Blob::whole(&text.bytes), None, &mut |c| {
                found.push((lines.line_of(c.span.start), lines.line_of(c.span.end.max(1) - 1)));
            });
            found
        });
        Self { structured: structured.collect(), units: corpus.texts.iter().map(units).collect() }
    }

    /// What the structured rules find: text, first and last line.
    pub(crate) fn structured(&self) -> impl Iterator<Item = (usize, (u64, u64))> {
        self.structured
            .iter()
            .enumerate()
            .flat_map(|(text, found)| found.iter().map(move |lines| (text, *lines)))
    }

    /// Counts the findings of all texts for which `counts` holds, at `level` of the scores beside the samples.
    pub(crate) fn count(
        &self,
        scored: &[(&Sample, f32)],
        level: f32,
        counts: impl Fn(usize) -> bool,
    ) -> Count {
        let mut found = self.structured.clone();
        for (sample, score) in scored {
            if let Some(text) = sample.text.filter(|_| *score >= level) {
                found[text].push(sample.lines);
            }
        }
        let mut total = Count::default();
        for (text, (units, found)) in self.units.iter().zip(&found).enumerate() {
            if counts(text) {
                total.add(units, found);
            }
        }
        total
    }
}

impl Count {
    fn add(&mut self, units: &[Unit], found: &[(u64, u64)]) {
        let overlaps = |u: &&Unit, f: &(u64, u64)| u.lines.0 <= f.1 && f.0 <= u.lines.1;
        let mut hit = BTreeSet::new();
        let mut unsaid = BTreeSet::new();
        for f in found {
            let here: Vec<_> = units.iter().filter(|u| overlaps(u, f)).collect();
            let secrets: Vec<_> = here.iter().filter(|u| u.truth != Truth::Noise).collect();
            let counted = if secrets.is_empty() { here.iter().collect() } else { secrets };
            if counted.is_empty() {
                unsaid.insert(f.0);
            }
            hit.extend(counted.into_iter().map(|u| u.lines));
        }
        for unit in units {
            match (unit.truth, hit.contains(&unit.lines)) {
                (Truth::Secret, true) => self.hits += 1,
                (Truth::Secret, false) => self.misses += 1,
                (Truth::Noise, true) => self.wrong += 1,
                (Truth::Noise, false) | (Truth::Ignored, _) => {}
            }
        }
        self.unsaid += unsaid.len();
    }

    /// 1.0 when nothing is found.
    pub(crate) fn precision(&self) -> f64 {
        if self.hits + self.wrong == 0 {
            return 1.0;
        }
        share(self.hits, self.hits + self.wrong)
    }

    pub(crate) fn recall(&self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }

    pub(crate) fn f1(&self) -> f64 {
        share(2 * self.hits, 2 * self.hits + self.wrong + self.misses)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
