//! How a provider says, without being asked, that a secret may have changed.

use std::fmt;
use std::sync::Arc;

use crate::secret::SecretPath;

/// Takes hints that secrets may have changed; the client then fetches those that it holds. Cheap to clone.
#[derive(Clone)]
pub struct ChangeListener(Arc<Tell>);

type Tell = dyn Fn(Option<&SecretPath>) + Send + Sync;

impl ChangeListener {
    /// A listener that calls `tell` with a path, or with `None` when any may have changed.
    pub fn new(tell: impl Fn(Option<&SecretPath>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The secret at `path`, or one below it, may have changed.
    pub fn changed(&self, path: &SecretPath) {
        (self.0)(Some(path));
    }

    /// Any secret may have changed.
    pub fn anything_changed(&self) {
        (self.0)(None);
    }
}

impl fmt::Debug for ChangeListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeListener")
    }
}
