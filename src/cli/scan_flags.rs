//! What every subcommand that scans has in common.

use super::Failure;
use super::output_flags::OutputFlags;
use super::rule_flags::RuleFlags;
use crate::report::Root;
use crate::scan::Config;

/// Flags of every subcommand that scans.
#[derive(Debug, clap::Args)]
pub(crate) struct ScanFlags {
    #[command(flatten)]
    pub(crate) rules: RuleFlags,
    #[command(flatten)]
    pub(crate) output: OutputFlags,
}

impl ScanFlags {
    /// The configuration that the flags ask for. `subject` says in words what is scanned, `root` where its paths
    /// lie.
    pub(crate) fn config(&self, subject: String, root: Root) -> Result<Config, Failure> {
        Ok(Config {
            detector: self.rules.detector()?,
            suppressor: self.rules.suppressor(),
            min_confidence: self.rules.min_confidence.into(),
            min_severity: self.rules.min_severity.into(),
            show_suppressed: self.output.show_suppressed,
            line_hash: self.output.line_hash(),
            subject,
            root,
            outputs: self.output.outputs()?,
            found: self.output.exit_code,
        })
    }
}
