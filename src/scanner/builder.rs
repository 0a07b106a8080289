//! What to look for and what to leave out.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Limits, Scanner, ScannerError};
use crate::config::{self, Config as File};
use crate::detect::Detector;
use crate::model::State;
use crate::report::Root;
use crate::rule::{self, Confidence, RulePack, Severity};
use crate::scan::{Config, FOUND};
use crate::source::{Files, MAX_ARCHIVE_DEPTH};
use crate::suppress::{Baseline, Foreign, Need, PathGlobs, Reach, Seen, Suppressor};

/// What to look for and what to leave out. Nothing is read before [`Builder::build`].
///
/// ```
/// use leakward::scanner::{Scanner, Severity};
///
/// let scanner = Scanner::builder()
///     .rules("[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-f]{20})\\b'\n")
///     .min_severity(Severity::Low)
///     .exclude("vendor/**")
///     .build()?;
/// let text = format!("key: acme_{}", "0123456789abcdef4242");
/// assert_eq!(scanner.scan_bytes("", text.as_bytes())?.findings()[0].rule(), "acme-key");
/// # Ok::<(), leakward::scanner::ScannerError>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Builder {
    settings: Option<PathBuf>,
    rules: Vec<String>,
    only: Vec<String>,
    disabled: Vec<String>,
    exclude: Vec<String>,
    baseline: Option<PathBuf>,
    ignore_markers: bool,
    no_ignore_files: bool,
    min_confidence: Option<Confidence>,
    min_severity: Option<Severity>,
    max_file_size: Option<u64>,
    archive_depth: Option<u32>,
    threads: Option<NonZeroUsize>,
    time_limit: Option<Duration>,
}

impl Builder {
    /// Goes by the configuration at `path` (a `.leakward.toml`): its rules, paths left out, `[[allow]]` entries and
    /// size limit. What it names is relative to it. Its managers and live checks are not used.
    pub fn settings(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings = Some(path.into());
        self
    }

    /// Adds the rules of `toml`; one whose id is known replaces it.
    pub fn rules(mut self, toml: impl Into<String>) -> Self {
        self.rules.push(toml.into());
        self
    }

    /// Runs the rule `id`, and of the others only those that are named likewise.
    pub fn only_rule(mut self, id: impl Into<String>) -> Self {
        self.only.push(id.into());
        self
    }

    /// Leaves the rule `id` out.
    pub fn without_rule(mut self, id: impl Into<String>) -> Self {
        self.disabled.push(id.into());
        self
    }

    /// Leaves out the paths that `glob` names, relative to the root of the scan.
    pub fn exclude(mut self, glob: impl Into<String>) -> Self {
        self.exclude.push(glob.into());
        self
    }

    /// Suppresses what the baseline at `path` holds.
    pub fn baseline(mut self, path: impl Into<PathBuf>) -> Self {
        self.baseline = Some(path.into());
        self
    }

    /// Whether markers such as `leakward:allow` in the text count; they do unless told otherwise.
    pub const fn inline_markers(mut self, count: bool) -> Self {
        self.ignore_markers = !count;
        self
    }

    /// Whether `.gitignore` keeps files out; it does unless told otherwise.
    pub const fn ignore_files(mut self, count: bool) -> Self {
        self.no_ignore_files = !count;
        self
    }

    /// Drops findings below; [`Confidence::Medium`] unless told otherwise.
    pub const fn min_confidence(mut self, least: Confidence) -> Self {
        self.min_confidence = Some(least);
        self
    }

    /// Drops findings below; [`Severity::Low`] unless told otherwise.
    pub const fn min_severity(mut self, least: Severity) -> Self {
        self.min_severity = Some(least);
        self
    }

    /// Leaves out files that are larger, in bytes; 100 MB unless told otherwise.
    pub const fn max_file_size(mut self, bytes: u64) -> Self {
        self.max_file_size = Some(bytes);
        self
    }

    /// Opens archives in archives down to `depth`; 0 opens none.
    pub const fn archive_depth(mut self, depth: u32) -> Self {
        self.archive_depth = Some(depth);
        self
    }

