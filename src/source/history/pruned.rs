//! Trees with everything left out that leads to no object of interest.
//!
//! Two trees that differ only in files without findings, or in versions of a file that hold the same, have the same
//! pruned tree, so a history of hundreds of thousands of trees has few of them; what holds for one holds for all trees
//! and commits that share it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use foldhash::HashMap;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::classes::{Classes, NOTHING};
use super::ledger::{Edge, Ledger, NONE};

/// The pruned tree that leads nowhere.
pub(super) const EMPTY: u32 = 0;

/// The pruned trees of a history, each once, by number; 0 is [`EMPTY`].
#[derive(Debug)]
pub(super) struct Pruned {
    /// Where the entries of each pruned tree end in `entries`.
    ends: Vec<u32>,
    entries: Vec<Entry>,
    by_entries: HashMap<Box<[Entry]>, u32>,
    /// Entries of the tree at hand.
    scratch: Vec<Entry>,
    /// The pruned tree of each row of the ledger.
    of: Vec<u32>,
    /// Directories lie deeper in one another than is followed.
    pub(super) too_deep: bool,
}

/// Directories in one another that are followed. No system that git runs on opens longer paths.
const DEEPEST: u32 = 4096;

/// An entry of a pruned tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Entry {
    /// Number of the name.
    pub(super) name: u32,
    /// What lies there.
    pub(super) target: Target,
}

/// What lies under a name in a pruned tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Target {
    /// An object of this class.
    Held(u32),
    /// A pruned tree.
    Tree(u32),
}

/// The ledger's rows in an order in which each follows its base.
struct Order {
    /// Rows; each family (a tree and everything that is a delta on it) in one run, parents first.
    rows: Vec<u32>,
    /// How many bases lie under each of `rows`.
    depths: Vec<u32>,
    /// Where each family begins in `rows`.
    families: Vec<u32>,
}

impl Pruned {
    /// Prunes the trees of `ledger` to what leads to objects that hold anything.
    pub(super) fn new(ledger: &Ledger, classes: &Classes) -> Self {
        let mut pruned = Self {
            ends: vec![0],
            entries: Vec::new(),
            by_entries: HashMap::from_iter([(Box::default(), EMPTY)]),
            scratch: Vec::new(),
            of: vec![EMPTY; ledger.len()],
            too_deep: false,
        };
        let order = Order::new(ledger);
        // A directory's pruned tree depends on those below it: when one changes, the families that name it are gone
        // through again. Those below come first, so that most are gone through once.
        let looks: Vec<Look> =
            (0..order.families.len()).into_par_iter().map(|f| order.look(f, ledger, classes)).collect();
        let (ranks, namers) =
            rayon::join(|| order.ranks(ledger.len(), &looks), || Namers::new(ledger.len(), &looks));
        let mut queue = BinaryHeap::new();
        let mut queued = vec![false; looks.len()];
        for (f, _) in looks.iter().enumerate().filter(|(_, look)| look.holds) {
            queued[f] = true;
            queue.push(Reverse((ranks[f], f as u32)));
        }
        let mut visits = vec![0u32; order.families.len()];
        while let Some(Reverse((_, f))) = queue.pop() {
            queued[f as usize] = false;
            visits[f as usize] += 1;
            if visits[f as usize] > DEEPEST {
                pruned.too_deep = true;
                continue;
            }
            let family = order.family(f as usize);
            pruned.family(ledger, classes, &order, (family, &looks[f as usize]), &mut |row| {
                for &namer in namers.of(row) {
                    if !std::mem::replace(&mut queued[namer as usize], true) {
                        queue.push(Reverse((ranks[namer as usize], namer)));
                    }
                }
            });
        }
        pruned
    }

