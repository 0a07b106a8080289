//! Inflated bases that deltas still wait for, and the budget of bytes that they may take.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::ObjectKind;

/// An inflated object that deltas still wait for. Its bytes may be dropped when memory is short; whoever needs them
/// then inflates it anew.
#[derive(Debug)]
pub(super) struct Held<L> {
    /// Its number.
    pub(super) number: u32,
    /// What it is.
    pub(super) kind: ObjectKind,
    /// What its visitor left for those that are based on it.
    pub(super) legacy: L,
    bytes: Mutex<Option<Arc<Vec<u8>>>>,
    /// Deltas that have not been visited yet.
    waiting: AtomicU32,
}

/// How many bytes held objects take, and may take.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicUsize,
    most: usize,
}

impl Budget {
    /// A budget of `most` bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { held: AtomicUsize::new(0), most }
    }

    /// Whether more is held than may be.
    pub(super) fn is_spent(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.most
    }
}

impl<L> Held<L> {
    /// Holds `bytes` for `waiting` deltas.
    pub(super) fn new(
        number: u32,
        kind: ObjectKind,
        legacy: L,
        bytes: Vec<u8>,
        waiting: u32,
        budget: &Budget,
    ) -> Arc<Self> {
        budget.held.fetch_add(bytes.capacity(), Ordering::Relaxed);
        let bytes = Mutex::new(Some(Arc::new(bytes)));
        Arc::new(Self { number, kind, legacy, bytes, waiting: AtomicU32::new(waiting) })
    }

    /// The bytes, unless they were dropped.
    pub(super) fn bytes(&self) -> Option<Arc<Vec<u8>>> {
        self.slot().clone()
    }

    /// Holds `bytes` again after they were dropped, unless the budget is spent.
    pub(super) fn refill(&self, bytes: &Arc<Vec<u8>>, budget: &Budget) {
        let mut slot = self.slot();
        if slot.is_none() && !budget.is_spent() {
            budget.held.fetch_add(bytes.capacity(), Ordering::Relaxed);
            *slot = Some(Arc::clone(bytes));
        }
    }

    /// Drops the bytes; they are handed back when nobody reads them at this moment. Whether anything was dropped
    /// is told by [`Budget::is_spent`].
    pub(super) fn drop_bytes(&self, budget: &Budget) -> Option<Vec<u8>> {
        let bytes = self.slot().take()?;
        budget.held.fetch_sub(bytes.capacity(), Ordering::Relaxed);
        Arc::into_inner(bytes)
    }

    /// Notes that one delta has been visited. After the last one the bytes are dropped as by [`Held::drop_bytes`].
    pub(super) fn visited(&self, budget: &Budget) -> Option<Vec<u8>> {
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == 1 { self.drop_bytes(budget) } else { None }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Vec<u8>>>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_delta_frees_the_bytes() {
        let budget = Budget::new(4);
        let held = Held::new(0, ObjectKind::Blob, (), vec![1; 8], 2, &budget);
        assert!(budget.is_spent());
        assert!(held.visited(&budget).is_none());
        assert_eq!(held.visited(&budget).unwrap(), [1; 8]);
        assert!(!budget.is_spent() && held.bytes().is_none());
    }

    #[test]
    fn dropped_bytes_come_back_when_there_is_room() {
        let budget = Budget::new(10);
        let held = Held::new(0, ObjectKind::Blob, (), vec![1; 8], 1, &budget);
        let reader = held.bytes().unwrap();
        assert!(held.drop_bytes(&budget).is_none(), "somebody reads them");
        held.refill(&reader, &budget);
        assert!(held.bytes().is_some());
    }
}
