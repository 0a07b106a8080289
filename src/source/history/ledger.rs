//! What every tree of a history adds to and takes from the tree that it is a delta on.
//!
//! git/git's trees take 5.8 GB; their ledger takes some tens of MB and answers the only questions that attribution
//! asks: which trees mention a blob, and under which name. It costs one pass that looks at inserted bytes alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::names::{LocalNames, Names};
use crate::source::odb::{Derived, Mode, Object, ObjectId, Odb, Piece, TreeEntry};

/// Stands for "no row" and "no tree".
pub(super) const NONE: u32 = u32::MAX;

/// A directory's entry: an object under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Edge {
    /// Number of the name.
    pub(super) name: u32,
    /// Number of the object; [`Odb::len`] and above: index of a missing object, counted from there.
    pub(super) child: u32,
}

/// The entries of a tree. What trees leave to their heirs.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Where each entry begins, in bytes, and where the last ends.
    borders: Vec<u32>,
    /// Each entry's edge; `child` is [`NONE`] where it names no object of this repository.
    edges: Vec<Edge>,
}

/// Objects that trees name and the object database does not hold.
#[derive(Debug, Default)]
pub(super) struct Missing {
    known: Mutex<(HashMap<ObjectId, u32>, Vec<ObjectId>)>,
}

/// One thread's part of the ledger.
#[derive(Debug)]
pub(super) struct LedgerPart<'h> {
    odb: &'h Odb,
    names: LocalNames<'h>,
    missing: &'h Missing,
    rows: Rows,
    kept: Vec<(u32, u32)>,
    /// Entries that were read and not added yet.
    read: Vec<Read>,
    /// Which of them are looked for in the indexes.
    sought: Vec<usize>,
    /// What was found last; see [`Recent`].
    recent: Recent,
}

/// The objects that were looked for last, by a part of their ids. Whole trees of one directory name the same objects
/// over and over, and the index of a large pack is slow to ask: it lies scattered in memory.
#[derive(Default)]
struct Recent(Vec<([u8; 20], u32)>);

/// An entry that was read: where it begins and ends, how long its name is, what it is.
#[derive(Debug, Clone, Copy)]
struct Read {
    start: usize,
    name: usize,
    end: usize,
    mode: Mode,
    /// Number of the object, once it was looked for.
    object: Option<u32>,
}

/// Entries that are read before their objects are looked for.
const AT_ONCE: usize = 64;

/// What one thread entered.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    added: Vec<Edge>,
    gone: Vec<Edge>,
    damaged: Vec<u32>,
}

/// One tree.
#[derive(Debug, Clone, Copy)]
struct Row {
    tree: u32,
    /// Number of the tree that it is a delta on, or [`NONE`].
    base: u32,
    /// Where its edges end in `added` and `gone`.
    ends: (u32, u32),
}

/// The rows of all trees, numbered through all parts.
#[derive(Debug)]
pub(super) struct Ledger {
    /// As the threads wrote them: together they are tens of megabytes, which are not moved.
    parts: Vec<Rows>,
    /// The first row of each part, and one past the last row.
    starts: Vec<u32>,
    /// Row by object number, or [`NONE`].
    row_of: Vec<u32>,
    /// Trees of which the end cannot be read.
    pub(super) damaged: Vec<u32>,
}

impl Missing {
    fn number(&self, id: &[u8], first: u32) -> Option<u32> {
        let id = ObjectId::new(id)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (by_id, ids) = &mut *known;
        let index = *by_id.entry(id).or_insert_with(|| {
            ids.push(id);
            ids.len() as u32 - 1
        });
        first.checked_add(index).filter(|&n| n != NONE)
    }

