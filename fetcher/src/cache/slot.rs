//! The place of one secret: the entry that readers load without a lock, and the state around it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;

use super::{Breaker, Cause, Entry, Freshness, Policy, ReadError, Reading};
use crate::clock::Tick;
use crate::secret::{SecretRef, Version};

/// The place of one secret.
pub(crate) struct Slot {
    /// The name that readers use.
    key: SecretRef,
    /// The name that the provider knows it by.
    remote: SecretRef,
    /// The one field of the value that counts, if not all does.
    field: Option<Arc<str>>,
    /// Which of the client's providers has it.
    seat: usize,
    policy: Arc<Policy>,
    breaker: Arc<Breaker>,
    entry: ArcSwapOption<Entry>,
    /// Second of the last read, since the clock's start.
    last_read: AtomicU64,
    /// Handles out there: while there is one, the slot stays in the store.
    handles: AtomicUsize,
    /// Watchers, hooks and prefetches: while there is one, the secret is refreshed though nobody reads it.
    pins: AtomicUsize,
    state: Mutex<SlotState>,
    /// Held by the one rotation that may run.
    pub(crate) rotation: tokio::sync::Mutex<()>,
}

/// What is known about a secret beside its entry.
#[derive(Default)]
pub(crate) struct SlotState {
    /// Counts invalidations: a flight that began under an older one may not publish.
    pub(crate) generation: u64,
    pub(crate) flight: Option<Flight>,
    /// The secret is known to be absent until then.
    pub(crate) negative: Option<(Tick, ReadError)>,
    /// Fetches that failed in a row.
    pub(crate) failures: u32,
    /// Fetches in a row that brought the same version although another was due.
    pub(crate) unchanged: u32,
    /// Why there is no newer value.
    pub(crate) cause: Option<Cause>,
    /// Somebody said that the value held is wrong: renewing its lease is not enough.
    pub(crate) wants_new: bool,
    /// The one refresh chore that counts.
    pub(crate) refresh_due: Option<Tick>,
    /// The one expiry chore that counts.
    pub(crate) expire_due: Option<Tick>,
    /// The version before the current one, and how long it is kept.
    pub(crate) previous: Option<(Arc<Entry>, Tick)>,
    /// The previous version has been seen here, so the provider need not be asked for it.
    pub(crate) rotated: bool,
    /// The version that rotation hooks have last been told of.
    pub(crate) committed: Option<Version>,
    pub(crate) rejected: Option<Rejected>,
    /// How the value held was last found to fall short of its class; told once for each version.
    pub(crate) shortfall: Option<(Version, &'static str)>,
    /// When a reader last forced a refresh.
    pub(crate) forced_at: Option<Tick>,
    /// Told the version at every change.
    pub(crate) changes: Option<watch::Sender<Option<Version>>>,
}

/// A version that a rotation hook refused.
#[derive(Clone, Debug)]
pub(crate) struct Rejected {
    pub(crate) version: Version,
    pub(crate) times: u32,
    pub(crate) hook: Arc<str>,
}

/// A fetch on its way.
#[derive(Clone)]
pub(crate) struct Flight {
    pub(crate) generation: u64,
    pub(crate) landing: watch::Receiver<Option<Landing>>,
}

/// How a flight ended.
#[derive(Clone)]
pub(crate) enum Landing {
    /// With this for all who waited.
    Done(Result<Arc<Entry>, ReadError>),
    /// An invalidation overtook it: wait for the next one.
    Superseded,
}

impl Slot {
    pub(crate) fn new(
        key: SecretRef,
        remote: SecretRef,
        field: Option<Arc<str>>,
        seat: usize,
        policy: Arc<Policy>,
        breaker: Arc<Breaker>,
    ) -> Self {
        Self {
            key,
            remote,
            field,
            seat,
            policy,
            breaker,
            entry: ArcSwapOption::empty(),
            last_read: AtomicU64::new(0),
            handles: AtomicUsize::new(0),
            pins: AtomicUsize::new(0),
            state: Mutex::default(),
            rotation: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn key(&self) -> &SecretRef {
        &self.key
    }

    pub(crate) fn remote(&self) -> &SecretRef {
        &self.remote
    }

    pub(crate) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    pub(crate) fn seat(&self) -> usize {
        self.seat
    }

    pub(crate) fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, SlotState> {
        // Nothing that may panic runs under the lock, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fresh entry, if there is one: the whole of a cached read.
    #[inline]
    pub(crate) fn fresh(&self, now: Tick) -> Option<Arc<Entry>> {
        // A count, not arc-swap's guard: a reading that carried one measured 33 ns where this takes 26, by name 42 and 31.
        let entry = self.entry.load_full()?;
        (now < entry.fresh_until()).then(|| {
            self.touch(now);
            entry
        })
    }

    /// The entry, while it may be used at all.
    pub(crate) fn usable(&self, now: Tick) -> Option<Arc<Entry>> {
        self.entry.load_full().filter(|entry| now < entry.hard_until())
    }

    /// The entry with its freshness, while it may be used at all.
    pub(crate) fn reading(&self, now: Tick) -> Option<Reading> {
        let entry = self.usable(now)?;
        let freshness = if now < entry.fresh_until() {
            Freshness::Fresh
        } else {
            let cause = self.lock().cause.unwrap_or(Cause::Refreshing);
            Freshness::Stale { age: now.since(entry.fetched_at()), cause }
        };
        Some(Reading::new(entry, freshness))
    }

    /// Whether a reader can be served from what is held, by a `stale` value too if it may be. Takes no lock.
    pub(crate) fn serves(&self, now: Tick, stale: bool) -> bool {
        self.usable(now).is_some_and(|entry| stale || now < entry.fresh_until())
    }

    /// Puts `entry` in place for all readers. Call it with the state locked, so that order is kept.
    pub(crate) fn publish(&self, entry: Option<Arc<Entry>>) {
        self.entry.store(entry);
    }

    /// Notes a read. Written once a second at most, so that readers on several cores do not fight over it.
    #[inline]
    pub(crate) fn touch(&self, now: Tick) {
        let second = now.as_nanos() >> 30;
        if self.last_read.load(Ordering::Relaxed) != second {
            self.last_read.store(second, Ordering::Relaxed);
        }
    }

    /// When the secret was last read, give or take a second.
    pub(crate) fn last_read(&self) -> Tick {
        Tick::from_nanos(self.last_read.load(Ordering::Relaxed) << 30)
    }

    /// Whether nobody has read it for longer than its policy's idle time, and nothing pins it.
    pub(crate) fn is_idle(&self, now: Tick) -> bool {
        let granularity = Duration::from_secs(2);
        !self.is_pinned() && now.since(self.last_read()) > self.policy.idle + granularity
    }

    pub(crate) fn pin(&self) {
        self.pins.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn unpin(&self) {
        self.pins.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.pins.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn take_handle(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn release_handle(&self) {
        self.handles.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether the slot may leave the store.
    pub(crate) fn is_removable(&self) -> bool {
        !self.is_pinned() && self.handles.load(Ordering::Relaxed) == 0 && self.lock().flight.is_none()
    }

    /// Whether a value is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.entry.load().is_none()
    }

    /// Drops, and so wipes, all values held.
    pub(crate) fn wipe(&self) {
        let mut state = self.lock();
        state.previous = None;
        state.expire_due = None;
        state.refresh_due = None;
        self.publish(None);
    }
}

impl SlotState {
    /// Tells the watchers which version is current now.
    pub(crate) fn announce(&mut self, version: Option<&Version>) {
        if let Some(changes) = &self.changes {
            changes.send_if_modified(|seen| {
                let changed = seen.as_ref() != version;
                *seen = version.cloned();
                changed
            });
        }
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("key", &self.key).finish_non_exhaustive()
    }
}
