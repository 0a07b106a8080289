//! Gathers what the visitors of all threads found, and puts it in the order of reports.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use super::Config;
use super::finder::{Finder, Found};
use crate::model::{Finding, SkipReason, Tally};
use crate::report::Progress;

/// Hands out visitors and takes back what they found.
pub(super) struct Collector<'s> {
    config: &'s Config,
    begun: Instant,
    progress: &'s Progress,
    found: Mutex<Found>,
}

impl<'s> Collector<'s> {
    pub(super) fn new(config: &'s Config, begun: Instant, progress: &'s Progress) -> Self {
        Self { config, begun, progress, found: Mutex::default() }
    }

    /// A visitor for one thread.
    pub(super) fn visitor(&'s self) -> Finder<'s> {
        Finder::new(self.config, self.begun, self.progress, &self.found)
    }

    /// The findings in their order, each once, and the tally in its order.
    pub(super) fn finish(self, mut tally: Tally) -> (Vec<Finding>, Tally) {
        let found = self.found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Found { findings: mut found, mut gaps, encoded } = found;
        // A history counts them itself, each object once.
        if encoded > 0 && tally.effort.is_none() {
            *tally.skipped.entry(SkipReason::Encoded).or_default() += encoded;
        }
        found.sort_unstable_by(Finding::order);
        // A secret on the border of two windows is found in both.
        found.dedup_by(|a, b| a.order(b).is_eq());
        number_repeats(&mut found);
        tally.gaps.append(&mut gaps);
        tally.gaps.sort_unstable();
        tally.gaps.dedup();
        tally.notes.sort_unstable();
        tally.notes.dedup();
        (found, tally)
    }
}

/// Tells findings of one origin apart whose fingerprints are equal.
fn number_repeats(found: &mut [Finding]) {
    for file in found.chunk_by_mut(|a, b| a.origin == b.origin) {
        let mut seen = HashMap::new();
        for finding in file {
            let nth = seen.entry(finding.fingerprint).or_insert(0);
            finding.fingerprint = finding.fingerprint.nth(*nth);
            *nth += 1;
        }
    }
}
