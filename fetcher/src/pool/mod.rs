//! Pools of connections that were opened with a secret: which of them may still be used, and with what the next one is
//! opened.
//!
//! A health check proves nothing here: a session of PostgreSQL answers `select 1` though its role is gone. What counts
//! is the value that a connection was opened with: a [`Rollover`] numbers the values of one secret, every connection
//! carries the number of its own in a [`Ticket`], and is closed when that is not the current one any more, or when the
//! value's hard bound comes near. New connections are opened with the new value from the moment at which readers
//! get it, so the pool never stands empty in between.
//!
//! | pool | what to use |
//! |---|---|
//! | bb8 (feature `bb8`), r2d2 (`r2d2`), deadpool with deadpool-postgres and all others (`deadpool`) | `Rolling` around the pool's own manager |
//! | sqlx (`sqlx`) | `Rollover::sqlx` around `PoolOptions` |
//! | others that know the age of a connection | [`Rollover::accepts`] before one is handed out, [`Rollover::follow`] to open the next with another value |
//!
//! ```no_run
//! # async fn doc(manager: leakward_fetcher::SecretsManager) -> Result<(), Box<dyn std::error::Error>> {
//! use leakward_fetcher::pool::Rollover;
//!
//! let rollover = Rollover::new(manager.secret_at("database/creds/app")?);
//! // sqlx: rollover.sqlx(PgPoolOptions::new(), |reading| PgConnectOptions::new().username(…).password(…)).await?
//! let following = rollover.follow(|reading| {
//!     // other_pool.open_with(options(reading))
//!     let _ = reading.field("username");
//! });
//! # drop(following); Ok(()) }
//! ```

#[cfg(feature = "bb8")]
mod bb8;
#[cfg(feature = "deadpool")]
mod deadpool;
#[cfg(feature = "r2d2")]
mod r2d2;
#[cfg(any(feature = "bb8", feature = "deadpool", feature = "r2d2"))]
mod rolling;
#[cfg(feature = "sqlx")]
mod sqlx;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::cache::{ReadError, Reading};
use crate::client::{Pinned, Rotation, RotationHook, SecretHandle, Step};
use crate::clock::Tick;
use crate::secret::Secret;

#[cfg(any(feature = "bb8", feature = "deadpool", feature = "r2d2"))]
pub use rolling::{RollError, Rolling, Tagged};

/// Numbers the values of one secret as they come into force, so that connections can be told apart by the value
/// that they were opened with. Clones share it. While it lives, the secret is refreshed though nobody reads it.
///
/// As a [`RotationHook`] it drains: a lease is ended only after the last connection that was opened under it is closed, or,
/// in a pool that goes by age, after the longest time that one is opened and used.
#[derive(Clone)]
pub struct Rollover {
    shared: Arc<Shared>,
}

struct Shared {
    handle: SecretHandle,
    _pinned: Pinned,
    longest_use: Duration,
    handshake: Duration,
    /// A pool asks by age: its connections have no tickets, and nobody tells when they are closed.
    by_age: AtomicBool,
    state: Mutex<State>,
    /// Told when the last connection of a number is closed.
    closed: Notify,
}

#[derive(Default)]
struct State {
    number: u64,
    /// The value of that number; not kept in memory by it.
    value: Weak<Secret>,
    /// When it came into force.
    since: Option<Tick>,
    /// When another value was last asked for because the server refused the one in force.
    condemned: Option<Tick>,
    /// Open connections of each number; none with 0.
    open: BTreeMap<u64, usize>,
}

/// Says which value a connection was opened with. Kept for as long as the connection is open.
pub struct Ticket {
    rollover: Rollover,
    number: u64,
    condemned: bool,
}

impl Rollover {
    /// Longest time for which one connection is used at a stretch, unless told otherwise.
    pub const LONGEST_USE: Duration = Duration::from_secs(5);
    /// A pool asks for another value at most this often because the server refuses the one in force.
    pub const CONDEMN_PAUSE: Duration = Duration::from_secs(5);
    /// Longest time that opening a connection takes, unless told otherwise.
    pub const HANDSHAKE: Duration = Duration::from_secs(5);

    /// For connections that are opened with the secret of `handle`.
    pub fn new(handle: SecretHandle) -> Self {
        Self::with(handle, Self::LONGEST_USE, Self::HANDSHAKE)
    }

    /// The same with other times: a connection is not handed out any more `longest_use` before its value's hard
    /// bound (at most a tenth of the value's life before it); opening one takes no longer than `handshake`.
    pub fn with(handle: SecretHandle, longest_use: Duration, handshake: Duration) -> Self {
        let (pinned, state) = (handle.pin(), Mutex::default());
        let (by_age, closed) = (AtomicBool::new(false), Notify::new());
        Self {
            shared: Arc::new(Shared {
                handle,
                _pinned: pinned,
                longest_use,
                handshake,
                by_age,
                state,
                closed,
            }),
        }
    }

    /// The value to open a connection with, and the ticket of that connection.
    ///
    /// # Errors
    /// When there is no usable value.
    pub async fn ticket(&self) -> Result<(Reading, Ticket), ReadError> {
        match self.try_ticket() {
            Some(found) => Ok(found),
            None => {
                let reading = self.shared.handle.read().await?;
                let number = self.shared.number_of(&reading);
                Ok((reading, Ticket::new(self, number)))
            }
        }
    }

