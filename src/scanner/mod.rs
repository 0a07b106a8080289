//! The scanner as a library: bytes, files and repositories in, findings out. This is the module to program against.
//!
//! It is a thin door to the modules below it, whose types move as the program needs them; what this module exposes
//! keeps to semantic versioning. It prints nothing, sends nothing, asks no secrets manager, and reads no
//! configuration but the one that it is given.
//!
//! ```
//! use leakward::scanner::Scanner;
//!
//! let scanner = Scanner::builder().build()?;
//! # let token = leakward::checksum::example::render(r#"{{github("ghp_")}}"#, "doc").expect("a token");
//! let text = format!("TOKEN = '{token}'\n");
//! let scan = scanner.scan_bytes("settings.py", text.as_bytes())?;
//! let finding = &scan.findings()[0];
//! assert_eq!((finding.rule(), finding.path(), finding.line()), ("github-pat", "settings.py".into(), 1));
//! assert_eq!(finding.secret().expose(), token.as_bytes());
//! assert!(!finding.masked().contains(&token[8..30]), "what may be shown is masked");
//! assert!(scan.is_complete());
//! # Ok::<(), leakward::scanner::ScannerError>(())
//! ```
//!
//! | file | noun |
//! |---|---|
//! | `builder` | what to look for and what to leave out |
//! | `finding` | one leaked secret |
//! | `scan` | what one scan found, skipped and missed |
//! | `error` | why there is no scan |

mod builder;
mod error;
mod finding;
mod scan;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::BString;

pub use crate::model::{Gap, Secret, SkipReason};
pub use crate::rule::{Confidence, Severity};
pub use builder::Builder;
pub use error::ScannerError;
pub use finding::Finding;
pub use scan::Scan;

use crate::scan::{Config, collect_unseen};
use crate::source::git::{Index, Place, Policy, Range, Revisions};
use crate::source::history::{Family, History};
use crate::source::{Base, Files, Source, Texts};
use crate::suppress::PathGlobs;

/// Looks for secrets. Made once (that compiles the rules), used from any thread as often as needed.
#[derive(Debug)]
pub struct Scanner {
    config: Config,
    limits: Limits,
}

/// What sources are told.
#[derive(Debug)]
struct Limits {
    exclude: PathGlobs,
    max_size: u64,
    archive_depth: u32,
    ignore_files: bool,
    threads: NonZeroUsize,
}

impl Scanner {
    /// Says what to look for; [`Builder::build`] then makes the scanner.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Scans `bytes` under the name `path`, which rules and `[[allow]]` entries look at and which may be empty.
    ///
    /// The bytes are searched whatever they are; archives are not opened and no path is left out.
    ///
    /// # Errors
    /// None is known; later versions may refuse what cannot be scanned.
    pub fn scan_bytes(&self, path: impl Into<BString>, bytes: &[u8]) -> Result<Scan, ScannerError> {
        let mut texts = Texts::default();
        texts.push(path, bytes.to_vec());
        self.scan(&texts)
    }

    /// Scans files and folders, as `leakward scan` does: what `.gitignore` names is left out, archives are opened.
    ///
    /// Paths of findings are relative to the top of the git work tree that holds all of `paths`; else to the current
    /// folder when everything lies in it; else to the deepest folder that holds everything.
    ///
    /// ```
    /// use leakward::scanner::Scanner;
    ///
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let dir = folder.path();
    /// # let token = leakward::checksum::example::render(r#"{{github("ghp_")}}"#, "doc").expect("a token");
    /// std::fs::write(dir.join("deploy.sh"), format!("export GH={token}\n")).expect("a file");
    /// let scan = Scanner::builder().build()?.scan_files([dir])?;
    /// for finding in scan.findings() {
    ///     println!("{}:{}: {} {}", finding.path(), finding.line(), finding.title(), finding.masked());
    /// }
    /// assert_eq!(scan.findings().len(), 1);
    /// # Ok::<(), leakward::scanner::ScannerError>(())
    /// ```
    ///
    /// # Errors
    /// `paths` is empty, or one of them does not exist.
    pub fn scan_files<P: Into<PathBuf>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Scan, ScannerError> {
        let paths: Vec<PathBuf> = paths.into_iter().map(Into::into).collect();
        if paths.is_empty() {
            return Err(ScannerError::new("no path to scan", Some("name a file or a folder")));
        }
        let base = Base::of(&paths)?;
        self.scan(&Files {
            paths,
            base,
            ignore_files: self.limits.ignore_files,
            follow_symlinks: false,
            max_size: self.limits.max_size,
            archive_depth: self.limits.archive_depth,
            exclude: self.limits.exclude.clone(),
            threads: self.limits.threads,
        })
    }

    /// Scans the whole history of the git repository (or bundle) at `place`: everything that branches, tags, other
    /// refs, the stash and reflogs reach, with messages and notes. Each secret is one finding, at the commit that
    /// brought it in.
    ///
    /// # Errors
    /// There is no repository, or its objects cannot be read at all.
    pub fn scan_history(&self, place: impl AsRef<Path>) -> Result<Scan, ScannerError> {
        let detector = Arc::clone(&self.config.detector);
        let mut history = History::new(place.as_ref().to_owned(), detector, self.limits.exclude.clone());
        history.max_size = self.limits.max_size;
        history.archive_depth = self.limits.archive_depth;
        history.threads = self.limits.threads.get();
        self.scan(&Family::new(history, false))
    }

    /// Scans what the next commit in the git repository at `place` would add.
    ///
    /// # Errors
    /// There is no repository, or its index cannot be read.
    pub fn scan_staged(&self, place: impl Into<PathBuf>) -> Result<Scan, ScannerError> {
        let index = Index::read(&Place::new(place)?)?;
        self.scan(&index.staged(self.policy()))
    }

    /// Scans what the commits of `range` (words as for `git rev-list`, such as `main..HEAD`) bring.
    ///
    /// # Errors
    /// There is no repository, or `range` names no commits of it.
    pub fn scan_range(&self, place: impl Into<PathBuf>, range: &str) -> Result<Scan, ScannerError> {
        let range = Range::open(&Place::new(place)?, &Revisions::parse(range)?)?;
        self.scan(&range.with(self.policy()))
    }

    fn scan(&self, source: &dyn Source) -> Result<Scan, ScannerError> {
        Ok(Scan::new(collect_unseen(source, &self.config)?))
    }

    fn policy(&self) -> Policy {
        Policy {
            max_size: self.limits.max_size,
            archive_depth: self.limits.archive_depth,
            exclude: self.limits.exclude.clone(),
            watched: Vec::new(),
            threads: self.limits.threads,
        }
    }
}
