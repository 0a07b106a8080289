//! A local server that hands out what a client holds: to programs that speak the API of Vault or of the AWS Secrets
//! Manager Agent, over a unix socket (only to this user, by the kernel's word) or over loopback (only with a token).
//!
//! It answers `GET` from its own small HTTP/1.1 server: answers hold values, so they are built in buffers that
//! are wiped, which a general server's are not. It changes nothing in the manager and lists nothing. The one `POST` is
//! `/webhook`, where it is set up: a signed message that secrets have changed.

mod aws;
mod connection;
mod door;
mod guard;
mod hook;
mod metrics;
mod reply;
mod request;
mod vault;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::client::SecretsManager;
use crate::secret::{Secret, SecretPath};
use crate::webhook::Webhook;

pub use door::{Door, DoorError};
use metrics::Counters;

/// How the agent behaves.
#[derive(Debug)]
#[non_exhaustive]
pub struct AgentSettings {
    /// Users, beside the agent's own, that may use the unix socket, by number.
    pub users: Vec<u32>,
    /// What callers over loopback must show. Without one, none is let in.
    pub token: Option<Secret>,
    /// Connections at the same time; more are turned away with 503.
    pub connections: usize,
    /// Longest time for a request's head to arrive once it began, and for an answer to be taken.
    pub patience: Duration,
    /// Longest time a connection may say nothing between requests.
    pub idle: Duration,
    /// The manager's namespace; a caller that names another is refused.
    pub namespace: Option<String>,
    /// Whether metrics name secrets.
    pub name_secrets: bool,
}

impl Default for AgentSettings {
    /// This user only, no token, 512 connections, 5 s, idle for 2 minutes.
    fn default() -> Self {
        Self {
            users: Vec::new(),
            token: None,
            connections: 512,
            patience: Duration::from_secs(5),
            idle: Duration::from_secs(120),
            namespace: None,
            name_secrets: false,
        }
    }
}

/// A server of what one client holds.
pub struct Agent {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// What all connections share.
struct Shared {
    manager: SecretsManager,
    settings: AgentSettings,
    webhook: Option<Webhook>,
    counters: Counters,
    /// Connections that are open.
    open: AtomicUsize,
    /// Requests that are being answered.
    busy: AtomicUsize,
    closing: AtomicBool,
}

impl Agent {
    /// An agent that serves what `manager` reads. Call it inside a tokio runtime.
    pub fn new(manager: SecretsManager, settings: AgentSettings) -> Self {
        Self::set_up(manager, settings, None)
    }

    /// The same, which also takes the messages of `webhook` at `/webhook`. Their signature says who sends them: neither
    /// the token nor the request's host counts there, and a proxy may have passed them on.
    pub fn with_webhook(manager: SecretsManager, settings: AgentSettings, webhook: Webhook) -> Self {
        Self::set_up(manager, settings, Some(webhook))
    }

    fn set_up(manager: SecretsManager, settings: AgentSettings, webhook: Option<Webhook>) -> Self {
        let shared = Arc::new(Shared {
            counters: Counters::default(),
            open: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            manager,
            settings,
            webhook,
        });
        let counting = tokio::spawn(metrics::count(Arc::downgrade(&shared), shared.manager.events()));
        Self { shared, tasks: Mutex::new(vec![counting]) }
    }

    /// Lets callers in through `door` from now on.
    ///
    /// # Errors
    /// When the door cannot be opened.
    pub fn open(&self, door: &Door) -> Result<(), DoorError> {
        let task = door.open(&self.shared)?;
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        Ok(())
    }

    /// Lets nobody in any more, gives answers that are being made up to `grace`, then ends every connection. The
    /// client is not shut down: that is its owner's part.
    pub async fn close(&self, grace: Duration) {
        self.shared.closing.store(true, Ordering::Release);
        let clock = self.shared.manager.clock().clone();
        let deadline = clock.now() + grace;
        while self.shared.busy.load(Ordering::Acquire) > 0 && clock.now() < deadline {
            clock.sleep_until(clock.now() + Duration::from_millis(10)).await;
        }
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl Shared {
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Takes a place for a connection; `None` when there is none.
    fn place(self: &Arc<Self>) -> Option<Place> {
        let place = Place(self.clone());
        let taken = self.open.fetch_add(1, Ordering::AcqRel);
        (taken < self.settings.connections).then_some(place)
    }
}

/// The place of one connection; given back when dropped.
struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Counts a request as being answered for as long as it lives.
struct Busy<'a>(&'a Shared);

impl<'a> Busy<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.busy.fetch_add(1, Ordering::AcqRel);
        Self(shared)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

/// `text` as a path, or `None`.
fn path(text: &str) -> Option<SecretPath> {
    SecretPath::parse(text.trim_matches('/')).ok()
}

/// An error of a door's own calls, with the place that it is about.
fn at(place: impl std::fmt::Display) -> impl FnOnce(io::Error) -> DoorError {
    move |cause| DoorError::Io { place: place.to_string(), cause }
}
