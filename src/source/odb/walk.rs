//! Visits every object once, each delta right after the base it needs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::forest::{Forest, Stem};
use super::held::{Budget, Held};
use super::queue::Queue;
use super::worker::Worker;
use super::{ObjectKind, Odb, OdbError, Piece};

/// Of a pack of which fewer than one in so many objects are wanted, those are read each by itself: an order for all
/// others would cost more than it saves.
const FEW: usize = 256;

/// What is done with the objects of one thread.
pub trait Visitor: Send {
    /// What an object leaves for the objects that are deltas on it.
    type Legacy: Send + Sync;

    /// Takes one object.
    fn object(&mut self, object: Object<'_, Self::Legacy>) -> Self::Legacy;

    /// Learns that object `number` cannot be read, and why.
    fn unreadable(&mut self, number: u32, why: OdbError);
}

/// One object of a walk.
#[derive(Debug)]
pub struct Object<'a, L> {
    /// Its number in the [`Odb`].
    pub number: u32,
    /// What it is.
    pub kind: ObjectKind,
    /// Its content.
    pub bytes: &'a [u8],
    /// What it was made from; `None` when it was read as a whole.
    pub derived: Option<Derived<'a, L>>,
    /// Whether deltas on it follow, which get its legacy.
    pub has_heirs: bool,
}

/// What an object was made from.
#[derive(Debug)]
pub struct Derived<'a, L> {
    /// Number of the base.
    pub base: u32,
    /// The base's content.
    pub base_bytes: &'a [u8],
    /// Where each run of the object's bytes came from; in order, without gaps.
    pub pieces: &'a [Piece],
    /// What the base's visitor left.
    pub legacy: &'a L,
}

/// How a walk goes.
#[derive(Debug, Clone)]
pub struct Walk {
    /// Threads; at least 1.
    pub threads: usize,
    /// Bytes of inflated bases that may be kept at a time. More is kept only while it is being read.
    pub budget: usize,
    /// Largest object that is read, in bytes.
    pub limit: u64,
    /// Kinds that are visited.
    pub kinds: Kinds,
}

/// The order in which the objects of each pack are visited, made when a walk first needs it. Walks of one object
/// database share it.
#[derive(Debug, Default)]
pub struct Grove {
    forests: Mutex<HashMap<usize, Arc<Forest>>>,
}

/// A set of object kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

/// How far a walk has come; read by whoever shows progress.
#[derive(Debug, Default)]
pub struct Progress {
    /// Objects visited.
    pub objects: AtomicU64,
    /// Bytes inflated.
    pub bytes: AtomicU64,
    /// Objects that will be visited, as far as whoever starts walks knows.
    pub total: AtomicU64,
    /// Set from outside to end the walk early.
    pub cancelled: AtomicBool,
}

/// A piece of work: one node and all that is based on it.
pub(super) struct Task<L> {
    pub(super) pack: u32,
    pub(super) node: u32,
    /// The base; `None` for roots, and for nodes whose base cannot be read.
    pub(super) base: Option<Arc<Held<L>>>,
}

/// What all threads of a walk share.
pub(super) struct Shared<'o, L> {
    pub(super) odb: &'o Odb,
    pub(super) walk: &'o Walk,
    pub(super) progress: &'o Progress,
    pub(super) forests: Vec<Arc<Forest>>,
    /// Objects that are read each by itself, by number: loose ones, and few of a large pack.
    alone: Vec<u32>,
    pub(super) budget: Budget,
    pub(super) queue: Queue<Task<L>>,
    next: AtomicUsize,
    /// `ends[p]`: roots of the packs up to and including `p`; one more for the objects that are read alone.
    ends: Vec<usize>,
}

/// Where a walk starts.
pub(super) enum Start {
    /// Root with this index of this pack.
    Root { pack: u32, root: usize },
    /// The object of this number, which is read by itself.
    Alone(u32),
}

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self(0b1_1110);

    /// Only `kinds`.
    pub fn of(kinds: &[ObjectKind]) -> Self {
        Self(kinds.iter().fold(0, |set, &k| set | 1 << k as u8))
    }

    /// Whether `kind` is in it.
    pub const fn has(self, kind: ObjectKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}

impl Grove {
    /// Puts all packs of `odb` in order, on `threads` threads.
    ///
    /// # Errors
    /// When a pack's index is damaged so that its entries cannot be found.
    pub fn plant(&self, odb: &Odb, threads: usize) -> Result<(), OdbError> {
        let build = |(p, pack)| self.forest(p, || Forest::build(pack, threads)).map(drop);
        odb.packs().iter().enumerate().try_for_each(build)
    }

    /// How many objects of `kind` the packs in order hold.
    pub fn count(&self, kind: ObjectKind) -> u64 {
        let forests = self.forests.lock().unwrap_or_else(PoisonError::into_inner);
        forests.values().map(|forest| forest.count(Stem::Whole(kind))).sum()
    }

