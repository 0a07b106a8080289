//! `leakward scan`: scans files on disk.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::scan_flags::ScanFlags;
use super::settings::from_folder;
use super::{Failure, heading};
use crate::report::Root;
use crate::scan;
use crate::source::{Base, Files};

/// scan files and folders
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// files and folders to scan
    #[arg(value_name = "PATH", default_value = ".", help_heading = heading::INPUT)]
    paths: Vec<PathBuf>,
    /// leave out paths that match a .gitignore pattern (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = heading::INPUT)]
    exclude: Vec<String>,
    /// also scan what .gitignore names
    #[arg(long, help_heading = heading::INPUT)]
    no_ignore: bool,
    /// follow symbolic links inside folders
    #[arg(long, help_heading = heading::INPUT)]
    follow_symlinks: bool,
    /// leave out files above this size, such as 500kB or 2GiB [default: 100MB]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = heading::INPUT)]
    max_file_size: Option<u64>,
    /// threads to use [default: one per core]
    #[arg(long, value_name = "N", help_heading = heading::INPUT)]
    threads: Option<NonZeroUsize>,
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
        let (exclude, threads) = (Vec::new(), None);
        Self { paths: vec![path], exclude, no_ignore: true, follow_symlinks, max_file_size, threads, scan }
    }

    pub(super) fn run(self) -> Result<u8, Failure> {
        self.run_within(None)
    }

    /// Runs the scan; gives it up after `time`.
    pub(super) fn run_within(self, time: Option<Duration>) -> Result<u8, Failure> {
        let base = Base::of(&self.paths)?;
        let root = Root { folder: Some(base.dir().to_owned()), ..Root::default() };
        let folder = base.dir().to_owned();
        let mut prepared =
            self.scan.prepare(subject(&self.paths), root, &from_folder(&folder), &self.exclude)?;
        prepared.config.time_limit = time;
        let files = Files {
            paths: self.paths,
            base,
            ignore_files: !self.no_ignore,
            follow_symlinks: self.follow_symlinks,
            max_size: self.max_file_size.or(prepared.max_file_size).unwrap_or(Files::MAX_SIZE),
            exclude: prepared.exclude,
            threads: self.threads.unwrap_or_else(cores),
        };
        Ok(scan::run(&files, &prepared.config)?)
    }
}

fn subject(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|p| p.display().to_string()).collect();
    names.join(", ")
}

pub(super) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Reads a size in bytes, such as `100`, `500kB` (thousands) or `2GiB` (powers of 1024).
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err("the unit is none of kB, MB, GB, KiB, MiB, GiB".to_owned()),
    };
    let number: u64 = digits.trim_end().parse().map_err(|_| "not a number of bytes".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "more than any file can hold".to_owned())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_units() {
        let sizes = ["7", "100MB", "2 KiB", "1g", "0"].map(|text| size(text).unwrap());
        assert_eq!(sizes, [7, 100_000_000, 2048, 1_000_000_000, 0]);
        for wrong in ["", "MB", "-1", "1.5MB", "3 stones", "99999999999GB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
