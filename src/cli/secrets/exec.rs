//! `leakward exec`: a program with secrets in its environment.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal};
use std::str::FromStr;
use std::time::Duration;

use leakward_fetcher::exec::{Binding, Ending, ExecError, OnChange, Plan, Signal, run};

use super::super::{Failure, heading};
use super::told::{tell, tell_events};
use super::trouble::read_failure;
use super::wanted::Wanted;
use super::{ManagerFlags, enter, span};

/// Exit codes of our own, beside the program's. Source: `env` and `timeout` of the GNU core utilities.
const FAILED: u8 = 125;
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

/// runs a program with secrets in its environment
///
/// The program does not get VAULT_* and BAO_* unless --keep-login is given. Signals are passed on to it. When it ends,
/// leases are given back. Exit code: the program's own, 128 and the signal's number when a signal ended it; 125 when a
/// secret cannot be read, 126 when the program cannot be run, 127 when it is not found.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Args {
    /// variable and where its value comes from
    #[arg(long = "map", value_name = "VARIABLE=PATH[#FIELD]", required = true, help_heading = heading::INPUT)]
    maps: Vec<Map>,
    /// what to do when a value changes: restart, nothing, or a signal such as HUP
    #[arg(long, value_name = "ACTION", default_value = "restart", value_parser = on_change, help_heading = heading::INPUT)]
    on_change: OnChange,
    /// longest time between SIGTERM and SIGKILL at a restart
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = span, help_heading = heading::INPUT)]
    grace: Duration,
    /// let the program have VAULT_* and BAO_*
    #[arg(long, help_heading = heading::INPUT)]
    keep_login: bool,
    /// how long to wait for a manager that does not answer at start
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = span, help_heading = heading::MANAGER)]
    wait: Duration,
    #[command(flatten)]
    manager: ManagerFlags,
    /// the program and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    command: Vec<OsString>,
}

/// `VARIABLE=PATH[#FIELD]`.
#[derive(Clone, Debug)]
struct Map {
    variable: String,
    wanted: Wanted,
}

impl FromStr for Map {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (variable, wanted) = text.split_once('=').ok_or("it has no =: write VARIABLE=PATH")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if variable.is_empty()
            || !variable.chars().all(plain)
            || variable.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(format!("{variable:?} is no name of a variable"));
        }
        Ok(Self { variable: variable.to_owned(), wanted: wanted.parse()? })
    }
}

fn on_change(text: &str) -> Result<OnChange, String> {
    Ok(match text {
        "restart" => OnChange::Restart,
        "nothing" => OnChange::Nothing,
        signal => OnChange::Signal(signal.parse::<Signal>().map_err(|error| error.to_string())?),
    })
}

impl Args {
    pub(in super::super) fn run(mut self) -> Result<u8, Failure> {
        let mut names: Vec<&str> = self.maps.iter().map(|map| map.variable.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_owned());
        let outcome = match twice {
            Some(name) => Err(Failure::new(format_args!("{name} is mapped twice"))),
            None => enter(self.supervise()),
        };
        outcome.or_else(|failure| {
            failure.print();
            Ok(FAILED)
        })
    }

    async fn supervise(&mut self) -> Result<u8, Failure> {
        let only = match &self.maps[..] {
            [map] => Some(map.wanted.path.as_str()),
            _ => None,
        };
        let client = self.manager.client(only).await?;
        tell_events(&client);
        let bind =
            |map: Map| Binding { variable: map.variable, path: map.wanted.path, field: map.wanted.field };
        let plan = Plan {
            command: std::mem::take(&mut self.command),
            bindings: self.maps.drain(..).map(bind).collect(),
            on_change: self.on_change,
            grace: self.grace,
            wait: self.wait,
            keep_login: self.keep_login,
            on_terminal: std::io::stdin().is_terminal(),
        };
        let ending = run(&client, &plan, &tell).await;
        client.shutdown().await;
        match ending {
            Ok(Ending::Code(code)) => Ok(code),
            Ok(Ending::Signal(signal)) => Ok(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
            Err(ExecError::Start { program, cause }) => {
                Failure::new(format_args!("{program}: {cause}")).print();
                Ok(if cause.kind() == ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN })
            }
            Err(ExecError::Read(error)) => Err(read_failure(&error)),
            Err(error) => Err(Failure::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_a_variable_and_a_secret() {
        let map: Map = "DB_PASSWORD=secret/db#password".parse().unwrap();
        assert_eq!((map.variable.as_str(), map.wanted.field.as_deref()), ("DB_PASSWORD", Some("password")));
        for bad in ["secret/db", "=secret/db", "1A=secret/db", "A-B=secret/db", "A=", "A=/x"] {
            assert!(bad.parse::<Map>().is_err(), "{bad}");
        }
    }
}
