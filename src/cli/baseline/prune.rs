//! `leakward baseline prune`: takes out entries that nothing needs any more.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use bstr::{BStr, BString};
use jiff::civil::Date;

use super::{named, place, read};
use crate::cli::files_flags::FilesFlags;
use crate::cli::replace::replace;
use crate::cli::settings::{SettingsFlags, from_folder};
use crate::cli::verify_flags::VerifyFlags;
use crate::cli::{Failure, heading};
use crate::model::{Finding, State, Tally};
use crate::report::Root;
use crate::rule::{Confidence, RulePack, Severity};
use crate::scan::{self, Config, FAILED};
use crate::source::history::{Family, History};
use crate::source::{Files, MAX_ARCHIVE_DEPTH};
use crate::suppress::{Baseline, Key, Named, PathGlobs, Reach};

/// take out entries that have expired, and those that match nothing any more
///
/// An entry stays when its path or rule was not scanned, or when something could not be read. With --verify, an
/// entry goes as well when your secrets manager says that its value was rotated: a version before the current one, or
/// a destroyed one. Without --history, an entry goes whose value stands in older commits alone.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: FilesFlags,
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    verify: VerifyFlags,
    /// keep what stands in the history of the repository, too
    #[arg(long, help_heading = heading::INPUT)]
    history: bool,
    /// say what would go, and change nothing
    #[arg(long, help_heading = heading::OUTPUT)]
    dry_run: bool,
}

/// What was found for each entry: by rule, path and hash; whether it was rotated.
type Found = HashMap<(String, BString, Key), bool>;

/// What decides which entries go.
struct Pruning {
    found: Found,
    reach: Reach,
    ran: std::sync::Arc<RulePack>,
    complete: bool,
    today: Date,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let base = self.files.base()?;
        let folder = base.dir().to_owned();
        let mut settings = self.settings.load_without_baseline(&from_folder(&folder))?;
        let path = place(self.settings.baseline.clone(), settings.config.baseline.as_ref(), &folder);
        let old = read(&path)?;
        let exclude = settings.exclude(&self.files.limits.exclude)?;
        let audit = self.settings.audit(&settings.config)?;
        let mut asked = self.verify.prepare(&settings, self.settings.trust(), audit.clone(), false)?;
        let reach = self.files.reach(&base);
        let config = Config {
            detector: std::sync::Arc::new(asked.detector(std::mem::take(&mut settings.pack))?),
            suppressor: settings.suppressor,
            // An entry may be for a finding that by default is not reported.
            min_confidence: Confidence::Low,
            min_severity: Severity::Low,
            parts: settings.parts,
            show_suppressed: false,
            line_hash: false,
            subject: self.files.subject(),
            root: Root { folder: Some(folder.clone()), ..Root::default() },
            notes: Vec::new(),
            time_limit: None,
            outputs: Vec::new(),
            found: 0,
            judges: asked.judges,
            fail_on: asked.fail_on,
            audit,
            reach: Reach::Changes,
        };
        let max_size = self.files.limits.max_file_size.or(settings.config.max_file_size);
        let history = self.history.then(|| history(&folder, &config, exclude.clone(), max_size));
        let files = self.files.source(base, exclude, max_size, MAX_ARCHIVE_DEPTH);
        let mut outcome = scan::collect(&files, &config)?;
        if let Some(history) = history {
            let more = scan::collect(&history, &config)?;
            outcome.findings.extend(more.findings);
            outcome.tally.add(more.tally);
        }
        let pruning = Pruning {
            found: found(&outcome.findings, &old),
            reach,
            ran: std::sync::Arc::clone(config.detector.pack()),
            complete: outcome.tally.gaps.is_empty(),
            today: config.suppressor.today,
        };
        tell_gaps(&outcome.tally);
        pruning.apply(&path, &old, self.dry_run)?;
        Ok(if pruning.complete { 0 } else { FAILED })
    }
}

/// The history of the repository at `folder`, as `config` scans it.
fn history(folder: &Path, config: &Config, exclude: PathGlobs, max_size: Option<u64>) -> Family {
    let mut history = History::new(folder.to_owned(), std::sync::Arc::clone(&config.detector), exclude);
    history.max_size = max_size.unwrap_or(Files::MAX_SIZE);
    history.archive_depth = MAX_ARCHIVE_DEPTH;
    Family::new(history, false)
}

fn found(findings: &[Finding], old: &Baseline) -> Found {
    let mut found = Found::new();
    for finding in findings.iter().filter(|f| f.suppressed.is_none()) {
        let rotated = finding
            .verdict
            .as_ref()
            .is_some_and(|verdict| matches!(verdict.state(), State::Previous | State::Destroyed));
        // Hashed with the baseline's salt, never written.
        let key = old.key(finding.secret.expose());
        let path = BString::clone(&finding.origin.path);
        *found.entry((finding.rule.id.to_string(), path, key)).or_default() |= rotated;
    }
    found
}

impl Pruning {
    /// Why `entry` goes; `None` when it stays.
    fn fate(&self, entry: &Named<'_>) -> Option<String> {
        if let Some(last) = entry.entry.expires.filter(|&last| last < self.today) {
            return Some(format!("expired on {last}"));
        }
        match self.found.get(&(entry.rule.to_owned(), entry.path.to_owned(), *entry.key)) {
            Some(true) => Some("its secret was rotated".to_owned()),
            Some(false) => None,
            None => (self.complete && self.looked(entry.rule, entry.path))
                .then(|| "matches nothing any more".to_owned()),
        }
    }

    fn looked(&self, rule: &str, path: &BStr) -> bool {
        self.reach.holds(path) && self.ran.rule(rule).is_some()
    }

    fn apply(&self, path: &Path, old: &Baseline, dry_run: bool) -> Result<(), Failure> {
        let mut new = old.clone();
        let mut out = anstream::stdout().lock();
        for entry in old.entries() {
            if let Some(why) = self.fate(&entry) {
                // Where standard output is gone, nobody is left to be told.
                let _ = writeln!(out, "- {}: {why}", super::words(&entry));
                new.remove(&entry);
            }
        }
        let gone = old.len() - new.len();
        if gone > 0 && !dry_run {
            replace(path, new.render().as_bytes()).map_err(|e| named(path, &e))?;
        }
        let would = if dry_run { " would be" } else { "" };
        let _ = writeln!(out, "{}: {gone}{would} taken out, {} kept", path.display(), new.len());
        Ok(())
    }
}

/// Says what could not be read: then what was not found may be there all the same.
fn tell_gaps(tally: &Tally) {
    let mut err = anstream::stderr().lock();
    for gap in &tally.gaps {
        // Where standard error is gone, nobody is left to be told.
        let _ = writeln!(err, "not scanned: {}: {}", gap.what.to_string().escape_debug(), gap.why);
    }
    if !tally.gaps.is_empty() {
        let _ = writeln!(err, "the scan is incomplete: no entry goes because it was not found");
    }
}
