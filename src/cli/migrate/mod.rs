//! `leakward migrate`: from another scanner to this one.

mod accept;
mod place;
mod settings;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use bstr::ByteSlice as _;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::plan::Plan;
use super::{Failure, heading};
use crate::migrate::{self, Named, Rewritten, Tool};
use place::Place;
use settings::Settings;

/// move from another scanner: its settings, accepted values, hooks and CI lines become ours
///
/// Finds the files of gitleaks, betterleaks, detect-secrets, trufflehog, kingfisher and ggshield, shows what would
/// change as a diff and names what cannot be carried over. Nothing is written without --apply; then all or nothing is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// the repository, or a folder
    #[arg(value_name = "PATH", default_value = ".", help_heading = heading::INPUT)]
    folder: PathBuf,
    /// only what is this scanner's (repeatable) [default: all that are found]
    #[arg(long, value_name = "SCANNER", value_parser = tool_parser(), help_heading = heading::INPUT)]
    from: Vec<Tool>,
    /// make the changes
    #[arg(long, help_heading = heading::OUTPUT)]
    apply: bool,
}

/// What a migration comes to.
struct Migration {
    plan: Plan,
    /// What is said about files that stay as they are.
    notes: Vec<String>,
    /// What could not be carried over.
    lost: Vec<String>,
    /// Files that commands name.
    named: Vec<Named>,
    tools: Vec<Tool>,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let folder = std::fs::canonicalize(&self.folder)
            .map_err(|e| Failure::new(format_args!("{}: {e}", self.folder.display())))?;
        let tools = if self.from.is_empty() { Tool::ALL.to_vec() } else { self.from.clone() };
        let mut migration = Migration {
            plan: Plan::new(&folder),
            notes: Vec::new(),
            lost: Vec::new(),
            named: Vec::new(),
            tools,
        };
        migration.rewrite_callers(&folder)?;
        Settings::of(&mut migration, &folder)?.write(&mut migration, &folder)?;
        migration.tell(self.apply)?;
        if self.apply && !migration.plan.is_empty() {
            migration.plan.apply()?;
        }
        Ok(0)
    }
}

impl Migration {
    /// Rewrites what calls the other scanners: hooks and CI.
    fn rewrite_callers(&mut self, folder: &Path) -> Result<(), Failure> {
        for place in place::all(folder) {
            let Some(text) = self.plan.text(&place.path)? else { continue };
            let Rewritten { text, lost, named } = match place {
                Place { pre_commit: true, .. } => migrate::rewrite_pre_commit(&text, &self.tools),
                Place { .. } => migrate::rewrite_lines(&text, &self.tools),
            };
            self.lost.extend(lost.iter().map(|lost| format!("{}: {lost}", place.path)));
            self.named.extend(named);
            self.plan.write(&place.path, text)?;
        }
        Ok(())
    }

    /// Shows the diff and says what it leaves out.
    fn tell(&self, apply: bool) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        let mut say = |line: &str| {
            // Where standard output is gone, nobody is left to be told.
            let _ = writeln!(out, "{line}");
        };
        if self.plan.is_empty() && self.notes.is_empty() && self.lost.is_empty() {
            say("nothing of another scanner found");
            return Ok(());
        }
        let diff = self.plan.diff()?;
        if !diff.is_empty() {
            say(diff.trim_end());
            say("");
        }
        for note in &self.notes {
            say(note);
        }
        if !self.lost.is_empty() {
            say("not carried over:");
            self.lost.iter().for_each(|lost| say(&format!("  {lost}")));
        }
        let paths: Vec<_> = self.plan.paths().collect();
        if paths.is_empty() {
            say("no file changes");
        } else if apply {
            say(&format!("changed: {}", paths.join(", ")));
        } else {
            say(&format!("would change: {} (--apply does)", paths.join(", ")));
        }
        Ok(())
    }
}

/// The text at `path`, with what a reader of text cannot do without.
fn lossy(plan: &Plan, path: &str) -> Option<String> {
    plan.read(path).ok().flatten().map(|bytes| bytes.to_str_lossy().into_owned())
}

fn tool_parser() -> impl TypedValueParser<Value = Tool> {
    PossibleValuesParser::new(Tool::ALL.map(|tool| PossibleValue::new(tool.name()))).map(|name| {
        Tool::ALL
            .into_iter()
            .find(|tool| tool.name() == name)
            .expect("the parser takes the names of scanners alone")
    })
}
