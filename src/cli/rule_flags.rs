//! Which rules run, and which of their findings are kept.

use clap::ValueEnum;

use super::{Failure, heading};
use crate::config::nearest;
use crate::foreign;
use crate::rule::{Confidence, RulePack, Severity, Text};

/// Flags that choose rules.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::RULES)]
pub(crate) struct RuleFlags {
    /// run only this rule (repeatable)
    #[arg(long = "rule", value_name = "ID", alias = "enable-rule")]
    only: Vec<String>,
    /// leave this rule out (repeatable)
    #[arg(long = "disable-rule", value_name = "ID")]
    disabled: Vec<String>,
    /// also look for references to secrets that lead nowhere; with --verify your manager is asked about each
    ///
    /// Read are our own mapping, templates and annotations of Vault Agent, ExternalSecrets, the secrets store driver,
    /// Terraform's data sources, Compose files, secretKeyRefs.
    #[arg(long)]
    pub(super) refs: bool,
    /// also look for bad practice: --refs, policies that let too much be read, Vault without TLS, secrets that are logged
    #[arg(long)]
    pub(super) audit: bool,
    /// report findings of at least this confidence
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = ConfidenceLevel::Medium)]
    pub(crate) min_confidence: ConfidenceLevel,
    /// report findings of at least this severity
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = SeverityLevel::Low)]
    pub(crate) min_severity: SeverityLevel,
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

/// The tag of rules for references.
const REFERENCE: &str = "reference";

impl RuleFlags {
    /// Whether references are looked for.
    pub(super) fn looks_for_references(&self) -> bool {
        self.refs || self.audit || self.only.iter().any(|id| id.starts_with(REFERENCE))
    }

    /// Those of the rules for bad practice in `practice` that the flags ask for.
    pub(super) fn practice(&self, mut practice: RulePack) -> RulePack {
        let is_reference = |tags: &[Text]| tags.iter().any(|tag| tag == REFERENCE);
        practice.retain(|rule| {
            self.audit || (self.refs && is_reference(&rule.tags)) || self.only.iter().any(|id| *id == rule.id)
        });
        practice
    }

    /// Leaves in `pack` the rules that the flags ask for and the parts that these are made of. Returns the ids of
    /// rules that stay as parts alone.
    pub(super) fn choose(&self, pack: &mut RulePack) -> Result<Vec<Text>, Failure> {
        let known = |ids: &[String]| -> Vec<String> {
            let ours = |id: &String| {
                let names: Vec<_> = foreign::ours_in(id, pack).into_iter().map(str::to_owned).collect();
                if names.is_empty() { vec![id.clone()] } else { names }
            };
            ids.iter().flat_map(ours).collect()
        };
        let (only, disabled) = (known(&self.only), known(&self.disabled));
        for id in only.iter().chain(&disabled) {
            if pack.rule(id).is_none() {
                let help = match nearest(id, pack.rules().iter().map(|r| r.id.as_ref())) {
                    Some(near) => format!("did you mean {near}?"),
                    None => "`leakward rules list` shows every rule".to_owned(),
                };
                return Err(Failure::new(format_args!("no rule is called {id}")).help(help));
            }
        }
        Ok(pack.choose(&only, &disabled))
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
