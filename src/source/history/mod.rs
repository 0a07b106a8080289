//! Scans a repository's whole history by its objects: each once, and of a delta only what it inserts.
//!
//! 1. Passes over the object database scan blobs and messages, and enter trees and commits in books.
//! 2. The books tell which commit brought each secret in, and under which paths.
//! 3. Each secret is visited once for every path: there it becomes a finding like any other.
//! 4. Of all findings of one secret one is kept, and told how far the secret spread.
//!
//! Archives and compressed files are opened in step 1 and again in step 3; what was found in a member is known by the
//! member's place in its container.
//!
//! With a cache, step 1 takes from it what an earlier scan wrote down, and reads new objects only.
//!
//! What this module does not do: judge candidates (that is the detector's), or know paths before step 3.

mod archive;
mod attribution;
#[cfg(test)]
mod attribution_tests;
mod books;
mod cache;
mod changes;
mod classes;
mod containing;
#[cfg(test)]
mod fixture;
mod graph;
mod groups;
mod known;
mod ledger;
mod locator;
mod members;
mod names;
mod opened;
mod origins;
mod pass;
mod paths;
mod pruned;
mod reach;
mod recall;
mod record;
mod refs;
mod scanner;
#[cfg(test)]
mod scanner_tests;
mod scope;
mod structure;
mod submodules;
mod sweep;
mod tellings;
mod texts;
mod told;
mod visits;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bstr::BString;

use crate::detect::Detector;
use crate::model::{Effort, Finding, Origin, Pace, Paced, Stages, Tally};
use crate::source::odb::{ObjectKind, Progress};
use crate::source::{MAX_ARCHIVE_DEPTH, Source, SourceError, Visitor};
use crate::suppress::PathGlobs;

pub use cache::{Cache, CacheError};
use opened::Opened;
pub use refs::Refs;
pub use scope::Scope;
pub use submodules::Family;
use sweep::sweep;
use tellings::Tellings;
use told::Told;

/// The history of one repository or bundle.
#[derive(Debug)]
pub struct History {
    /// The repository (its worktree, a folder in it, or its git folder) or the bundle.
    pub place: PathBuf,
    /// What finds candidates.
    pub detector: Arc<Detector>,
    /// Which commits count.
    pub scope: Scope,
    /// Whether every blob is scanned in full. Finds the same, slower.
    pub full: bool,
    /// Threads; at least 1.
    pub threads: usize,
    /// Bytes of inflated objects that may be kept for the deltas on them.
    pub memory: usize,
    /// Size above which blobs are left out, in bytes.
    pub max_size: u64,
    /// Containers in containers that are opened; 0: none is, and they are scanned as they stand.
    pub archive_depth: u32,
    /// Paths that do not count.
    pub exclude: PathGlobs,
    /// What stands before all paths: empty, or where a submodule lies, with a `/` behind it.
    pub prefix: BString,
    /// Where the scan leaves what it learnt for the next one, and looks for what the last one left.
    pub cache: Option<Cache>,
    /// How far the scan has come.
    pub progress: Arc<Progress>,
    told: OnceLock<Told>,
}

impl History {
    /// Bytes of inflated objects that may be kept, unless told otherwise.
    pub const MEMORY: usize = 256 << 20;

    /// The whole history of `place`, as `detector` sees it, without the paths of `exclude`.
    pub fn new(place: PathBuf, detector: Arc<Detector>, exclude: PathGlobs) -> Self {
        Self {
            place,
            detector,
            scope: Scope::default(),
            full: false,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory: Self::MEMORY,
            max_size: 100_000_000,
            archive_depth: MAX_ARCHIVE_DEPTH,
            exclude,
            prefix: BString::default(),
            cache: None,
            progress: Arc::default(),
            told: OnceLock::new(),
        }
    }

    /// Whether a secret at `origin` was handed to visitors.
    fn visited(&self, origin: &Origin) -> bool {
        self.told.get().is_some_and(|told| told.visited(origin))
    }
}

impl Source for History {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let (mut tally, mut clock) = (Tally::default(), Clock(Instant::now()));
        let before = self.progress.bytes.load(Ordering::Relaxed);
        let opened = Opened::open(&self.place, &mut tally)?;
        let mut stages = Stages { open: clock.lap(), ..Stages::default() };
        let mut books = sweep(self, &opened, &mut tally)?;
        stages.objects = clock.lap();
        tally.blobs = books.counts[ObjectKind::Blob as usize - 1];
        tally.bytes = books.bytes;
        tally.add(std::mem::take(&mut books.containers.tally));
        for skip in &books.skips {
            *tally.skipped.entry(skip.reason).or_default() += u64::from(skip.count);
        }
        let (objects, searched, lost) = (books.counts, books.searched, books.lost);
        let (visits, told) = Tellings::tell(&opened, books, self, &mut tally)?;
        stages.attribution = clock.lap();
        let mut unread = lost + told.missing;
        for (object, why) in
            visits.make(&opened.odb, self.threads, self.max_size, self.archive_depth, visitor)
        {
            unread += 1;
            tally.gap(format!("object {}", opened.odb.id(object)), why.to_string());
        }
        stages.findings = clock.lap();
        let inflated = self.progress.bytes.load(Ordering::Relaxed) - before;
        tally.effort = Some(Box::new(Effort { objects, inflated, searched, unread, stages }));
        // A source is run once; a second run would tell the same.
        let _ = self.told.set(told);
        Ok(tally)
    }

    fn paced(&self) -> Option<Paced> {
        let progress = Arc::clone(&self.progress);
        Some(Box::new(move || {
            let [objects, total, bytes] =
                [&progress.objects, &progress.total, &progress.bytes].map(|n| n.load(Ordering::Relaxed));
            Pace { objects, total, bytes }
        }))
    }

    fn refine(&self, findings: Vec<Finding>) -> Vec<Finding> {
        match self.told.get() {
            Some(told) => told.refine(self.detector.pack(), findings),
            None => findings,
        }
    }
}

/// Tells how long each stage took.
struct Clock(Instant);

impl Clock {
    /// The time since the last lap, or the beginning.
    fn lap(&mut self) -> std::time::Duration {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut self.0, now))
    }
}
