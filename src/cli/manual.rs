//! `leakward completions SHELL` and `leakward man FOLDER`: what packages install beside the program.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::replace::replace;
use super::{Cli, Failure, heading};

/// print a shell's completions of commands, flags and their values
///
/// Install them where the shell looks, such as `leakward completions bash >
/// /usr/share/bash-completion/completions/leakward`.
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// the shell
    #[arg(value_enum, help_heading = heading::OUTPUT)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<u8, Failure> {
        // The generators offer hidden commands too, so they get a program that has none.
        let whole = Cli::command();
        let shown = whole.get_subcommands().filter(|sub| !sub.is_hide_set());
        let mut program = Command::new(NAME).version(env!("CARGO_PKG_VERSION")).subcommands(shown);
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, NAME, &mut text);
        match io::stdout().lock().write_all(&text) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format_args!("cannot write to standard output: {error}")))
            }
            _ => Ok(0),
        }
    }
}

/// write the manual's pages, one for each command
#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// folder for them, such as /usr/share/man/man1
    #[arg(value_name = "FOLDER", help_heading = heading::OUTPUT)]
    folder: PathBuf,
}

/// What packages call the program.
const NAME: &str = env!("CARGO_PKG_NAME");

impl Man {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let named =
            |e: io::Error| Failure::new(format_args!("cannot write to {}: {e}", self.folder.display()));
        fs::create_dir_all(&self.folder).map_err(named)?;
        for (name, page) in pages(whole()) {
            replace(&self.folder.join(format!("{name}.1")), &page).map_err(named)?;
        }
        Ok(0)
    }
}

/// The program's commands, each of which knows its full name.
fn whole() -> Command {
    let mut whole = Cli::command().disable_help_subcommand(true);
    whole.build();
    whole
}

/// The pages of `command` and of those below it, by the names under which they are installed.
fn pages(command: Command) -> Vec<(String, Vec<u8>)> {
    let below: Vec<_> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned().collect();
    let name = command.get_display_name().unwrap_or(NAME).to_owned();
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).expect("a vector takes everything");
    [vec![(name, page)], below.into_iter().flat_map(pages).collect()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let pages = pages(whole());
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"leakward") && names.contains(&"leakward-baseline-create"), "{names:?}");
        assert!(!names.iter().any(|name| name.ends_with("-detect") || name.ends_with("-help")), "{names:?}");
        for (name, page) in &pages {
            let text = String::from_utf8(page.clone()).unwrap();
            assert!(text.contains(&format!(".TH {name} 1")), "{name}");
        }
    }
}
