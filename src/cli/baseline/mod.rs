//! `leakward baseline`: findings accepted for now.

mod create;
mod diff;
mod merge;
mod prune;
mod stats;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::suppress::{Baseline, Named};

/// Name of a new baseline where nothing names another.
pub(super) const FILE_NAME: &str = "leakward-baseline.jsonl";

/// make, refresh, thin out, compare and merge baselines: findings accepted for now
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(Box<create::Args>),
    Prune(Box<prune::Args>),
    Diff(diff::Args),
    Stats(stats::Args),
    Merge(merge::Args),
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.command {
            Command::Create(args) => args.run(),
            Command::Prune(args) => args.run(),
            Command::Diff(args) => args.run(),
            Command::Stats(args) => args.run(),
            Command::Merge(args) => args.run(),
        }
    }
}

/// The baseline at `path`, which must be there.
fn read(path: &Path) -> Result<Baseline, Failure> {
    parse(path, &fs::read(path).map_err(|e| named(path, &e))?)
}

/// The baseline at `path`; `None` when there is no file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Baseline>, Failure> {
    match fs::read(path) {
        Ok(text) => parse(path, &text).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(named(path, &e)),
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<Baseline, Failure> {
    Baseline::parse(text).map_err(|e| named(path, &e).help(e.help()))
}

/// The baseline that a flag, else the configuration of `folder`, else the usual name tells.
pub(super) fn place(flag: Option<PathBuf>, configured: Option<&String>, folder: &Path) -> PathBuf {
    let configured = configured.map(|path| folder.join(path));
    flag.or(configured).unwrap_or_else(|| folder.join(FILE_NAME))
}

/// `entry` in words: place, rule, what is written about it.
fn words(named: &Named<'_>) -> String {
    let entry = named.entry;
    let mut about = Vec::new();
    about.extend(entry.reason.as_ref().map(|reason| format!("reason: {}", reason.escape_debug())));
    about.extend(entry.owner.as_ref().map(|owner| format!("owner: {}", owner.escape_debug())));
    about.extend(entry.added.map(|day| format!("added {day}")));
    about.extend(entry.expires.map(|day| format!("expires {day}")));
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let path = named.path.to_string();
    format!("{} {} {}{about}", path.escape_debug(), named.rule, named.key)
}

fn named(path: &Path, cause: &dyn std::fmt::Display) -> Failure {
    Failure::new(format_args!("{}: {cause}", path.display()))
}
