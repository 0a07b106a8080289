//! Finds a finding again by its name in a report, with its value, so that something can be done about it.

use std::path::PathBuf;
use std::sync::Arc;

use super::files_flags::FilesFlags;
use super::limit_flags::LimitFlags;
use super::settings::{SettingsFlags, from_folder};
use super::{Failure, heading};
use crate::audit::AuditLog;
use crate::detect::{Detector, known};
use crate::model::{Finding, Judge as _, Tally, Verdict};
use crate::report::Root;
use crate::rule::{Confidence, Severity};
use crate::scan::{self, Config, FOUND};
use crate::source::history::History;
use crate::source::{Files, MAX_ARCHIVE_DEPTH, Source};
use crate::suppress::{PathGlobs, Reach};
use crate::verify::{ManagerSettings, Verification};

/// Flags that say where a finding is looked for.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::INPUT)]
pub(super) struct FoundFlags {
    /// file or folder in which the finding is looked for
    #[arg(long = "in", value_name = "PATH", default_value = ".")]
    place: PathBuf,
    /// look for it in the whole history of the git repository there
    #[arg(long)]
    history: bool,
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
}

/// What the flags come to.
pub(super) struct Ready {
    pub(super) managers: Vec<ManagerSettings>,
    pub(super) audit: Option<Arc<AuditLog>>,
    flags: FoundFlags,
}

/// Least length of the beginning of a fingerprint.
const SHORTEST: usize = 8;

impl FoundFlags {
    /// Reads the configuration.
    pub(super) fn ready(self) -> Result<Ready, Failure> {
        let settings = self.settings.load_without_baseline(&from_folder(self.folder()))?;
        let managers = ManagerSettings::all(&settings.config.managers, self.settings.trust())?;
        let audit = self.settings.audit(&settings.config)?;
        Ok(Ready { managers, audit, flags: self })
    }

    /// What is searched.
    pub(super) const fn place(&self) -> &PathBuf {
        &self.place
    }

    fn folder(&self) -> &std::path::Path {
        if self.place.is_dir() { &self.place } else { std::path::Path::new(".") }
    }
}

impl Ready {
    /// Whether `text` is a fingerprint, or the beginning of one.
    pub(super) fn is_fingerprint(text: &str) -> bool {
        let hex = text.strip_prefix("b3k:").unwrap_or(text);
        (SHORTEST..=32).contains(&hex.len()) && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// The one finding whose fingerprint begins with `name`, with the managers' verdict.
    pub(super) fn find(&self, name: &str) -> Result<Finding, Failure> {
        let hex = name.strip_prefix("b3k:").unwrap_or(name);
        // A value that is searched for takes the place of what a rule says of it, under another name.
        let mut named = self.named(hex, self.verification(false), false)?;
        if named.is_empty() {
            named = self.named(hex, self.verification(true), true)?;
        }
        match (named.len(), named.pop()) {
            (1, Some(one)) => Ok(one),
            (0, _) | (_, None) => Err(self.absent(name)),
            (many, _) => {
                Err(Failure::new(format_args!("{many} findings begin with {name}")).help("write more of it"))
            }
        }
    }

    /// Findings whose fingerprints begin with `hex`, judged by `verification`; `search`: its values are searched for.
    fn named(&self, hex: &str, verification: Verification, search: bool) -> Result<Vec<Finding>, Failure> {
        let mut settings = self.flags.settings.load_without_baseline(&from_folder(self.flags.folder()))?;
        if search {
            settings.pack.insert(known::rule());
        }
        let exclude = settings.exclude(&[])?;
        let mut detector = Detector::new(Arc::new(settings.pack)).map_err(Failure::new)?;
        if search {
            detector = detector.with_known(verification.known_values()?);
        }
        let config = Config {
            detector: Arc::new(detector),
            suppressor: settings.suppressor,
            min_confidence: Confidence::Low,
            min_severity: Severity::Low,
            parts: Vec::new(),
            show_suppressed: true,
            line_hash: false,
            subject: self.flags.place.display().to_string(),
            root: Root::default(),
            notes: Vec::new(),
            time_limit: None,
            outputs: Vec::new(),
            found: FOUND,
            judges: Vec::new(),
            fail_on: Vec::new(),
            audit: None,
            reach: Reach::Changes,
        };
        let source = self.source(&config, exclude)?;
        let outcome = scan::collect(source.as_ref(), &config)?;
        let is_named = |f: &Finding| f.fingerprint.to_string().starts_with(hex);
        let mut named: Vec<Finding> = outcome.findings.into_iter().filter(is_named).collect();
        // A history names one leak at each place where it lies.
        named.dedup_by(|b, a| a.fingerprint == b.fingerprint);
        verification.judge(&mut named, &mut Tally::default());
        Ok(named)
    }

    /// The managers' verdict on `finding`, asked anew, and whether every path told its value in force.
    pub(super) fn judge_again(&self, finding: &Finding) -> (Option<Verdict>, bool) {
        let mut again = finding.clone();
        again.verdict = None;
        // The number was that of another run over the managers.
        again.known = None;
        let mut findings = vec![again];
        let verification = self.verification(false);
        verification.judge(&mut findings, &mut Tally::default());
        let verdict = findings.pop().and_then(|finding| finding.verdict);
        (verdict.map(|verdict| *verdict), verification.all_answered())
    }

    fn verification(&self, search: bool) -> Verification {
        Verification::new(self.managers.clone(), search, true).audited(self.audit.clone())
    }

    /// Writes down what was done.
    pub(super) fn tell(&self, deed: &str, manager: &str, path: &str, step: &str) {
        if let Some(log) = &self.audit {
            log.record(deed, &[("manager", manager), ("path", path), ("step", step)]);
        }
    }

    /// `code`, unless the audit log has a hole.
    pub(super) fn audited(&self, code: u8) -> Result<u8, Failure> {
        match self.audit.as_ref().filter(|log| log.has_failed()) {
            Some(_) => Err(Failure::new("the audit log: a line could not be written")),
            None => Ok(code),
        }
    }

    fn source(&self, config: &Config, exclude: PathGlobs) -> Result<Box<dyn Source>, Failure> {
        let place = self.flags.place.clone();
        if self.flags.history {
            let mut history = History::new(place, Arc::clone(&config.detector), exclude);
            history.max_size = Files::MAX_SIZE;
            return Ok(Box::new(history));
        }
        let files = FilesFlags {
            paths: vec![place],
            no_ignore: false,
            follow_symlinks: false,
            limits: LimitFlags::default(),
        };
        let base = files.base()?;
        Ok(Box::new(files.source(base, exclude, None, MAX_ARCHIVE_DEPTH)))
    }

    fn absent(&self, name: &str) -> Failure {
        let place = self.flags.place.display();
        let failure = Failure::new(format_args!("{place}: no finding is called {name}"));
        if self.flags.history {
            failure.help("fingerprints are in every report; --in names the repository")
        } else {
            failure.help("fingerprints are in every report; --in names the folder that was scanned, --history looks through its history")
        }
    }
}
