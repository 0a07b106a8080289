//! `leakward init`: configuration, hooks, a job of continuous integration, and a first scan.

mod insert;
mod service;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::native_hook::{Kind, NativeHook};
use super::plan::Plan;
use super::{Failure, heading};
use crate::config::Config;
use crate::migrate::{REPOSITORY, VERSION};
use crate::scan::{FAILED, FOUND};
use insert::append;
use service::Service;

/// set a repository up: configuration, hooks, a job for the CI services that it uses, and a first scan
///
/// Shows what would change as a diff. Nothing is written without --apply; then what the first scan finds goes into a
/// baseline, so that new secrets alone fail from then on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// the repository, or a folder
    #[arg(value_name = "PATH", default_value = ".", help_heading = heading::INPUT)]
    folder: PathBuf,
    /// leave hooks alone
    #[arg(long, help_heading = heading::OUTPUT)]
    no_hook: bool,
    /// leave continuous integration alone
    #[arg(long, help_heading = heading::OUTPUT)]
    no_ci: bool,
    /// make the changes
    #[arg(long, help_heading = heading::OUTPUT)]
    apply: bool,
}

/// The configuration's file.
const CONFIG: &str = crate::config::FILE_NAME;
/// The baseline's.
const BASELINE: &str = "leakward-baseline.jsonl";
/// Hooks of git that are installed where no framework looks after them.
const HOOKS: [Kind; 2] = [Kind::PreCommit, Kind::PrePush];

/// What is to be done, beside changes to files.
struct Setup {
    folder: PathBuf,
    plan: Plan,
    hooks: Vec<NativeHook>,
    /// What the user must do, or know.
    notes: Vec<String>,
    /// Whether the first scan found anything.
    found: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let folder = std::fs::canonicalize(&self.folder)
            .map_err(|e| Failure::new(format_args!("{}: {e}", self.folder.display())))?;
        if !folder.is_dir() {
            return Err(Failure::new(format_args!("{} is not a folder", folder.display())));
        }
        let code = first_scan(&folder)?;
        let mut setup = Setup {
            plan: Plan::new(&folder),
            hooks: Vec::new(),
            notes: Vec::new(),
            found: code == FOUND || code == FAILED,
            folder,
        };
        setup.configuration()?;
        if !self.no_hook {
            setup.hook()?;
        }
        if !self.no_ci {
            setup.services()?;
        }
        setup.tell(self.apply, code)?;
        if self.apply { setup.apply(code) } else { Ok(0) }
    }
}

/// The exit code of a scan of `folder` with the configuration that it has.
fn first_scan(folder: &Path) -> Result<u8, Failure> {
    let arguments = ["leakward", "scan", "--quiet"].map(Into::into);
    super::run(arguments.into_iter().chain([folder.as_os_str().to_owned()]).collect())
}

impl Setup {
    fn configuration(&mut self) -> Result<(), Failure> {
        let baseline = format!("baseline = \"{BASELINE}\"\n");
        let Some(text) = self.plan.text(CONFIG)? else {
            let accepted = if self.found { baseline.as_str() } else { "" };
            let text =
                format!("[scan]\n# Paths that are not scanned, as in .gitignore.\nexclude = []\n{accepted}");
            return self.plan.write(CONFIG, text);
        };
        if !self.found || Config::parse(CONFIG, text.as_bytes())?.baseline.is_some() {
            return Ok(());
        }
        let new = match text.split_inclusive('\n').position(|line| line.trim() == "[scan]") {
            Some(at) => {
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                format!("{}{baseline}{}", lines[..=at].concat(), lines[at + 1..].concat())
            }
            None => format!("{}\n\n[scan]\n{baseline}", text.trim_end()),
        };
        match Config::parse(CONFIG, new.as_bytes()) {
            Ok(_) => self.plan.write(CONFIG, new),
            Err(_) => {
                self.notes.push(format!("add `{}` under [scan] of {CONFIG}", baseline.trim_end()));
                Ok(())
            }
        }
    }