    /// Prunes the trees of one family; tells `changed` the rows that did.
    fn family(
        &mut self,
        ledger: &Ledger,
        classes: &Classes,
        order: &Order,
        (family, look): (std::ops::Range<usize>, &Look),
        changed: &mut dyn FnMut(u32),
    ) {
        let mut lists: Vec<Vec<Edge>> = Vec::new();
        let mut from = 0;
        for (at, &end) in family.zip(&look.ends) {
            let (row, depth) = (order.rows[at], order.depths[at] as usize);
            let base = if depth == 0 { NONE } else { ledger.base(row) };
            if lists.len() <= depth {
                lists.resize(depth + 1, Vec::new());
            }
            let (under, rest) = lists.split_at_mut(depth);
            let list = &mut rest[0];
            list.clear();
            list.extend_from_slice(under.last().map_or(&[], Vec::as_slice));
            let mut same = base != NONE;
            for edge in ledger.gone(row) {
                if let Ok(i) = list.binary_search(edge) {
                    list.remove(i);
                    same = false;
                }
            }
            for edge in &look.edges[std::mem::replace(&mut from, end as usize)..end as usize] {
                let below = ledger.row(edge.child);
                let leads =
                    classes.of(edge.child) != NOTHING || (below != NONE && self.of[below as usize] != EMPTY);
                if let (true, Err(i)) = (leads, list.binary_search(edge)) {
                    list.insert(i, *edge);
                    same = false;
                }
            }
            let tree = if same { self.of[base as usize] } else { self.tree(ledger, classes, list) };
            if std::mem::replace(&mut self.of[row as usize], tree) != tree {
                changed(row);
            }
        }
    }

    /// The pruned tree with the entries of `list`.
    fn tree(&mut self, ledger: &Ledger, classes: &Classes, list: &[Edge]) -> u32 {
        let entry = |edge: &Edge| {
            let (below, class) = (ledger.row(edge.child), classes.of(edge.child));
            let target = if below != NONE && class == NOTHING {
                Target::Tree(self.of[below as usize])
            } else {
                Target::Held(class)
            };
            (target != Target::Tree(EMPTY)).then_some(Entry { name: edge.name, target })
        };
        let mut entries = std::mem::take(&mut self.scratch);
        entries.clear();
        entries.extend(list.iter().filter_map(entry));
        let known = self.by_entries.get(entries.as_slice()).copied();
        let tree = known.unwrap_or_else(|| {
            let tree = self.ends.len() as u32;
            self.entries.extend_from_slice(&entries);
            self.ends.push(self.entries.len() as u32);
            self.by_entries.insert(entries.as_slice().into(), tree);
            tree
        });
        self.scratch = entries;
        tree
    }

    /// How many pruned trees there are. What a pruned tree holds has a lower number than itself.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The pruned tree of row `row` of the ledger ([`NONE`]: [`EMPTY`]).
    pub(super) fn of(&self, row: u32) -> u32 {
        self.of.get(row as usize).copied().unwrap_or(EMPTY)
    }

    /// The entries of pruned tree `tree`, sorted by name number.
    pub(super) fn entries(&self, tree: u32) -> &[Entry] {
        let tree = tree as usize;
        let from = if tree == 0 { 0 } else { self.ends[tree - 1] };
        &self.entries[from as usize..self.ends[tree] as usize]
    }
}

impl Order {
    fn new(ledger: &Ledger) -> Self {
        let count = ledger.len() as u32;
        let mut first = vec![0u32; count as usize + 1];
        for row in 0..count {
            let base = ledger.base(row);
            if base != NONE {
                first[base as usize + 1] += 1;
            }
        }
        for row in 0..count as usize {
            first[row + 1] += first[row];
        }
        let mut next = first.clone();
        let mut heirs = vec![NONE; first[count as usize] as usize];
        for row in 0..count {
            let base = ledger.base(row);
            if base != NONE {
                heirs[next[base as usize] as usize] = row;
                next[base as usize] += 1;
            }
        }
        let mut order =
            Self { rows: Vec::with_capacity(count as usize), depths: Vec::new(), families: Vec::new() };
        let mut open = Vec::new();
        for root in (0..count).filter(|&row| ledger.base(row) == NONE) {
            order.families.push(order.rows.len() as u32);
            open.push((root, 0));
            while let Some((row, depth)) = open.pop() {
                order.rows.push(row);
                order.depths.push(depth);
                let below = first[row as usize] as usize..first[row as usize + 1] as usize;
                open.extend(heirs[below].iter().map(|&heir| (heir, depth + 1)));
            }
        }
        order
    }
}

