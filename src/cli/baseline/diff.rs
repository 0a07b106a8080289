//! `leakward baseline diff`: what changed from one baseline to another.

use std::io::Write as _;
use std::path::PathBuf;

use super::{read, words};
use crate::cli::Failure;
use crate::suppress::Changes;

/// say which entries came (+), went (-) and were rewritten (~) from one baseline to another
///
/// Exit code 1 when something changed, as of diff.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// the older baseline
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// the newer baseline
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let (old, new) = (read(&self.old)?, read(&self.new)?);
        let changes = old.changes(&new).map_err(|e| {
            Failure::new(e).help("`leakward baseline create` keeps the salt of a file that it refreshes")
        })?;
        let Changes { mut added, mut removed, mut changed } = changes;
        let mut out = anstream::stdout().lock();
        for (sign, entries) in [('-', &mut removed), ('+', &mut added), ('~', &mut changed)] {
            entries.sort_by(|a, b| (a.path, a.rule, a.key).cmp(&(b.path, b.rule, b.key)));
            for entry in entries.iter() {
                // Where standard output is gone, nobody is left to be told.
                let _ = writeln!(out, "{sign} {}", words(entry));
            }
        }
        let (came, went, rewritten) = (added.len(), removed.len(), changed.len());
        let _ = writeln!(out, "{came} added, {went} removed, {rewritten} changed");
        Ok(u8::from(came + went + rewritten > 0))
    }
}
