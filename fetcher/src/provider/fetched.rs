//! One value as a provider gave it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::Lease;
use crate::secret::{Secret, Version};

/// One value as a provider gave it, with all that decides how long it may be used.
#[derive(Debug)]
pub struct Fetched {
    /// The value: raw bytes, or the JSON text of an object with several fields.
    pub secret: Secret,
    /// The provider's name of this version; where it has none, something that changes with the value.
    pub version: Version,
    /// When this version was made, by the manager's calendar.
    pub created: Option<SystemTime>,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// What people wrote beside the value, such as its owner: never secret.
    pub labels: Labels,
}

/// Notes beside a secret, by name: Vault's custom metadata, the tags of clouds.
pub type Labels = BTreeMap<String, String>;

impl Fetched {
    /// A value without an end of its own.
    pub fn new(secret: Secret, version: Version) -> Self {
        Self { secret, version, created: None, lifetime: Lifetime::Open, labels: Labels::new() }
    }

    /// With another lifetime.
    pub fn with_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// With notes.
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// With the time it was made.
    pub fn with_created(mut self, created: SystemTime) -> Self {
        self.created = Some(created);
        self
    }
}

/// How long a value lives, as far as its manager knows.
#[derive(Debug)]
#[non_exhaustive]
pub enum Lifetime {
    /// No end is known: the reader's own policy decides (key/value secrets).
    Open,
    /// The manager suggests to look again after this long; the value stays valid (KV v1 `ttl`).
    Hint(Duration),
    /// The manager will put another value in its place after this long (static database roles).
    Rotates(Duration),
    /// It ends at this time of the calendar (certificates, federated credentials).
    Until(SystemTime),
    /// It is lent, and ends with the lease unless that is renewed.
    Leased(Lease),
}
