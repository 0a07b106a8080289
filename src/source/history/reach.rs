//! Which blobs can be reached from what names commits. Others need not be read where nothing is asked of them.

use super::graph::Graph;
use super::ledger::{Ledger, NONE};
use super::opened::Opened;
use super::scope::{Choice, Scope};
use super::structure::Tags;
use crate::source::odb::Odb;

/// Where a history begins to be followed: the commits that count, and what is named without one.
#[derive(Debug)]
pub(super) struct Tips {
    /// By commit: whether refs, reflogs or the revisions asked for lead to it.
    reached: Vec<bool>,
    /// Trees and blobs that refs name.
    named: Vec<u32>,
}

/// The blobs of a history that its tips lead to.
#[derive(Debug)]
pub(super) struct Reach {
    /// By object number.
    blobs: Vec<bool>,
}

impl Tips {
    /// Everything that `scope` may ask for. `None` when a revision of it is not known.
    pub(super) fn new(opened: &Opened, graph: &Graph, tags: &Tags, scope: &Scope) -> Option<Self> {
        let Opened { odb, refs, .. } = opened;
        let choice = Choice { odb, graph, refs, tags };
        let from = scope.from.iter().map(|revision| choice.revision(revision).ok());
        let mut commits = from.collect::<Option<Vec<u32>>>()?;
        let mut named = Vec::new();
        for object in refs.tips().iter().filter_map(|id| choice.peeled(id)) {
            match graph.commit(object) {
                Some(commit) => commits.push(commit),
                None => named.push(object),
            }
        }
        let mut reached = vec![false; graph.len()];
        graph.reach(commits, &mut reached);
        Some(Self { reached, named })
    }

    /// How many commits count.
    pub(super) fn commits(&self) -> u64 {
        self.reached.iter().filter(|&&reached| reached).count() as u64
    }

    /// Numbers of the trees of the commits, and of what is named without one; may hold [`NONE`].
    pub(super) fn objects(&self, graph: &Graph) -> Vec<u32> {
        let commits = (0..graph.len() as u32).filter(|&c| self.reached[c as usize]);
        let trees = commits.map(|c| graph.tree(c));
        trees.chain(self.named.iter().copied()).collect()
    }
}

impl Reach {
    /// Follows `objects` through the trees of `ledger`. It may count a few blobs more: what lies in a tree that another
    /// one is a delta on. What lies behind an object that is missing belongs to no commit, and does not count.
    pub(super) fn new(objects: Vec<u32>, ledger: &Ledger, odb: &Odb) -> Self {
        let (mut seen, mut blobs) = (vec![false; odb.len() as usize], vec![false; odb.len() as usize]);
        let mut open = objects;
        while let Some(object) = open.pop() {
            // What is missing has no such number.
            let Some(seen) = seen.get_mut(object as usize).filter(|seen| !**seen) else { continue };
            *seen = true;
            match ledger.row(object) {
                NONE => blobs[object as usize] = true,
                row => {
                    // Only what the tree adds to its base is at hand, so the base counts as reached.
                    open.extend(ledger.added(row).iter().map(|edge| edge.child));
                    open.push(ledger.base_of(row));
                }
            }
        }
        Self { blobs }
    }

    /// Whether object `number` is a blob that counts.
    pub(super) fn has(&self, number: u32) -> bool {
        self.blobs[number as usize]
    }
}
