//! Which files on disk are read.

use std::fs;
use std::path::PathBuf;

use super::heading;
use super::limit_flags::LimitFlags;
use crate::source::{Base, Files, SourceError};
use crate::suppress::{PathGlobs, Reach};

/// Flags of every subcommand that reads files on disk.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::INPUT)]
pub(super) struct FilesFlags {
    /// files and folders to scan
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    /// also scan what .gitignore names
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// follow symbolic links inside folders
    #[arg(long)]
    pub(super) follow_symlinks: bool,
    #[command(flatten)]
    pub(super) limits: LimitFlags,
}

impl FilesFlags {
    /// The folder that reported paths are relative to.
    pub(super) fn base(&self) -> Result<Base, SourceError> {
        Base::of(&self.paths)
    }

    /// What of the base's folder is scanned.
    pub(super) fn reach(&self, base: &Base) -> Reach {
        let relative = |path: &PathBuf| {
            let path = fs::canonicalize(path).ok()?;
            let parts = path.strip_prefix(base.dir()).ok()?.iter().map(|p| p.as_encoded_bytes());
            Some(bstr::join("/", parts).into())
        };
        Reach::Below(self.paths.iter().filter_map(relative).collect())
    }

    /// What is scanned, in words.
    pub(super) fn subject(&self) -> String {
        let names: Vec<_> = self.paths.iter().map(|p| p.display().to_string()).collect();
        names.join(", ")
    }

    /// The source of the files. `exclude` and `max_size` (bytes) are what the configuration says, flags included
    /// in the former; archives are opened `archive_depth` deep.
    pub(super) fn source(
        self,
        base: Base,
        exclude: PathGlobs,
        max_size: Option<u64>,
        archive_depth: u32,
    ) -> Files {
        Files {
            paths: self.paths,
            base,
            ignore_files: !self.no_ignore,
            follow_symlinks: self.follow_symlinks,
            max_size: self.limits.max_file_size.or(max_size).unwrap_or(Files::MAX_SIZE),
            archive_depth,
            exclude,
            threads: self.limits.threads(),
        }
    }
}
