//! Which rules run, and what they may be silenced by.

use std::sync::Arc;

use clap::ValueEnum;

use super::{Failure, heading};
use crate::detect::Detector;
use crate::rule::{Confidence, RulePack, Severity};
use crate::suppress::Suppressor;

/// Flags that choose rules.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::RULES)]
pub(crate) struct RuleFlags {
    /// run only this rule (repeatable)
    #[arg(long = "rule", value_name = "ID")]
    only: Vec<String>,
    /// leave this rule out (repeatable)
    #[arg(long = "disable-rule", value_name = "ID")]
    disabled: Vec<String>,
    /// report findings of at least this confidence
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = ConfidenceLevel::Low)]
    pub(crate) min_confidence: ConfidenceLevel,
    /// report findings of at least this severity
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = SeverityLevel::Low)]
    pub(crate) min_severity: SeverityLevel,
    /// whether markers such as `leakward:allow` in the text count
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Markers::Respect)]
    inline_markers: Markers,
}

/// What markers in the text do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Markers {
    /// They suppress the findings of their line.
    Respect,
    /// They do nothing.
    Ignore,
}

/// [`Confidence`] as a flag's value.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ConfidenceLevel {
    Low,
    Medium,
    High,
}

/// [`Severity`] as a flag's value.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SeverityLevel {
    Low,
    Medium,
    High,
    Critical,
}

impl RuleFlags {
    /// The detector for the built-in rules without those that the flags leave out.
    pub(super) fn detector(&self) -> Result<Arc<Detector>, Failure> {
        let mut pack = RulePack::default();
        for id in self.only.iter().chain(&self.disabled) {
            if pack.rule(id).is_none() {
                return Err(Failure::new(format_args!("no rule is called {id}"))
                    .help("`leakward rules list` shows every rule"));
            }
        }
        let only = &self.only;
        pack.retain(|rule| {
            let named = |ids: &[String]| ids.iter().any(|id| *id == rule.id);
            (only.is_empty() || named(only)) && !named(&self.disabled)
        });
        Ok(Arc::new(Detector::new(Arc::new(pack))))
    }

    /// What may suppress findings.
    pub(super) fn suppressor(&self) -> Suppressor {
        Suppressor { markers: self.inline_markers == Markers::Respect, ..Suppressor::markers_only() }
    }
}

impl From<ConfidenceLevel> for Confidence {
    fn from(level: ConfidenceLevel) -> Self {
        match level {
            ConfidenceLevel::Low => Self::Low,
            ConfidenceLevel::Medium => Self::Medium,
            ConfidenceLevel::High => Self::High,
        }
    }
}

impl From<SeverityLevel> for Severity {
    fn from(level: SeverityLevel) -> Self {
        match level {
            SeverityLevel::Low => Self::Low,
            SeverityLevel::Medium => Self::Medium,
            SeverityLevel::High => Self::High,
            SeverityLevel::Critical => Self::Critical,
        }
    }
}
