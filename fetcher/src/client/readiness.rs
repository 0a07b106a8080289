//! Starting without waiting: which secrets a service needs, and whether it has them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::manager::SecretsManager;
use super::watch::Pinned;
use crate::cache::ReadError;
use crate::clock::before;
use crate::secret::SecretRef;

/// How often readiness is looked at while somebody waits for it without any event.
const LOOK: Duration = Duration::from_secs(1);

/// Whether a service can do without a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It is not ready without it.
    Required,
    /// It can.
    Optional,
}

/// Whether all required secrets are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Required secrets without a usable value, in the order in which they were named; ready when empty.
    pub missing: Vec<SecretRef>,
    /// Optional secrets without a usable value.
    pub missing_optional: Vec<SecretRef>,
}

impl Readiness {
    /// Whether all required secrets are held.
    pub fn is_ready(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Secrets named at start; they keep their places and are refreshed though nobody reads them.
#[derive(Default)]
pub(crate) struct Wanted(Mutex<Vec<(Pinned, Need)>>);

impl SecretsManager {
    /// Names secrets that the service will need and starts fetching them; returns at once. What fails
    /// is tried again by itself, for as long as the client lives.
    ///
    /// # Errors
    /// When no provider is configured for one of them, or the cache is too small.
    pub fn prefetch(&self, secrets: impl IntoIterator<Item = (SecretRef, Need)>) -> Result<(), ReadError> {
        let core = self.core();
        for (secret, need) in secrets {
            let pinned = Pinned::new(core.hold(&secret)?.slot.clone());
            let slot = pinned.0.clone();
            core.wanted.0.lock().unwrap_or_else(PoisonError::into_inner).push((pinned, need));
            if slot.usable(core.clock.now()).is_none() {
                core.flight(&slot);
            }
        }
        Ok(())
    }

    /// Whether all required secrets are held now. Says nothing about whether providers are well:
    /// a service that has what it needs is ready.
    pub fn readiness(&self) -> Readiness {
        let core = self.core();
        let now = core.clock.now();
        let wanted = core.wanted.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = |need: Need| {
            let lacks = |pinned: &Pinned| pinned.0.usable(now).is_none();
            let of = wanted.iter().filter(|(pinned, n)| *n == need && lacks(pinned));
            of.map(|(pinned, _)| pinned.0.key().clone()).collect()
        };
        Readiness { missing: missing(Need::Required), missing_optional: missing(Need::Optional) }
    }

    /// Waits until all required secrets are held, at most `budget`; the readiness then.
    pub async fn ready(&self, budget: Duration) -> Readiness {
        let clock = self.clock().clone();
        let deadline = clock.now() + budget;
        let mut events = self.events();
        loop {
            let readiness = self.readiness();
            let now = clock.now();
            if readiness.is_ready() || now >= deadline || self.core().is_closed() {
                return readiness;
            }
            let _ = before(&*clock, deadline.min(now + LOOK), events.recv()).await;
        }
    }
}

impl Wanted {
    /// Forgets all: they lose their places.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
