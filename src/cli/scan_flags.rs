//! What every subcommand that scans has in common.

use std::sync::Arc;
use std::time::Duration;

use super::output_flags::OutputFlags;
use super::rule_flags::RuleFlags;
use super::settings::{Read, SettingsFlags};
use super::verify_flags::VerifyFlags;
use super::{Failure, heading};
use crate::report::Root;
use crate::scan::Config;
use crate::source::MAX_ARCHIVE_DEPTH;
use crate::suppress::{PathGlobs, Reach};

/// Flags of every subcommand that scans.
#[derive(Debug, clap::Args)]
pub(crate) struct ScanFlags {
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
    #[command(flatten)]
    rules: RuleFlags,
    #[command(flatten)]
    pub(super) output: OutputFlags,
    #[command(flatten)]
    pub(super) verify: VerifyFlags,
    /// open archives and compressed files, down to N of them in each other; 0 opens none
    #[arg(long, value_name = "N", default_value_t = MAX_ARCHIVE_DEPTH, help_heading = heading::INPUT)]
    pub(super) max_archive_depth: u32,
    /// Time after which the scan is given up.
    #[arg(skip)]
    pub(super) time_limit: Option<Duration>,
}

/// A scan made ready, and what its source must know.
pub(crate) struct Prepared {
    pub(crate) config: Config,
    /// Paths that are not scanned.
    pub(crate) exclude: PathGlobs,
    /// Size above which files are left out, in bytes, when the configuration names one.
    pub(crate) max_file_size: Option<u64>,
}

impl ScanFlags {
    /// The scan that the flags ask for. `subject` says in words what is scanned, `root` where its paths lie; `read`
    /// reads the configuration and what it names, and `exclude` adds to the paths that it leaves out.
    pub(crate) fn prepare(
        &self,
        subject: String,
        root: Root,
        read: &Read<'_>,
        exclude: &[String],
    ) -> Result<Prepared, Failure> {
        // A flag that makes no sense is told before anything is read.
        let outputs = self.output.outputs()?;
        let mut settings = self.settings.load(read)?;
        let exclude = settings.exclude(exclude)?;
        let practice = std::mem::take(&mut settings.practice);
        settings.pack.append(self.rules.practice(practice));
        let mut parts = self.rules.choose(&mut settings.pack)?;
        parts.append(&mut settings.parts);
        let audit = self.settings.audit(&settings.config)?;
        let mut asked = self.verify.prepare(
            &settings,
            self.settings.trust(),
            audit.clone(),
            self.rules.looks_for_references(),
        )?;
        let detector = asked.detector(settings.pack)?;
        let config = Config {
            detector: Arc::new(detector),
            suppressor: settings.suppressor,
            min_confidence: self.rules.min_confidence.into(),
            min_severity: self.rules.min_severity.into(),
            parts,
            show_suppressed: self.output.show_suppressed,
            line_hash: self.output.line_hash()?,
            subject,
            root,
            notes: settings.warnings,
            time_limit: self.time_limit,
            outputs,
            found: self.output.exit_code,
            judges: asked.judges,
            fail_on: asked.fail_on,
            audit,
            reach: Reach::Changes,
        };
        Ok(Prepared { config, exclude, max_file_size: settings.config.max_file_size })
    }
}
