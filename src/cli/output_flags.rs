//! Reports, their places, and the exit code.

use std::io;

use super::heading;
use crate::report::{Reporter, Summary};
use crate::scan::{FOUND, Output, Target};

/// Flags that shape what comes out.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::OUTPUT)]
pub(crate) struct OutputFlags {
    /// also list what was suppressed, and why
    #[arg(long)]
    pub(crate) show_suppressed: bool,
    /// exit with N instead of 1 when there are findings
    #[arg(long, value_name = "N", default_value_t = FOUND)]
    pub(crate) exit_code: u8,
}

impl OutputFlags {
    /// The reports that the flags ask for.
    pub(crate) fn outputs(&self) -> Vec<Output> {
        vec![Output { reporter: Box::new(Plain), target: Target::Stdout }]
    }
}

/// One line per finding and one for the whole.
struct Plain;

impl Reporter for Plain {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        for finding in summary.findings {
            let at = finding.region.start;
            writeln!(
                out,
                "{}:{}:{}: {} ({})",
                finding.origin.path, at.line, at.column, finding.rule.title, finding.rule.id
            )?;
        }
        for gap in &summary.tally.gaps {
            writeln!(out, "not scanned: {}: {}", gap.what, gap.why)?;
        }
        let tally = summary.tally;
        write!(out, "{} findings in {} files, {} bytes", summary.findings.len(), tally.blobs, tally.bytes)?;
        for (reason, n) in &tally.skipped {
            write!(out, "; {n} skipped: {}", reason.as_str())?;
        }
        writeln!(out)
    }
}
