//! Commands and flags of gitleaks, so that hooks and CI lines written for it go on working. Hidden from the help.
//!
//! What means the same here is an alias where it is defined. What has no effect here is taken where that is
//! harmless; otherwise it is an error.

use std::path::PathBuf;
use std::time::Duration;

use super::output_flags::ColorWhen;
use super::scan_flags::ScanFlags;
use super::settings::Markers;
use super::{Failure, scan, stdin};

/// Flags of gitleaks that no flag of our own stands for.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct GitleaksFlags {
    /// file that the report is written to; its JSON is gitleaks' then
    #[arg(long, short, value_name = "FILE", hide = true)]
    report_path: Option<PathBuf>,
    /// findings are always shown
    #[arg(long, short, hide = true)]
    verbose: bool,
    /// secrets are always masked
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, hide = true)]
    redact: Option<Option<u8>>,
    /// there is no banner
    #[arg(long, hide = true)]
    no_banner: bool,
    /// colours are off
    #[arg(long, hide = true)]
    no_color: bool,
    /// the log is short
    #[arg(long, short, value_name = "LEVEL", hide = true)]
    log_level: Option<String>,
    #[arg(long, short = 'i', value_name = "PATH", hide = true)]
    gitleaks_ignore_path: Option<PathBuf>,
    #[arg(long, hide = true)]
    ignore_gitleaks_allow: bool,
    #[arg(long, value_name = "N", hide = true)]
    max_target_megabytes: Option<u64>,
    #[arg(long, value_name = "N", hide = true)]
    max_archive_depth: Option<u64>,
    #[arg(long, value_name = "N", hide = true)]
    max_decode_depth: Option<u64>,
    #[arg(long, value_name = "SECONDS", hide = true)]
    timeout: Option<u64>,
    #[arg(long, value_name = "WHAT", hide = true)]
    diagnostics: Option<String>,
    #[arg(long, value_name = "FILE", hide = true)]
    report_template: Option<PathBuf>,
    #[arg(long, value_name = "NAME", hide = true)]
    platform: Option<String>,
}

/// What these flags ask of a scan beyond [`ScanFlags`].
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Size above which files are left out, in bytes.
    pub(super) max_file_size: Option<u64>,
    /// Time after which the scan is given up.
    pub(super) time: Option<Duration>,
}

impl GitleaksFlags {
    /// Carries the flags over to our own.
    pub(super) fn apply(&self, flags: &mut ScanFlags) -> Result<Limits, Failure> {
        self.refuse()?;
        if let Some(path) = &self.report_path {
            flags.output.report_as_gitleaks(path);
        }
        if self.no_color {
            flags.output.color = ColorWhen::Never;
        }
        if self.ignore_gitleaks_allow {
            flags.settings.inline_markers = Markers::Ignore;
        }
        Ok(Limits {
            max_file_size: self.max_target_megabytes.filter(|&n| n > 0).map(|n| n.saturating_mul(1_000_000)),
            time: self.timeout.filter(|&n| n > 0).map(Duration::from_secs),
        })
    }

    /// Says no to what would be expected to have an effect and has none.
    fn refuse(&self) -> Result<(), Failure> {
        let no =
            |flag: &str, help: &str| Err(Failure::new(format_args!("{flag} is not supported")).help(help));
        if self.max_archive_depth.is_some_and(|depth| depth > 0) {
            return no("--max-archive-depth", "archives are not opened; unpack them and scan the folder");
        }
        if self.diagnostics.is_some() {
            return no("--diagnostics", "leave it out");
        }
        if self.report_template.is_some() {
            return no("--report-template", "use --report-format json or sarif");
        }
        let given = self.gitleaks_ignore_path.iter();
        if let Some(file) =
            given.map(|p| if p.is_dir() { p.join(".gitleaksignore") } else { p.clone() }).find(|p| p.exists())
        {
            return no(
                &format!("--gitleaks-ignore-path {}", file.display()),
                "accept known findings with `leakward baseline create`, or with [[allow]] in .leakward.toml",
            );
        }
        Ok(())
    }
}

/// `gitleaks dir`: files, the ignored ones too.
#[derive(Debug, clap::Args)]
pub(super) struct Dir {
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    #[arg(long)]
    follow_symlinks: bool,
    #[command(flatten)]
    scan: ScanFlags,
    #[command(flatten)]
    gitleaks: GitleaksFlags,
}

/// `gitleaks detect`, by now `git`, `dir --no-git` or `stdin`.
#[derive(Debug, clap::Args)]
pub(super) struct Detect {
    #[arg(long, short, value_name = "PATH", default_value = ".")]
    source: PathBuf,
    #[arg(long)]
    no_git: bool,
    #[arg(long)]
    pipe: bool,
    #[arg(long)]
    follow_symlinks: bool,
    #[arg(long, value_name = "OPTIONS")]
    log_opts: Option<String>,
    #[command(flatten)]
    scan: ScanFlags,
    #[command(flatten)]
    gitleaks: GitleaksFlags,
}

impl Dir {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Self { path, follow_symlinks, mut scan, gitleaks } = self;
        let limits = gitleaks.apply(&mut scan)?;
        scan::Args::everything_in(path, follow_symlinks, limits.max_file_size, scan).run_within(limits.time)
    }
}

impl Detect {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Self { source, no_git, pipe, follow_symlinks, log_opts, scan, gitleaks } = self;
        if pipe {
            return stdin::Args { path: None, scan, gitleaks }.run();
        }
        if no_git {
            return Dir { path: source, follow_symlinks, scan, gitleaks }.run();
        }
        let _ = log_opts;
        Err(Failure::new("the history of a repository cannot be scanned yet")
            .help("`leakward git --staged` scans what is staged, `leakward scan` the files on disk"))
    }
}
