//! One thread of a walk: inflates a node, shows it, goes on with the deltas on it.
//!
//! Children are visited from the smallest subtree to the largest, and a base is dropped with its last child. So a
//! thread holds at most about log2(n) bases of a tree of n deltas, whatever its depth: each base that is still
//! held has a pending child whose subtree is at least as large as the one being visited.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::held::Held;
use super::walk::{Derived, Kinds, Object, Shared, Start, Task, Visitor};
use super::{Body, Entry, Inflater, ObjectKind, OdbError, Piece, apply};

/// Buffers that are kept for reuse, and the largest that is, in bytes; less where memory is short.
const SPARE: (usize, usize) = (8, 4 << 20);

/// What became of an object: its kind and what it leaves, unless its kind is not visited.
type Shown<V> = (ObjectKind, Option<<V as Visitor>::Legacy>);

/// One thread of a walk.
pub(super) struct Worker<'s, V: Visitor> {
    shared: &'s Shared<'s, V::Legacy>,
    visitor: V,
    inflater: Inflater,
    /// Pending tasks, the next one last.
    tasks: Vec<Task<V::Legacy>>,
    /// Tasks, from the first, whose bases were dropped to save memory.
    dropped: usize,
    code: Vec<u8>,
    pieces: Vec<Piece>,
    spare: Vec<Vec<u8>>,
}

impl<'s, V: Visitor> Worker<'s, V> {
    pub(super) fn new(shared: &'s Shared<'s, V::Legacy>, visitor: V) -> Self {
        let inflater = Inflater::new(shared.walk.limit);
        Self {
            shared,
            visitor,
            inflater,
            tasks: Vec::new(),
            dropped: 0,
            code: Vec::new(),
            pieces: Vec::new(),
            spare: Vec::new(),
        }
    }

    pub(super) fn into_visitor(self) -> V {
        self.visitor
    }

    pub(super) fn run(&mut self) {
        loop {
            if self.shared.progress.cancelled.load(Ordering::Relaxed) {
                self.shared.queue.stop();
            }
            if self.shared.queue.is_stopped() {
                return;
            }
            if let Some(task) = self.tasks.pop() {
                self.dropped = self.dropped.min(self.tasks.len());
                self.task(task);
            } else if let Some(start) = self.shared.start() {
                self.start(start);
            } else if let Some(task) = self.shared.queue.take() {
                self.task(task);
            } else {
                return;
            }
            // The oldest task stands nearest to its root, and so for the largest subtree.
            if self.tasks.len() > 1 && self.shared.queue.is_hungry() {
                self.shared.queue.give(self.tasks.remove(0));
                self.dropped = self.dropped.saturating_sub(1);
            }
        }
    }

    fn start(&mut self, start: Start) {
        match start {
            Start::Root { pack, root } => {
                let node = self.shared.forests[pack as usize].roots()[root].node;
                self.task(Task { pack, node, base: None });
            }
            Start::Alone(number) => {
                let kinds = self.shared.walk.kinds;
                if kinds != Kinds::ALL && self.shared.odb.loose_kind(number).is_some_and(|k| !kinds.has(k)) {
                    return;
                }
                let mut out = self.buffer();
                let read = self.shared.odb.read_number(number, &mut self.inflater, &mut out);
                let shown = match read {
                    Ok(kind) => Ok(self.show(number, kind, &out, false)),
                    Err(e) => self.rescue(number, e, false, &mut out),
                };
                if let Err(why) = shown {
                    self.visitor.unreadable(number, why);
                }
                self.recycle(out);
            }
        }
    }

    /// Shows an object that was read as a whole, if its kind is visited.
    fn show(&mut self, number: u32, kind: ObjectKind, bytes: &[u8], has_heirs: bool) -> Shown<V> {
        if !self.shared.walk.kinds.has(kind) {
            return (kind, None);
        }
        self.count(bytes.len());
        let object = Object { number, kind, bytes, derived: None, has_heirs };
        (kind, Some(self.visitor.object(object)))
    }

    /// Looks for another place that holds the object `number`, which could not be read because of `why`.
    fn rescue(
        &mut self,
        number: u32,
        why: OdbError,
        has_heirs: bool,
        out: &mut Vec<u8>,
    ) -> Result<Shown<V>, OdbError> {
        let id = self.shared.odb.id(number);
        let kind = self.shared.odb.read(&id, &mut self.inflater, out).map_err(|_| why)?;
        Ok(self.show(number, kind, out, has_heirs))
    }

