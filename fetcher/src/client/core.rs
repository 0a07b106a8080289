//! What all parts of one client share. Tasks hold it weakly between chores, so that a client whose
//! last handle is dropped goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::audit::{AuditRecord, Auditor, Deed};
use super::event::{Event, Journal};
use super::fork::ForkGuard;
use super::lease::Ledger;
use super::observer::ValueObserver;
use super::readiness::Wanted;
use super::rotation::Hooks;
use super::route::Routes;
use super::seat::Seat;
use crate::cache::{Agenda, Chore, Entry, Jitter, ReadError, Reading, Slot, SlotState, Store};
use crate::clock::{Clock, Tick};
use crate::secret::{SecretRef, Version};

/// What all parts of one client share.
pub(crate) struct Core {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Jitter,
    pub(crate) store: Store,
    pub(crate) agenda: Arc<Agenda>,
    pub(crate) journal: Journal,
    pub(crate) fork: ForkGuard,
    pub(crate) runtime: Handle,
    pub(crate) seats: Vec<Seat>,
    pub(crate) routes: Routes,
    /// Secrets named at start.
    pub(crate) wanted: Wanted,
    pub(crate) auditor: Option<Auditor>,
    pub(crate) observers: Vec<Arc<dyn ValueObserver>>,
    pub(crate) hooks: Hooks,
    pub(crate) ledger: Ledger,
    closed: AtomicBool,
    /// Told when the client is closed.
    closing: Notify,
    /// Tasks on their way.
    tasks: AtomicUsize,
    quiet: Notify,
}

