//! The command line. Flag structs stop here; [`crate::scan`] gets its own configuration.
//!
//! A subcommand is one file: a clap `Args` struct with a method `run(self) -> Result<u8, Failure>` that returns the
//! exit code. It is registered in [`Command`] and nowhere else. What several subcommands share is flattened in:
//! [`scan_flags`], made of [`rule_flags`] (which rules run, what is suppressed) and [`output_flags`] (reports and
//! exit code).

mod failure;
mod output_flags;
mod rule_flags;
mod scan;
mod scan_flags;
mod stdin;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use failure::Failure;

/// Headings of the help text, in this order.
mod heading {
    pub(super) const INPUT: &str = "Input";
    pub(super) const RULES: &str = "Rules";
    pub(super) const OUTPUT: &str = "Output";
}

/// finds leaked secrets in files, staged changes and git history
#[derive(Debug, Parser)]
#[command(name = "leakward", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "Exit code: 0 nothing found, 1 findings, 2 failed or incomplete (2 beats 1)";

/// Every subcommand, in the order of the help text.
#[derive(Debug, Subcommand)]
enum Command {
    Scan(scan::Args),
    Stdin(stdin::Args),
}

impl Command {
    fn run(self) -> Result<u8, Failure> {
        match self {
            Self::Scan(args) => args.run(),
            Self::Stdin(args) => args.run(),
        }
    }
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    match Cli::parse().command.run() {
        Ok(code) => code.into(),
        Err(failure) => {
            failure.print();
            crate::scan::FAILED.into()
        }
    }
}
