//! The `leakward` program: hands the command line to [`leakward::cli`] and its answer to the system.

use std::process::ExitCode;

fn main() -> ExitCode {
    leakward::cli::main()
}