    fn hook(&mut self) -> Result<(), Failure> {
        const PRE_COMMIT: &str = ".pre-commit-config.yaml";
        if let Some(text) = self.plan.text(PRE_COMMIT)? {
            let item = format!("- repo: {REPOSITORY}\n  rev: {VERSION}\n  hooks:\n    - id: leakward-src");
            match append(&text, &["repos"], &item) {
                _ if text.contains("leakward") => {}
                Some(new) => self.plan.write(PRE_COMMIT, new)?,
                None => self.notes.push(format!("add to {PRE_COMMIT}:\n{}", indented(&item))),
            }
            return Ok(());
        }
        for name in ["lefthook.yml", ".lefthook.yml", "lefthook.yaml"] {
            let Some(text) = self.plan.text(name)? else { continue };
            if !text.contains("leakward") {
                let item = "pre-commit:\n  commands:\n    leakward:\n      run: leakward hook";
                self.notes.push(format!("add to {name}:\n{}", indented(item)));
            }
            return Ok(());
        }
        if !self.folder.join(".git").exists() {
            self.notes.push("no repository of git begins here: no hook".to_owned());
            return Ok(());
        }
        for kind in HOOKS {
            match NativeHook::of(&self.folder, kind) {
                Ok(hook) => self.hooks.push(hook),
                // Somebody else looks after the hooks.
                Err(_) => {
                    self.notes.push(
                        "husky looks after the hooks: add the line `leakward hook` to .husky/pre-commit"
                            .to_owned(),
                    );
                    break;
                }
            }
        }
        Ok(())
    }

    fn services(&mut self) -> Result<(), Failure> {
        for service in Service::ALL.into_iter().filter(|service| service.is_used(&self.folder)) {
            let file = service.file();
            let text = self.plan.text(file)?.unwrap_or_default();
            if text.contains("leakward") {
                continue;
            }
            match service.with_job(&text) {
                Some(new) => self.plan.write(file, new)?,
                None => {
                    let job = indented(&service.job());
                    self.notes.push(format!("{}: add this to {file}:\n{job}", service.name()));
                }
            }
        }
        Ok(())
    }

    /// Shows what changes.
    fn tell(&self, apply: bool, code: u8) -> Result<(), Failure> {
        let mut text = self.plan.diff()?;
        if !text.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        if !apply {
            let paths: Vec<_> = self.plan.paths().collect();
            match &paths[..] {
                [] => text += "no file changes\n",
                paths => {
                    let _ = writeln!(text, "would change: {}", paths.join(", "));
                }
            }
            for hook in &self.hooks {
                let _ = writeln!(text, "would install {}", hook.path().display());
            }
            text += match code {
                0 => "the first scan finds nothing\n",
                FAILED => "the first scan is not complete: `leakward scan` says why\n",
                _ => {
                    "the first scan finds secrets: `leakward scan` shows them, --apply accepts them in a baseline\n"
                }
            };
            text += "nothing was changed; --apply does it\n";
        }
        // Where standard output is gone, nobody is left to be told.
        let _ = anstream::stdout().lock().write_all(text.as_bytes());
        Ok(())
    }

    fn apply(self, code: u8) -> Result<u8, Failure> {
        self.plan.apply()?;
        let mut text = String::new();
        for path in self.plan.paths() {
            let _ = writeln!(text, "changed {path}");
        }
        for hook in &self.hooks {
            let _ = writeln!(text, "{}", hook.install()?);
        }
        if !self.found {
            text += "the first scan found nothing\n";
        }
        let _ = anstream::stdout().lock().write_all(text.as_bytes());
        if !self.found {
            return Ok(code);
        }
        let accept =
            ["leakward", "baseline", "create", "--reason", "found when leakward was set up"].map(Into::into);
        super::run(accept.into_iter().chain([self.folder.as_os_str().to_owned()]).collect())
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}
