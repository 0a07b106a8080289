//! What a provider can do beyond fetching the current version.

/// What a provider can do beyond fetching the current version of one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Older versions can be fetched by their name.
    pub versions: bool,
    /// [`VersionSelector::Previous`](crate::VersionSelector::Previous) is understood.
    pub previous: bool,
    /// Paths can be listed.
    pub list: bool,
    /// The version can be asked for without the value.
    pub version_check: bool,
    /// Values may come under leases that can be renewed and revoked.
    pub leases: bool,
    /// How many secrets one call may fetch; 1 where there is no batch call.
    pub batch: usize,
}

impl Capabilities {
    /// A provider that can fetch the current version and nothing else.
    pub const PLAIN: Self =
        Self { versions: false, previous: false, list: false, version_check: false, leases: false, batch: 1 };

    /// With older versions by name, and with the previous one.
    pub const fn with_versions(mut self) -> Self {
        self.versions = true;
        self.previous = true;
        self
    }

    /// With listing.
    pub const fn with_list(mut self) -> Self {
        self.list = true;
        self
    }

    /// With a version check that does not move the value.
    pub const fn with_version_check(mut self) -> Self {
        self.version_check = true;
        self
    }

    /// With leases.
    pub const fn with_leases(mut self) -> Self {
        self.leases = true;
        self
    }

    /// With a batch call of up to `size` secrets.
    pub const fn with_batch(mut self, size: usize) -> Self {
        self.batch = size;
        self
    }
}
