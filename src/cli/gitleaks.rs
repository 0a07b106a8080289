//! Commands and flags of gitleaks, so that hooks and CI lines written for it go on working. Hidden from the help.
//!
//! What means the same here is an alias where it is defined. What has no effect here is taken where that is
//! harmless; otherwise it is an error.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::output_flags::ColorWhen;
use super::scan_flags::ScanFlags;
use super::settings::Markers;
use super::{Failure, git, scan, stdin};

/// Flags of gitleaks that no flag of our own stands for.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct GitleaksFlags {
    /// file that the report is written to; its JSON is gitleaks' then
    #[arg(long, short, value_name = "FILE", hide = true)]
    report_path: Option<PathBuf>,
    /// findings are always shown
    #[arg(long, short, hide = true)]
    verbose: bool,
    /// percentage of each secret that reports leave out
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, hide = true)]
    redact: Option<Option<u64>>,
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
    max_decode_depth: Option<u64>,
    #[arg(long, value_name = "SECONDS", hide = true)]
    timeout: Option<u64>,
    #[arg(long, value_name = "WHAT", hide = true)]
    diagnostics: Option<String>,
    #[arg(long, value_name = "FILE", hide = true)]
    report_template: Option<PathBuf>,
    #[arg(long, value_name = "NAME", hide = true)]
    platform: Option<String>,
    /// differ from gitleaks in nothing that can be helped (docs/gitleaks.md)
    #[arg(long, hide = true)]
    gitleaks_exact: bool,
}

impl GitleaksFlags {
    /// Carries the flags over to our own. Returns the size above which files are left out, in bytes.
    pub(super) fn apply(&self, flags: &mut ScanFlags) -> Result<Option<u64>, Failure> {
        self.refuse()?;
        flags.settings.gitleaks.ignore_path.clone_from(&self.gitleaks_ignore_path);
        flags.settings.gitleaks.exact = self.gitleaks_exact;
        if let Some(percent) = self.redact {
            let percent = percent.map_or(100, |n| u8::try_from(n.min(100)).unwrap_or(100));
            flags.output.redact = Some(percent);
        }
        if let Some(path) = &self.report_path {
            flags.output.report_as_gitleaks(path);
        }
        if self.no_color {
            flags.output.color = ColorWhen::Never;
        }
        if self.ignore_gitleaks_allow {
            flags.settings.inline_markers = Markers::Ignore;
        }
        flags.time_limit = self.timeout.filter(|&n| n > 0).map(Duration::from_secs);
        Ok(self.max_target_megabytes.filter(|&n| n > 0).map(|n| n.saturating_mul(1_000_000)))
    }

    /// Says no to what would be expected to have an effect and has none.
    fn refuse(&self) -> Result<(), Failure> {
        let no =
            |flag: &str, help: &str| Err(Failure::new(format_args!("{flag} is not supported")).help(help));
        if self.diagnostics.is_some() {
            return no("--diagnostics", "leave it out");
        }
        if self.report_template.is_some() {
            return Err(no_templates());
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
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    log_opts: Option<String>,
    #[command(flatten)]
    scan: ScanFlags,
    #[command(flatten)]
    gitleaks: GitleaksFlags,
}

/// `gitleaks protect`, by now `git --staged`.
#[derive(Debug, clap::Args)]
pub(super) struct Protect {
    #[arg(long, short, value_name = "PATH", default_value = ".")]
    source: PathBuf,
    #[arg(long)]
    staged: bool,
    #[command(flatten)]
    scan: ScanFlags,
    #[command(flatten)]
    gitleaks: GitleaksFlags,
}

impl Dir {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Self { path, follow_symlinks, mut scan, gitleaks } = self;
        let max_file_size = gitleaks.apply(&mut scan)?;
        scan::Args::everything_in(path, follow_symlinks, max_file_size, scan).run()
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
        git::Args::history(source, log_opts, scan, gitleaks).run()
    }
}

impl Protect {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Self { source, staged, scan, gitleaks } = self;
        if !staged {
            return Err(Failure::new("changes that are not staged are not scanned by protect")
                .help("add --staged, or scan the files with `leakward scan`"));
        }
        git::Args::staged(source, scan, gitleaks).run()
    }
}

/// What is asked of gitleaks in `args` and cannot be had, where no parser of flags would say it plainly.
pub(super) fn refused(args: &[OsString]) -> Option<Failure> {
    let ours = args.get(1).and_then(|a| a.to_str()).is_some_and(|command| COMMANDS.contains(&command));
    let words: Vec<_> = args.iter().map(|a| a.to_string_lossy()).collect();
    let pair = |pair: &[std::borrow::Cow<'_, str>]| {
        ["-f", "--report-format"].contains(&&*pair[0]) && pair[1] == "template"
    };
    let joined = ["-ftemplate", "-f=template", "--report-format=template"];
    let asked = words.windows(2).any(pair) || words.iter().any(|word| joined.contains(&&**word));
    (ours && asked).then(no_templates)
}

fn no_templates() -> Failure {
    Failure::new("templates of Go (--report-template, -f template) are not supported").help(
        "take --report-format json, csv, junit or sarif, and make your text from the JSON by a program of your own",
    )
}

const COMMANDS: [&str; 7] = ["git", "dir", "directory", "file", "stdin", "detect", "protect"];

/// `args` with the command first: gitleaks takes flags before it.
pub(super) fn command_first(mut args: Vec<OsString>) -> Vec<OsString> {
    /// Flags that a value follows.
    const VALUED: [&str; 22] = [
        "-b",
        "-c",
        "-f",
        "-i",
        "-l",
        "-r",
        "--baseline-path",
        "--config",
        "--diagnostics",
        "--enable-rule",
        "--exit-code",
        "--gitleaks-ignore-path",
        "--log-level",
        "--max-archive-depth",
        "--max-decode-depth",
        "--max-target-megabytes",
        "--report-format",
        "--report-path",
        "--report-template",
        "--platform",
        "--diagnostics-dir",
        "--timeout",
    ];
    let mut at = 1;
    while let Some(flag) = args.get(at).and_then(|a| a.to_str()).filter(|a| a.starts_with('-')) {
        at += if VALUED.contains(&flag) { 2 } else { 1 };
    }
    if args.get(at).and_then(|a| a.to_str()).is_some_and(|a| COMMANDS.contains(&a)) {
        args[1..=at].rotate_right(1);
    }
    args
}

#[cfg(test)]
mod tests {
    use super::command_first;

    #[test]
    fn flags_before_the_command_come_after_it() {
        let first = |line: &str| {
            let args = command_first(line.split(' ').map(Into::into).collect());
            args.join(" ".as_ref()).into_string().unwrap()
        };
        assert_eq!(first("x --no-banner -c a dir b"), "x dir --no-banner -c a b");
        assert_eq!(first("x -v --exit-code=3 git --staged"), "x git -v --exit-code=3 --staged");
        assert_eq!(first("x -c dir git"), "x git -c dir");
        for same in ["x", "x dir -v", "x --help", "x -v scan git", "x -c", "x scan --no-ignore ."] {
            assert_eq!(first(same), same);
        }
    }
}
