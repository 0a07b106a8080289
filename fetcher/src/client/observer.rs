//! Who is told which values are held.

use std::sync::Arc;

use crate::cache::Entry;
use crate::secret::SecretRef;

/// Is told of every value before readers can get it. Keep a weak reference at most: whoever keeps the
/// entry keeps its value in memory. Called with the secret's place locked: be quick, and read nothing from the client.
pub trait ValueObserver: Send + Sync + 'static {
    /// `entry` is about to be what readers get.
    fn held(&self, secret: &SecretRef, entry: &Arc<Entry>);

    /// The value of `secret` is not held any more.
    fn dropped(&self, secret: &SecretRef) {
        let _ = secret;
    }
}
