//! Going away in order.

use std::time::Duration;

use super::event::Event;
use super::manager::SecretsManager;
use super::rotation::close_hooks;
use crate::clock::before;

/// Time limit of giving all leases back.
const REVOKE_LIMIT: Duration = Duration::from_secs(5);
/// Time limit of waiting for fetches on their way, and of ending one provider's login.
const STEP_LIMIT: Duration = Duration::from_secs(5);

/// What became of the leases at shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Leases that are over.
    pub revoked: usize,
    /// Leases that could not be ended in time, and are left to expire.
    pub left: usize,
}

impl SecretsManager {
    /// Goes away in order: no new fetches, hooks closed, leases given back (newest first, 5 s at most),
    /// logins of our own ended, every value wiped. Reads fail with `Closed` from the first moment on.
    /// To be called on SIGTERM, before the runtime ends. A second call does nothing.
    pub async fn shutdown(&self) -> Farewell {
        let core = self.core();
        if !core.fork.is_same_process() || !core.close() {
            // A child must not end what its parent holds.
            return Farewell { revoked: 0, left: 0 };
        }
        let clock = core.clock.clone();
        let limit = |span: Duration| clock.now() + span;
        for slot in core.store.all() {
            slot.lock().changes = None;
        }
        close_hooks(core).await;
        let _ = before(&*clock, limit(STEP_LIMIT), core.quiet()).await;
        let (revoked, left) = core.revoke_all(limit(REVOKE_LIMIT)).await;
        for seat in &core.seats {
            let closed = before(&*clock, limit(STEP_LIMIT), seat.provider.close()).await;
            if !matches!(closed, Some(Ok(()))) {
                tracing::warn!(provider = %seat.name, "the login could not be ended");
            }
        }
        core.wanted.clear();
        core.store.all().iter().for_each(|slot| slot.wipe());
        core.journal.record(Event::Closed);
        Farewell { revoked, left }
    }
}