    /// Threads that read and scan; as many as the machine has cores unless told otherwise.
    pub const fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Gives a scan up after `limit`; it is then not complete.
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Reads what was named and compiles the rules.
    ///
    /// # Errors
    /// A file that cannot be read, or one of it, a rule or a glob that is wrong; a rule id that no rule has.
    pub fn build(self) -> Result<Scanner, ScannerError> {
        let mut pack = RulePack::builtin();
        let (file, notes) = self.load(&mut pack)?;
        for (n, text) in self.rules.iter().enumerate() {
            rule::load(&mut pack, &format!("rules {}", n + 1), text).map_err(|e| ScannerError::all(&e))?;
        }
        let parts = self.choose(&mut pack)?;
        let excluded = file.exclude.iter().flat_map(PathGlobs::patterns).chain(&self.exclude);
        let exclude = PathGlobs::new(&excluded.cloned().collect::<Vec<_>>()).map_err(|e| plain(&e))?;
        let suppressor = Suppressor {
            markers: !self.ignore_markers,
            allow: file.allow.clone(),
            baseline: self.read_baseline(&file)?,
            foreign: Foreign::default(),
            today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            need: if file.require_reason { Need::Reason } else { Need::Nothing },
            seen: Seen::default(),
        };
        let config = Config {
            detector: Arc::new(Detector::new(Arc::new(pack)).map_err(|e| plain(&e))?),
            suppressor,
            min_confidence: self.min_confidence.unwrap_or(Confidence::Medium),
            min_severity: self.min_severity.unwrap_or(Severity::Low),
            parts,
            show_suppressed: true,
            line_hash: false,
            subject: "the scan".to_owned(),
            root: Root::default(),
            notes,
            time_limit: self.time_limit,
            outputs: Vec::new(),
            found: FOUND,
            judges: Vec::new(),
            fail_on: State::FAILING.to_vec(),
            audit: None,
            reach: Reach::Changes,
        };
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let limits = Limits {
            exclude,
            max_size: self.max_file_size.or(file.max_file_size).unwrap_or(Files::MAX_SIZE),
            archive_depth: self.archive_depth.unwrap_or(MAX_ARCHIVE_DEPTH),
            ignore_files: !self.no_ignore_files,
            threads: self.threads.unwrap_or(cores),
        };
        Ok(Scanner { config, limits })
    }

    /// What the configuration says, its rules added to `pack`; and what its author should mend.
    fn load(&self, pack: &mut RulePack) -> Result<(File, Vec<String>), ScannerError> {
        let Some(path) = &self.settings else {
            return Ok((File::parse(config::FILE_NAME, b"")?, Vec::new()));
        };
        let name = path.display().to_string();
        let file = File::parse(&name, &read(path)?)?;
        let on_disk = |path: &str| fs::read(path).map_err(|e| e.to_string());
        for rules in config::rule_files(&name, &file.extend, &on_disk)? {
            rule::load(pack, &rules.path, &rules.text).map_err(|e| ScannerError::all(&e))?;
        }
        let mut notes = file.warnings.clone();
        notes.extend(file.choose(&name, pack)?);
        Ok((file, notes))
    }

    /// Leaves in `pack` what was asked for. Returns the rules that stay as parts of others alone.
    fn choose(&self, pack: &mut RulePack) -> Result<Vec<rule::Text>, ScannerError> {
        if let Some(id) = self.only.iter().chain(&self.disabled).find(|id| pack.rule(id).is_none()) {
            let near = config::nearest(id, pack.rules().iter().map(|r| r.id.as_ref()));
            let help = near.map(|near| format!("did you mean {near}?"));
            return Err(ScannerError::new(format!("no rule is called {id}"), help.as_deref()));
        }
        Ok(pack.choose(&self.only, &self.disabled))
    }

    fn read_baseline(&self, file: &File) -> Result<Option<Baseline>, ScannerError> {
        let beside = |named: &String| {
            let folder = self.settings.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            folder.join(named)
        };
        let Some(path) = self.baseline.clone().or_else(|| file.baseline.as_ref().map(beside)) else {
            return Ok(None);
        };
        let wrong = |e: crate::suppress::BaselineError| {
            ScannerError::new(format!("{}: {e}", path.display()), Some(e.help()))
        };
        Baseline::parse(&read(&path)?).map(Some).map_err(wrong)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ScannerError> {
    fs::read(path).map_err(|e| ScannerError::new(format!("{}: {e}", path.display()), None))
}

fn plain(error: &dyn std::error::Error) -> ScannerError {
    ScannerError::new(error, None)
}