    fn task(&mut self, task: Task<V::Legacy>) {
        let forest = &self.shared.forests[task.pack as usize];
        let number = self.shared.odb.number_in(task.pack as usize, forest.position(task.node));
        let heirs = forest.children(task.node).count();
        let has_heirs = heirs > 0;
        let mut out = self.buffer();
        let read = match &task.base {
            Some(base) => self.derive(&task, base, number, has_heirs, &mut out),
            None => self.plain(&task, number, has_heirs, &mut out),
        };
        let held = match read.or_else(|e| self.rescue(number, e, has_heirs, &mut out)) {
            Ok((kind, Some(legacy))) if has_heirs => {
                let held = Held::new(number, kind, legacy, out, heirs as u32, &self.shared.budget);
                self.make_room();
                Some(Some(held))
            }
            Ok(_) => {
                self.recycle(out);
                None
            }
            Err(why) => {
                self.recycle(out);
                self.visitor.unreadable(number, why);
                // What is based on it may lie elsewhere, too.
                Some(None)
            }
        };
        if let Some(bytes) = task.base.and_then(|b| b.visited(&self.shared.budget)) {
            self.recycle(bytes);
        }
        if let Some(base) = held {
            let heir = |node| Task { pack: task.pack, node, base: base.clone() };
            self.tasks.extend(forest.children(task.node).rev().map(heir));
        }
    }

    /// Reads and shows a node that is based on `base`.
    fn derive(
        &mut self,
        task: &Task<V::Legacy>,
        base: &Held<V::Legacy>,
        number: u32,
        has_heirs: bool,
        out: &mut Vec<u8>,
    ) -> Result<Shown<V>, OdbError> {
        let base_bytes = match base.bytes() {
            Some(bytes) => bytes,
            None => {
                let mut bytes = Vec::new();
                let id = self.shared.odb.id(base.number);
                self.shared.odb.read(&id, &mut self.inflater, &mut bytes)?;
                let bytes = Arc::new(bytes);
                base.refill(&bytes, &self.shared.budget);
                bytes
            }
        };
        let mut code = std::mem::take(&mut self.code);
        let inflated = self.body(task, &mut code);
        self.code = code;
        inflated?;
        apply(&base_bytes, &self.code, self.inflater.limit(), out, &mut self.pieces)?;
        self.count(out.len());
        let derived = Derived {
            base: base.number,
            base_bytes: &base_bytes,
            pieces: &self.pieces,
            legacy: &base.legacy,
        };
        let object = Object { number, kind: base.kind, bytes: out, derived: Some(derived), has_heirs };
        Ok((base.kind, Some(self.visitor.object(object))))
    }

    /// Reads and shows a node that is whole, or whose base lies elsewhere. Nothing is left of kinds not visited.
    fn plain(
        &mut self,
        task: &Task<V::Legacy>,
        number: u32,
        has_heirs: bool,
        out: &mut Vec<u8>,
    ) -> Result<Shown<V>, OdbError> {
        let offset = self.shared.forests[task.pack as usize].extent(task.node).0;
        let pack = &self.shared.odb.packs()[task.pack as usize];
        let kind = match pack.entry(offset)?.body {
            Body::Whole(kind) => {
                self.body(task, out)?;
                kind
            }
            // A base outside the pack, or one that could not be read where it lies.
            Body::Behind(_) | Body::Named(_) => {
                self.checked(task)?;
                self.shared.odb.read(&self.shared.odb.id(number), &mut self.inflater, out)?
            }
        };
        Ok(self.show(number, kind, out, has_heirs))
    }

    /// Inflates the body of a node.
    fn body(&mut self, task: &Task<V::Legacy>, out: &mut Vec<u8>) -> Result<(), OdbError> {
        let whole = self.checked(task)?;
        let hash = self.shared.odb.hash();
        let entry = Entry::read(whole, hash).map_err(OdbError::Entry)?;
        self.inflater.inflate(&whole[entry.head..], entry.size, out)
    }

    /// The bytes of a node's entry, held against the checksum in the index.
    fn checked(&self, task: &Task<V::Legacy>) -> Result<&'s [u8], OdbError> {
        let forest = &self.shared.forests[task.pack as usize];
        let pack = &self.shared.odb.packs()[task.pack as usize];
        let (start, end) = forest.extent(task.node);
        let range = start as usize..end as usize;
        let whole = pack.bytes().get(range).ok_or(OdbError::Entry("it lies beyond the pack's end"))?;
        match forest.crc(task.node) {
            Some(crc) if crc != libdeflater::crc32(whole) => Err(OdbError::Entry("it fails its checksum")),
            _ => Ok(whole),
        }
    }

    /// Drops bases until the budget holds, those that are needed last first.
    fn make_room(&mut self) {
        let budget = &self.shared.budget;
        let mut at = self.dropped.min(self.tasks.len());
        while budget.is_spent() && at < self.tasks.len() {
            if let Some(base) = &self.tasks[at].base {
                drop(base.drop_bytes(budget));
            }
            at += 1;
        }
        self.dropped = at;
    }

    fn count(&self, bytes: usize) {
        self.shared.progress.objects.fetch_add(1, Ordering::Relaxed);
        self.shared.progress.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    fn recycle(&mut self, buffer: Vec<u8>) {
        let largest = SPARE.1.min(self.shared.walk.budget / 64);
        if self.spare.len() < SPARE.0 && buffer.capacity() <= largest {
            self.spare.push(buffer);
        }
    }
}
