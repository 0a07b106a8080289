//! Finds the objects that lie under a path of a tree.

use std::collections::HashMap;

use super::books::Books;
use super::ledger::NONE;
use crate::source::odb::{Inflater, Mode, ObjectKind, Odb, TreeEntry};

/// Largest tree that is read, in bytes.
const LIMIT: u64 = 1 << 30;

/// Finds the objects that lie under a path of a tree.
#[derive(Debug)]
pub(super) struct Locator<'b> {
    odb: &'b Odb,
    books: &'b Books,
    inflater: Inflater,
    bytes: Vec<u8>,
    /// By tree and name: what lies there.
    known: HashMap<(u32, u32), Vec<u32>>,
}

impl<'b> Locator<'b> {
    /// Has looked at nothing yet.
    pub(super) fn new(odb: &'b Odb, books: &'b Books) -> Self {
        let inflater = Inflater::new(LIMIT);
        Self { odb, books, inflater, bytes: Vec::new(), known: HashMap::new() }
    }

    /// The objects under the `names` (by number), from the object `root` down: one, unless a tree has two entries of
    /// one name, which git forbids.
    pub(super) fn objects(&mut self, root: u32, names: &[u32]) -> Vec<u32> {
        let mut here = vec![root];
        for &name in names {
            here = here.into_iter().flat_map(|tree| self.below(tree, name)).collect();
        }
        here
    }

    fn below(&mut self, tree: u32, name: u32) -> Vec<u32> {
        if let Some(known) = self.known.get(&(tree, name)) {
            return known.clone();
        }
        let Books { ledger, known, .. } = self.books;
        let row = ledger.row(tree);
        // What an earlier scan wrote down of a tree is that it leads to the same secrets as another.
        let below = if row == NONE || known.has(tree) {
            self.read(tree, name).unwrap_or_default()
        } else {
            ledger.below(row, name)
        };
        self.known.insert((tree, name), below.clone());
        below
    }

    fn read(&mut self, tree: u32, name: u32) -> Option<Vec<u32>> {
        let Self { odb, inflater, bytes, .. } = self;
        let kind = odb.read(&odb.id(tree), inflater, bytes).ok()?;
        let name = &*self.books.names[name as usize];
        let (mut at, mut below) = (0, Vec::new());
        while let Some(entry) = TreeEntry::at(bytes, at, odb.hash()).filter(|_| kind == ObjectKind::Tree) {
            if entry.name == name && entry.mode != Mode::Submodule {
                below.extend(odb.find(entry.id));
            }
            at = entry.end;
        }
        Some(below)
    }
}
