//! `leakward baseline`: findings accepted for now.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use jiff::civil::Date;

use super::files_flags::FilesFlags;
use super::rule_flags::RuleFlags;
use super::settings::{SettingsFlags, from_folder};
use super::{Failure, heading};
use crate::detect::Detector;
use crate::report::{self, NewBaseline, Options, Root};
use crate::scan::{self, Config, Output, Target};
use crate::source::Base;
use crate::source::MAX_ARCHIVE_DEPTH;
use crate::suppress::{Baseline, Entry};

/// Name of a new baseline where nothing names another.
const FILE_NAME: &str = "leakward-baseline.jsonl";

/// make or refresh a baseline: findings accepted for now
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(Box<Create>),
}

/// accept everything that a scan finds
///
/// Entries of an existing baseline keep what is written about them; those that are not found any more are dropped,
/// unless their path or rule was not scanned. A secret is kept as a hash under the file's random salt: without
/// guesses it cannot be read back, but whoever holds the file can test guesses of weak values.
#[derive(Debug, clap::Args)]
struct Create {
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
        match self.command {
            Command::Create(args) => args.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<u8, Failure> {
        let base = self.files.base()?;
        let mut settings = self.settings.load_without_baseline(&from_folder(base.dir()))?;
        let named = settings.config.baseline.as_ref().map(|path| base.dir().join(path));
        let path = self.output.or(self.settings.baseline).or(named);
        let path = path.unwrap_or_else(|| base.dir().join(FILE_NAME));
        let old = existing(&path)?;
        let exclude = settings.exclude(&self.files.limits.exclude)?;
        let mut parts = self.rules.choose(&mut settings.pack)?;
        parts.append(&mut settings.parts);
        let pack = Arc::new(settings.pack);
        let scanned = scanned(&self.files.paths, &base);
        let ran: HashSet<String> = pack.rules().iter().map(|r| r.id.clone().into_owned()).collect();
        let new = NewBaseline {
            old: old.clone(),
            about: Entry {
                reason: self.reason,
                owner: self.owner,
                added: Some(settings.suppressor.today),
                expires: self.expires,
            },
            looked: Box::new(move |rule, path| {
                ran.contains(rule) && scanned.iter().any(|top| below(path, top))
            }),
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
        };
        let files = self.files.source(base, exclude, settings.config.max_file_size, MAX_ARCHIVE_DEPTH);
        let code = scan::run(&files, &config)?;
        tell(&path, &old, &existing(&path)?);
        Ok(code)
    }
}

/// The baseline at `path`; a new one when there is none.
fn existing(path: &Path) -> Result<Baseline, Failure> {
    let named = |cause: &dyn std::fmt::Display| Failure::new(format_args!("{}: {cause}", path.display()));
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let mut salt = [0; 32];
            getrandom::fill(&mut salt).map_err(|e| named(&format_args!("no random salt: {e}")))?;
            return Ok(Baseline::new(salt));
        }
        Err(e) => return Err(named(&e)),
    };
    // It is replaced by a new file, which a read-only mark on the old one would not stop.
    if fs::metadata(path).is_ok_and(|m| m.permissions().readonly()) {
        return Err(
            named(&"the file is read-only").help("make it writable, or name another file with --output")
        );
    }
    Baseline::parse(&text).map_err(|e| named(&e).help(e.help()))
}

/// The scanned paths relative to the base, `/` between parts; the base itself is empty.
fn scanned(paths: &[PathBuf], base: &Base) -> Vec<BString> {
    let relative = |path: &PathBuf| {
        let path = fs::canonicalize(path).ok()?;
        let parts = path.strip_prefix(base.dir()).ok()?.iter().map(|p| p.as_encoded_bytes());
        Some(bstr::join("/", parts).into())
    };
    paths.iter().filter_map(relative).collect()
}

/// Whether `path` is `top` or lies below it.
fn below(path: &BStr, top: &BString) -> bool {
    top.is_empty() || path.strip_prefix(top.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_below_whole_folders_alone() {
        assert!(below("src/a".into(), &"src".into()));
        assert!(below("src".into(), &"src".into()));
        assert!(below("src".into(), &"".into()));
        assert!(!below("srcs/a".into(), &"src".into()));
    }
}