    /// The ids of all missing objects, by index.
    pub(super) fn into_ids(self) -> Vec<ObjectId> {
        self.known.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl Recent {
    /// 768 KiB of them, which stay in the second-level cache.
    const LEN: usize = 1 << 15;

    fn place(id: &[u8]) -> usize {
        usize::from(u16::from_be_bytes([id[18], id[19]])) % Self::LEN
    }

    /// The number of the object called `id`, if it was found lately.
    fn get(&self, id: &[u8]) -> Option<u32> {
        let (known, number) = self.0.get(Self::place(id))?;
        (known == id && *number != NONE).then_some(*number)
    }

    fn put(&mut self, id: &[u8], number: u32) {
        // Of longer ids nothing is kept.
        if let Ok(id) = <[u8; 20]>::try_from(id) {
            self.0.resize(Self::LEN, ([0; 20], NONE));
            self.0[Self::place(&id)] = (id, number);
        }
    }
}

impl std::fmt::Debug for Recent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recent").finish_non_exhaustive()
    }
}

impl<'h> LedgerPart<'h> {
    /// An empty part.
    pub(super) fn new(odb: &'h Odb, names: &'h Names, missing: &'h Missing) -> Self {
        let (kept, read, sought) = Default::default();
        let (names, rows, recent) = (names.local(), Rows::default(), Recent::default());
        Self { odb, names, missing, rows, kept, read, sought, recent }
    }

    /// What was entered.
    pub(super) fn into_rows(self) -> Rows {
        self.rows
    }

    /// Enters `tree`. Returns its entries when it has heirs. `base` hands out the entries of the base.
    pub(super) fn enter<L>(
        &mut self,
        tree: &Object<'_, L>,
        base: impl Fn(&L) -> Option<&Entries>,
    ) -> Entries {
        let mut entries = Entries::default();
        let derived = tree.derived.as_ref().and_then(|d| Some((d, base(d.legacy)?)));
        let whole = match derived {
            Some((derived, base)) => self.patch(tree, derived, base, &mut entries),
            None => self.read(tree.bytes, 0, tree.bytes.len(), tree.has_heirs, &mut entries),
        };
        if whole.is_none() {
            self.rows.damaged.push(tree.number);
        }
        if tree.has_heirs {
            let end = whole.unwrap_or_else(|| entries.borders.last().map_or(0, |&b| b as usize));
            entries.close(end);
        }
        let base = derived.map_or(NONE, |(d, _)| d.base);
        let ends = (self.rows.added.len() as u32, self.rows.gone.len() as u32);
        self.rows.rows.push(Row { tree: tree.number, base, ends });
        entries
    }

    /// Adds the entries of `tree` from byte `at` until `until` is reached or passed; where that is.
    fn read(
        &mut self,
        tree: &[u8],
        mut at: usize,
        until: usize,
        mark: bool,
        entries: &mut Entries,
    ) -> Option<usize> {
        let mut whole = true;
        while at < until && whole {
            self.read.clear();
            while at < until && self.read.len() < AT_ONCE {
                let Some(entry) = TreeEntry::at(tree, at, self.odb.hash()) else {
                    whole = false;
                    break;
                };
                let name = entry.name.len();
                self.read.push(Read { start: at, name, end: entry.end, mode: entry.mode, object: None });
                at = entry.end;
            }
            self.number(tree, mark, entries);
        }
        whole.then_some(at)
    }

    /// Adds the entries of `tree` that were read.
    fn number(&mut self, tree: &[u8], mark: bool, entries: &mut Entries) {
        let Self { odb, names, missing, rows, read, sought, recent, .. } = self;
        let id = |entry: &Read| entry.end - odb.hash().size()..entry.end;
        sought.clear();
        for (i, entry) in read.iter_mut().enumerate() {
            entry.object = recent.get(&tree[id(entry)]);
            sought.extend(Some(i).filter(|_| entry.object.is_none()));
        }
        let mut numbers = [None; AT_ONCE];
        odb.find_each(sought.len(), |i| &tree[id(&read[sought[i]])], &mut |i, found| numbers[i] = found);
        for (&i, number) in sought.iter().zip(numbers) {
            read[i].object = number;
            if let Some(number) = number {
                recent.put(&tree[id(&read[i])], number);
            }
        }
        for entry in read {
            let id = id(entry);
            let child = match (entry.mode, entry.object) {
                (Mode::Submodule, _) => None,
                (_, None) => missing.number(&tree[id.clone()], odb.len()),
                (_, object) => object,
            };
            // A zero stands between name and id.
            let name = &tree[id.start - 1 - entry.name..id.start - 1];
            let edge = child.map(|child| Edge { name: names.number(name), child });
            if mark {
                entries.borders.push(entry.start as u32);
                entries.edges.push(edge.unwrap_or(Edge { name: NONE, child: NONE }));
            }
            rows.added.extend(edge);
        }
    }

