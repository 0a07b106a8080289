//! The walk's work, and the threads that do it.

use std::cell::{OnceCell, RefCell};
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use super::content::Policy;
use super::ignores::Ignores;
use crate::model::Origin;
use crate::source::windows::Windows;

/// Something to do.
pub(super) enum Job {
    /// Walk a folder.
    Folder(Folder),
    /// Scan files of one folder.
    Batch(Arc<Folder>, Vec<OsString>),
    /// Scan a file on its own.
    File(Named),
    /// Help with a file that is scanned in windows.
    Long(Arc<Long>),
}

/// A folder to walk.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// Where it lies on disk.
    pub(super) path: PathBuf,
    /// Its path relative to the base.
    pub(super) name: PathBuf,
    /// The rules of the folders above it.
    pub(super) ignores: Ignores,
    pub(super) kind: Kind,
    /// Whether the user named it, or a folder above it, although it is excluded: nothing in it is excluded then.
    pub(super) insisted: bool,
}

/// What a folder is to the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ordinary,
    /// A `.git`: its `config` and `hooks` are walked, nothing else.
    Git,
    /// Reached through a symbolic link; what was seen before is passed over.
    Linked,
}

/// A file to scan.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    pub(super) name: PathBuf,
    pub(super) policy: Policy,
}

/// A file that is scanned in windows, by several threads.
pub(super) struct Long {
    pub(super) origin: Origin,
    pub(super) windows: Mutex<Windows<File>>,
}

/// What does the jobs, and in which threads.
pub(super) struct Crew {
    threads: usize,
    /// Started with the first work that is worth it.
    pool: OnceCell<Option<ThreadPool>>,
}

/// Where a job leaves new jobs.
pub(super) enum Jobs<'j, 's> {
    /// One thread does all of them, the newest first.
    Alone {
        left: &'j RefCell<Vec<Job>>,
        hand: usize,
    },
    Shared {
        scope: &'j Scope<'s>,
        work: &'s Work<'s>,
        queued: &'s AtomicUsize,
    },
}

/// Does one job.
type Work<'s> = dyn Fn(Job, &Jobs<'_, 's>) + Sync + 's;

/// Jobs that wait, above which a folder's files are scanned at once rather than queued: bounds memory.
const ENOUGH: usize = 64;

impl Crew {
    pub(super) fn new(threads: usize) -> Self {
        Self { threads, pool: OnceCell::new() }
    }

    /// Number of hands: [`Jobs::hand`] is always below.
    pub(super) fn hands(&self) -> usize {
        self.threads + 1
    }

    /// Does `jobs` and what they lead to. `small`: it is too little to start threads for.
    pub(super) fn run<'s>(&self, jobs: Vec<Job>, small: bool, work: &'s Work<'s>, queued: &'s AtomicUsize) {
        match self.pool(small) {
            Some(pool) => pool.in_place_scope(|scope| {
                let shared = Jobs::Shared { scope, work, queued };
                jobs.into_iter().for_each(|job| shared.push(job));
            }),
            None => {
                let left = RefCell::new(jobs);
                let alone = Jobs::Alone { left: &left, hand: self.threads };
                loop {
                    let Some(job) = left.borrow_mut().pop() else { break };
                    work(job, &alone);
                }
            }
        }
    }

    fn pool(&self, small: bool) -> Option<&ThreadPool> {
        if small || self.threads == 1 {
            return None;
        }
        // A system that grants no threads still lets one thread do it all.
        let start = || ThreadPoolBuilder::new().num_threads(self.threads).build().ok();
        self.pool.get_or_init(start).as_ref()
    }
}

impl<'s> Jobs<'_, 's> {
    /// Adds a job.
    pub(super) fn push(&self, job: Job) {
        match *self {
            Self::Alone { left, .. } => left.borrow_mut().push(job),
            Self::Shared { scope, work, queued } => {
                queued.fetch_add(1, Ordering::Relaxed);
                scope.spawn(move |scope| {
                    queued.fetch_sub(1, Ordering::Relaxed);
                    work(job, &Jobs::Shared { scope, work, queued });
                });
            }
        }
    }

    /// Whether another thread may be glad of a job.
    pub(super) fn wanted(&self) -> bool {
        match self {
            Self::Alone { .. } => false,
            Self::Shared { queued, .. } => queued.load(Ordering::Relaxed) < ENOUGH,
        }
    }

    /// The number of the thread that runs this, from 0.
    pub(super) fn hand(&self) -> usize {
        match self {
            Self::Alone { hand, .. } => *hand,
            Self::Shared { .. } => rayon::current_thread_index().unwrap_or_default(),
        }
    }
}
