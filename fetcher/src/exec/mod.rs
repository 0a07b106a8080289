//! Runs a program with secrets in its environment, and tells or restarts it when they change.
//!
//! The program's environment keeps its own copy of each value for as long as it runs; that is the price of this way.

mod remote;
mod signals;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::future::poll_fn;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::task::Poll;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::cache::{ReadError, Reading};
use crate::client::{ReadOptions, SecretHandle, SecretsManager};
use crate::clock::Tick;
use crate::secret::{FieldError, Secret, SecretPath, SecretRef, Tag};

pub use remote::{Orders, Remote};
pub use signals::{Signal, SignalError};

/// Changes that come together are acted on together: a rotation of several secrets is one restart.
const SETTLE: Duration = Duration::from_millis(200);
/// Wait between tries to read what is missing at start.
const RETRY: Duration = Duration::from_millis(500);

/// One variable, and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The variable's name.
    pub variable: String,
    /// The secret.
    pub path: SecretPath,
    /// One field of it, else the whole value.
    pub field: Option<String>,
}

/// What happens to the program when a value that it was given changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// It is ended and started again with the new values.
    Restart,
    /// It gets a signal. Its environment stays as it was: for programs that read the value elsewhere, or restart by themselves.
    Signal(Signal),
    /// Nothing.
    Nothing,
}

/// A program, and how it is run.
#[derive(Debug)]
pub struct Plan {
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Variables that it gets.
    pub bindings: Vec<Binding>,
    /// What happens when one of them changes.
    pub on_change: OnChange,
    /// Longest time between SIGTERM and SIGKILL at a restart.
    pub grace: Duration,
    /// How long to wait for a manager that does not answer at start.
    pub wait: Duration,
    /// Whether the program gets our own login to the manager: `VAULT_*` and `BAO_*`.
    pub keep_login: bool,
    /// Whether a terminal sends Ctrl-C to the program by itself.
    pub on_terminal: bool,
}

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With this code of its own.
    Code(u8),
    /// By this signal; or we were told to end by it before the program had started.
    Signal(i32),
}

/// The program could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// A secret could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A secret lacks a field.
    #[error("{variable}: {path}: {cause}")]
    Field {
        /// The variable.
        variable: String,
        /// The secret.
        path: SecretPath,
        /// What is wrong.
        cause: FieldError,
    },
    /// A value that no environment can hold.
    #[error("{0}: the value holds a null byte, which no environment can")]
    Null(String),
    /// The program cannot be started.
    #[error("{program}: {cause}")]
    Start {
        /// Its name.
        program: String,
        /// Why.
        cause: io::Error,
    },
    /// Signals cannot be received, or the program not be waited for.
    #[error("the program cannot be watched: {0}")]
    Watch(io::Error),
}

/// What reaches the loop from outside.
enum Message {
    Changed,
    Signal(Signal),
}

/// Runs the program until it ends, and passes on the signals that this process gets. `told` hears what happens
/// meanwhile, in sentences without values.
///
/// # Errors
/// See [`ExecError`]. The client is not shut down: that is its owner's part.
pub async fn run(manager: &SecretsManager, plan: &Plan, told: &dyn Fn(&str)) -> Result<Ending, ExecError> {
    let (_remote, orders) = Remote::new();
    signals::listen(&orders.sender).map_err(ExecError::Watch)?;
    run_remotely(manager, plan, told, orders).await
}

/// The same without a hand on this process's signals, which may be somebody else's: `orders` come from a [`Remote`].
///
/// # Errors
/// See [`ExecError`].
pub async fn run_remotely(
    manager: &SecretsManager,
    plan: &Plan,
    told: &dyn Fn(&str),
    orders: Orders,
) -> Result<Ending, ExecError> {
    let Orders { sender, mut inbox } = orders;
    let mut handles = HashMap::new();
    for binding in &plan.bindings {
        if !handles.contains_key(&binding.path) {
            let handle = manager.secret(&SecretRef::current(binding.path.clone()))?;
            handles.insert(binding.path.clone(), handle);
        }
    }
    let run = Run { manager, plan, handles, told };
    let values = {
        let mut first = pin!(run.first());
        loop {
            let next = poll_fn(|context| match first.as_mut().poll(context) {
                Poll::Ready(values) => Poll::Ready(Ok(values)),
                Poll::Pending => inbox.poll_recv(context).map(Err),
            });
            match next.await {
                Ok(values) => break values?,
                Err(Some(Message::Signal(signal))) if signal.ends() => {
                    return Ok(Ending::Signal(signal.number()));
                }
                Err(_) => {}
            }
        }
    };
    for handle in run.handles.values() {
        tokio::spawn(watch(handle.clone(), sender.clone()));
    }
    run.supervise(values, &mut inbox).await
}

