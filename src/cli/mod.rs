//! The command line. Flag structs stop here; [`crate::scan`] gets its own configuration.

use std::process::ExitCode;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    ExitCode::from(2)
}
