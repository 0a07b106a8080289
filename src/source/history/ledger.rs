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

/// Where the entries of a tree begin, in bytes, and where the last ends. What trees leave to their heirs.
pub(super) type Borders = Vec<u32>;

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
}

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

/// The rows of all trees.
#[derive(Debug)]
pub(super) struct Ledger {
    rows: Vec<Row>,
    added: Vec<Edge>,
    gone: Vec<Edge>,
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

impl<'h> LedgerPart<'h> {
    /// An empty part.
    pub(super) fn new(odb: &'h Odb, names: &'h Names, missing: &'h Missing) -> Self {
        Self { odb, names: names.local(), missing, rows: Rows::default(), kept: Vec::new() }
    }

    /// What was entered.
    pub(super) fn into_rows(self) -> Rows {
        self.rows
    }

    /// Enters `tree`. Returns its borders when it has heirs. `base` hands out the borders of the base.
    pub(super) fn enter<L>(
        &mut self,
        tree: &Object<'_, L>,
        base: impl Fn(&L) -> Option<&Borders>,
    ) -> Borders {
        let mut borders = Vec::new();
        let derived = tree.derived.as_ref().and_then(|d| Some((d, base(d.legacy)?)));
        let whole = match derived {
            Some((derived, base)) => self.patch(tree, derived, base, &mut borders),
            None => self.read(tree.bytes, 0, tree.bytes.len(), tree.has_heirs, &mut borders),
        };
        if whole.is_none() {
            self.rows.damaged.push(tree.number);
        }
        if tree.has_heirs {
            borders.push(whole.unwrap_or_else(|| borders.last().map_or(0, |&b| b as usize)) as u32);
        }
        let base = derived.map_or(NONE, |(d, _)| d.base);
        let ends = (self.rows.added.len() as u32, self.rows.gone.len() as u32);
        self.rows.rows.push(Row { tree: tree.number, base, ends });
        borders
    }

    /// Adds the entries of `tree` from byte `at` until `until` is reached or passed; where that is.
    fn read(
        &mut self,
        tree: &[u8],
        mut at: usize,
        until: usize,
        mark: bool,
        borders: &mut Borders,
    ) -> Option<usize> {
        while at < until {
            let entry = TreeEntry::at(tree, at, self.odb.hash())?;
            if mark {
                borders.push(at as u32);
            }
            self.add(&entry);
            at = entry.end;
        }
        Some(at)
    }

    fn add(&mut self, entry: &TreeEntry<'_>) {
        if let Some(edge) = self.edge(entry) {
            self.rows.added.push(edge);
        }
    }

    fn edge(&mut self, entry: &TreeEntry<'_>) -> Option<Edge> {
        if entry.mode == Mode::Submodule {
            return None;
        }
        let child = match self.odb.find(entry.id) {
            Some(number) => number,
            None => self.missing.number(entry.id, self.odb.len())?,
        };
        Some(Edge { name: self.names.number(entry.name), child })
    }

    /// Enters a tree that is a delta: entries that were copied as a whole are those of the base.
    fn patch<L>(
        &mut self,
        tree: &Object<'_, L>,
        derived: &Derived<'_, L>,
        base: &Borders,
        borders: &mut Borders,
    ) -> Option<usize> {
        self.kept.clear();
        let mut at = 0;
        for piece in derived.pieces {
            let &Piece::Copy { from, to, len } = piece else { continue };
            // What comes before the piece, and entries that reach into it.
            at = self.read(tree.bytes, at, to, tree.has_heirs, borders)?;
            while at < to + len {
                let (first, last) = whole_entries(base, from + (at - to), from + len);
                if first < last {
                    let shift = at as i64 - i64::from(base[first]);
                    if tree.has_heirs {
                        borders.extend(base[first..last].iter().map(|&b| (i64::from(b) + shift) as u32));
                    }
                    self.kept.push((first as u32, last as u32));
                    at = (i64::from(base[last]) + shift) as usize;
                } else {
                    // Not in step with the base's entries, or the last one is cut.
                    at = self.read(tree.bytes, at, at + 1, tree.has_heirs, borders)?;
                }
            }
        }
        at = self.read(tree.bytes, at, tree.bytes.len(), tree.has_heirs, borders)?;
        self.drop_unkept(derived.base_bytes, base);
        Some(at)
    }

