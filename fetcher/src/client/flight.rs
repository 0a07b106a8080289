//! Single flight: at most one fetch of a secret at a time, in a task of its own, so that a reader
//! who goes away does not take it along.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;
use tracing::Instrument as _;

use super::audit::Deed;
use super::core::Core;
use super::event::Event;
use super::fetch::Call;
use crate::cache::{Cause, Entry, Flight, Landing, ReadError, Slot, SlotState};
use crate::clock::Tick;
use crate::provider::{Fault, FaultKind};

/// Base and longest ceiling of the random wait after a failed refresh.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Shortest wait after a failed refresh.
const RETRY_FLOOR: Duration = Duration::from_millis(100);
/// Longest wait between looks at a rotation that is due and has not come.
const DUE_POLL: Duration = Duration::from_secs(5);

impl Core {
    /// The fetch of `slot` that is on its way, or a new one.
    pub(crate) fn flight(self: &Arc<Self>, slot: &Arc<Slot>) -> Flight {
        self.board(slot, slot.lock())
    }

    /// As [`Core::flight`], if one is `wanted` still. That is asked under the slot's lock: a fetch may have landed since
    /// the slot was looked at without it, and what it brought is not to be fetched twice.
    pub(crate) fn flight_if(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        wanted: impl FnOnce(&SlotState) -> bool,
    ) -> Option<Flight> {
        let state = slot.lock();
        wanted(&state).then(|| self.board(slot, state))
    }

    fn board(self: &Arc<Self>, slot: &Arc<Slot>, mut state: MutexGuard<'_, SlotState>) -> Flight {
        if self.is_closed() {
            let landing = Some(Landing::Done(Err(ReadError::Closed)));
            return Flight { generation: 0, landing: watch::channel(landing).1 };
        }
        if let Some(flight) = &state.flight
            && flight.generation == state.generation
        {
            return flight.clone();
        }
        let (sender, landing) = watch::channel(None);
        let flight = Flight { generation: state.generation, landing };
        state.flight = Some(flight.clone());
        state.refresh_due = None;
        drop(state);
        let cockpit =
            Cockpit { core: self.clone(), slot: slot.clone(), generation: flight.generation, sender };
        // Part of what the first reader is doing; of nothing, where it is the scheduler that refreshes.
        let span = tracing::debug_span!("fetch", secret = %slot.key(), provider = %self.seat(slot).name);
        self.spawn(cockpit.fly().instrument(span));
        flight
    }
}

/// One fetch on its way to its slot.
pub(crate) struct Cockpit {
    pub(crate) core: Arc<Core>,
    pub(crate) slot: Arc<Slot>,
    pub(crate) generation: u64,
    sender: watch::Sender<Option<Landing>>,
}

impl Cockpit {
    async fn fly(self) {
        let landing = match self.renew().await {
            Some(landing) => landing,
            None => self.fetch().await,
        };
        self.land(landing);
    }

    async fn fetch(&self) -> Landing {
        let began = self.core.clock.now();
        match Call::of(&self.core, &self.slot).fetch().await {
            Ok((mut fetched, sent)) => {
                if let Some(field) = self.slot.field() {
                    match fetched.secret.field(field) {
                        Ok(value) => fetched.secret = value,
                        Err(error) => {
                            return self.fail(ReadError::Field { secret: self.slot.key().clone(), error });
                        }
                    }
                }
                let (secret, version) = (self.slot.key().clone(), fetched.version.clone());
                let took = self.core.clock.now().since(began);
                self.core.audit(&self.slot, None, Deed::Fetch, Some(&version), "ok");
                self.core.journal.record(Event::Fetched { secret, version, took });
                let (policy, clock) = (self.slot.policy(), &*self.core.clock);
                self.arrive(Entry::new(fetched, sent, policy, clock, &self.core.jitter)).await
            }
            Err(error) => {
                self.core.audit(&self.slot, None, Deed::Fetch, None, error.cause().name());
                self.fail(error)
            }
        }
    }

    /// Tells those who wait, after the slot is free for the next flight.
    fn land(&self, landing: Landing) {
        let mut state = self.slot.lock();
        if state.flight.as_ref().is_some_and(|flight| flight.generation == self.generation) {
            state.flight = None;
        }
        drop(state);
        self.sender.send_replace(Some(landing));
    }

    /// A value came: it becomes the current one, unless it was overtaken, is of no use, or is what is held already.
    async fn arrive(&self, entry: Entry) -> Landing {
        if entry.hard_until() <= self.core.clock.now() {
            return self.fail(
                self.error(Fault::new(FaultKind::Invalid).with_detail("the value had ended when it arrived")),
            );
        }
        let _turn = self.slot.rotation.lock().await;
        match self.confirm(entry) {
            Ok(landing) => landing,
            Err(other) => self.rotate(Arc::new(other)).await,
        }
    }

    /// Extends the value held when `entry` is the same; gives `entry` back when it is another one.
    fn confirm(&self, entry: Entry) -> Result<Landing, Entry> {
        let mut state = self.slot.lock();
        if let Some(landing) = self.overtaken(&state) {
            self.core.give_back(self.slot.seat(), &entry);
            return Ok(landing);
        }
        let held = self.slot.usable(self.core.clock.now());
        let Some(held) = held.filter(|held| held.is_same(&entry)) else { return Err(entry) };
        state.unchanged = state.unchanged.saturating_add(1);
        let entry = self.not_too_soon(held.extended(entry), state.unchanged);
        state.failures = 0;
        state.cause = None;
        state.negative = None;
        state.wants_new = false;
        let entry = Arc::new(entry);
        self.core.publish(&self.slot, &mut state, entry.clone());
        Ok(Landing::Done(Ok(entry)))
    }

