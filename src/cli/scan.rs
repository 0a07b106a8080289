//! `leakward scan`: scans files on disk.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::output_flags::OutputFlags;
use super::rule_flags::RuleFlags;
use super::{Failure, heading};
use crate::report::Root;
use crate::rule::RulePack;
use crate::scan::{self, Config};
use crate::source::{Base, Files};
use crate::suppress::{PathGlobs, Suppressor};

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
    /// threads to use [default: one per core]
    #[arg(long, value_name = "N", help_heading = heading::INPUT)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    rules: RuleFlags,
    #[command(flatten)]
    output: OutputFlags,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let base = Base::of(&self.paths)?;
        let config = Config {
            detector: self.rules.detector(RulePack::default())?,
            suppressor: Suppressor::markers_only(),
            min_confidence: self.rules.min_confidence.into(),
            min_severity: self.rules.min_severity.into(),
            show_suppressed: self.output.show_suppressed,
            line_hash: true,
            subject: subject(&self.paths),
            root: Root { folder: Some(base.dir().to_owned()), ..Root::default() },
            outputs: self.output.outputs()?,
            found: self.output.exit_code,
        };
        let files = Files {
            paths: self.paths,
            base,
            ignore_files: !self.no_ignore,
            follow_symlinks: self.follow_symlinks,
            max_size: Files::MAX_SIZE,
            exclude: PathGlobs::new(&self.exclude).map_err(Failure::new)?,
            threads: self.threads.unwrap_or_else(cores),
        };
        Ok(scan::run(&files, &config)?)
    }
}

fn subject(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|p| p.display().to_string()).collect();
    names.join(", ")
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
