//! The handle through which a service reads its secrets.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::builder::Builder;
use super::core::{Core, Held};
use super::event::Event;
use super::handle::SecretHandle;
use super::route::within;
use crate::cache::{BreakerState, Cause, Flight, Freshness, Landing, ReadError, Reading, Slot};
use crate::clock::{Clock, Tick, before};
use crate::provider::SecretProvider;
use crate::secret::{SecretPath, SecretRef};

/// Reads secrets through a cache that refreshes itself. Clones share everything; when the last one
/// is dropped the cache goes away and what it holds is wiped.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    core: Arc<Core>,
    /// On whose behalf, for the audit.
    caller: Option<Arc<str>>,
}

/// What one reader wants, beyond the secret's policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// How long to wait when there is nothing to serve; the policy's budget when `None`.
    pub budget: Option<Duration>,
    /// Whether a stale value is refused, so that the read waits for a fresh one.
    pub refuse_stale: bool,
}

impl SecretsManager {
    /// A client of one provider, with default policy and limits. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// When no tokio runtime is running here.
    pub fn new(provider: impl SecretProvider) -> Result<Self, super::BuildError> {
        Self::builder().provider("", provider).build()
    }

    /// A client to be set up.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn from_core(core: Arc<Core>) -> Self {
        Self { core, caller: None }
    }

    /// The same client on behalf of `caller`, whose name audit records carry: a tenant, a user, a job.
    pub fn on_behalf_of(&self, caller: &str) -> Self {
        Self { core: self.core.clone(), caller: Some(caller.into()) }
    }

    /// Reads a secret: at once when a usable value is held (then never waiting for the provider,
    /// however stale), else waiting for the provider up to the policy's read budget.
    ///
    /// # Errors
    /// When there is no usable value; the error says why.
    pub async fn read(&self, secret: &SecretRef) -> Result<Reading, ReadError> {
        match self.cached(secret) {
            Some(reading) => Ok(reading),
            None => self.read_with(secret, ReadOptions::default()).await,
        }
    }

    /// Reads the current version of the secret at `path`.
    ///
    /// # Errors
    /// As [`SecretsManager::read`], and when `path` is not one.
    pub async fn read_path(&self, path: &str) -> Result<Reading, ReadError> {
        self.read(&SecretRef::current(SecretPath::parse(path)?)).await
    }

    /// Reads a secret as `options` say.
    ///
    /// # Errors
    /// As [`SecretsManager::read`].
    pub async fn read_with(&self, secret: &SecretRef, options: ReadOptions) -> Result<Reading, ReadError> {
        let held = self.hold(secret)?;
        let outcome = self.core.read(&held, options).await;
        held.audit(&outcome);
        outcome
    }

    /// The fresh value held, if there is one: no lock, no allocation, no waiting.
    #[inline]
    pub fn cached(&self, secret: &SecretRef) -> Option<Reading> {
        let now = self.core.clock.coarse();
        let entry = self.core.store.with(secret, |slot| slot.fresh(now))?;
        if !self.core.fork.is_marked() {
            return None;
        }
        let reading = Reading::new(entry, Freshness::Fresh);
        if self.core.auditor.as_ref().is_some_and(|auditor| auditor.reads) {
            self.audit_hit(secret, &reading);
        }
        Some(reading)
    }

    /// A handle on one secret, which saves looking it up and can watch it.
    ///
    /// # Errors
    /// When no provider is configured for it, or the cache is full.
    pub fn secret(&self, secret: &SecretRef) -> Result<SecretHandle, ReadError> {
        self.hold(secret).map(SecretHandle::new)
    }

    /// A handle on the current version of the secret at `path`.
    ///
    /// # Errors
    /// As [`SecretsManager::secret`], and when `path` is not one.
    pub fn secret_at(&self, path: &str) -> Result<SecretHandle, ReadError> {
        self.secret(&SecretRef::current(SecretPath::parse(path)?))
    }

    /// Says that the value held may be wrong. It is served as stale, if at all, until a new one is
    /// there; a fetch that is on its way already does not count.
    pub fn invalidate(&self, secret: &SecretRef) {
        if let Some(slot) = self.core.store.find(secret) {
            self.core.invalidate(&slot);
        }
    }

    /// As [`SecretsManager::invalidate`], and the value held is wiped at once, so that the next read
    /// must wait.
    pub fn purge(&self, secret: &SecretRef) {
        if let Some(slot) = self.core.store.find(secret) {
            self.core.purge(&slot);
        }
    }

    /// Says that the secret at `path`, and each below it, has changed: what is held of them, in every version, counts as
    /// stale and is fetched anew. How many that are.
    pub fn changed(&self, path: &SecretPath) -> usize {
        let named = |slot: &Arc<Slot>| within(path.as_str(), slot.key().path().as_str());
        let slots: Vec<_> = self.core.store.all().into_iter().filter(named).collect();
        for slot in &slots {
            self.core.invalidate(slot);
            self.core.flight(slot);
        }
        slots.len()
    }

    /// What happens from now on. A subscriber that falls behind by more than 1,024 events misses some.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.core.journal.subscribe()
    }

    /// State of the breaker of each part of each provider that was asked so far: provider, part, state.
    pub fn breakers(&self) -> Vec<(Arc<str>, String, BreakerState)> {
        let of = |seat: &super::seat::Seat| {
            let name = seat.name.clone();
            seat.breakers().into_iter().map(move |(domain, state)| (name.clone(), domain, state))
        };
        self.core.seats.iter().flat_map(of).collect()
    }

    /// Number of secrets that have a place in the cache.
    pub fn len(&self) -> usize {
        self.core.store.len()
    }

    /// Whether no secret has a place in the cache.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The clock that the client goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.core.clock
    }

    fn hold(&self, secret: &SecretRef) -> Result<Held, ReadError> {
        let mut held = self.core.hold(secret)?;
        held.caller = self.caller.clone();
        Ok(held)
    }

    #[cold]
    fn audit_hit(&self, secret: &SecretRef, reading: &Reading) {
        if let Some(slot) = self.core.store.find(secret) {
            self.core.audit_read(&slot, self.caller.as_deref(), &Ok(reading.clone()));
        }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl Core {
    /// Reads `held` as `options` say.
    pub(crate) async fn read(
        self: &Arc<Self>,
        held: &Held,
        options: ReadOptions,
    ) -> Result<Reading, ReadError> {
        let slot = &held.slot;
        let budget = options.budget.unwrap_or(slot.policy().read_budget);
        let deadline = self.clock.now() + budget;
        slot.touch(self.clock.coarse());
        loop {
            self.check()?;
            if let Some(reading) = slot.reading(self.clock.now()) {
                if reading.is_fresh() {
                    return Ok(reading);
                }
                if !options.refuse_stale {
                    self.refresh_behind(slot);
                    return Ok(reading);
                }
            }
            if let Some((_, error)) = &slot.lock().negative {
                return Err(error.clone());
            }
            let flight = self.flight_if(slot, |state| {
                state.negative.is_none() && !slot.serves(self.clock.now(), !options.refuse_stale)
            });
            let Some(flight) = flight else { continue };
            match self.wait(slot, flight, deadline).await {
                Some(Landing::Superseded) => {}
                Some(Landing::Done(Ok(entry))) => return Ok(Reading::new(entry, Freshness::Fresh)),
                Some(Landing::Done(Err(error))) => return self.settle(slot, options, error),
                None => {
                    let error = ReadError::Deadline { secret: slot.key().clone(), budget };
                    return self.settle(slot, options, error);
                }
            }
        }
    }

    /// Fetches anew whatever is held, and waits for it.
    pub(crate) async fn refresh(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        budget: Duration,
    ) -> Result<Reading, ReadError> {
        let deadline = self.clock.now() + budget;
        loop {
            self.check()?;
            match self.wait(slot, self.flight(slot), deadline).await {
                Some(Landing::Superseded) => {}
                Some(Landing::Done(Ok(entry))) => return Ok(Reading::new(entry, Freshness::Fresh)),
                Some(Landing::Done(Err(error))) => return Err(error),
                None => return Err(ReadError::Deadline { secret: slot.key().clone(), budget }),
            }
        }
    }

    pub(crate) fn invalidate(self: &Arc<Self>, slot: &Arc<Slot>) {
        let now = self.clock.now();
        let mut state = slot.lock();
        state.generation += 1;
        state.wants_new = true;
        state.negative = None;
        state.cause = Some(Cause::Invalidated);
        if let Some(entry) = slot.usable(now) {
            let entry = Arc::new(entry.stale_from(now));
            self.schedule(slot, &mut state, &entry);
            slot.publish(Some(entry));
        }
    }

    pub(crate) fn purge(self: &Arc<Self>, slot: &Arc<Slot>) {
        let mut state = slot.lock();
        state.generation += 1;
        state.negative = None;
        state.cause = Some(Cause::Invalidated);
        state.previous = None;
        slot.publish(None);
    }

    /// Fetches anew what is held from the provider in `seat` at or below `path` (all when `None`), because
    /// it may have changed. Readers go on with what there is; a fetch on its way does not count.
    pub(crate) fn look_again(self: &Arc<Self>, seat: usize, path: Option<&SecretPath>) {
        for slot in self.store.all() {
            let named = path.is_none_or(|path| within(path.as_str(), slot.remote().path().as_str()));
            if slot.seat() != seat || !named {
                continue;
            }
            let known = {
                let mut state = slot.lock();
                state.generation += 1;
                state.negative.take().is_some()
            };
            if known || !slot.is_empty() || slot.is_pinned() {
                self.flight(&slot);
            }
        }
    }

    /// Starts a refresh of a stale value, unless the last one failed and the next has its time already.
    fn refresh_behind(self: &Arc<Self>, slot: &Arc<Slot>) {
        self.flight_if(slot, |state| {
            let waits = state.refresh_due.is_some() && state.cause.is_some_and(Cause::is_failure);
            !waits && !slot.serves(self.clock.now(), false)
        });
    }

    /// Waits for `flight` to land; `None` when `deadline` comes first.
    async fn wait(&self, slot: &Slot, mut flight: Flight, deadline: Tick) -> Option<Landing> {
        let landed = before(&*self.clock, deadline, flight.landing.wait_for(Option::is_some)).await?;
        let crashed = || Landing::Done(Err(ReadError::Panicked(slot.key().clone())));
        Some(landed.map_or_else(|_| crashed(), |landing| landing.clone().unwrap_or_else(crashed)))
    }

    /// What a reader gets after `error`: a stale value, if there is one and it may be served.
    fn settle(&self, slot: &Slot, options: ReadOptions, error: ReadError) -> Result<Reading, ReadError> {
        match slot.reading(self.clock.now()) {
            Some(reading) if reading.is_fresh() => Ok(reading),
            Some(reading) if error.allows_stale() && !options.refuse_stale => Ok(reading),
            _ => Err(error),
        }
    }
}
