//! What is expected of a kind of secret, beyond how long it is held.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Entry;

/// What is expected of a kind of secret. Nothing is refused for it: what falls short is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its name, for events and metrics.
    pub name: Arc<str>,
    /// How bad a leak would be.
    pub sensitivity: Sensitivity,
    /// A value that is not lent must be replaced within this time.
    pub rotate_within: Option<Duration>,
    /// Values must be lent, not stored.
    pub dynamic: bool,
}

/// How bad a leak of a secret would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "mapping", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Sensitivity {
    /// A nuisance.
    Low,
    /// An incident.
    #[default]
    Medium,
    /// A breach.
    High,
    /// The end of the company's secrets: a root key, an authority.
    Critical,
}

/// How a secret falls short of its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall {
    /// The value is older than the class allows.
    Overdue {
        /// Its age by the manager's calendar.
        age: Duration,
    },
    /// The class demands values that are lent, this one is stored.
    Static,
}

impl Shortfall {
    /// A short name for metrics and events, kebab-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overdue { .. } => "overdue",
            Self::Static => "static",
        }
    }
}

impl Class {
    /// How `entry` falls short at `wall`, if it does; the worse of two.
    pub(crate) fn judge(&self, entry: &Entry, wall: SystemTime) -> Option<Shortfall> {
        if entry.lease().is_some() {
            return None;
        }
        if self.dynamic {
            return Some(Shortfall::Static);
        }
        let age = wall.duration_since(entry.created()?).ok()?;
        self.rotate_within.filter(|most| age > *most).map(|_| Shortfall::Overdue { age })
    }
}
