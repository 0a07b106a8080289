//! `leakward stdin`: scans standard input.

use std::path::PathBuf;

use super::gitleaks::GitleaksFlags;
use super::scan_flags::{Prepared, ScanFlags};
use super::settings::from_folder;
use super::{Failure, heading};
use crate::report::Root;
use crate::scan;
use crate::source::{Base, Stdin};

/// scan standard input
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// name of the input, for reports and for rules that look at paths
    #[arg(long, value_name = "NAME", help_heading = heading::INPUT)]
    pub(super) path: Option<PathBuf>,
    #[command(flatten)]
    pub(super) scan: ScanFlags,
    #[command(flatten)]
    pub(super) gitleaks: GitleaksFlags,
}

impl Args {
    pub(super) fn run(mut self) -> Result<u8, Failure> {
        self.gitleaks.apply(&mut self.scan)?;
        let archive_depth = self.scan.max_archive_depth;
        let subject = "standard input".to_owned();
        // The configuration is that of the folder in which the program runs, as if the input were a file there.
        let base = Base::of(&[".".into()])?;
        let read = from_folder(base.dir());
        let Prepared { config, .. } = self.scan.prepare(subject, Root::default(), &read, &[])?;
        let name = self.path.map(|p| p.into_os_string().into_encoded_bytes());
        Ok(scan::run(&Stdin::new(name.unwrap_or_default(), archive_depth), &config)?)
    }
}
