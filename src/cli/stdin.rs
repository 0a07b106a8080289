//! `leakward stdin`: scans standard input.

use std::path::PathBuf;

use super::output_flags::OutputFlags;
use super::rule_flags::RuleFlags;
use super::{Failure, heading};
use crate::report::Root;
use crate::rule::RulePack;
use crate::scan::{self, Config};
use crate::source::Stdin;
use crate::suppress::Suppressor;

/// scan standard input
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// name of the input, for reports and for rules that look at paths
    #[arg(long, value_name = "NAME", help_heading = heading::INPUT)]
    path: Option<PathBuf>,
    #[command(flatten)]
    rules: RuleFlags,
    #[command(flatten)]
    output: OutputFlags,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let config = Config {
            detector: self.rules.detector(RulePack::default())?,
            suppressor: Suppressor::markers_only(),
            min_confidence: self.rules.min_confidence.into(),
            min_severity: self.rules.min_severity.into(),
            show_suppressed: self.output.show_suppressed,
            line_hash: true,
            subject: "standard input".to_owned(),
            root: Root::default(),
            outputs: self.output.outputs()?,
            found: self.output.exit_code,
        };
        let name = self.path.map(|p| p.into_os_string().into_encoded_bytes());
        Ok(scan::run(&Stdin::new(name.unwrap_or_default()), &config)?)
    }
}