    /// The same from what is held, without waiting.
    pub fn try_ticket(&self) -> Option<(Reading, Ticket)> {
        let reading = self.shared.handle.held()?;
        let number = self.shared.number_of(&reading);
        Some((reading, Ticket::new(self, number)))
    }

    /// As [`Rollover::ticket`], after the server refused a login with `failed`: with another value. See
    /// [`SecretHandle::replace`].
    ///
    /// # Errors
    /// When no other value could be had.
    pub async fn ticket_after(&self, failed: &Reading) -> Result<(Reading, Ticket), ReadError> {
        let reading = self.shared.handle.replace(failed).await?;
        let number = self.shared.number_of(&reading);
        Ok((reading, Ticket::new(self, number)))
    }

    /// Whether a connection that was opened `age` ago may still be handed out; for pools that know no more about their
    /// connections. One that was opened while the value changed may have the old one, and is refused as well.
    pub fn accepts(&self, age: Duration) -> bool {
        self.shared.by_age.store(true, Ordering::Relaxed);
        let Some(reading) = self.shared.handle.held() else { return false };
        self.shared.number_of(&reading);
        let now = self.shared.handle.now();
        let since = self.shared.lock().since.unwrap_or(now);
        let born = now.before(age);
        let settled = since + self.shared.handshake;
        let begun_after = born >= since && (now < settled || born >= settled);
        // The first value has no one before it.
        let first = self.shared.lock().number <= 1;
        (first || begun_after) && self.shared.has_time(&reading)
    }

    /// Calls `with` with the value in force, and with each that comes after it, for as long as the task is not aborted
    /// and the client lives.
    pub fn follow(&self, mut with: impl FnMut(&Reading) + Send + 'static) -> tokio::task::JoinHandle<()> {
        let (mut watch, shared) = (self.shared.handle.watch(), self.shared.clone());
        tokio::spawn(async move {
            while let Some(reading) = watch.changed().await {
                // First the options, then the number: nobody opens a new connection with the old value after it.
                with(&reading);
                shared.number_of(&reading);
            }
        })
    }

    /// Connections that are open, and how many of them were opened with an older value.
    pub fn open(&self) -> (usize, usize) {
        let state = self.shared.lock();
        let old = state.open.range(..state.number).map(|(_, count)| count).sum();
        (state.open.values().sum(), old)
    }
}

impl Shared {
    /// The number of `reading`'s value.
    fn number_of(&self, reading: &Reading) -> u64 {
        let value = reading.weak_secret();
        let mut state = self.lock();
        // A weak pointer keeps the address taken, so the same address is the same value.
        if !state.value.ptr_eq(&value) {
            state.number += 1;
            state.value = value;
            state.since = Some(self.handle.now());
        }
        state.number
    }

    fn has_time(&self, reading: &Reading) -> bool {
        let life = reading.hard_until().since(reading.fetched_at());
        let margin = self.longest_use.min(life / 10);
        self.handle.now() + margin < reading.hard_until()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    fn new(rollover: &Rollover, number: u64) -> Self {
        *rollover.shared.lock().open.entry(number).or_default() += 1;
        Self { rollover: rollover.clone(), number, condemned: false }
    }

    /// Whether the connection may still be handed out.
    pub fn is_good(&self) -> bool {
        let shared = &self.rollover.shared;
        let Some(reading) = shared.handle.held() else { return false };
        !self.condemned && shared.number_of(&reading) == self.number && shared.has_time(&reading)
    }

    /// Says that the server does not accept the value any more, though its time is not up: somebody revoked it. The
    /// connection is closed when it comes back to the pool, and another value is fetched.
    pub fn condemn(&mut self) {
        let shared = &self.rollover.shared;
        self.condemned = true;
        let current = shared.handle.held().is_some_and(|held| shared.number_of(&held) == self.number);
        let now = shared.handle.now();
        let asked = {
            let mut state = shared.lock();
            // Once, however many connections were opened with it; and not in a loop where the server refuses each
            // new one.
            let asked = state.condemned.is_some_and(|at| now.since(at) < Rollover::CONDEMN_PAUSE);
            if current && !asked {
                state.condemned = Some(now);
            }
            asked
        };
        if current && !asked {
            shared.handle.invalidate();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.rollover.shared.lock();
        if let Some(count) = state.open.get_mut(&self.number) {
            *count -= 1;
            if *count == 0 {
                state.open.remove(&self.number);
                drop(state);
                self.rollover.shared.closed.notify_waiters();
            }
        }
    }
}

impl RotationHook for Rollover {
    fn name(&self) -> &str {
        "pool"
    }

    fn drain<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        Box::pin(async move {
            let value = rotation.new.weak_secret();
            let number = {
                let state = self.shared.lock();
                if state.value.ptr_eq(&value) { state.number } else { state.number + 1 }
            };
            if self.shared.by_age.load(Ordering::Relaxed) {
                // One that was opened just before may still be handed out for a handshake's time, and used for that long.
                let shared = &self.shared;
                shared.handle.pause(shared.handshake + shared.longest_use).await;
            }
            loop {
                let closed = self.shared.closed.notified();
                if self.shared.lock().open.range(..number).next().is_none() {
                    return Ok(());
                }
                closed.await;
            }
        })
    }
}

impl fmt::Debug for Rollover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, old) = self.open();
        let mut out = f.debug_struct("Rollover");
        out.field("secret", self.shared.handle.name()).field("open", &open).field("old", &old).finish()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("number", &self.number).finish_non_exhaustive()
    }
}
