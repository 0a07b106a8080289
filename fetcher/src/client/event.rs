//! What happened, for those who watch over the client. Never a value.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use crate::cache::{Cause, Shortfall};
use crate::provider::FaultKind;
use crate::secret::{SecretRef, Tag, Version};

/// Events kept for a subscriber that is slow; after that it misses the oldest.
const BACKLOG: usize = 1024;

/// Something that happened to a secret or a provider.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A provider gave a value.
    Fetched {
        /// What was fetched.
        secret: SecretRef,
        /// Which version came.
        version: Version,
        /// From the first attempt's sending to the answer.
        took: Duration,
    },
    /// A fetch failed for good.
    FetchFailed {
        /// What was to be fetched.
        secret: SecretRef,
        /// Why it failed.
        cause: Cause,
        /// When it will be tried again, if by itself.
        retry_in: Option<Duration>,
    },
    /// Readers see another version from now on.
    Changed {
        /// Which secret.
        secret: SecretRef,
        /// What they saw before, if anything.
        from: Option<Version>,
        /// What they see now.
        to: Version,
    },
    /// A value reached its hard bound and was wiped.
    Expired {
        /// Which secret.
        secret: SecretRef,
    },
    /// A value was wiped because the provider says that it is gone, or no longer ours.
    Withdrawn {
        /// Which secret.
        secret: SecretRef,
        /// What the provider said.
        kind: FaultKind,
    },
    /// A rotation hook refused a version, or failed over it.
    HookFailed {
        /// Which secret.
        secret: SecretRef,
        /// The version it was told of.
        version: Version,
        /// Its name.
        hook: Arc<str>,
        /// What it was doing: `prepare`, `commit`, `drain` or `retire`.
        step: &'static str,
        /// Whether readers got the version nevertheless, because the old value had ended.
        degraded: bool,
    },
    /// A lease was made longer.
    LeaseRenewed {
        /// Which secret.
        secret: SecretRef,
        /// Stands for the lease's id.
        lease: Tag,
        /// How long it lasts from now on.
        granted: Duration,
    },
    /// A lease was ended by us.
    LeaseRevoked {
        /// Stands for the lease's id.
        lease: Tag,
    },
    /// A lease that should have been ended by us was not, and is left to expire.
    LeaseLeft {
        /// Stands for the lease's id.
        lease: Tag,
    },
    /// A request for new credentials went unanswered: the manager may have lent some that nobody holds.
    LeaseOrphaned {
        /// Which secret.
        secret: SecretRef,
    },
    /// A provider, or one domain of it, is left alone for a while.
    BreakerOpened {
        /// Its name.
        provider: Arc<str>,
        /// The part of it that fails.
        domain: String,
    },
    /// A provider answers again.
    BreakerClosed {
        /// Its name.
        provider: Arc<str>,
        /// The part of it that failed.
        domain: String,
    },
    /// A value falls short of what its class demands. Told once for each version.
    ShortOfClass {
        /// Which secret.
        secret: SecretRef,
        /// Name of the class.
        class: Arc<str>,
        /// How it falls short.
        shortfall: Shortfall,
    },
    /// Somebody set the calendar; ends that it decides were looked at again.
    ClockStepped {
        /// How far it moved against the running clock, in whole seconds; negative for back.
        seconds: i64,
    },
    /// The client was shut down.
    Closed,
}

/// Where events go.
pub(crate) struct Journal {
    sender: broadcast::Sender<Event>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    pub(crate) fn record(&self, event: Event) {
        event.trace();
        #[cfg(feature = "metrics")]
        event.measure();
        // Fails only when nobody listens.
        let _ = self.sender.send(event);
    }
}

impl Event {
    fn trace(&self) {
        match self {
            Self::Fetched { secret, version, took } => {
                tracing::debug!(%secret, %version, ?took, "secret fetched");
            }
            Self::FetchFailed { secret, cause, retry_in } => {
                tracing::warn!(%secret, cause = cause.name(), ?retry_in, "secret could not be fetched");
            }
            Self::Changed { secret, from, to } => {
                let from = from.as_ref().map_or("none", Version::as_str);
                tracing::info!(%secret, from, %to, "secret changed");
            }
            Self::Expired { secret } => {
                tracing::warn!(%secret, "secret reached its hard bound and was wiped")
            }
            Self::Withdrawn { secret, kind } => {
                tracing::warn!(%secret, cause = kind.name(), "secret withdrawn and wiped");
            }
            Self::HookFailed { secret, version, hook, step, degraded } => {
                tracing::warn!(%secret, %version, %hook, step, degraded, "rotation hook failed");
            }
            Self::LeaseRenewed { secret, lease, granted } => {
                tracing::debug!(%secret, %lease, ?granted, "lease renewed");
            }
            Self::LeaseRevoked { lease } => tracing::debug!(%lease, "lease revoked"),
            Self::LeaseLeft { lease } => tracing::warn!(%lease, "lease could not be revoked, left to expire"),
            Self::LeaseOrphaned { secret } => {
                tracing::warn!(%secret, "credentials may have been lent to nobody")
            }
            Self::BreakerOpened { provider, domain } => tracing::warn!(%provider, domain, "breaker opened"),
            Self::BreakerClosed { provider, domain } => tracing::info!(%provider, domain, "breaker closed"),
            Self::ShortOfClass { secret, class, shortfall } => {
                tracing::warn!(%secret, %class, shortfall = shortfall.name(), "secret falls short of its class");
            }
            Self::ClockStepped { seconds } => tracing::warn!(seconds, "the calendar was set"),
            Self::Closed => tracing::debug!("client shut down"),
        }
    }
}
