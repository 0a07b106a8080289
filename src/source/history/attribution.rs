//! Who brought what was found into the history, under which paths, and for how many commits it stayed.
//!
//! The work depends on how many pruned trees there are, not on how many commits: a commit whose pruned tree was
//! seen before holds nothing new.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::classes::Classes;
use super::graph::Graph;
use super::ledger::{Ledger, NONE};
use super::paths::{Paths, ROOT};
use super::pruned::{EMPTY, Pruned, Target};

/// Where a group lies: the first commit that has it under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    /// Number of the path.
    pub(super) path: u32,
    /// The object that the path starts from: the commit's tree, or what a ref names.
    pub(super) root: u32,
    /// The commit, by its number in the [`Graph`].
    pub(super) commit: u32,
}

/// What is known of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    /// One for each path, in the order of their commits.
    pub(super) sightings: Vec<Sighting>,
    /// Commits whose trees hold it.
    pub(super) commits: u64,
}

/// Tells the stories of all groups.
pub(super) struct Teller<'h, 'n> {
    graph: &'h Graph,
    ledger: &'h Ledger,
    pruned: &'h Pruned,
    classes: &'h Classes,
    /// The paths that stories mention.
    pub(super) paths: Paths<'n>,
    /// By group.
    pub(super) stories: Vec<Story>,
    /// Pairs of group and path that were sighted.
    sighted: HashSet<(u32, u32)>,
    /// Pruned trees that were gone through, with the path under which.
    seen: HashSet<(u32, u32)>,
}

impl<'h, 'n> Teller<'h, 'n> {
    /// Knows nothing yet of `groups` groups.
    pub(super) fn new(
        graph: &'h Graph,
        ledger: &'h Ledger,
        pruned: &'h Pruned,
        classes: &'h Classes,
        paths: Paths<'n>,
        groups: usize,
    ) -> Self {
        let stories = vec![Story::default(); groups];
        Self { graph, ledger, pruned, classes, paths, stories, sighted: HashSet::new(), seen: HashSet::new() }
    }

    /// Goes through `commits` (parents before children), and counts them where `counted`.
    pub(super) fn go_through(&mut self, commits: &[u32], counted: bool) {
        let mut times: HashMap<u32, u64> = HashMap::new();
        for &commit in commits {
            let tree = self.tree_of(commit);
            if tree != EMPTY {
                *times.entry(tree).or_default() += 1;
                self.visit(tree, self.graph.tree(commit), commit);
            }
        }
        if counted {
            self.count(&times);
        }
    }

    /// Forgets the stories, but not what was sighted: from here on only what is new is told.
    pub(super) fn forget(&mut self) {
        self.stories.iter_mut().for_each(|s| *s = Story::default());
    }

    /// The pruned tree of row `row` of the ledger.
    pub(super) fn pruned_of(&self, row: u32) -> u32 {
        self.pruned.of(row)
    }

    /// The pruned tree of `commit`.
    pub(super) fn tree_of(&self, commit: u32) -> u32 {
        match self.graph.tree(commit) {
            NONE => EMPTY,
            tree => self.pruned.of(self.ledger.row(tree)),
        }
    }

    /// Goes through the pruned tree `tree` of the object `root`, which `commit` has.
    pub(super) fn visit(&mut self, tree: u32, root: u32, commit: u32) {
        let mut open = vec![(tree, ROOT)];
        while let Some((tree, path)) = open.pop() {
            if !self.seen.insert((tree, path)) {
                continue;
            }
            for entry in self.pruned.entries(tree) {
                let below = self.paths.below(path, entry.name);
                match entry.target {
                    Target::Tree(tree) => open.push((tree, below)),
                    Target::Held(class) => self.sight(class, Sighting { path: below, root, commit }),
                }
            }
        }
    }

    /// Notes an object of `class`.
    pub(super) fn sight(&mut self, class: u32, sighting: Sighting) {
        for &group in self.classes.groups(class) {
            if self.sighted.insert((group, sighting.path)) {
                self.stories[group as usize].sightings.push(sighting);
            }
        }
    }

    /// Adds to each group's count the commits that have it, given how many have each pruned tree.
    fn count(&mut self, times: &HashMap<u32, u64>) {
        let below = self.groups_below(times.keys().copied());
        for (tree, n) in times {
            for &group in &below[tree] {
                self.stories[group as usize].commits += n;
            }
        }
    }

    /// The groups that lie in the pruned tree `tree`, each with the first by name of its paths there.
    pub(super) fn groups_in(&mut self, tree: u32) -> BTreeMap<u32, u32> {
        let mut found = BTreeMap::new();
        let (mut open, mut seen) = (vec![(tree, ROOT)], HashSet::new());
        while let Some((tree, path)) = open.pop() {
            for entry in self.pruned.entries(tree) {
                let below = self.paths.below(path, entry.name);
                match entry.target {
                    Target::Tree(tree) if seen.insert((tree, below)) => open.push((tree, below)),
                    Target::Tree(_) => {}
                    Target::Held(class) => {
                        for &group in self.classes.groups(class) {
                            let first = found.entry(group).or_insert(below);
                            if self.paths.text(below) < self.paths.text(*first) {
                                *first = below;
                            }
                        }
                    }
                }
            }
        }
        found
    }

    /// The groups, sorted, that lie in each of `trees` and in the pruned trees that those hold.
    fn groups_below(&self, trees: impl IntoIterator<Item = u32>) -> HashMap<u32, Vec<u32>> {
        let mut wanted = vec![false; self.pruned.len()];
        trees.into_iter().for_each(|t| wanted[t as usize] = true);
        for tree in (0..self.pruned.len()).rev() {
            if !wanted[tree] {
                continue;
            }
            for entry in self.pruned.entries(tree as u32) {
                if let Target::Tree(below) = entry.target {
                    wanted[below as usize] = true;
                }
            }
        }
        let mut known: HashMap<u32, Vec<u32>> = HashMap::new();
        for tree in (0..self.pruned.len() as u32).filter(|&t| wanted[t as usize]) {
            let mut groups = Vec::new();
            for entry in self.pruned.entries(tree) {
                match entry.target {
                    Target::Held(class) => groups.extend_from_slice(self.classes.groups(class)),
                    Target::Tree(below) => groups.extend_from_slice(&known[&below]),
                }
            }
            groups.sort_unstable();
            groups.dedup();
            known.insert(tree, groups);
        }
        known
    }
}
