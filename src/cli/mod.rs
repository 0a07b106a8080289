//! The command line. Flag structs stop here; [`crate::scan`] gets its own configuration.
//!
//! A subcommand is one file: a clap `Args` struct with a method `run(self) -> Result<u8, Failure>` that returns the
//! exit code. It is registered in [`Command`] and nowhere else. What several subcommands share is flattened in:
//! [`scan_flags`], made of [`settings`] (configuration, baseline, markers), [`rule_flags`] (which rules run) and
//! [`output_flags`] (reports and exit code).

#[cfg(feature = "fetcher")]
mod adopt;
mod agent_hook;
mod baseline;
mod ci;
mod explain;
mod failure;
mod files_flags;
#[cfg(feature = "fetcher")]
mod found;
mod git;
mod git_scan;
mod gitleaks;
mod gitleaks_settings;
mod history_flags;
mod hook;
#[cfg(feature = "fetcher")]
mod index;
mod init;
mod limit_flags;
mod manual;
mod migrate;
mod native_hook;
mod output_flags;
mod plan;
mod replace;
mod report;
#[cfg(feature = "fetcher")]
mod rotate;
mod rule_flags;
mod rules;
mod scan;
mod scan_flags;
#[cfg(feature = "fetcher")]
mod secrets;
mod settings;
mod stdin;
#[cfg(feature = "triage")]
mod triage;
#[cfg(feature = "fetcher")]
mod verify;
#[cfg(feature = "fetcher")]
mod verify_flags;
#[cfg(not(feature = "fetcher"))]
#[path = "no_verify_flags.rs"]
mod verify_flags;
mod view;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use failure::Failure;

use crate::scan::FAILED;

/// Headings of the help text, in this order.
mod heading {
    pub(super) const INPUT: &str = "Input";
    pub(super) const RULES: &str = "Rules";
    pub(super) const OUTPUT: &str = "Output";
    #[cfg(feature = "fetcher")]
    pub(super) const VERIFICATION: &str = "Verification";
    #[cfg(feature = "fetcher")]
    pub(super) const ROTATION: &str = "Rotation";
    #[cfg(feature = "fetcher")]
    pub(super) const REFERENCE: &str = "Reference";
    #[cfg(feature = "fetcher")]
    pub(super) const MANAGER: &str = "Secrets manager";
    #[cfg(all(feature = "fetcher", unix))]
    pub(super) const SERVER: &str = "Server";
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
    Git(git::Args),
    Hook(hook::Args),
    Stdin(stdin::Args),
    Rules(rules::Args),
    Explain(explain::Args),
    Baseline(baseline::Args),
    Ci(ci::Args),
    Init(init::Args),
    Migrate(migrate::Args),
    #[command(visible_alias = "convert")]
    Report(report::Args),
    #[cfg(feature = "triage")]
    Triage(triage::Args),
    View(view::Args),
    Completions(manual::Completions),
    Man(manual::Man),
    #[cfg(feature = "fetcher")]
    Verify(verify::Args),
    #[cfg(feature = "fetcher")]
    Index(index::Args),
    #[cfg(feature = "fetcher")]
    Rotate(rotate::Args),
    #[cfg(feature = "fetcher")]
    Adopt(adopt::Args),
    AgentHook(agent_hook::Args),
    #[cfg(feature = "fetcher")]
    Get(secrets::get::Args),
    #[cfg(all(feature = "fetcher", unix))]
    Exec(secrets::exec::Args),
    #[cfg(all(feature = "fetcher", unix))]
    Agent(secrets::agent::Args),
    #[cfg(all(feature = "fetcher", unix))]
    Render(secrets::render::Args),
    #[cfg(feature = "fetcher")]
    Policy(secrets::policy::Args),
    #[command(hide = true, aliases = ["directory", "file"])]
    Dir(gitleaks::Dir),
    #[command(hide = true)]
    Detect(gitleaks::Detect),
    #[command(hide = true)]
    Protect(gitleaks::Protect),
}

impl Command {
    fn run(self) -> Result<u8, Failure> {
        match self {
            Self::Scan(args) => args.run(),
            Self::Git(args) => args.run(),
            Self::Hook(args) => args.run(),
            Self::Stdin(args) => args.run(),
            Self::Rules(args) => args.run(),
            Self::Explain(args) => args.run(),
            Self::Baseline(args) => args.run(),
            Self::Ci(args) => args.run(),
            Self::Init(args) => args.run(),
            Self::Migrate(args) => args.run(),
            Self::Report(args) => args.run(),
            #[cfg(feature = "triage")]
            Self::Triage(args) => args.run(),
            Self::View(args) => args.run(),
            Self::Completions(args) => args.run(),
            Self::Man(args) => args.run(),
            #[cfg(feature = "fetcher")]
            Self::Verify(args) => args.run(),
            #[cfg(feature = "fetcher")]
            Self::Index(args) => args.run(),
            #[cfg(feature = "fetcher")]
            Self::Rotate(args) => args.run(),
            #[cfg(feature = "fetcher")]
            Self::Adopt(args) => args.run(),
            Self::AgentHook(args) => args.run(),
            #[cfg(feature = "fetcher")]
            Self::Get(args) => args.run(),
            #[cfg(all(feature = "fetcher", unix))]
            Self::Exec(args) => args.run(),
            #[cfg(all(feature = "fetcher", unix))]
            Self::Agent(args) => args.run(),
            #[cfg(all(feature = "fetcher", unix))]
            Self::Render(args) => args.run(),
            #[cfg(feature = "fetcher")]
            Self::Policy(args) => args.run(),
            Self::Dir(args) => args.run(),
            Self::Detect(args) => args.run(),
            Self::Protect(args) => args.run(),
        }
    }
}

/// Runs the program with the process's arguments.
///
/// A signal ends it at once, with the exit code that the shell gives to signals (130 for Ctrl-C). Reports are
/// written when the scan is complete, so one that was cut off leaves none.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| bug(panic.location()).print()));
    match std::panic::catch_unwind(|| {
        let args = gitleaks::command_first(std::env::args_os().collect());
        match gitleaks::refused(&args) {
            Some(failure) => Err(failure),
            None => Cli::parse_from(args).command.run(),
        }
    }) {
        Ok(Ok(code)) => code.into(),
        Ok(Err(failure)) => {
            failure.print();
            FAILED.into()
        }
        // The hook has told it.
        Err(_) => FAILED.into(),
    }
}

/// Runs the program with other arguments, the program's name first.
fn run(arguments: Vec<std::ffi::OsString>) -> Result<u8, Failure> {
    Cli::try_parse_from(arguments).map_err(Failure::new)?.command.run()
}

/// A bug in the program, without the panic's message: that may quote what was scanned.
fn bug(location: Option<&std::panic::Location<'_>>) -> Failure {
    let place = location.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    Failure::new(format_args!("bug in leakward at {place}")).help("please report it, with this place")
}