    /// Enters a tree that is a delta: entries that were copied as a whole are those of the base.
    fn patch<L>(
        &mut self,
        tree: &Object<'_, L>,
        derived: &Derived<'_, L>,
        base: &Entries,
        entries: &mut Entries,
    ) -> Option<usize> {
        self.kept.clear();
        if tree.has_heirs {
            entries.borders.reserve_exact(base.borders.len() + 2);
            entries.edges.reserve_exact(base.edges.len() + 2);
        }
        let mut at = 0;
        for piece in derived.pieces {
            let &Piece::Copy { from, to, len } = piece else { continue };
            // What comes before the piece, and entries that reach into it.
            at = self.read(tree.bytes, at, to, tree.has_heirs, entries)?;
            while at < to + len {
                let (first, last) = base.whole(from + (at - to), from + len);
                if first < last {
                    if tree.has_heirs {
                        entries.copy(base, first..last, at);
                    }
                    self.kept.push((first as u32, last as u32));
                    at += (base.borders[last] - base.borders[first]) as usize;
                } else {
                    // Not in step with the base's entries, or the last one is cut.
                    at = self.read(tree.bytes, at, at + 1, tree.has_heirs, entries)?;
                }
            }
        }
        at = self.read(tree.bytes, at, tree.bytes.len(), tree.has_heirs, entries)?;
        self.drop_unkept(base);
        Some(at)
    }

    /// Notes the base's entries that were not copied.
    fn drop_unkept(&mut self, base: &Entries) {
        self.kept.sort_unstable();
        let end = base.edges.len();
        let mut next = 0;
        for &(first, last) in self.kept.iter().chain([&(end as u32, end as u32)]) {
            let lost = base.edges.get(next..first as usize).unwrap_or_default();
            self.rows.gone.extend(lost.iter().filter(|e| e.child != NONE));
            next = next.max(last as usize);
        }
    }
}

impl Rows {
    /// Enters `tree` with `edges`, as if it were no delta.
    pub(super) fn whole(&mut self, tree: u32, edges: &[Edge]) {
        self.added.extend_from_slice(edges);
        self.recall(tree, NONE);
    }

    /// The trees that were entered.
    pub(super) fn trees(&self) -> impl Iterator<Item = u32> {
        self.rows.iter().map(|row| row.tree)
    }

    /// What they add to the trees that they are deltas on.
    pub(super) fn children(&self) -> impl Iterator<Item = u32> {
        self.added.iter().map(|edge| edge.child)
    }

    /// Enters `tree` as a delta on `base` that changes nothing.
    pub(super) fn copy(&mut self, tree: u32, base: u32) {
        self.recall(tree, base);
    }

    fn recall(&mut self, tree: u32, base: u32) {
        let ends = (self.added.len() as u32, self.gone.len() as u32);
        self.rows.push(Row { tree, base, ends });
    }
}

impl Entries {
    /// Adds the entries `range` of `base`, of which the first begins at byte `at` here.
    fn copy(&mut self, base: &Self, range: std::ops::Range<usize>, at: usize) {
        let shift = (at as u32).wrapping_sub(base.borders[range.start]);
        self.borders.extend(base.borders[range.clone()].iter().map(|b| b.wrapping_add(shift)));
        self.edges.extend_from_slice(&base.edges[range]);
    }

