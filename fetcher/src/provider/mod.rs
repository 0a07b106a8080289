//! How one kind of secrets manager is asked: the [`SecretProvider`] trait and what it answers.
//! A provider asks once and answers; caching, retrying, breaking and time limits are not its business.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "azure")]
pub mod azure;
mod capabilities;
mod change;
pub mod environment;
mod fault;
mod fetched;
pub mod file;
#[cfg(feature = "gcp")]
pub mod gcp;
mod history;
mod keeper;
mod lease;
mod listing;
mod mock;
pub mod vault;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use capabilities::Capabilities;
pub use change::ChangeListener;
pub use fault::{Fault, FaultKind};
pub use fetched::{Fetched, Labels, Lifetime};
pub use history::{History, KnownVersion, VersionStanding};
pub use keeper::{Means, SecretKeeper};
pub use lease::{Lease, Renewal};
pub use listing::Listing;
pub use mock::{Attempt, MockProvider, Operation};

use crate::secret::{SecretPath, SecretRef, Version};

/// A provider's answer in the making; boxed, so that the trait can be used as `dyn`.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// One manager, or one account of one. Each method is one attempt: the caller retries, and may drop
/// the future at any await point.
pub trait SecretProvider: Send + Sync + 'static {
    /// A short name for logs and metrics: `vault`, `aws`. Never an address with credentials.
    fn name(&self) -> &str;

    /// What this provider can do beyond fetching.
    fn capabilities(&self) -> Capabilities;

    /// The part of the provider that fails together with `path`, for the circuit breaker:
    /// the mount for Vault, one for all where nothing better is known.
    fn domain<'a>(&'a self, path: &'a SecretPath) -> &'a str {
        let _ = path;
        ""
    }

    /// Whether a fetch that failed without an answer may simply be repeated. Not so where each
    /// fetch makes something: dynamic database credentials, certificates.
    fn repeatable(&self, path: &SecretPath) -> bool {
        let _ = path;
        true
    }

    /// Fetches one version of one secret.
    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched>;

    /// Fetches several at once, one result for each, in the same order. At most
    /// [`Capabilities::batch`] are asked for.
    fn fetch_many<'a>(&'a self, secrets: &'a [SecretRef]) -> Answer<'a, Vec<Result<Fetched, Fault>>> {
        Box::pin(async move {
            let mut all = Vec::with_capacity(secrets.len());
            for secret in secrets {
                all.push(self.fetch(secret).await);
            }
            Ok(all)
        })
    }

    /// Paths of all secrets below `prefix` (all that may be listed when `None`), sorted.
    fn list<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Vec<SecretPath>> {
        let _ = prefix;
        Box::pin(async { Err(Fault::new(FaultKind::Unsupported)) })
    }

    /// What [`Self::list`] finds, and what could not be listed: one closed folder does not hide the others.
    fn survey<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Listing> {
        Box::pin(async move { Ok(Listing { paths: self.list(prefix).await?, closed: Vec::new() }) })
    }

    /// Which version a fetch would give now, without moving the value over the wire.
    fn version<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Version> {
        let _ = secret;
        Box::pin(async { Err(Fault::new(FaultKind::Unsupported)) })
    }

    /// Which versions of the secret at `path` the manager knows of, without moving a value over the wire.
    /// [`FaultKind::Unsupported`]: it keeps no versions.
    fn history<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, History> {
        let _ = path;
        Box::pin(async { Err(Fault::new(FaultKind::Unsupported)) })
    }

    /// Asks that `lease` last `wanted` from now on.
    fn renew<'a>(&'a self, lease: &'a Lease, wanted: Duration) -> Answer<'a, Renewal> {
        let _ = (lease, wanted);
        Box::pin(async { Err(Fault::new(FaultKind::Unsupported)) })
    }

    /// Ends `lease` now, and with it the credentials that came under it.
    fn revoke<'a>(&'a self, lease: &'a Lease) -> Answer<'a, ()> {
        let _ = lease;
        Box::pin(async { Err(Fault::new(FaultKind::Unsupported)) })
    }

    /// Logs in anew, once, after a denial that an expired login would explain as well.
    /// `Ok(false)`: there is nothing to log in with, the denial stands.
    fn relogin(&self) -> Answer<'_, bool> {
        Box::pin(async { Ok(false) })
    }

    /// This provider as one that changes secrets, if it can.
    fn keeper(&self) -> Option<&dyn SecretKeeper> {
        None
    }

    /// From now on tells `listener` when secrets may have changed, if the provider can know without being
    /// asked. Called once, inside the runtime.
    fn listen(&self, listener: ChangeListener) {
        drop(listener);
    }

    /// Ends what the provider itself opened (its own login, never a token that it was given).
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
