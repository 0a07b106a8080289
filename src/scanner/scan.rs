//! What one scan found, skipped and missed.

use std::time::Duration;

use super::Finding;
use crate::model::{Gap, SkipReason, Tally};
use crate::scan::Outcome;

/// What one scan found, skipped and missed.
#[derive(Debug)]
pub struct Scan {
    findings: Vec<Finding>,
    suppressed: Vec<Finding>,
    tally: Tally,
    elapsed: Duration,
}

impl Scan {
    pub(super) fn new(outcome: Outcome) -> Self {
        let Outcome { findings, tally, elapsed } = outcome;
        let (suppressed, findings) = findings.into_iter().map(Finding::new).partition(Finding::is_suppressed);
        Self { findings, suppressed, tally, elapsed }
    }

    /// What was found and nothing suppresses, sorted by path, then place, then rule; no two are equal.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What a marker, an `[[allow]]` entry or the baseline suppresses, sorted likewise.
    pub fn suppressed(&self) -> &[Finding] {
        &self.suppressed
    }

    /// Whether everything was read that should have been. A scan without findings that is not complete does *not*
    /// tell that there is no secret; the program exits with 2 then.
    pub fn is_complete(&self) -> bool {
        self.tally.gaps.is_empty()
    }

    /// What should have been read and was not, sorted.
    pub fn gaps(&self) -> &[Gap] {
        &self.tally.gaps
    }

    /// How many files (or other blobs) were left out by a policy, by reason.
    pub fn skipped(&self) -> impl Iterator<Item = (SkipReason, u64)> + '_ {
        self.tally.skipped.iter().map(|(&reason, &count)| (reason, count))
    }

    /// Remarks that a person should see.
    pub fn notes(&self) -> &[String] {
        &self.tally.notes
    }

    /// Files, or other blobs, that were scanned.
    pub const fn blobs(&self) -> u64 {
        self.tally.blobs
    }

    /// Bytes that were scanned.
    pub const fn bytes(&self) -> u64 {
        self.tally.bytes
    }

    /// Wall time.
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }
}
