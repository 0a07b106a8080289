//! What a reader gets: a value and how fresh it is.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::Entry;
use crate::provider::FaultKind;
use crate::secret::{FieldError, Secret};

/// A value read, and how fresh it is. Cheap to clone; it keeps the value in memory while it lives,
/// so hold on to the client rather than to a reading.
#[derive(Clone, Debug)]
pub struct Reading {
    entry: Arc<Entry>,
    freshness: Freshness,
}

/// Whether a value is within its time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is.
    Fresh,
    /// It is not, and no new one could be had yet; it is still within its hard bound.
    Stale {
        /// Time since the request that brought or confirmed the value.
        age: Duration,
        /// Why there is no newer one.
        cause: Cause,
    },
}

/// Why a value has not been renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A refresh is on its way.
    Refreshing,
    /// Somebody invalidated the value, and the refresh is on its way.
    Invalidated,
    /// The last refresh failed.
    Fault(FaultKind),
    /// The circuit breaker does not let calls through.
    BreakerOpen,
    /// A rotation hook refused the new version.
    Rejected,
}

impl Cause {
    /// A short name for metrics and events, kebab-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refreshing => "refreshing",
            Self::Invalidated => "invalidated",
            Self::Fault(kind) => kind.name(),
            Self::BreakerOpen => "breaker-open",
            Self::Rejected => "rejected",
        }
    }
}

impl Reading {
    pub(crate) fn new(entry: Arc<Entry>, freshness: Freshness) -> Self {
        Self { entry, freshness }
    }

    /// The entry behind the reading, to be kept or passed on.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Whether the value is within its time to live.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Whether the value is within its time to live.
    pub fn is_fresh(&self) -> bool {
        self.freshness == Freshness::Fresh
    }

    /// One field of the value, a copy. See [`Secret::field`].
    ///
    /// # Errors
    /// When the value is not JSON or has no such field.
    pub fn field(&self, name: &str) -> Result<Secret, FieldError> {
        self.entry.secret().field(name)
    }
}

impl Deref for Reading {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.entry
    }
}