    /// Notes the base's entries that were not copied.
    fn drop_unkept(&mut self, tree: &[u8], base: &Borders) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_unstable();
        let end = base.len().saturating_sub(1) as u32;
        let mut next = 0;
        for &(first, last) in kept.iter().chain([&(end, end)]) {
            for lost in next..first {
                let entry = TreeEntry::at(tree, base[lost as usize] as usize, self.odb.hash());
                if let Some(edge) = entry.and_then(|e| self.edge(&e)) {
                    self.rows.gone.push(edge);
                }
            }
            next = next.max(last);
        }
        self.kept = kept;
    }
}

impl Rows {
    /// Enters `tree` with `edges`, as if it were no delta.
    pub(super) fn whole(&mut self, tree: u32, edges: &[Edge]) {
        self.added.extend_from_slice(edges);
        self.recall(tree, NONE);
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

/// The base's entries that begin at byte `from` and end by byte `to`, as a range of `base`; empty when no entry
/// begins at `from`.
fn whole_entries(base: &Borders, from: usize, to: usize) -> (usize, usize) {
    let Ok(first) = base.binary_search(&(from as u32)) else { return (0, 0) };
    let last = first + base[first..].partition_point(|&b| b as usize <= to) - 1;
    (first, last)
}

impl Ledger {
    /// Puts the threads' parts together.
    /// `objects` is their number in the object database.
    pub(super) fn new(objects: u32, parts: Vec<Rows>) -> Self {
        let total = |len: fn(&Rows) -> usize| parts.iter().map(len).sum::<usize>();
        let mut ledger = Self {
            rows: Vec::with_capacity(total(|p| p.rows.len())),
            added: Vec::with_capacity(total(|p| p.added.len())),
            gone: Vec::with_capacity(total(|p| p.gone.len())),
            row_of: vec![NONE; objects as usize],
            damaged: Vec::new(),
        };
        for part in parts {
            let (a, g) = (ledger.added.len() as u32, ledger.gone.len() as u32);
            for mut row in part.rows {
                row.ends = (row.ends.0 + a, row.ends.1 + g);
                ledger.row_of[row.tree as usize] = ledger.rows.len() as u32;
                ledger.rows.push(row);
            }
            ledger.added.extend(part.added);
            ledger.gone.extend(part.gone);
            ledger.damaged.extend(part.damaged);
        }
        ledger.damaged.sort_unstable();
        ledger
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of tree `number`, or [`NONE`].
    pub(super) fn row(&self, number: u32) -> u32 {
        self.row_of.get(number as usize).copied().unwrap_or(NONE)
    }

    /// The row that `row` is a delta on, or [`NONE`].
    pub(super) fn base(&self, row: u32) -> u32 {
        self.row(self.rows[row as usize].base)
    }

    /// Entries that `row` has and its base has not.
    pub(super) fn added(&self, row: u32) -> &[Edge] {
        let from = if row == 0 { 0 } else { self.rows[row as usize - 1].ends.0 };
        &self.added[from as usize..self.rows[row as usize].ends.0 as usize]
    }

    /// Entries that the base of `row` has and `row` has not.
    pub(super) fn gone(&self, row: u32) -> &[Edge] {
        let from = if row == 0 { 0 } else { self.rows[row as usize - 1].ends.1 };
        &self.gone[from as usize..self.rows[row as usize].ends.1 as usize]
    }

    /// An entry that names the object `child`, if any does.
    pub(super) fn find(&self, child: u32) -> Option<Edge> {
        self.added.iter().find(|e| e.child == child).copied()
    }
}
