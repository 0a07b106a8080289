//! `leakward baseline create`: makes or refreshes a baseline.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use super::{named, place, read_if_there};
use crate::cli::files_flags::FilesFlags;
use crate::cli::rule_flags::RuleFlags;
use crate::cli::settings::{SettingsFlags, from_folder};
use crate::cli::{Failure, heading};
use crate::detect::Detector;
use crate::report::{self, NewBaseline, Options, Root};
use crate::scan::{self, Config, Output, Target};
use crate::source::MAX_ARCHIVE_DEPTH;
use crate::suppress::{Baseline, Entry, Reach};

/// accept everything that a scan finds
///
/// Entries of an existing baseline keep what is written about them; those that are not found any more are dropped,
/// unless their path or rule was not scanned. A secret is kept as a hash under the file's random salt: without
/// guesses it cannot be read back, but whoever holds the file can test guesses of weak values.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: FilesFlags,
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    rules: RuleFlags,
    /// file that the baseline is written to [default: --baseline, the configuration's, or leakward-baseline.jsonl]
    #[arg(long, short, value_name = "FILE", help_heading = heading::OUTPUT)]
    output: Option<PathBuf>,
    /// why the findings that are new in it are accepted
    #[arg(long, value_name = "TEXT", help_heading = heading::OUTPUT)]
    reason: Option<String>,
    /// who answers for them
    #[arg(long, value_name = "NAME", help_heading = heading::OUTPUT)]
    owner: Option<String>,
    /// last day on which they are accepted, such as 2027-06-30; then they are reported again
    #[arg(long, value_name = "DATE", help_heading = heading::OUTPUT)]
    expires: Option<Date>,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let base = self.files.base()?;
        let mut settings = self.settings.load_without_baseline(&from_folder(base.dir()))?;
        let named = self.output.or(self.settings.baseline);
        let path = place(named, settings.config.baseline.as_ref(), base.dir());
        let old = existing(&path)?;
        let exclude = settings.exclude(&self.files.limits.exclude)?;
        let mut parts = self.rules.choose(&mut settings.pack)?;
        parts.append(&mut settings.parts);
        let pack = Arc::new(settings.pack);
        let reach = self.files.reach(&base);
        let ran: HashSet<String> = pack.rules().iter().map(|r| r.id.clone().into_owned()).collect();
        let new = NewBaseline {
            old: old.clone(),
            about: Entry {
                reason: self.reason,
                owner: self.owner,
                added: Some(settings.suppressor.today),
                expires: self.expires,
            },
            looked: Box::new(move |rule, path| ran.contains(rule) && reach.holds(path)),
        };
        let config = Config {
            detector: Arc::new(Detector::new(pack).map_err(Failure::new)?),
            suppressor: settings.suppressor,
            min_confidence: self.rules.min_confidence.into(),
            min_severity: self.rules.min_severity.into(),
            parts,
            show_suppressed: false,
            line_hash: false,
            subject: self.files.subject(),
            root: Root { folder: Some(base.dir().to_owned()), ..Root::default() },
            notes: settings.warnings,
            time_limit: None,
            outputs: vec![
                Output { reporter: Box::new(new), target: Target::File(path.clone()) },
                Output { reporter: report::brief(&Options::for_stderr()), target: Target::Stderr },
            ],
            // Findings are what a baseline is made of.
            found: 0,
            judges: Vec::new(),
            fail_on: crate::model::State::FAILING.to_vec(),
            audit: None,
            reach: Reach::Changes,
        };
        let files = self.files.source(base, exclude, settings.config.max_file_size, MAX_ARCHIVE_DEPTH);
        let code = scan::run(&files, &config)?;
        tell(&path, &old, &existing(&path)?);
        Ok(code)
    }
}

/// The baseline at `path`; a new one when there is none.
fn existing(path: &Path) -> Result<Baseline, Failure> {
    let Some(baseline) = read_if_there(path)? else {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|e| named(path, &format_args!("no random salt: {e}")))?;
        return Ok(Baseline::new(salt));
    };
    // It is replaced by a new file, which a read-only mark on the old one would not stop.
    if fs::metadata(path).is_ok_and(|m| m.permissions().readonly()) {
        let failure = named(path, &"the file is read-only");
        return Err(failure.help("make it writable, or name another file with --output"));
    }
    Ok(baseline)
}

/// Says what became of the baseline at `path`.
fn tell(path: &Path, old: &Baseline, new: &Baseline) {
    let kept = new.shared_with(old);
    let (added, dropped) = (new.len() - kept, old.len() - kept);
    let entries = if new.len() == 1 { "entry" } else { "entries" };
    // Where standard output is gone, nobody is left to be told.
    let _ = writeln!(
        anstream::stdout(),
        "{}: {} {entries} ({added} new, {kept} kept, {dropped} dropped)",
        path.display(),
        new.len()
    );
}