    /// Notes that the last entry ends at byte `end`.
    fn close(&mut self, end: usize) {
        self.borders.push(end as u32);
    }

    /// The entries that begin at byte `from` and end by byte `to`, as a range; empty when no entry begins at `from`.
    fn whole(&self, from: usize, to: usize) -> (usize, usize) {
        let Ok(first) = self.borders.binary_search(&(from as u32)) else { return (0, 0) };
        let last = first + self.borders[first..].partition_point(|&b| b as usize <= to) - 1;
        (first, last)
    }
}

impl Ledger {
    /// Puts the threads' parts together.
    /// `objects` is their number in the object database.
    pub(super) fn new(objects: u32, parts: Vec<Rows>) -> Self {
        let mut parts = parts;
        parts.retain(|part| !part.rows.is_empty() || !part.damaged.is_empty());
        let (mut row_of, mut starts, mut damaged) = (vec![NONE; objects as usize], vec![0], Vec::new());
        let mut next = 0;
        for part in &mut parts {
            for row in &part.rows {
                row_of[row.tree as usize] = next;
                next += 1;
            }
            starts.push(next);
            damaged.append(&mut part.damaged);
        }
        damaged.sort_unstable();
        Self { parts, starts, row_of, damaged }
    }

    /// The part that holds `row`, and its number there.
    #[inline]
    fn place(&self, row: u32) -> (&Rows, usize) {
        let part = self.starts.partition_point(|&start| start <= row) - 1;
        (&self.parts[part], (row - self.starts[part]) as usize)
    }

    /// Numbers of the trees that have a row.
    pub(super) fn trees(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.row_of).filter(|&(_, &row)| row != NONE).map(|(tree, _)| tree)
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.starts.last().map_or(0, |&end| end as usize)
    }

    /// The row of tree `number`, or [`NONE`].
    pub(super) fn row(&self, number: u32) -> u32 {
        self.row_of.get(number as usize).copied().unwrap_or(NONE)
    }

    /// The row that `row` is a delta on, or [`NONE`].
    pub(super) fn base(&self, row: u32) -> u32 {
        self.row(self.base_of(row))
    }

    /// Number of the tree that `row` is a delta on, or [`NONE`].
    pub(super) fn base_of(&self, row: u32) -> u32 {
        let (part, row) = self.place(row);
        part.rows[row].base
    }

    /// Entries that `row` has and its base has not.
    pub(super) fn added(&self, row: u32) -> &[Edge] {
        let (part, row) = self.place(row);
        let from = if row == 0 { 0 } else { part.rows[row - 1].ends.0 };
        &part.added[from as usize..part.rows[row].ends.0 as usize]
    }

    /// Entries that the base of `row` has and `row` has not.
    pub(super) fn gone(&self, row: u32) -> &[Edge] {
        let (part, row) = self.place(row);
        let from = if row == 0 { 0 } else { part.rows[row - 1].ends.1 };
        &part.gone[from as usize..part.rows[row].ends.1 as usize]
    }

    /// What lies under `name` in the tree of `row`.
    pub(super) fn below(&self, row: u32, name: u32) -> Vec<u32> {
        let (mut below, mut gone) = (Vec::new(), Vec::new());
        let mut at = row;
        while at != NONE {
            let named = |edges: &[Edge]| -> Vec<u32> {
                edges.iter().filter(|e| e.name == name).map(|e| e.child).collect()
            };
            below.extend(named(self.added(at)).into_iter().filter(|child| !gone.contains(child)));
            gone.extend(named(self.gone(at)));
            at = self.base(at);
        }
        below
    }

    /// An entry that names the object `child`, if any does.
    pub(super) fn find(&self, child: u32) -> Option<Edge> {
        self.parts.iter().flat_map(|part| &part.added).find(|e| e.child == child).copied()
    }
}
