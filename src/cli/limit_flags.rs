//! What of a repository is left out, and how much work is done at once.

use std::num::NonZeroUsize;

use super::heading;
use super::scan::{cores, size};

/// Flags that limit a scan of a git repository.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::INPUT)]
pub(super) struct LimitFlags {
    /// leave out paths that match a .gitignore pattern (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// leave out files above this size, such as 500kB or 2GiB [default: 100MB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) max_file_size: Option<u64>,
    /// threads to use [default: one per core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl LimitFlags {
    /// Threads to use.
    pub(super) fn threads(&self) -> NonZeroUsize {
        self.threads.unwrap_or_else(cores)
    }
}
