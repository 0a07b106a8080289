//! Files on disk: a parallel walk that says what it leaves out.
//!
//! | file | noun |
//! |---|---|
//! | `base` | the folder that reported paths are relative to |
//! | `walk` | the walk over folders |
//! | `jobs` | the walk's threads and their work |
//! | `entry` | what becomes of one folder entry |
//! | `ignores` | ignore files, from the top of the work tree down |
//! | `content` | a file's bytes |
//!
//! Files are read, never mapped: a mapped file that shrinks during the scan kills the process.

mod base;
mod content;
mod ignores;
mod jobs;
mod walk;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{Source, SourceError, Visitor};
use crate::model::Tally;
use crate::suppress::PathGlobs;

pub use base::Base;
use walk::Walk;

/// Files on disk.
#[derive(Debug)]
pub struct Files {
    /// Files and folders to scan, as the user named them. A named file is scanned whatever the policies say.
    pub paths: Vec<PathBuf>,
    /// The folder that reported paths are relative to.
    pub base: Base,
    /// Whether `.gitignore` and `.git/info/exclude` keep files out.
    pub ignore_files: bool,
    /// Whether symbolic links inside folders are followed.
    pub follow_symlinks: bool,
    /// Size above which files are left out, in bytes.
    pub max_size: u64,
    /// Containers in containers that are opened; 0: none is opened, and they are left out as binary.
    pub archive_depth: u32,
    /// Paths left out, relative to `base`.
    pub exclude: PathGlobs,
    /// Threads that read and scan.
    pub threads: NonZeroUsize,
}

impl Files {
    /// Size above which files are left out unless the user says otherwise, in bytes.
    pub const MAX_SIZE: u64 = 100_000_000;
}

impl Source for Files {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        Walk::new(self, visitor).run()
    }
}
