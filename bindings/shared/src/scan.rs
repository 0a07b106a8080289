//! What a scanner is made of, in words that both languages have.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use leakward::scanner::{Confidence, Scanner, Severity};

use crate::Failure;

/// What to look for and what to leave out; see `leakward::scanner::Builder`.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// A `.leakward.toml`.
    pub settings: Option<PathBuf>,
    /// Rules in TOML, added to the built-in ones.
    pub rules: Vec<String>,
    /// Ids of the only rules to run; all when empty.
    pub only_rules: Vec<String>,
    /// Ids of rules to leave out.
    pub without_rules: Vec<String>,
    /// Globs of paths to leave out.
    pub exclude: Vec<String>,
    /// A baseline.
    pub baseline: Option<PathBuf>,
    /// `low`, `medium`, `high` or `critical`.
    pub min_severity: Option<String>,
    /// `low`, `medium` or `high`.
    pub min_confidence: Option<String>,
    /// Largest file that is searched, in bytes.
    pub max_file_size: Option<u64>,
    /// Whether markers in the text suppress findings; they do when `None`.
    pub inline_markers: Option<bool>,
    /// Whether ignore files count; they do when `None`.
    pub ignore_files: Option<bool>,
    /// Threads; one for each core when `None`.
    pub threads: Option<usize>,
    /// Longest time that one scan takes.
    pub time_limit: Option<Duration>,
}

impl ScanOptions {
    /// The scanner; this compiles the rules.
    ///
    /// # Errors
    /// A file cannot be read, or what an option says makes no sense.
    pub fn scanner(self) -> Result<Scanner, Failure> {
        let mut builder = Scanner::builder();
        if let Some(settings) = self.settings {
            builder = builder.settings(settings);
        }
        if let Some(baseline) = self.baseline {
            builder = builder.baseline(baseline);
        }
        builder = self.rules.into_iter().fold(builder, |builder, rules| builder.rules(rules));
        builder = self.only_rules.into_iter().fold(builder, |builder, id| builder.only_rule(id));
        builder = self.without_rules.into_iter().fold(builder, |builder, id| builder.without_rule(id));
        builder = self.exclude.into_iter().fold(builder, |builder, glob| builder.exclude(glob));
        if let Some(word) = self.min_severity {
            builder = builder.min_severity(severity(&word)?);
        }
        if let Some(word) = self.min_confidence {
            builder = builder.min_confidence(confidence(&word)?);
        }
        if let Some(bytes) = self.max_file_size {
            builder = builder.max_file_size(bytes);
        }
        if let Some(count) = self.inline_markers {
            builder = builder.inline_markers(count);
        }
        if let Some(count) = self.ignore_files {
            builder = builder.ignore_files(count);
        }
        if let Some(threads) = self.threads {
            let threads = NonZeroUsize::new(threads).ok_or_else(|| Failure::usage("threads: at least 1"))?;
            builder = builder.threads(threads);
        }
        if let Some(limit) = self.time_limit {
            builder = builder.time_limit(limit);
        }
        Ok(builder.build()?)
    }
}

fn severity(word: &str) -> Result<Severity, Failure> {
    let all = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let found = all.into_iter().find(|severity| severity.as_str() == word);
    found.ok_or_else(|| Failure::usage(format_args!("{word}: not one of low, medium, high, critical")))
}

fn confidence(word: &str) -> Result<Confidence, Failure> {
    let all = [Confidence::Low, Confidence::Medium, Confidence::High];
    let found = all.into_iter().find(|confidence| confidence.as_str() == word);
    found.ok_or_else(|| Failure::usage(format_args!("{word}: not one of low, medium, high")))
}
