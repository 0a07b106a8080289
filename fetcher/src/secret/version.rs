//! Which version of a secret is asked for, and which one was given.

use std::fmt;
use std::sync::Arc;

/// A provider's own name of a version: a number, a UUID, a stage. Safe to print.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(Arc<str>);

impl Version {
    /// The version that the provider calls `id`.
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(id.as_ref().into())
    }

    /// The provider's name of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.0)
    }
}

/// Which version of a secret is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VersionSelector {
    /// The one in force (AWS: stage `AWSCURRENT`).
    #[default]
    Current,
    /// The one that was in force before (AWS: stage `AWSPREVIOUS`; numbered: the newest readable below the current).
    Previous,
    /// Exactly this one, by the provider's own name.
    Exact(Version),
    /// The one that carries this label (AWS staging label, Google version alias).
    Stage(Arc<str>),
}
