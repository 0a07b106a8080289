//! The pipeline: source, detector, path stage, suppression, findings, reports. The only module that knows the order.
//!
//! Only findings are kept; no blob outlives its visit. What is reported does not depend on the number of threads.

mod collector;
mod excerpt;
mod finder;
mod joined;
mod output;
mod reading;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::audit::AuditLog;
use crate::detect::Detector;
use crate::model::{Finding, Judge, State, Suppression, Tally};
use crate::report::{Progress, Root, Summary};
use crate::rule::{Confidence, Severity, Text};
use crate::source::{Source, SourceError};
use crate::suppress::{Reach, Suppressor};

use collector::Collector;
pub use output::{Output, OutputError, Target, write_all};

/// What to look for and what to keep. Says nothing of where the bytes come from.
#[derive(Debug)]
pub struct Config {
    /// The rules, ready to run.
    pub detector: Arc<Detector>,
    /// What keeps findings out of the report.
    pub suppressor: Suppressor,
    /// Findings below are dropped.
    pub min_confidence: Confidence,
    /// Findings below are dropped.
    pub min_severity: Severity,
    /// Ids of rules that run only as parts of others; their own findings are dropped.
    pub parts: Vec<Text>,
    /// Whether reports list suppressed findings too.
    pub show_suppressed: bool,
    /// Whether findings carry GitHub's (unkeyed) hash of their line.
    pub line_hash: bool,
    /// What is scanned, in words.
    pub subject: String,
    /// Where the findings' paths lie.
    pub root: Root,
    /// Remarks that a person must see, such as what is wrong with the configuration.
    pub notes: Vec<String>,
    /// Time after which the scan is given up; what is left then is a gap.
    pub time_limit: Option<Duration>,
    /// Where reports go.
    pub outputs: Vec<Output>,
    /// Exit code when there are findings; [`FAILED`] beats it.
    pub found: u8,
    /// Who gives findings their verdicts, one after the other, when they are to be verified.
    pub judges: Vec<Box<dyn Judge>>,
    /// Verdicts with which a finding counts; one without a verdict always does.
    pub fail_on: Vec<State>,
    /// Where suppressions are written down.
    pub audit: Option<Arc<AuditLog>>,
    /// What of all that may be suppressed the source looks at.
    pub reach: Reach,
}

/// Exit code of a run that failed or missed something it should have scanned.
pub const FAILED: u8 = 2;
/// Exit code of a run with findings, unless the user chose another.
pub const FOUND: u8 = 1;

/// What a scan found.
#[derive(Debug)]
pub struct Outcome {
    /// Findings in the order of [`Finding::order`]; no two are equal. Suppressed ones are among them.
    pub findings: Vec<Finding>,
    /// What was scanned, skipped and missed; gaps and notes are sorted.
    pub tally: Tally,
    /// Wall time.
    pub elapsed: Duration,
}

/// Scans `source` and writes every report. Returns the exit code.
///
/// # Errors
/// What stops the run, or a report that could not be written (the others are written all the same).
pub fn run(source: &dyn Source, config: &Config) -> Result<u8, ScanError> {
    let outcome = collect(source, config)?;
    let exit_code = outcome.exit_code(config.found, &config.fail_on);
    let suppressed = outcome.findings.iter().filter(|f| f.suppressed.is_some()).count();
    let Outcome { mut findings, tally, elapsed } = outcome;
    if !config.show_suppressed {
        findings.retain(|f| f.suppressed.is_none());
    }
    let summary = Summary {
        findings: &findings,
        suppressed,
        tally: &tally,
        pack: config.detector.pack(),
        exit_code,
        subject: &config.subject,
        root: &config.root,
        elapsed: Some(elapsed),
    };
    output::write_all(&config.outputs, &summary)?;
    Ok(exit_code)
}

/// Scans `source` and reports nothing.
///
/// # Errors
/// What stops the run.
pub fn collect(source: &dyn Source, config: &Config) -> Result<Outcome, ScanError> {
    collect_with(source, config, &Progress::start(source.paced()))
}

/// Scans `source`, reports nothing and shows nothing on a terminal.
///
/// # Errors
/// What stops the run.
pub fn collect_unseen(source: &dyn Source, config: &Config) -> Result<Outcome, ScanError> {
    collect_with(source, config, &Progress::unseen())
}

fn collect_with(source: &dyn Source, config: &Config, progress: &Progress) -> Result<Outcome, ScanError> {
    let begun = Instant::now();
    let collector = Collector::new(config, begun, progress);
    let mut tally = source.run(&|| Box::new(collector.visitor()))?;
    tally.notes.extend_from_slice(&config.notes);
    let (findings, tally) = collector.finish(tally);
    let mut findings = source.refine(findings);
    let mut tally = tally;
    if tally.gaps.is_empty() {
        tally.notes.extend(config.suppressor.unused(&config.reach, config.detector.pack()));
    }
    for judge in &config.judges {
        judge.judge(&mut findings, &mut tally);
    }
    if let Some(log) = &config.audit {
        findings.iter().for_each(|finding| tell_suppression(log, finding));
        if log.has_failed() {
            tally.gap("the audit log".to_owned(), "a line could not be written".to_owned());
        }
    }
    Ok(Outcome { findings, tally, elapsed: begun.elapsed() })
}

/// Writes down what keeps `finding` from counting, if anything does.
fn tell_suppression(log: &AuditLog, finding: &Finding) {
    let (by, reason) = match &finding.suppressed {
        None => return,
        Some(Suppression::Marker(name)) => (format!("marker {name}"), None),
        Some(Suppression::Allow(reason)) => ("allow entry".to_owned(), Some(reason)),
        Some(Suppression::Baseline(reason)) => ("baseline".to_owned(), reason.as_ref()),
    };
    let (line, name) = (finding.region.start.line.to_string(), finding.fingerprint.to_string());
    let commit = finding.origin.commit().map(|c| c.id.to_string()).unwrap_or_default();
    log.record(
        "suppression",
        &[
            ("rule", &finding.rule.id),
            ("path", &String::from_utf8_lossy(&finding.origin.path)),
            ("line", &line),
            ("commit", &commit),
            ("fingerprint", &name),
            ("by", &by),
            ("reason", reason.map_or("", String::as_str)),
        ],
    );
}

impl Outcome {
    /// The exit code: [`FAILED`] when something was missed, else `found` when something was found, else 0.
    ///
    /// A suppressed finding does not count, nor does one whose verdict is not among `fail_on`.
    pub fn exit_code(&self, found: u8, fail_on: &[State]) -> u8 {
        let fails = |f: &Finding| f.verdict.as_ref().is_none_or(|v| fail_on.contains(&v.state()));
        if !self.tally.gaps.is_empty() {
            FAILED
        } else if self.findings.iter().any(|f| f.suppressed.is_none() && fails(f)) {
            found
        } else {
            0
        }
    }
}

/// Why a run ended without an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The source could not run.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A report could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