impl Core {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        jitter: Jitter,
        capacity: usize,
        runtime: Handle,
        seats: Vec<Seat>,
        routes: Routes,
        watchers: (Option<Auditor>, Vec<Arc<dyn ValueObserver>>),
    ) -> Self {
        Self {
            clock,
            jitter,
            store: Store::new(capacity),
            agenda: Agenda::new(),
            journal: Journal::new(),
            fork: ForkGuard::new(),
            runtime,
            seats,
            routes,
            wanted: Wanted::default(),
            auditor: watchers.0,
            observers: watchers.1,
            hooks: Hooks::default(),
            ledger: Ledger::default(),
            closed: AtomicBool::new(false),
            closing: Notify::new(),
            tasks: AtomicUsize::new(0),
            quiet: Notify::new(),
        }
    }

    pub(crate) fn seat(&self, slot: &Slot) -> &Seat {
        &self.seats[slot.seat()]
    }

    /// Whether the client may be used in this process and is not shut down.
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        if !self.fork.is_same_process() {
            // The values belong to the parent: the child must not keep, renew or revoke them.
            self.store.all().iter().for_each(|slot| slot.wipe());
            return Err(ReadError::Forked);
        }
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        Ok(())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Closes the client; false when it was closed before.
    pub(crate) fn close(&self) -> bool {
        let first = !self.closed.swap(true, Ordering::AcqRel);
        self.closing.notify_waiters();
        self.agenda.wake();
        first
    }

    /// Completes when the client is closed.
    pub(crate) async fn closing(&self) {
        let closing = self.closing.notified();
        if !self.is_closed() {
            closing.await;
        }
    }

    /// The slot of `key`, made when needed, held by the returned guard.
    pub(crate) fn hold(self: &Arc<Self>, key: &SecretRef) -> Result<Held, ReadError> {
        self.check()?;
        let make = || {
            let (route, policy) =
                self.routes.find(key.path()).ok_or_else(|| ReadError::NoProvider(key.clone()))?;
            let remote = SecretRef::new(route.remote(key.path())?, key.version().clone());
            let breaker = self.seats[route.seat].breaker(remote.path());
            let slot = Slot::new(key.clone(), remote, route.field.clone(), route.seat, policy, breaker);
            // What a hook set up from the value (a pool) needs the next one, though nobody reads it.
            if !self.hooks.of(key).is_empty() {
                slot.pin();
            }
            Ok(slot)
        };
        let slot = self.store.find_or_insert(key, self.clock.coarse(), make, Slot::take_handle)?;
        Ok(Held { core: self.clone(), slot, caller: None })
    }

    /// Starts a task that is waited for at shutdown.
    pub(crate) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.fetch_add(1, Ordering::AcqRel);
        let counted = Counted(self.clone());
        self.runtime.spawn(async move {
            let _counted = counted;
            task.await;
        });
    }

    /// Waits until no task is on its way.
    pub(crate) async fn quiet(&self) {
        loop {
            let notified = self.quiet.notified();
            if self.tasks.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }

    /// Makes `entry` the one that readers see, and notes what is due for it.
    pub(crate) fn publish(&self, slot: &Arc<Slot>, state: &mut SlotState, entry: Arc<Entry>) {
        if self.is_closed() {
            return;
        }
        self.judge(slot, state, &entry);
        self.observers.iter().for_each(|observer| observer.held(slot.key(), &entry));
        self.schedule(slot, state, &entry);
        let version = entry.version().clone();
        slot.publish(Some(entry));
        // Last: a watcher on another thread reads at once, and would miss this version for good.
        state.announce(Some(&version));
    }

    /// Records that a reader got `outcome`.
    pub(crate) fn audit_read(&self, slot: &Slot, caller: Option<&str>, outcome: &Result<Reading, ReadError>) {
        let (version, outcome) = match outcome {
            Ok(reading) => (Some(reading.version()), if reading.is_fresh() { "ok" } else { "stale" }),
            Err(error) => (None, error.cause().name()),
        };
        self.audit(slot, caller, Deed::Read, version, outcome);
    }

    /// Keeps a record, if that is wanted.
    pub(crate) fn audit(
        &self,
        slot: &Slot,
        caller: Option<&str>,
        deed: Deed,
        version: Option<&Version>,
        outcome: &str,
    ) {
        let Some(auditor) = &self.auditor else { return };
        let provider = &*self.seat(slot).name;
        let (at, secret) = (self.clock.wall(), slot.key());
        auditor.sink.record(&AuditRecord { at, caller, secret, provider, version, deed, outcome });
    }

    /// Reports, once for each version, that `entry` falls short of its class.
    fn judge(&self, slot: &Slot, state: &mut SlotState, entry: &Entry) {
        let Some(class) = &slot.policy().class else { return };
        let Some(shortfall) = class.judge(entry, self.clock.wall()) else { return };
        let told = Some((entry.version().clone(), shortfall.name()));
        if state.shortfall != told {
            state.shortfall = told;
            let (secret, class) = (slot.key().clone(), class.name.clone());
            self.journal.record(Event::ShortOfClass { secret, class, shortfall });
        }
    }

    /// Notes when `entry` is to be refreshed and wiped.
    pub(crate) fn schedule(&self, slot: &Arc<Slot>, state: &mut SlotState, entry: &Entry) {
        self.refresh_at(slot, state, entry.refresh_at());
        let previous = state.previous.as_ref().map_or(Tick::NEVER, |(_, until)| *until);
        self.expire_at(slot, state, entry.hard_until().min(previous));
    }

    pub(crate) fn refresh_at(&self, slot: &Arc<Slot>, state: &mut SlotState, at: Tick) {
        state.refresh_due = Some(at);
        self.agenda.add(slot, Chore::Refresh, at);
    }

    pub(crate) fn expire_at(&self, slot: &Arc<Slot>, state: &mut SlotState, at: Tick) {
        state.expire_due = Some(at);
        self.agenda.add(slot, Chore::Expire, at);
    }

    /// Wipes what is held of `slot` because its provider says that it is gone or not ours.
    pub(crate) fn withdraw(&self, slot: &Slot, state: &mut SlotState, kind: crate::provider::FaultKind) {
        state.previous = None;
        if !slot.is_empty() {
            slot.publish(None);
            self.observers.iter().for_each(|observer| observer.dropped(slot.key()));
            self.journal.record(Event::Withdrawn { secret: slot.key().clone(), kind });
        }
        state.announce(None);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // Lets the scheduler see that nobody is left.
        self.agenda.wake();
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let providers: Vec<_> = self.seats.iter().map(|seat| &seat.name).collect();
        f.debug_struct("Core").field("providers", &providers).field("secrets", &self.store.len()).finish()
    }
}

/// A slot that cannot leave the store meanwhile.
pub(crate) struct Held {
    pub(crate) core: Arc<Core>,
    pub(crate) slot: Arc<Slot>,
    /// On whose behalf, for the audit.
    pub(crate) caller: Option<Arc<str>>,
}

impl Held {
    /// Records what a reader got, if that is wanted.
    #[inline]
    pub(crate) fn audit(&self, outcome: &Result<Reading, ReadError>) {
        if self.core.auditor.as_ref().is_some_and(|auditor| auditor.reads) {
            let caller = self.caller.as_deref();
            self.core.audit_read(&self.slot, caller, outcome);
        }
    }
}

impl Clone for Held {
    fn clone(&self) -> Self {
        self.slot.take_handle();
        Self { core: self.core.clone(), slot: self.slot.clone(), caller: self.caller.clone() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.slot.release_handle();
    }
}

struct Counted(Arc<Core>);

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.tasks.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.quiet.notify_waiters();
        }
    }
}
