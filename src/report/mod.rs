//! The doors through which findings go out: terminal text, JSON, JSON lines, SARIF, gitleaks JSON, annotations.
//! Every reporter masks secrets unless told otherwise.

use std::io;

use crate::model::{Finding, Tally};
use crate::rule::RulePack;

/// What a report says, whatever its format.
#[derive(Debug)]
pub struct Summary<'r> {
    /// Findings, sorted by [`Finding::order`]; suppressed ones only when asked for.
    pub findings: &'r [Finding],
    /// Number of suppressed findings, reported or not.
    pub suppressed: usize,
    /// What was scanned, skipped and missed.
    pub tally: &'r Tally,
    /// The rules that ran.
    pub pack: &'r RulePack,
    /// The exit code that the run ends with.
    pub exit_code: u8,
    /// What was scanned, in words, such as `staged changes of /srv/app`.
    pub subject: &'r str,
    /// Wall time of the scan.
    pub elapsed: std::time::Duration,
}

/// Writes one report.
pub trait Reporter: Send + Sync {
    /// Writes the whole report.
    ///
    /// # Errors
    /// The output's.
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()>;
}
