//! `leakward baseline merge`: what git calls to merge two sides of a baseline.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bstr::ByteSlice;

use super::{FILE_NAME, named, read, read_if_there};
use crate::cli::Failure;
use crate::cli::replace::replace;
use crate::config::{self, Config};
use crate::suppress::Baseline;

/// merge two sides of a baseline, as git's merge driver does
///
/// What each side added is in, what either took out is not. The result is written to OURS. `--install` makes git call
/// it for the baseline of this repository.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// what both sides began as (%O)
    #[arg(value_name = "BASE", required_unless_present = "install")]
    base: Option<PathBuf>,
    /// our side (%A); the result is written to it
    #[arg(value_name = "OURS", required_unless_present = "install")]
    ours: Option<PathBuf>,
    /// their side (%B)
    #[arg(value_name = "THEIRS", required_unless_present = "install")]
    theirs: Option<PathBuf>,
    /// write the driver to this clone's configuration, and the baseline's line to .gitattributes
    #[arg(long, conflicts_with_all = ["base", "ours", "theirs"])]
    install: bool,
}

/// The driver's name in git's configuration and in `.gitattributes`.
const DRIVER: &str = "leakward-baseline";

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match (self.base, self.ours, self.theirs) {
            (Some(base), Some(ours), Some(theirs)) => merge(&base, &ours, &theirs),
            _ => install(),
        }
    }
}

fn merge(base: &Path, ours: &Path, theirs: &Path) -> Result<u8, Failure> {
    // Git hands over an empty file where the two sides have no common ancestor.
    let empty = fs::metadata(base).is_ok_and(|meta| meta.len() == 0);
    let base = if empty { None } else { read_if_there(base)? };
    let merged = Baseline::merged(base.as_ref(), &read(ours)?, &read(theirs)?).map_err(|e| {
        named(ours, &e).help("take the file of one side, then run `leakward baseline create`")
    })?;
    replace(ours, merged.render().as_bytes()).map_err(|e| named(ours, &e))?;
    Ok(0)
}

fn install() -> Result<u8, Failure> {
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let top = top.trim_end_with(|c| c == '\n').to_path_lossy().into_owned();
    git(&["config", &format!("merge.{DRIVER}.name"), "union of leakward baselines"])?;
    git(&["config", &format!("merge.{DRIVER}.driver"), "leakward baseline merge %O %A %B"])?;
    let mut out = anstream::stdout().lock();
    // Where standard output is gone, nobody is left to be told.
    let _ = writeln!(out, "set merge.{DRIVER} in this clone; each clone sets it for itself");
    let line = format!("/{} merge={DRIVER}", pattern(&baseline_of(&top)?));
    let path = top.join(".gitattributes");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(named(&path, &e)),
    };
    if text.lines().any(|l| l.trim() == line.as_bytes()) {
        let _ = writeln!(out, ".gitattributes has the line already: {line}");
        return Ok(0);
    }
    let mut text = text;
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(format!("{line}\n").as_bytes());
    replace(&path, &text).map_err(|e| named(&path, &e))?;
    let _ = writeln!(out, "added to .gitattributes, to be committed: {line}");
    Ok(0)
}

/// The path of the baseline that the configuration in `top` names, else its usual one.
fn baseline_of(top: &Path) -> Result<String, Failure> {
    let text = fs::read(top.join(config::FILE_NAME)).unwrap_or_default();
    let config = Config::parse(config::FILE_NAME, &text)?;
    Ok(config.baseline.unwrap_or_else(|| FILE_NAME.to_owned()))
}

/// `path` as a pattern of `.gitattributes`: blanks and quotes are written as git reads them.
fn pattern(path: &str) -> String {
    path.trim_start_matches("./").replace(' ', "[[:space:]]")
}

fn git(args: &[&str]) -> Result<Vec<u8>, Failure> {
    let output = Command::new("git").args(args).output();
    let output = output.map_err(|e| Failure::new(format_args!("cannot run git: {e}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let why = output.stderr.lines().next().unwrap_or_default().to_str_lossy().into_owned();
    Err(Failure::new(why.trim_start_matches("fatal: ")).help("run it inside the repository's work tree"))
}
