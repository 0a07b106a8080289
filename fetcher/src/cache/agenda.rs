//! What is to be done when: one heap for all secrets, worked off by one task.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use super::Slot;
use crate::clock::Tick;

/// Something to do about one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chore {
    /// Wipe what has reached its hard bound. First, when several are due at once.
    Expire,
    /// Fetch anew or renew the lease.
    Refresh,
}

/// The chores of all secrets. A chore that was put off is left in and ignored when it comes up: the
/// slot knows which one counts.
pub(crate) struct Agenda {
    heap: Mutex<BinaryHeap<Reverse<Item>>>,
    sooner: Notify,
}

struct Item {
    at: Tick,
    chore: Chore,
    number: u64,
    slot: Weak<Slot>,
}

impl Agenda {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { heap: Mutex::default(), sooner: Notify::new() })
    }

    /// Notes a chore for `slot` at `at`.
    pub(crate) fn add(&self, slot: &Arc<Slot>, chore: Chore, at: Tick) {
        if at == Tick::NEVER {
            return;
        }
        let mut heap = self.lock();
        let first = heap.peek().is_none_or(|Reverse(item)| at < item.at);
        heap.push(Reverse(Item { at, chore, number: slot.key().hash64(), slot: Arc::downgrade(slot) }));
        drop(heap);
        if first {
            self.sooner.notify_one();
        }
    }

    /// When the first chore is due; [`Tick::NEVER`] when there is none.
    pub(crate) fn first(&self) -> Tick {
        self.lock().peek().map_or(Tick::NEVER, |Reverse(item)| item.at)
    }

    /// Takes out one chore that is due at `now`, the oldest first; what was dropped since is passed over.
    pub(crate) fn take_due(&self, now: Tick) -> Option<(Arc<Slot>, Chore, Tick)> {
        let mut heap = self.lock();
        while heap.peek().is_some_and(|Reverse(item)| item.at <= now) {
            let Reverse(item) = heap.pop()?;
            if let Some(slot) = item.slot.upgrade() {
                return Some((slot, item.chore, item.at));
            }
        }
        None
    }

    /// Completes when something was added that is due before all else, or [`Agenda::wake`] was called.
    pub(crate) async fn sooner(&self) {
        self.sooner.notified().await;
    }

    /// Wakes the task that works the agenda off, to look whether it is still wanted.
    pub(crate) fn wake(&self) {
        self.sooner.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Item>>> {
        self.heap.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Item {
    fn rank(&self) -> (Tick, Chore, u64) {
        (self.at, self.chore, self.number)
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Item {}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}