    /// How the flight ends when what it brings is not wanted any more.
    fn overtaken(&self, state: &SlotState) -> Option<Landing> {
        if self.core.is_closed() {
            return Some(Landing::Done(Err(ReadError::Closed)));
        }
        (state.generation != self.generation).then_some(Landing::Superseded)
    }

    /// Puts another version in place.
    pub(crate) fn take_over(&self, entry: Arc<Entry>) -> Landing {
        let now = self.core.clock.now();
        let mut state = self.slot.lock();
        if let Some(landing) = self.overtaken(&state) {
            drop(state);
            self.core.give_back(self.slot.seat(), &entry);
            return landing;
        }
        self.core.ledger.enter(self.slot.seat(), &entry, now);
        let old = self.slot.usable(now);
        if let Some(old) = &old {
            let until = old.hard_until().min(now + self.slot.policy().keep_previous);
            state.previous = Some((old.clone(), until));
            state.rotated = true;
        }
        state.failures = 0;
        state.unchanged = 0;
        state.cause = None;
        state.negative = None;
        state.rejected = None;
        state.wants_new = false;
        state.committed = Some(entry.version().clone());
        self.core.publish(&self.slot, &mut state, entry.clone());
        drop(state);
        let from = old.map(|old| old.version().clone());
        let (secret, to) = (self.slot.key().clone(), entry.version().clone());
        self.core.journal.record(Event::Changed { secret, from, to });
        Landing::Done(Ok(entry))
    }

    /// A refresh that is due at once although nothing changed is put off, more each time.
    fn not_too_soon(&self, entry: Entry, unchanged: u32) -> Entry {
        let now = self.core.clock.now();
        let shortest = self.slot.policy().min_interval;
        if entry.refresh_at().since(now) > shortest {
            return entry;
        }
        let wait = shortest.mul_f64(1.5_f64.powi(unchanged.min(10) as i32)).min(DUE_POLL.max(shortest));
        entry.due_at(now + wait)
    }

    /// No value came: what is held stays as it is, unless the provider withdrew it.
    pub(crate) fn fail(&self, error: ReadError) -> Landing {
        let now = self.core.clock.now();
        let mut state = self.slot.lock();
        if state.generation != self.generation {
            return Landing::Superseded;
        }
        state.failures = state.failures.saturating_add(1);
        state.cause = Some(error.cause());
        let mut next = None;
        if let Some(kind) = error.fault_kind().filter(|kind| !kind.allows_stale()) {
            self.core.withdraw(&self.slot, &mut state, kind);
            let until = now + self.slot.policy().negative_ttl;
            state.negative = Some((until, error.clone()));
            self.core.expire_at(&self.slot, &mut state, until);
            if self.slot.is_pinned() {
                next = Some(until);
            }
        } else {
            next = self.retry_at(state.failures, now);
            self.hasten(now);
        }
        if let Some(at) = next {
            self.core.refresh_at(&self.slot, &mut state, at);
        }
        drop(state);
        let (secret, cause) = (self.slot.key().clone(), error.cause());
        let retry_in = next.map(|at| at.since(now));
        self.core.journal.record(Event::FetchFailed { secret, cause, retry_in });
        Landing::Done(Err(error))
    }

    /// When to try again: within a quarter of the time the value has left; slowly when there is no
    /// value, and only if somebody counts on it.
    pub(crate) fn retry_at(&self, failures: u32, now: Tick) -> Option<Tick> {
        let backoff = self.core.jitter.backoff(RETRY.0, failures, RETRY.1).max(RETRY_FLOOR);
        match self.quarter(now) {
            Some(quarter) => Some(now + backoff.min(quarter.max(RETRY_FLOOR))),
            None => self.slot.is_pinned().then_some(now + backoff),
        }
    }

    /// A quarter of the time that the value held has left: no retry is further away.
    fn quarter(&self, now: Tick) -> Option<Duration> {
        self.slot.usable(now).map(|held| held.hard_until().since(now) / 4)
    }

    /// Lets the breaker's pause not outlast that time either: a provider that is back would not be asked before the
    /// value ends, and the client would make an outage of its own. A value with minutes left changes nothing.
    fn hasten(&self, now: Tick) {
        if let Some(quarter) = self.quarter(now) {
            self.slot.breaker().hasten(now + self.core.jitter.spread(quarter, 0.8, 1.0));
        }
    }

    fn error(&self, fault: Fault) -> ReadError {
        let provider = self.core.seat(&self.slot).name.clone();
        ReadError::Fault { secret: self.slot.key().clone(), provider, fault: Arc::new(fault) }
    }
}

impl Drop for Cockpit {
    /// A flight that crashed (a bug of ours, or the runtime going down) must not block the next one.
    fn drop(&mut self) {
        if self.sender.borrow().is_none() {
            self.land(Landing::Done(Err(ReadError::Panicked(self.slot.key().clone()))));
        }
    }
}

impl Cause {
    /// Whether the scheduler, not the reader, decides when to ask again.
    pub(crate) fn is_failure(self) -> bool {
        !matches!(self, Self::Refreshing | Self::Invalidated)
    }
}
