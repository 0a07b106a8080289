//! Setting up a client.

use std::sync::Arc;

use super::audit::{AuditSink, Auditor};
use super::core::Core;
use super::hook::RotationHook;
use super::manager::SecretsManager;
use super::observer::ValueObserver;
use super::route::Routes;
use super::scheduler;
use super::seat::{Limits, Seat};
use crate::cache::{Jitter, Policy};
use crate::clock::{Clock, SystemClock};
use crate::provider::{ChangeListener, SecretProvider};

/// Secrets that one client holds at most, unless told otherwise.
const CAPACITY: usize = 10_000;

/// Sets up a [`SecretsManager`].
#[derive(Default)]
pub struct Builder {
    providers: Vec<(Arc<dyn SecretProvider>, Limits)>,
    routes: Routes,
    hooks: Vec<(String, Arc<dyn RotationHook>)>,
    auditor: Option<Auditor>,
    observers: Vec<Arc<dyn ValueObserver>>,
    clock: Option<Arc<dyn Clock>>,
    capacity: Option<usize>,
    seed: Option<u64>,
}

/// A client could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The client was built outside a tokio runtime. The caller must enter one.
    #[error("no tokio runtime is running here")]
    NoRuntime,
    /// There is nobody to ask. The caller must add a provider.
    #[error("no provider was added")]
    NoProvider,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Asks `provider` for paths that begin with `prefix` (whole segments, `*` for any one; empty for all).
    /// Of several that fit, the one with most segments counts.
    pub fn provider(self, prefix: &str, provider: impl SecretProvider) -> Self {
        self.shared_provider(&[prefix], Arc::new(provider))
    }

    /// As [`Builder::provider`], for a provider that serves several prefixes or is shared.
    pub fn shared_provider(mut self, prefixes: &[&str], provider: Arc<dyn SecretProvider>) -> Self {
        let seat = self.providers.len();
        self.providers.push((provider, Limits::default()));
        for prefix in prefixes {
            self.routes.add(prefix, seat, None, None);
        }
        self
    }

    /// Lets applications name what the provider added last calls `remote` (and what lies below it) `name`: they
    /// say `db/main`, and the operator decides where it lives. With `field`, the value is that one field of it;
    /// to use several fields of one secret, map it whole and select when reading, or they may be of two versions.
    pub fn map(mut self, name: &str, remote: &str, field: Option<&str>) -> Self {
        let seat = self.providers.len().saturating_sub(1);
        self.routes.add(name, seat, Some(remote), field);
        self
    }

    /// How hard the provider added last may be worked: calls per second in the long run, calls at once
    /// after a quiet time, and calls on their way at the same time. 500, 1,000 and 32 unless told otherwise.
    pub fn limits(mut self, rate: f64, burst: f64, concurrency: usize) -> Self {
        if let Some((_, limits)) = self.providers.last_mut() {
            *limits =
                Limits { rate: rate.max(0.001), burst: burst.max(1.0), concurrency: concurrency.max(1) };
        }
        self
    }

    /// The policy of all secrets that have no other.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.routes.default_policy(policy);
        self
    }

    /// The policy of secrets whose path begins with `prefix` (whole segments, `*` for any one). Of several
    /// that fit, the one with most segments counts.
    pub fn policy_for(mut self, prefix: &str, policy: Policy) -> Self {
        self.routes.add_policy(prefix, policy);
        self
    }

    /// A hook for all secrets whose path begins with `prefix` (whole segments; empty for all). Hooks run
    /// in the order in which they are added. From its first read on, such a secret is refreshed though
    /// nobody reads it any more.
    pub fn hook(mut self, prefix: &str, hook: impl RotationHook) -> Self {
        self.hooks.push((prefix.to_owned(), Arc::new(hook)));
        self
    }

    /// Has every call to a provider recorded by `sink`.
    pub fn audit(mut self, sink: impl AuditSink) -> Self {
        let reads = self.auditor.is_some_and(|auditor| auditor.reads);
        self.auditor = Some(Auditor { sink: Box::new(sink), reads });
        self
    }

    /// Has every read recorded as well, cached ones included: that makes each cost what the sink costs.
    /// Say it after [`Builder::audit`].
    pub fn audit_reads(mut self) -> Self {
        if let Some(auditor) = &mut self.auditor {
            auditor.reads = true;
        }
        self
    }

    /// Tells `observer` of every value before readers can get it.
    pub fn observer(mut self, observer: impl ValueObserver) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// The clock to go by; the machine's unless told otherwise.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// How many secrets are held at most; 10,000 unless told otherwise.
    pub fn capacity(mut self, secrets: usize) -> Self {
        self.capacity = Some(secrets.max(1));
        self
    }

    /// Makes all random waits the same in every run, for tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The client. It works in the background on the tokio runtime that runs here.
    ///
    /// # Errors
    /// When no runtime runs here or no provider was added.
    pub fn build(self) -> Result<SecretsManager, BuildError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        if self.providers.is_empty() {
            return Err(BuildError::NoProvider);
        }
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let now = clock.now();
        let seat = |(provider, limits)| Seat::new(provider, limits, now);
        let seats = self.providers.into_iter().map(seat).collect();
        let capacity = self.capacity.unwrap_or(CAPACITY);
        let watchers = (self.auditor, self.observers);
        let core = Arc::new(Core::new(
            clock,
            Jitter::new(self.seed),
            capacity,
            runtime,
            seats,
            self.routes,
            watchers,
        ));
        for (prefix, hook) in self.hooks {
            core.hooks.add(&prefix, hook);
        }
        let (weak, agenda, clock) = (Arc::downgrade(&core), core.agenda.clone(), core.clock.clone());
        for (seat, listener) in core.seats.iter().zip((0..).map(|seat| listener(&core, seat))) {
            seat.provider.listen(listener);
        }
        core.runtime.spawn(scheduler::run(weak, agenda, clock));
        Ok(SecretsManager::from_core(core))
    }
}

/// Takes the hints of the provider in `seat`. Does not keep the client alive.
fn listener(core: &Arc<Core>, seat: usize) -> ChangeListener {
    let core = Arc::downgrade(core);
    ChangeListener::new(move |path| {
        if let Some(core) = core.upgrade() {
            core.look_again(seat, path);
        }
    })
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("providers", &self.providers.len()).finish_non_exhaustive()
    }
}
