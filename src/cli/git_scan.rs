//! Runs scans of git repositories: takes the configuration from where the bytes come from.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use bstr::{BStr, BString};

use super::Failure;
use super::git::shown;
use super::limit_flags::LimitFlags;
use super::scan_flags::{Prepared, ScanFlags};
use super::settings::from_folder;
use crate::report::Root;
use crate::rule::Extractor;
use crate::scan::{self, Config};
use crate::source::Files;
use crate::source::git::{GitError, Index, Policy, Range};
use crate::source::history::{Family, History};
use crate::source::odb::ObjectId;
use crate::suppress::Reach;

/// How to scan.
pub(super) struct GitScan<'f> {
    pub(super) scan: &'f ScanFlags,
    pub(super) limits: &'f LimitFlags,
}

/// Reads a file of what is scanned, by its path from the root.
type FileAt<'r> = dyn Fn(&BStr) -> Result<Option<Vec<u8>>, GitError> + 'r;

impl GitScan<'_> {
    /// Scans what the next commit would add.
    pub(super) fn staged(&self, index: Index) -> Result<u8, Failure> {
        let subject = format!("staged changes of {}", shown(index.place().path()));
        let (config, policy) = self.prepare(subject, index.work_tree(), &|path| index.file_at(path))?;
        Ok(scan::run(&index.staged(policy), &config)?)
    }

    /// Scans all that the index holds.
    pub(super) fn tracked(&self, index: Index) -> Result<u8, Failure> {
        let subject = format!("all tracked files of {}", shown(index.place().path()));
        let (config, policy) = self.prepare(subject, index.work_tree(), &|path| index.file_at(path))?;
        Ok(scan::run(&index.tracked(policy), &config)?)
    }

    /// Scans what the commits of `range` bring; `subject` says in words which they are.
    pub(super) fn range(&self, range: Range, subject: &str) -> Result<u8, Failure> {
        let subject = subject.to_owned();
        let (config, policy) = self.prepare(subject, range.work_tree(), &|path| range.file_at(path))?;
        Ok(scan::run(&range.with(policy), &config)?)
    }

    /// Scans what the commits of `range` bring by the configuration that the commit `judge` has, or by none.
    pub(super) fn received(
        &self,
        range: Range,
        judge: Option<ObjectId>,
        subject: String,
    ) -> Result<u8, Failure> {
        let file_at = |path: &BStr| judge.map_or(Ok(None), |judge| range.file_of(judge, path));
        let (config, policy) = self.prepare(subject, range.work_tree(), &file_at)?;
        Ok(scan::run(&range.with(policy), &config)?)
    }

    /// Scans the history of the repository or bundle at `place`, and of its submodules if `recurse` says so; `set`
    /// sets what is special about it.
    pub(super) fn history(
        &self,
        place: &Path,
        subject: String,
        recurse: bool,
        set: impl FnOnce(&mut History) -> Result<(), Failure>,
    ) -> Result<u8, Failure> {
        let folder = if place.is_dir() { place } else { Path::new(".") };
        let root = Root { folder: Some(folder.to_owned()), ..Root::default() };
        let mut prepared = self.scan.prepare(subject, root, &from_folder(folder), &self.limits.exclude)?;
        let rules = prepared.config.detector.pack().rules();
        let by_path = rules.iter().filter(|rule| rule.extractor == Extractor::PathOnly);
        let notes: Vec<_> = by_path
            .map(|rule| format!("rule {} looks at paths alone: not in a whole history", rule.id))
            .collect();
        prepared.config.notes.extend(notes);
        let detector = Arc::clone(&prepared.config.detector);
        let mut history = History::new(place.to_owned(), detector, prepared.exclude);
        history.max_size = self.limits.max_file_size.or(prepared.max_file_size).unwrap_or(Files::MAX_SIZE);
        history.archive_depth = self.scan.max_archive_depth;
        history.threads = self.limits.threads().get();
        set(&mut history)?;
        if history.scope.is_everything() {
            prepared.config.reach = Reach::whole();
        }
        Ok(scan::run(&Family::new(history, recurse), &prepared.config)?)
    }

    fn prepare(
        &self,
        subject: String,
        work_tree: Option<&Path>,
        file_at: &FileAt<'_>,
    ) -> Result<(Config, Policy), Failure> {
        let root = Root { folder: work_tree.map(Path::to_owned), ..Root::default() };
        // What the configuration was read from (or would have been) is what a change may not edit unnoticed.
        let watched: RefCell<Vec<BString>> = RefCell::default();
        let read = |path: &str| {
            watched.borrow_mut().push(path.into());
            file_at(path.into()).map_err(|e| e.to_string())
        };
        let Prepared { config, exclude, max_file_size } =
            self.scan.prepare(subject, root, &read, &self.limits.exclude)?;
        let policy = Policy {
            max_size: self.limits.max_file_size.or(max_file_size).unwrap_or(Files::MAX_SIZE),
            archive_depth: self.scan.max_archive_depth,
            exclude,
            watched: watched.into_inner(),
            threads: self.limits.threads(),
        };
        Ok((config, policy))
    }
}
