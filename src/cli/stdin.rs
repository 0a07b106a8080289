//! `leakward stdin`: scans standard input.

use std::path::PathBuf;

use super::scan_flags::ScanFlags;
use super::{Failure, heading};
use crate::report::Root;
use crate::scan;
use crate::source::Stdin;

/// scan standard input
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// name of the input, for reports and for rules that look at paths
    #[arg(long, value_name = "NAME", help_heading = heading::INPUT)]
    path: Option<PathBuf>,
    #[command(flatten)]
    scan: ScanFlags,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let config = self.scan.config("standard input".to_owned(), Root::default())?;
        let name = self.path.map(|p| p.into_os_string().into_encoded_bytes());
        Ok(scan::run(&Stdin::new(name.unwrap_or_default()), &config)?)
    }
}
