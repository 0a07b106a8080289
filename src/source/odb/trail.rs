//! Visits the commits and tags that lead from some objects to the beginning, each once.
//!
//! A pack may hold many others: what was pushed and dropped, and on servers what forks and pull requests brought.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::queue::Queue;
use super::walk::{Object, Progress, Visitor};
use super::{CommitParts, Inflater, ObjectKind, Odb, OdbError, TagParts};

/// The commits and tags that lead from some objects to the beginning.
#[derive(Debug)]
pub struct Trail<'t> {
    /// Where they lie.
    pub odb: &'t Odb,
    /// Threads; at least 1.
    pub threads: usize,
    /// Largest object that is read, in bytes.
    pub limit: u64,
    /// Where it begins: numbers of objects, each once. Trees and blobs among them are passed over.
    pub tips: &'t [u32],
}

/// What the threads share.
struct Shared<'t> {
    trail: &'t Trail<'t>,
    progress: &'t Progress,
    /// By number: whether the object was come across.
    seen: Vec<AtomicBool>,
    /// The next tip that nobody has taken.
    next: AtomicUsize,
    queue: Queue<u32>,
}

impl Trail<'_> {
    /// Visits them with visitors made by `visitor` (one per thread), and hands these back. Every object is held against
    /// its id.
    ///
    /// # Errors
    /// Why some object cannot be read. What the visitors saw then does not count: the trail breaks off there.
    pub fn follow<V: Visitor>(
        &self,
        progress: &Progress,
        visitor: &(dyn Fn() -> V + Sync),
    ) -> Result<Vec<V>, OdbError> {
        let threads = self.threads.max(1);
        let seen = std::iter::repeat_with(|| AtomicBool::new(false)).take(self.odb.len() as usize).collect();
        let (next, queue) = (AtomicUsize::new(0), Queue::new(threads));
        let shared = Shared { trail: self, progress, seen, next, queue };
        let work = || {
            let mut visitor = visitor();
            let done = shared.work(&mut visitor);
            if done.is_err() {
                shared.queue.stop();
            }
            done.map(|()| visitor)
        };
        thread::scope(|s| {
            let others: Vec<_> = (1..threads).map(|_| s.spawn(work)).collect();
            let own = work();
            let join = |t: thread::ScopedJoinHandle<'_, _>| {
                t.join().unwrap_or_else(|p| std::panic::resume_unwind(p))
            };
            std::iter::once(own).chain(others.into_iter().map(join)).collect()
        })
    }
}

impl Shared<'_> {
    /// One thread: follows one line after another.
    fn work<V: Visitor>(&self, visitor: &mut V) -> Result<(), OdbError> {
        let (mut inflater, mut bytes) = (Inflater::new(self.trail.limit), Vec::new());
        let mut open: Vec<u32> = Vec::new();
        loop {
            if self.progress.cancelled.load(Ordering::Relaxed) {
                self.queue.stop();
            }
            if self.queue.is_stopped() {
                return Ok(());
            }
            let Some(number) = open.pop().or_else(|| self.tip()).or_else(|| self.queue.take()) else {
                return Ok(());
            };
            let kind = self.read(number, &mut inflater, &mut bytes)?;
            self.lead(kind, &bytes, &mut open);
            if matches!(kind, ObjectKind::Commit | ObjectKind::Tag) {
                self.progress.objects.fetch_add(1, Ordering::Relaxed);
                self.progress.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                visitor.object(Object { number, kind, bytes: &bytes, derived: None, has_heirs: false });
            }
            if open.len() > 1 && self.queue.is_hungry() {
                self.queue.give(open.remove(0));
            }
        }
    }

    fn tip(&self) -> Option<u32> {
        loop {
            let tip = *self.trail.tips.get(self.next.fetch_add(1, Ordering::Relaxed))?;
            if self.is_new(tip) {
                return Some(tip);
            }
        }
    }

    fn is_new(&self, number: u32) -> bool {
        !self.seen[number as usize].swap(true, Ordering::Relaxed)
    }

    fn read(
        &self,
        number: u32,
        inflater: &mut Inflater,
        bytes: &mut Vec<u8>,
    ) -> Result<ObjectKind, OdbError> {
        let odb = self.trail.odb;
        let kind = odb.read_number(number, inflater, bytes)?;
        let is_it = kind.name(bytes, odb.hash()) == odb.id(number);
        if is_it { Ok(kind) } else { Err(OdbError::Entry("it is not what its name says")) }
    }

    /// Adds to `open` what the object leads to; what is missing is passed over.
    fn lead(&self, kind: ObjectKind, bytes: &[u8], open: &mut Vec<u32>) {
        let mut add = |id: &super::ObjectId| {
            open.extend(self.trail.odb.find(id.as_bytes()).filter(|&number| self.is_new(number)));
        };
        match kind {
            ObjectKind::Commit => CommitParts::read(bytes).parents.iter().for_each(&mut add),
            ObjectKind::Tag => TagParts::read(bytes).target.iter().for_each(|(id, _)| add(id)),
            ObjectKind::Tree | ObjectKind::Blob => {}
        }
    }
}
