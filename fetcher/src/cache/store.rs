//! All slots, found by key without a lock, bounded in number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::{ReadError, Slot};
use crate::clock::Tick;
use crate::secret::SecretRef;

/// Maps, each copied when a slot comes or goes. Many and small, so that the copy is cheap:
/// filling the store with 10,000 slots copies 800,000 pointers in all.
const SHARDS: usize = 64;

type Map = HashMap<SecretRef, Arc<Slot>, BuildHasherDefault<Ready>>;

/// All slots of one client.
pub(crate) struct Store {
    shards: Box<[ArcSwap<Map>]>,
    capacity: usize,
    count: AtomicUsize,
    /// Held while slots come or go.
    writing: Mutex<()>,
}

impl Store {
    pub(crate) fn new(capacity: usize) -> Self {
        let shards = (0..SHARDS).map(|_| ArcSwap::from_pointee(Map::default())).collect();
        Self { shards, capacity, count: AtomicUsize::new(0), writing: Mutex::new(()) }
    }

    /// The slot of `key`, if it is there.
    #[inline]
    pub(crate) fn find(&self, key: &SecretRef) -> Option<Arc<Slot>> {
        self.shard(key).load().get(key).cloned()
    }

    /// Applies `look` to the slot of `key` without taking a reference to it.
    #[inline]
    pub(crate) fn with<T>(&self, key: &SecretRef, look: impl FnOnce(&Slot) -> Option<T>) -> Option<T> {
        look(self.shard(key).load().get(key)?)
    }

    /// The slot of `key`; made by `make` when it is not there. `hold` runs before any other
    /// thread could remove the slot again.
    pub(crate) fn find_or_insert(
        &self,
        key: &SecretRef,
        now: Tick,
        make: impl FnOnce() -> Result<Slot, ReadError>,
        hold: impl FnOnce(&Slot),
    ) -> Result<Arc<Slot>, ReadError> {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = self.find(key) {
            hold(&slot);
            return Ok(slot);
        }
        let slot = Arc::new(make()?);
        if self.len() >= self.capacity && !self.evict(now) {
            return Err(ReadError::Full(self.capacity));
        }
        slot.touch(now);
        hold(&slot);
        self.change(key, |map| {
            map.insert(key.clone(), slot.clone());
        });
        self.count.fetch_add(1, Ordering::Relaxed);
        drop(writing);
        Ok(slot)
    }

    /// Takes `slot` out, unless it is wanted.
    pub(crate) fn remove(&self, slot: &Slot) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.remove_unwanted(slot);
    }

    /// Every slot, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<Slot>> {
        self.shards.iter().flat_map(|shard| shard.load().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Makes room: a sixteenth of the capacity, the slots without a value first, then the longest unread.
    /// Many at once, because finding them costs a look at all.
    fn evict(&self, now: Tick) -> bool {
        let mut unwanted = self.all();
        unwanted.retain(|slot| slot.is_removable());
        unwanted.sort_by_key(|slot| (slot.usable(now).is_some(), slot.last_read()));
        let before = self.len();
        unwanted.iter().take((self.capacity / 16).max(1)).for_each(|slot| self.remove_unwanted(slot));
        self.len() < before
    }

    fn remove_unwanted(&self, slot: &Slot) {
        let key = slot.key();
        if !slot.is_removable() || !self.shard(key).load().contains_key(key) {
            return;
        }
        self.change(key, |map| {
            map.remove(key);
        });
        self.count.fetch_sub(1, Ordering::Relaxed);
        // A reader may still hold the slot; its value must not outlive its place.
        slot.wipe();
    }

    fn change(&self, key: &SecretRef, change: impl Fn(&mut Map)) {
        let shard = self.shard(key);
        let mut map = Map::clone(&shard.load());
        change(&mut map);
        shard.store(Arc::new(map));
    }

    #[inline]
    fn shard(&self, key: &SecretRef) -> &ArcSwap<Map> {
        &self.shards[(key.hash64() >> 32) as usize % SHARDS]
    }
}

/// Hands on the hash that the key already carries.
#[derive(Default)]
pub(crate) struct Ready(u64);

impl Hasher for Ready {
    fn write(&mut self, bytes: &[u8]) {
        // Not used by `SecretRef`; kept right all the same.
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Breaker, Policy};
    use crate::secret::SecretPath;

    fn key(number: usize) -> SecretRef {
        SecretRef::current(SecretPath::parse(&format!("app/{number}")).unwrap())
    }

    fn insert(store: &Store, number: usize, now: Tick) -> Result<Arc<Slot>, ReadError> {
        let make = || {
            let policy = Arc::new(Policy::default());
            Ok(Slot::new(key(number), key(number), None, 0, policy, Arc::new(Breaker::new())))
        };
        store.find_or_insert(&key(number), now, make, |_| ())
    }

    fn second(number: u64) -> Tick {
        Tick::from_nanos(number << 30)
    }

    #[test]
    fn the_longest_unread_leave_when_it_is_full() {
        let store = Store::new(32);
        (0..32).for_each(|n| drop(insert(&store, n, second(n as u64)).unwrap()));
        store.find(&key(0)).unwrap().touch(second(100));
        insert(&store, 32, second(101)).unwrap();
        assert_eq!(store.len(), 31);
        assert!(
            store.find(&key(0)).is_some() && store.find(&key(1)).is_none() && store.find(&key(2)).is_none()
        );
    }

    #[test]
    fn what_is_pinned_stays_and_the_newcomer_is_refused() {
        let store = Store::new(2);
        (0..2).for_each(|n| insert(&store, n, second(0)).unwrap().pin());
        assert!(matches!(insert(&store, 2, second(1)), Err(ReadError::Full(2))));
    }
}
