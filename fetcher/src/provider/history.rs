//! Which versions of a secret a manager knows of.

use crate::secret::Version;

/// Which versions of a secret a manager knows of: names and standing, no values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The versions, newest first.
    pub versions: Vec<KnownVersion>,
    /// Versions that the manager has dropped since to make room, as far as it tells: it keeps nothing of them.
    pub dropped: u64,
}

/// One version that a manager knows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownVersion {
    /// The manager's name of it.
    pub version: Version,
    /// Whether its value can be read.
    pub standing: VersionStanding,
}

/// Whether the value of a version can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VersionStanding {
    /// It can.
    Kept,
    /// Not now: it was deleted, and can be brought back.
    Deleted,
    /// Not now: it is disabled, and can be enabled.
    Disabled,
    /// Never again.
    Destroyed,
}
