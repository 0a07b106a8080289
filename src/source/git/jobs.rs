//! Blobs to read and scan: what staged changes, whole indexes and commit ranges boil down to.

use std::io::Cursor;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use bstr::BString;

use super::added::{added_lines, common};
use super::{GitError, ObjectId, ObjectKind, Repository};
use crate::decode::is_opaque;
use crate::model::{Blob, Origin, SkipReason, Span, Tally};
use crate::source::Visitor;
use crate::source::archive::{Kind, Unpacker};
use crate::suppress::PathGlobs;

/// Jobs below which one thread does them all: starting others costs more than it saves.
pub(super) const FEW: usize = 32;

/// What of a repository is left out, and how much work is done at once.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Size above which files are left out, in bytes.
    pub max_size: u64,
    /// Containers in containers that are opened; 0: none is opened, and they are left out as binary.
    pub archive_depth: u32,
    /// Paths left out, relative to the root of the repository.
    pub exclude: PathGlobs,
    /// Paths that say what is found or suppressed: a scan of changes says when these are among them.
    pub watched: Vec<BString>,
    /// Threads that read and scan.
    pub threads: NonZeroUsize,
}

/// One blob to read and scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    /// Where it lies.
    pub(super) origin: Origin,
    /// What to scan.
    pub(super) content: Content,
}

/// What a job scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// A file.
    Blob {
        /// The blob.
        id: ObjectId,
        /// What was there before, once for each parent. Lines that one of them has do not count; where there is
        /// none, the whole blob does.
        olds: Vec<ObjectId>,
    },
    /// A text that is at hand, such as a commit's message.
    Text(BString),
}

/// The remarks that `what` edits watched `paths`.
pub(super) fn edited<'p>(
    policy: &Policy,
    paths: impl Iterator<Item = &'p BString>,
    what: &str,
) -> Vec<String> {
    let mut edited: Vec<_> = paths.filter(|path| policy.watched.contains(path)).collect();
    edited.sort_unstable();
    edited.dedup();
    let remark = |path: &&BString| format!("{what} edit {path}, which says what is found or suppressed");
    edited.iter().map(remark).collect()
}

/// Does all `jobs` of `repository`.
///
/// # Errors
/// A second thread cannot open the repository.
pub(super) fn run<'v>(
    jobs: &[Job],
    repository: &Repository,
    policy: &Policy,
    visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync),
) -> Result<Tally, GitError> {
    let threads = if jobs.len() < FEW { 1 } else { policy.threads.get().min(jobs.len() / (FEW / 2)) };
    let shared = Shared { jobs, policy, next: AtomicUsize::new(0), stop: AtomicBool::new(false) };
    if threads == 1 {
        let mut worker = Worker { shared: &shared, repository, visitor: visitor(), tally: Tally::default() };
        worker.work();
        return Ok(worker.tally);
    }
    let (place, total) = (repository.place(), Mutex::new(Ok(Tally::default())));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let done = Repository::open(place).map(|repository| {
                    let (repository, tally) = (&repository, Tally::default());
                    let mut worker = Worker { shared: &shared, repository, visitor: visitor(), tally };
                    worker.work();
                    worker.tally
                });
                let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                match (&mut *total, done) {
                    (Ok(total), Ok(tally)) => total.add(tally),
                    (Ok(_), Err(error)) => *total = Err(error),
                    (Err(_), _) => {}
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the threads share.
struct Shared<'j> {
    jobs: &'j [Job],
    policy: &'j Policy,
    /// The first job that nobody has taken.
    next: AtomicUsize,
    stop: AtomicBool,
}

/// One thread at work.
struct Worker<'w, 'v> {
    shared: &'w Shared<'w>,
    repository: &'w Repository,
    visitor: Box<dyn Visitor + 'v>,
    tally: Tally,
}

impl Worker<'_, '_> {
    fn work(&mut self) {
        while !self.shared.stop.load(Ordering::Relaxed) {
            let Some(job) = self.shared.jobs.get(self.shared.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            match self.scan(job) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => self.shared.stop.store(true, Ordering::Relaxed),
                Err(why) => self.tally.gap(job.origin.path.as_ref().clone(), why),
            }
        }
    }

    fn scan(&mut self, job: &Job) -> Result<ControlFlow<()>, String> {
        match &job.content {
            Content::Blob { id, olds } => self.scan_blob(&job.origin, *id, olds),
            Content::Text(text) => {
                self.tally.bytes += text.len() as u64;
                Ok(self.visitor.visit(&job.origin, &Blob::whole(text)))
            }
        }
    }

    fn scan_blob(
        &mut self,
        origin: &Origin,
        id: ObjectId,
        olds: &[ObjectId],
    ) -> Result<ControlFlow<()>, String> {
        const GO_ON: ControlFlow<()> = ControlFlow::Continue(());
        let size = self.repository.size(id).map_err(|e| e.to_string())?;
        if size.is_some_and(|size| size > self.shared.policy.max_size) {
            self.tally.skip(SkipReason::Size);
            return Ok(GO_ON);
        }
        let bytes = self.read(id)?;
        let depth = self.shared.policy.archive_depth;
        if let Some(kind) = Kind::of(&bytes).filter(|_| depth > 0) {
            let (visitor, size) = (self.visitor.as_mut(), bytes.len() as u64);
            let unpacker = Unpacker::new(visitor, &mut self.tally, depth);
            return Ok(unpacker.unpack(origin, kind, &mut Cursor::new(bytes), size));
        }
        if is_opaque(&bytes) {
            self.tally.skip(SkipReason::Binary);
            return Ok(GO_ON);
        }
        let spans = self.new_lines(&bytes, olds)?;
        if spans.as_ref().is_some_and(Vec::is_empty) {
            return Ok(GO_ON);
        }
        self.tally.blobs += 1;
        self.tally.bytes += bytes.len() as u64;
        let blob = spans.as_ref().map_or(Blob::whole(&bytes), |spans| Blob::within(&bytes, spans));
        Ok(self.visitor.visit(origin, &blob))
    }

    /// The lines of `bytes` that none of `olds` has; `None` when all count.
    fn new_lines(&mut self, bytes: &[u8], olds: &[ObjectId]) -> Result<Option<Vec<Span>>, String> {
        let mut new: Option<Vec<Span>> = None;
        for &old in olds {
            let size = self.repository.size(old).map_err(|e| e.to_string())?;
            if size.is_none() {
                self.tally.notes.push(UNKNOWN_BEFORE.to_owned());
            }
            // What was there before and is missing, or too long to compare with, leaves everything new.
            if size.is_none_or(|size| size > self.shared.policy.max_size) {
                continue;
            }
            let old = self.read(old)?;
            let added = added_lines(&old, bytes).map_err(|e| e.message().to_owned())?;
            new = Some(new.map_or_else(|| added.clone(), |new| common(&new, &added)));
        }
        Ok(new)
    }

    fn read(&self, id: ObjectId) -> Result<Vec<u8>, String> {
        let object = self.repository.object(id).map_err(|e| e.to_string())?;
        match object.kind {
            ObjectKind::Blob => Ok(object.bytes),
            other => Err(format!("object {id} is a {}, not a blob", other.as_str())),
        }
    }
}

const UNKNOWN_BEFORE: &str =
    "files whose earlier version is not in this partial clone were scanned as if all of it were new";
