//! `leakward verify`: scans files and asks the secrets manager about what is found.

use super::{Failure, scan};

/// scan files and folders, and ask your own secrets manager about what is found
///
/// The same as `leakward scan --verify`; the other commands that scan take --verify, too.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    #[command(flatten)]
    scan: scan::Args,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        self.scan.verified().run()
    }
}
