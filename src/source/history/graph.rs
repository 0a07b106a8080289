//! The commits of a history and which follow which.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ledger::NONE;
use crate::source::odb::{CommitParts, ObjectId, Odb};

/// One thread's commits.
#[derive(Debug, Default)]
pub(super) struct GraphPart {
    commits: Vec<Commit>,
    parents: Vec<u32>,
    /// Commits that name a parent or tree which the object database does not hold, and its id.
    missing: Vec<(u32, ObjectId)>,
}

#[derive(Debug, Clone, Copy)]
struct Commit {
    number: u32,
    tree: u32,
    time: i64,
    /// Where its parents end in `parents`.
    end: u32,
}

/// The commits of a history, numbered from 0 in no order.
#[derive(Debug)]
pub(super) struct Graph {
    commits: Vec<Commit>,
    /// Parents that exist, as commit numbers.
    parents: Vec<u32>,
    /// Commit by object number, or [`NONE`].
    commit_of: Vec<u32>,
    /// Commits that name a parent or tree which the object database does not hold, and its id.
    pub(super) missing: Vec<(u32, ObjectId)>,
}

impl GraphPart {
    /// Enters the commit object `number`.
    pub(super) fn enter(&mut self, odb: &Odb, number: u32, parts: &CommitParts<'_>) {
        let mut find = |id: &ObjectId| {
            let found = odb.find(id.as_bytes());
            if found.is_none() {
                self.missing.push((number, *id));
            }
            found
        };
        let tree = parts.tree.as_ref().and_then(&mut find).unwrap_or(NONE);
        self.parents.extend(parts.parents.iter().filter_map(&mut find));
        let end = self.parents.len() as u32;
        self.commits.push(Commit { number, tree, time: parts.committer.time, end });
    }

    /// Enters the commit object `number` of which all is known already.
    pub(super) fn recall(&mut self, number: u32, tree: u32, time: i64, parents: &[u32]) {
        self.parents.extend_from_slice(parents);
        self.commits.push(Commit { number, tree, time, end: self.parents.len() as u32 });
    }
}

impl Graph {
    /// Puts the threads' parts together.
    pub(super) fn new(odb: &Odb, parts: Vec<GraphPart>) -> Self {
        let count = parts.iter().map(|p| p.commits.len()).sum();
        let mut graph = Self {
            commits: Vec::with_capacity(count),
            parents: Vec::with_capacity(parts.iter().map(|p| p.parents.len()).sum()),
            commit_of: vec![NONE; odb.len() as usize],
            missing: Vec::new(),
        };
        for part in &parts {
            for commit in &part.commits {
                graph.commit_of[commit.number as usize] = graph.commits.len() as u32;
                graph.commits.push(*commit);
            }
        }
        let mut next = 0;
        for part in parts {
            let mut from = 0;
            for commit in &part.commits {
                let parents = &part.parents[from as usize..commit.end as usize];
                // A parent that is there but is no commit, or cannot be read, is left out; it is reported as such.
                let known = parents.iter().map(|&p| graph.commit_of[p as usize]).filter(|&p| p != NONE);
                graph.parents.extend(known);
                graph.commits[next].end = graph.parents.len() as u32;
                (from, next) = (commit.end, next + 1);
            }
            graph.missing.extend(part.missing);
        }
        graph
    }

    /// Number of commits.
    pub(super) fn len(&self) -> usize {
        self.commits.len()
    }

    /// The commit that is object `number`.
    pub(super) fn commit(&self, number: u32) -> Option<u32> {
        self.commit_of.get(number as usize).copied().filter(|&c| c != NONE)
    }

    /// Object number of `commit`.
    pub(super) fn number(&self, commit: u32) -> u32 {
        self.commits[commit as usize].number
    }

    /// Object number of the tree of `commit`, or [`NONE`].
    pub(super) fn tree(&self, commit: u32) -> u32 {
        self.commits[commit as usize].tree
    }

    /// When `commit` was recorded, in seconds since 1970-01-01T00:00:00Z.
    pub(super) fn time(&self, commit: u32) -> i64 {
        self.commits[commit as usize].time
    }

    /// The parents of `commit` that exist, in order.
    pub(super) fn parents(&self, commit: u32) -> &[u32] {
        let from = if commit == 0 { 0 } else { self.commits[commit as usize - 1].end };
        &self.parents[from as usize..self.commits[commit as usize].end as usize]
    }

    /// Marks in `reached` every commit that `tips` follow, themselves included; what is marked already is not
    /// followed again.
    pub(super) fn reach(&self, tips: impl IntoIterator<Item = u32>, reached: &mut [bool]) {
        let mut open: Vec<u32> = tips.into_iter().collect();
        while let Some(commit) = open.pop() {
            if !std::mem::replace(&mut reached[commit as usize], true) {
                open.extend(self.parents(commit));
            }
        }
    }

    /// The commits for which `within` holds, parents before children, else by time, else by object number.
    pub(super) fn oldest_first(&self, within: &[bool]) -> Vec<u32> {
        let mut waiting = vec![0u32; self.len()];
        let children = Children::new(self, within);
        let mut ready = BinaryHeap::new();
        let key = |c: u32| Reverse((self.time(c), self.number(c), c));
        for commit in (0..self.len() as u32).filter(|&c| within[c as usize]) {
            let parents = self.parents(commit).iter().filter(|&&p| within[p as usize]).count();
            waiting[commit as usize] = parents as u32;
            if parents == 0 {
                ready.push(key(commit));
            }
        }
        let mut order = Vec::new();
        while let Some(Reverse((_, _, commit))) = ready.pop() {
            order.push(commit);
            for &child in children.of(commit) {
                waiting[child as usize] -= 1;
                if waiting[child as usize] == 0 {
                    ready.push(key(child));
                }
            }
        }
        order
    }
}

/// The commits that follow each commit.
struct Children {
    first: Vec<u32>,
    children: Vec<u32>,
}

impl Children {
    fn new(graph: &Graph, within: &[bool]) -> Self {
        let mut first = vec![0u32; graph.len() + 1];
        let pairs = || {
            let inside = (0..graph.len() as u32).filter(|&c| within[c as usize]);
            inside.flat_map(|c| graph.parents(c).iter().map(move |&p| (p, c)))
        };
        pairs().for_each(|(parent, _)| first[parent as usize + 1] += 1);
        for c in 0..graph.len() {
            first[c + 1] += first[c];
        }
        let mut next = first.clone();
        let mut children = vec![NONE; first[graph.len()] as usize];
        for (parent, child) in pairs() {
            children[next[parent as usize] as usize] = child;
            next[parent as usize] += 1;
        }
        Self { first, children }
    }

    fn of(&self, commit: u32) -> &[u32] {
        &self.children[self.first[commit as usize] as usize..self.first[commit as usize + 1] as usize]
    }
}
