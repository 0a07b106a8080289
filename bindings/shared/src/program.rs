//! A program with secrets in its environment, which runs beside the service and not in its place: the service's own
//! signals stay its own.

use std::ffi::OsString;
use std::sync::Mutex;
use std::time::Duration;

use leakward_fetcher::exec::{Binding, Ending, OnChange, Plan, Remote, Signal, run_remotely};
use tokio::sync::watch;

use crate::{Client, Failure, Name};

/// How a program is run.
#[derive(Clone, Debug)]
pub struct ProgramOptions {
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Variables and the secrets (`PATH[#FIELD]`) that they get.
    pub variables: Vec<(String, String)>,
    /// What happens when one of the values changes: `restart`, `nothing`, or a signal's name.
    pub on_change: String,
    /// How long to wait at start for a manager that does not answer.
    pub wait: Duration,
    /// Time between SIGTERM and SIGKILL at a restart.
    pub grace: Duration,
}

/// A program that was started, or waits for its values.
#[derive(Debug)]
pub struct Program {
    remote: Remote,
    ending: watch::Receiver<Option<Result<i32, Failure>>>,
    told: std::sync::Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts a program as `options` say, as soon as its values are there.
    ///
    /// # Errors
    /// The options make no sense. What happens later is told by [`Program::wait`].
    pub fn start(client: &Client, options: ProgramOptions) -> Result<Self, Failure> {
        let plan = options.plan()?;
        let (remote, orders) = Remote::new();
        let (sender, ending) = watch::channel(None);
        let told = std::sync::Arc::new(Mutex::new(Vec::new()));
        let (manager, handle, heard) = (client.manager().clone(), client.handle(), told.clone());
        let work = move || {
            let hear = |sentence: &str| {
                if let Ok(mut heard) = heard.lock() {
                    heard.push(sentence.to_owned());
                }
            };
            let outcome = handle.block_on(run_remotely(&manager, &plan, &hear, orders));
            let code = match outcome {
                Ok(Ending::Code(code)) => Ok(i32::from(code)),
                Ok(Ending::Signal(signal)) => Ok(128 + signal),
                Err(error) => Err(Failure::new("exec", error)),
            };
            sender.send_replace(Some(code));
        };
        let thread = std::thread::Builder::new().name("leakward-exec".to_owned());
        thread.spawn(work).map_err(|error| Failure::new("exec", format_args!("no thread: {error}")))?;
        Ok(Self { remote, ending, told })
    }

    /// Waits for the program's end: its exit code, or 128 and the number of the signal that ended it.
    pub fn wait(&self) -> impl Future<Output = Result<i32, Failure>> + Send + 'static {
        let mut ending = self.ending.clone();
        async move {
            let lost = || Err(Failure::new("exec", "the program was lost"));
            match ending.wait_for(Option::is_some).await {
                Ok(ended) => ended.clone().unwrap_or_else(lost),
                Err(_) => lost(),
            }
        }
    }

    /// Sends the program a signal, named with or without `SIG`. False when it is over.
    ///
    /// # Errors
    /// There is no such signal, or it cannot be passed on.
    pub fn signal(&self, name: &str) -> Result<bool, Failure> {
        let signal = name.parse::<Signal>().map_err(Failure::usage)?;
        Ok(self.remote.signal(signal))
    }

    /// What has happened since this was last asked, in sentences without values.
    pub fn told(&self) -> Vec<String> {
        self.told.lock().map(|mut told| std::mem::take(&mut *told)).unwrap_or_default()
    }
}

impl ProgramOptions {
    fn plan(self) -> Result<Plan, Failure> {
        if self.command.is_empty() {
            return Err(Failure::usage("there is no program to run"));
        }
        let on_change = match self.on_change.as_str() {
            "restart" => OnChange::Restart,
            "nothing" => OnChange::Nothing,
            signal => OnChange::Signal(signal.parse().map_err(Failure::usage)?),
        };
        let binding = |(variable, name): (String, String)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if variable.is_empty()
                || !variable.chars().all(plain)
                || variable.starts_with(|c: char| c.is_ascii_digit())
            {
                return Err(Failure::usage(format_args!("{variable:?} is no name of a variable")));
            }
            let Name { path, field } = name.parse()?;
            Ok(Binding { variable, path, field })
        };
        Ok(Plan {
            command: self.command,
            bindings: self.variables.into_iter().map(binding).collect::<Result<_, _>>()?,
            on_change,
            grace: self.grace,
            wait: self.wait,
            keep_login: false,
            on_terminal: false,
        })
    }
}
