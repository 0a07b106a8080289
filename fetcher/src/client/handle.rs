//! A handle on one secret.

use std::sync::Arc;
use std::time::Duration;

use super::core::Held;
use super::hook::RotationHook;
use super::manager::ReadOptions;
use super::rotation::HookGuard;
use super::watch::{Pinned, Watch};
use crate::cache::{Freshness, ReadError, Reading};
use crate::clock::Tick;
use crate::secret::SecretRef;

/// Forced refreshes of one secret are at least this far apart.
const FORCE_PAUSE: Duration = Duration::from_secs(5);

/// A handle on one secret: finds it without a look-up, and keeps its place in the cache.
#[derive(Clone)]
pub struct SecretHandle {
    held: Held,
}

/// The version in force and the one before it, for consumers that must accept both
/// (signatures of webhooks, keys of tokens).
#[derive(Clone, Debug)]
pub struct Pair {
    /// The version in force.
    pub current: Reading,
    /// The version before it, while it is kept. Never mix fields of the two.
    pub previous: Option<Reading>,
}

impl SecretHandle {
    pub(crate) fn new(held: Held) -> Self {
        Self { held }
    }

    /// Which secret this is.
    pub fn name(&self) -> &SecretRef {
        self.held.slot.key()
    }

    /// Reads the secret. See [`SecretsManager::read`](super::SecretsManager::read).
    ///
    /// # Errors
    /// When there is no usable value.
    pub async fn read(&self) -> Result<Reading, ReadError> {
        match self.cached() {
            Some(reading) => Ok(reading),
            None => self.read_with(ReadOptions::default()).await,
        }
    }

    /// Reads the secret as `options` say.
    ///
    /// # Errors
    /// When there is no usable value.
    pub async fn read_with(&self, options: ReadOptions) -> Result<Reading, ReadError> {
        let outcome = self.held.core.read(&self.held, options).await;
        self.held.audit(&outcome);
        outcome
    }

    /// The fresh value held, if there is one: no lock, no allocation, no waiting.
    #[inline]
    pub fn cached(&self) -> Option<Reading> {
        let core = &self.held.core;
        let entry = self.held.slot.fresh(core.clock.coarse())?;
        if !core.fork.is_marked() {
            return None;
        }
        let outcome = Ok(Reading::new(entry, Freshness::Fresh));
        self.held.audit(&outcome);
        outcome.ok()
    }

    /// The value held, fresh or stale, if it is usable: never waits, asks nobody. It counts as a read.
    pub fn held(&self) -> Option<Reading> {
        let core = &self.held.core;
        if !core.fork.is_marked() {
            return None;
        }
        let now = core.clock.coarse();
        self.held.slot.touch(now);
        self.held.slot.reading(now)
    }

    /// Says that the value held may be wrong. See [`SecretsManager::invalidate`](super::SecretsManager::invalidate).
    pub fn invalidate(&self) {
        self.held.core.invalidate(&self.held.slot);
    }

    /// Fetches anew, whatever is held, and waits up to the policy's fetch time limit. At most once in 5 s for
    /// one secret the provider is really asked; in between, the value held is the answer. After a login that
    /// failed, [`SecretHandle::replace`] is the better question.
    ///
    /// # Errors
    /// When no new value could be had.
    pub async fn refresh(&self) -> Result<Reading, ReadError> {
        let (core, slot) = (&self.held.core, &self.held.slot);
        core.check()?;
        let now = core.clock.now();
        let again = {
            let mut state = slot.lock();
            let recent = state.forced_at.is_some_and(|at| now.since(at) < FORCE_PAUSE);
            if !recent {
                state.forced_at = Some(now);
            }
            recent
        };
        if again {
            return self.read_with(ReadOptions { refuse_stale: true, ..ReadOptions::default() }).await;
        }
        core.invalidate(slot);
        core.refresh(slot, slot.policy().fetch_timeout).await
    }

    /// Another value than `failed`, with which a login failed: the one held, when it is another already;
    /// else a new one from the provider. Many connections may call this at once, the provider is asked
    /// once; it is not asked again within 5 s of the last time, that time is waited out.
    ///
    /// # Errors
    /// When no new value could be had.
    pub async fn replace(&self, failed: &Reading) -> Result<Reading, ReadError> {
        let (core, slot) = (&self.held.core, &self.held.slot);
        core.check()?;
        let other = |held: &Reading| held.is_fresh() && !held.is_same(failed);
        let until = slot.lock().forced_at.map(|at| at + FORCE_PAUSE);
        if let Some(held) = slot.reading(core.clock.now()).filter(other) {
            return Ok(held);
        }
        if let Some(until) = until {
            core.clock.sleep_until(until).await;
            if let Some(held) = slot.reading(core.clock.now()).filter(other) {
                return Ok(held);
            }
        }
        self.refresh().await
    }

    /// The version in force and, for the policy's `keep_previous` after a rotation, the one before it.
    /// If the rotation was before the start, the provider is asked for the latter, if it can tell.
    ///
    /// # Errors
    /// When there is no usable current version.
    pub async fn current_and_previous(&self) -> Result<Pair, ReadError> {
        let current = self.read().await?;
        let core = &self.held.core;
        let now = core.clock.now();
        let (kept, rotated) = {
            let state = self.held.slot.lock();
            (state.previous.clone(), state.rotated)
        };
        if rotated {
            let kept = kept.filter(|(_, until)| now < *until);
            let previous = kept.map(|(entry, _)| Reading::new(entry, Freshness::Fresh));
            return Ok(Pair { current, previous });
        }
        let age = current.created().and_then(|at| core.clock.wall().duration_since(at).ok());
        let over = age.is_some_and(|age| age > self.held.slot.policy().keep_previous);
        let seat = core.seat(&self.held.slot);
        let mut previous = None;
        if seat.provider.capabilities().previous && current.lease().is_none() && !over {
            let name = SecretRef::previous(self.name().path().clone());
            previous = core.read(&core.hold(&name)?, ReadOptions::default()).await.ok();
        }
        previous.take_if(|previous| previous.version() == current.version());
        Ok(Pair { current, previous })
    }

    /// The secret's changes, from now on. While the watch lives the secret is refreshed though nobody reads it.
    pub fn watch(&self) -> Watch {
        Watch::new(self.held.clone())
    }

    pub(crate) fn pin(&self) -> Pinned {
        Pinned::new(self.held.slot.clone())
    }

    pub(crate) fn now(&self) -> Tick {
        self.held.core.clock.now()
    }

    /// Waits for `time`.
    pub(crate) async fn pause(&self, time: Duration) {
        let clock = &self.held.core.clock;
        clock.sleep_until(clock.now() + time).await;
    }

    /// Adds a hook for this secret, after those that are there. It stays for as long as the guard lives,
    /// and the secret is refreshed though nobody reads it.
    pub fn hook(&self, hook: impl RotationHook) -> HookGuard {
        HookGuard::new(&self.held.core, self.held.slot.clone(), Arc::new(hook))
    }
}

impl std::fmt::Debug for SecretHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SecretHandle").field(self.name()).finish()
    }
}
