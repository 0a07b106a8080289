//! A loan of credentials: how long they live and the handle to renew or end them.

use std::fmt;
use std::time::Duration;

use crate::secret::{Secret, Tag};

/// The terms under which credentials were lent. Its id is itself a capability (whoever knows it can
/// revoke), so it is kept like a secret and printed as a [`Tag`].
pub struct Lease {
    id: Secret,
    /// How long the credentials live, counted from before the request that brought them (or renewed them).
    pub duration: Duration,
    /// Whether the manager will renew it at all.
    pub renewable: bool,
    /// Life left in the login that asked for it, if that has an end: the lease dies with it.
    pub login_left: Option<Duration>,
}

impl Lease {
    /// A lease of `duration`, not renewable, under a login without end.
    pub fn new(id: Secret, duration: Duration) -> Self {
        Self { id, duration, renewable: false, login_left: None }
    }

    /// The manager's handle; the reason to open it is to send it back to the manager.
    pub fn id(&self) -> &Secret {
        &self.id
    }

    /// What logs show in place of the id.
    pub fn tag(&self) -> Tag {
        self.id.tag()
    }

    /// The same lease with other terms, after a renewal.
    pub fn renewed(&self, renewal: &Renewal) -> Self {
        Self {
            id: self.id.duplicate(),
            duration: renewal.granted,
            renewable: renewal.renewable,
            login_left: renewal.login_left,
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("id", &self.tag())
            .field("duration", &self.duration)
            .field("renewable", &self.renewable)
            .field("login_left", &self.login_left)
            .finish()
    }
}

/// What a renewal brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// How long the lease lasts from now on; may be less than was asked for.
    pub granted: Duration,
    /// Whether it can be renewed once more.
    pub renewable: bool,
    /// The manager said that it cut the time: the lease's final end is near.
    pub capped: bool,
    /// Life left in the login, if that has an end.
    pub login_left: Option<Duration>,
}
