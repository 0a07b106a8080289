//! `leakward scan`: scans files on disk.

use std::path::PathBuf;

use super::Failure;
use super::files_flags::FilesFlags;
use super::limit_flags::LimitFlags;
use super::scan_flags::ScanFlags;
use super::settings::from_folder;
use crate::report::Root;
use crate::scan;

/// scan files and folders
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: FilesFlags,
    #[command(flatten)]
    scan: ScanFlags,
}

impl Args {
    /// A scan of everything in `path`, the ignored files too.
    pub(super) fn everything_in(
        path: PathBuf,
        follow_symlinks: bool,
        max_file_size: Option<u64>,
        scan: ScanFlags,
    ) -> Self {
        let limits = LimitFlags { max_file_size, ..LimitFlags::default() };
        let files = FilesFlags { paths: vec![path], no_ignore: true, follow_symlinks, limits };
        Self { files, scan }
    }

    /// The same scan, with verdicts.
    #[cfg(feature = "fetcher")]
    pub(super) fn verified(mut self) -> Self {
        self.scan.verify.verify = true;
        self
    }

    pub(super) fn run(self) -> Result<u8, Failure> {
        let base = self.files.base()?;
        let root = Root { folder: Some(base.dir().to_owned()), ..Root::default() };
        let mut prepared = self.scan.prepare(
            self.files.subject(),
            root,
            &from_folder(base.dir()),
            &self.files.limits.exclude,
        )?;
        prepared.config.reach = self.files.reach(&base);
        let (exclude, max_size) = (prepared.exclude, prepared.max_file_size);
        let files = self.files.source(base, exclude, max_size, self.scan.max_archive_depth);
        Ok(scan::run(&files, &prepared.config)?)
    }
}