    /// By number, whether the object may be of `kind`: it is, or nothing tells. Objects of packs that no walk has put in
    /// order are told nothing of.
    pub fn may_be(&self, odb: &Odb, kind: ObjectKind) -> Vec<bool> {
        let mut may_be = vec![true; odb.len() as usize];
        for (&pack, forest) in self.forests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let mut open = Vec::new();
            for root in forest.roots() {
                match root.stem {
                    Stem::Whole(other) if other != kind => open.push(root.node),
                    Stem::Whole(_) | Stem::Outside(_) | Stem::Damaged => {}
                }
            }
            while let Some(node) = open.pop() {
                may_be[odb.number_in(pack, forest.position(node)) as usize] = false;
                open.extend(forest.children(node));
            }
        }
        for number in odb.loose_numbers() {
            may_be[number as usize] = odb.loose_kind(number).is_none_or(|other| other == kind);
        }
        may_be
    }

    /// Whether there is the forest of pack `pack`.
    fn has(&self, pack: usize) -> bool {
        self.forests.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&pack)
    }

    /// The forest of pack `pack`, made by `build` unless there is one.
    fn forest(
        &self,
        pack: usize,
        build: impl FnOnce() -> Result<Forest, OdbError>,
    ) -> Result<Arc<Forest>, OdbError> {
        let mut forests = self.forests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(forest) = forests.get(&pack) {
            return Ok(Arc::clone(forest));
        }
        let forest = Arc::new(build()?);
        forests.insert(pack, Arc::clone(&forest));
        Ok(forest)
    }
}

impl Walk {
    /// Visits each object of `odb` for whose number `wanted` holds, once, with visitors made by `visitor` (one per
    /// thread), and hands the visitors back. Objects that are not wanted are visited too where wanted ones are
    /// deltas on them. `grove` is that of the walks before, or a new one.
    ///
    /// # Errors
    /// When a pack's index is damaged so that its entries cannot be found.
    pub fn run<V: Visitor>(
        &self,
        odb: &Odb,
        grove: &Grove,
        progress: &Progress,
        wanted: &(dyn Fn(u32) -> bool + Sync),
        visitor: &(dyn Fn() -> V + Sync),
    ) -> Result<Vec<V>, OdbError> {
        let threads = self.threads.max(1);
        let (forests, alone) = self.forests(odb, grove, wanted)?;
        let shared: Shared<'_, V::Legacy> = Shared {
            odb,
            walk: self,
            progress,
            forests,
            alone,
            budget: Budget::new(self.budget),
            queue: Queue::new(threads),
            next: AtomicUsize::new(0),
            ends: Vec::new(),
        }
        .counted();
        let work = || {
            let mut worker = Worker::new(&shared, visitor());
            worker.run();
            worker.into_visitor()
        };
        let mut visitors = thread::scope(|s| {
            let others: Vec<_> = (1..threads).map(|_| s.spawn(work)).collect();
            let own = work();
            let join = |t: thread::ScopedJoinHandle<'_, V>| {
                t.join().unwrap_or_else(|p| std::panic::resume_unwind(p))
            };
            let mut all = vec![own];
            all.extend(others.into_iter().map(join));
            all
        });
        self.report_lost(&shared, &mut visitors[0]);
        Ok(visitors)
    }

    /// The forest of each pack, and the objects that are read alone.
    fn forests(
        &self,
        odb: &Odb,
        grove: &Grove,
        wanted: &(dyn Fn(u32) -> bool + Sync),
    ) -> Result<(Vec<Arc<Forest>>, Vec<u32>), OdbError> {
        let mut alone = Vec::new();
        let mut forests = Vec::with_capacity(odb.packs().len());
        for (p, pack) in odb.packs().iter().enumerate() {
            let count = pack.index().count();
            let numbers = || (0..count).map(|position| odb.number_in(p, position)).filter(|&n| wanted(n));
            if !grove.has(p) && numbers().nth(count as usize / FEW).is_none() {
                alone.extend(numbers());
                forests.push(Arc::default());
                continue;
            }
            let forest = grove.forest(p, || Forest::build(pack, self.threads))?;
            let all = (0..count).all(|position| wanted(odb.number_in(p, position)));
            forests.push(if all {
                forest
            } else {
                Arc::new(forest.pruned(|position| wanted(odb.number_in(p, position))))
            });
        }
        alone.extend(odb.loose_numbers().filter(|&n| wanted(n)));
        Ok((forests, alone))
    }

    fn report_lost<V: Visitor>(&self, shared: &Shared<'_, V::Legacy>, visitor: &mut V) {
        for (p, forest) in shared.forests.iter().enumerate() {
            for &node in forest.lost() {
                visitor.unreadable(shared.odb.number_in(p, forest.position(node)), OdbError::Endless);
            }
        }
    }
}

impl<L> Shared<'_, L> {
    fn counted(mut self) -> Self {
        let mut end = 0;
        for forest in &self.forests {
            end += forest.roots().len();
            self.ends.push(end);
        }
        self.ends.push(end + self.alone.len());
        self
    }

    /// The next start that nobody has taken; starts of kinds that are not visited are passed over.
    pub(super) fn start(&self) -> Option<Start> {
        loop {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let pack = self.ends.partition_point(|&e| e <= next);
            if pack == self.ends.len() {
                return None;
            }
            let before = if pack == 0 { 0 } else { self.ends[pack - 1] };
            let Some(forest) = self.forests.get(pack) else {
                return self.alone.get(next.checked_sub(before)?).map(|&number| Start::Alone(number));
            };
            let root = next - before;
            if self.visits(forest.roots()[root].stem) {
                return Some(Start::Root { pack: pack as u32, root });
            }
        }
    }

    /// Whether what grows on `stem` may be of a kind that is visited.
    const fn visits(&self, stem: Stem) -> bool {
        match stem {
            Stem::Whole(kind) => self.walk.kinds.has(kind),
            Stem::Outside(_) | Stem::Damaged => true,
        }
    }
}
