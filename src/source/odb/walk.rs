//! Visits every object once, each delta right after the base it needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
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
    /// Objects that will be visited, once known.
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
    pub(super) forests: Vec<Forest>,
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

impl Walk {
    /// Visits each object of `odb` for whose number `wanted` holds, once, with visitors made by `visitor` (one per
    /// thread), and hands the visitors back. Objects that are not wanted are visited too where wanted ones are
    /// deltas on them.
    ///
    /// # Errors
    /// When a pack's index is damaged so that its entries cannot be found.
    pub fn run<V: Visitor>(
        &self,
        odb: &Odb,
        progress: &Progress,
        wanted: &(dyn Fn(u32) -> bool + Sync),
        visitor: &(dyn Fn() -> V + Sync),
    ) -> Result<Vec<V>, OdbError> {
        let threads = self.threads.max(1);
        let (forests, alone) = self.forests(odb, wanted)?;
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
        wanted: &(dyn Fn(u32) -> bool + Sync),
    ) -> Result<(Vec<Forest>, Vec<u32>), OdbError> {
        let mut alone = Vec::new();
        let mut forests = Vec::with_capacity(odb.packs().len());
        for (p, pack) in odb.packs().iter().enumerate() {
            let count = pack.index().count();
            let numbers = || (0..count).map(|position| odb.number_in(p, position)).filter(|&n| wanted(n));
            if numbers().nth(count as usize / FEW).is_none() {
                alone.extend(numbers());
                forests.push(Forest::default());
                continue;
            }
            let mut forest = Forest::build(pack, self.threads)?;
            if (0..count).any(|position| !wanted(odb.number_in(p, position))) {
                forest.prune(|position| wanted(odb.number_in(p, position)));
            }
            forests.push(forest);
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
        let packed: u64 = self.forests.iter().map(|f| f.len() as u64).sum();
        self.progress.total.fetch_add(packed + self.alone.len() as u64, Ordering::Relaxed);
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
            match forest.roots()[root].stem {
                Stem::Whole(kind) if !self.walk.kinds.has(kind) => {}
                _ => return Some(Start::Root { pack: pack as u32, root }),
            }
        }
    }
}