/// What one look at the trees of a family tells: most of what they name leads nowhere, and is not looked at again.
struct Look {
    /// What the trees add to those that they are deltas on, where it is a tree or holds anything; in order.
    edges: Vec<Edge>,
    /// Where those of each of the family's trees end.
    ends: Vec<u32>,
    /// Rows of the trees among them, in order.
    named: Vec<u32>,
    /// Whether any of them holds anything.
    holds: bool,
}

/// The families that name each tree.
struct Namers {
    first: Vec<u32>,
    families: Vec<u32>,
}

impl Order {
    /// Looks at what the trees of family `f` add to those that they are deltas on.
    fn look(&self, f: usize, ledger: &Ledger, classes: &Classes) -> Look {
        let mut look = Look { edges: Vec::new(), ends: Vec::new(), named: Vec::new(), holds: false };
        for &row in &self.rows[self.family(f)] {
            for edge in ledger.added(row) {
                let (holds, below) = (classes.of(edge.child) != NOTHING, ledger.row(edge.child));
                if holds || below != NONE {
                    look.edges.push(*edge);
                    look.named.extend(Some(below).filter(|&row| row != NONE));
                    look.holds |= holds;
                }
            }
            look.ends.push(look.edges.len() as u32);
        }
        look
    }

    /// By family, when it is to be gone through: after those that it names, but for circles.
    fn ranks(&self, rows: usize, looks: &[Look]) -> Vec<u32> {
        const WAITING: u32 = u32::MAX - 1;
        let mut family_of = vec![NONE; rows];
        for f in 0..looks.len() {
            self.rows[self.family(f)].iter().for_each(|&row| family_of[row as usize] = f as u32);
        }
        let mut ranks = vec![NONE; looks.len()];
        let mut next = 0;
        // Families that wait for those that they name, each with the one to go on from.
        let mut open: Vec<(u32, usize)> = Vec::new();
        for root in 0..looks.len() {
            if ranks[root] != NONE {
                continue;
            }
            ranks[root] = WAITING;
            open.push((root as u32, 0));
            while let Some((f, at)) = open.last_mut() {
                let Some(&row) = looks[*f as usize].named.get(*at) else {
                    ranks[*f as usize] = next;
                    next += 1;
                    open.pop();
                    continue;
                };
                *at += 1;
                let named = family_of[row as usize];
                if ranks[named as usize] == NONE {
                    ranks[named as usize] = WAITING;
                    open.push((named, 0));
                }
            }
        }
        ranks
    }

    /// The run of `rows` that family `f` takes.
    fn family(&self, f: usize) -> std::ops::Range<usize> {
        let end = self.families.get(f + 1).map_or(self.rows.len(), |&e| e as usize);
        self.families[f] as usize..end
    }
}

impl Namers {
    fn new(rows: usize, looks: &[Look]) -> Self {
        let mut first = vec![0u32; rows + 1];
        let named = || looks.iter().flat_map(|look| &look.named);
        named().for_each(|&row| first[row as usize + 1] += 1);
        for row in 0..rows {
            first[row + 1] += first[row];
        }
        let mut next = first.clone();
        let mut families = vec![NONE; first[rows] as usize];
        for (family, look) in (0..).zip(looks) {
            for &row in &look.named {
                families[next[row as usize] as usize] = family;
                next[row as usize] += 1;
            }
        }
        Self { first, families }
    }

    fn of(&self, row: u32) -> &[u32] {
        &self.families[self.first[row as usize] as usize..self.first[row as usize + 1] as usize]
    }
}