/// Values by variable, in the plan's order.
type Values = Vec<Secret>;

struct Run<'a> {
    manager: &'a SecretsManager,
    plan: &'a Plan,
    handles: HashMap<SecretPath, SecretHandle>,
    told: &'a dyn Fn(&str),
}

impl Run<'_> {
    /// The values to start with; waits for a manager that does not answer.
    async fn first(&self) -> Result<Values, ExecError> {
        let clock = self.manager.clock();
        let deadline = clock.now() + self.plan.wait;
        loop {
            match self.values(deadline).await {
                Err(ExecError::Read(error)) if passes(&error) && clock.now() < deadline => {
                    (self.told)(&format!("{error}; trying again"));
                    clock.sleep_until((clock.now() + RETRY).min(deadline)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// All values as they are now. Fields of one secret come from one reading, so that they fit together.
    async fn values(&self, deadline: Tick) -> Result<Values, ExecError> {
        let mut readings: HashMap<&SecretPath, Reading> = HashMap::new();
        for (path, handle) in &self.handles {
            let budget = deadline.since(self.manager.clock().now()).max(Duration::from_millis(1));
            let options = ReadOptions { budget: Some(budget), refuse_stale: false };
            readings.insert(path, handle.read_with(options).await?);
        }
        self.plan.bindings.iter().map(|binding| binding.value(&readings[&binding.path])).collect()
    }

    fn start(&self, values: &Values) -> Result<Child, ExecError> {
        let (program, arguments) =
            self.plan.command.split_first().map_or((OsStr::new(""), &[][..]), |(p, a)| (p.as_os_str(), a));
        let mut command = Command::new(program);
        command.args(arguments);
        if !self.plan.keep_login {
            let ours = |name: &OsString| {
                let name = name.as_bytes();
                name.starts_with(b"VAULT_") || name.starts_with(b"BAO_")
            };
            std::env::vars_os().map(|(name, _)| name).filter(ours).for_each(|name| {
                command.env_remove(name);
            });
        }
        for (binding, value) in self.plan.bindings.iter().zip(values) {
            // The reason to open it: the program shall have it.
            command.env(&binding.variable, OsStr::from_bytes(value.expose()));
        }
        let start = |cause| ExecError::Start { program: program.to_string_lossy().into_owned(), cause };
        command.spawn().map_err(start)
    }

    async fn supervise(
        &self,
        mut values: Values,
        inbox: &mut UnboundedReceiver<Message>,
    ) -> Result<Ending, ExecError> {
        let mut child = self.start(&values)?;
        // The copies that were handed over are enough.
        let mut tags: Vec<Tag> = values.drain(..).map(|value| value.tag()).collect();
        loop {
            match next(&mut child, inbox).await.map_err(ExecError::Watch)? {
                Next::Ended(status) => return Ok(status.into()),
                Next::Told(Message::Signal(signal)) => {
                    // A terminal has told the program already.
                    if !(self.plan.on_terminal && signal.is_from_keyboard()) {
                        send(&child, signal);
                    }
                }
                Next::Told(Message::Changed) => {
                    let now = self.manager.clock().now();
                    let values = match self.values(now + Duration::from_secs(2)).await {
                        Ok(values) => values,
                        Err(error) => {
                            (self.told)(&format!("{error}; the program goes on with what it has"));
                            continue;
                        }
                    };
                    let new: Vec<Tag> = values.iter().map(Secret::tag).collect();
                    if new == tags {
                        continue;
                    }
                    tags = new;
                    if let Some(ending) = self.change(&mut child, &values, inbox).await? {
                        return Ok(ending);
                    }
                }
            }
        }
    }

    /// Acts on a change; the ending, when the program ended because we were told to end meanwhile.
    async fn change(
        &self,
        child: &mut Child,
        values: &Values,
        inbox: &mut UnboundedReceiver<Message>,
    ) -> Result<Option<Ending>, ExecError> {
        match self.plan.on_change {
            OnChange::Nothing => {}
            OnChange::Signal(signal) => {
                (self.told)(&format!("a secret changed: the program gets {signal}"));
                send(child, signal);
            }
            OnChange::Restart => {
                (self.told)("a secret changed: the program is started again");
                let (status, end) = self.stop(child, inbox).await.map_err(ExecError::Watch)?;
                if end {
                    return Ok(Some(status.into()));
                }
                *child = self.start(values)?;
            }
        }
        Ok(None)
    }

    /// Ends the program; its status, and whether we were told to end as well.
    async fn stop(
        &self,
        child: &mut Child,
        inbox: &mut UnboundedReceiver<Message>,
    ) -> io::Result<(ExitStatus, bool)> {
        send(child, Signal::TERM);
        let clock = self.manager.clock();
        let mut sleep = clock.sleep_until(clock.now() + self.plan.grace);
        let (mut end, mut late) = (false, false);
        loop {
            let next = {
                let mut wait = pin!(child.wait());
                poll_fn(|context| {
                    if let Poll::Ready(status) = wait.as_mut().poll(context) {
                        return Poll::Ready(Some(Err(status)));
                    }
                    if let Poll::Ready(message) = inbox.poll_recv(context) {
                        return Poll::Ready(Some(Ok(message)));
                    }
                    if late { Poll::Pending } else { sleep.as_mut().poll(context).map(|()| None) }
                })
                .await
            };
            match next {
                Some(Err(status)) => return Ok((status?, end)),
                Some(Ok(Some(Message::Signal(signal)))) => end |= signal.ends(),
                Some(Ok(_)) => {}
                None => {
                    late = true;
                    (self.told)("the program did not end in time and is killed");
                    child.start_kill()?;
                }
            }
        }
    }
}

impl Binding {
    fn value(&self, reading: &Reading) -> Result<Secret, ExecError> {
        let value = match &self.field {
            None => reading.secret().duplicate(),
            Some(field) => reading.field(field).map_err(|cause| ExecError::Field {
                variable: self.variable.clone(),
                path: self.path.clone(),
                cause,
            })?,
        };
        // The reason to open it: a null byte would cut it short.
        if value.expose().contains(&0) {
            return Err(ExecError::Null(self.variable.clone()));
        }
        Ok(value)
    }
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(u8::try_from(code).unwrap_or(u8::MAX)),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

enum Next {
    Ended(ExitStatus),
    Told(Message),
}

async fn next(child: &mut Child, inbox: &mut UnboundedReceiver<Message>) -> io::Result<Next> {
    let mut wait = pin!(child.wait());
    poll_fn(|context| {
        if let Poll::Ready(status) = wait.as_mut().poll(context) {
            return Poll::Ready(status.map(Next::Ended));
        }
        match inbox.poll_recv(context) {
            Poll::Ready(Some(message)) => Poll::Ready(Ok(Next::Told(message))),
            // Nobody can tell us anything any more: only the end is left to wait for.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Sends `signal` to the program, unless it has ended.
fn send(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(pid) = pid {
        // Fails only when it has just ended.
        let _ = rustix::process::kill_process(pid, signal.raw());
    }
}

/// Whether waiting may help.
fn passes(error: &ReadError) -> bool {
    match error.fault_kind() {
        Some(kind) => kind.is_retryable() || kind == crate::provider::FaultKind::Backend,
        None => matches!(error, ReadError::Deadline { .. } | ReadError::BreakerOpen { .. }),
    }
}

async fn watch(handle: SecretHandle, sender: UnboundedSender<Message>) {
    let mut watch = handle.watch();
    while watch.changed().await.is_some() {
        tokio::time::sleep(SETTLE).await;
        if sender.send(Message::Changed).is_err() {
            return;
        }
    }
}
