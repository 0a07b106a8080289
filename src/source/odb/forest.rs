//! The deltas of a pack as a forest: each object under the object it is a delta on.

use std::sync::Arc;
use std::thread;

use super::{Body, Entry, ObjectId, ObjectKind, OdbError, Pack};

/// Stands for "no node".
const NONE: u32 = u32::MAX;

/// Entries that a thread parses at a time.
const CHUNK: usize = 1 << 14;

/// The deltas of one pack as a forest, or as much of it as leads to what is wanted. Nodes are the pack's entries,
/// numbered from 0 in the order of their offsets.
#[derive(Debug, Default)]
pub(super) struct Forest {
    whole: Arc<Whole>,
    /// `None`: all of it.
    kept: Option<Kept>,
}

/// A whole forest.
#[derive(Debug, Default)]
struct Whole {
    /// Where each entry begins; ascending. One more for the end of the last.
    offsets: Vec<u64>,
    /// Position of each node in the pack's index.
    positions: Vec<u32>,
    /// CRC-32 of each node's entry; empty where the index holds none. They lie there in the order of the ids, so
    /// looking one up at a time would wait for memory each time.
    crcs: Vec<u32>,
    /// The node that each is based on, or [`NONE`].
    bases: Vec<u32>,
    /// `first[n]..first[n + 1]`: the part of `children` that holds those of node `n`.
    first: Vec<u32>,
    /// Children of all nodes; those of one node ordered by the size of their subtrees, smallest first.
    children: Vec<u32>,
    /// Nodes that are based on no node of this pack, in the order of their offsets.
    roots: Vec<Root>,
    /// Nodes that no root leads to, because their bases are damaged or based on each other.
    lost: Vec<u32>,
}

/// What is kept of a forest.
#[derive(Debug)]
struct Kept {
    nodes: Vec<bool>,
    roots: Vec<Root>,
    lost: Vec<u32>,
}

/// A node that is based on no other node of its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root {
    /// The node.
    pub node: u32,
    /// What it is.
    pub stem: Stem,
    /// Number of nodes that it leads to, itself included.
    pub weight: u32,
}

/// What a root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stem {
    /// A whole object.
    Whole(ObjectKind),
    /// A delta on an object outside the pack.
    Outside(ObjectId),
    /// An entry whose head cannot be read.
    Damaged,
}

/// The base of an entry, while the forest is built.
#[derive(Clone, Copy)]
enum Base {
    Node(u32),
    Stem(Stem),
}

impl Forest {
    /// Builds the forest of `pack` on `threads` threads.
    ///
    /// # Errors
    /// When the pack's index points outside the pack.
    pub(super) fn build(pack: &Pack, threads: usize) -> Result<Self, OdbError> {
        let (offsets, positions) = by_offset(pack)?;
        let count = positions.len();
        let mut bases = vec![Base::Stem(Stem::Damaged); count];
        let chunks: Vec<_> = bases.chunks_mut(CHUNK).enumerate().collect();
        let queue = std::sync::Mutex::new(chunks.into_iter());
        thread::scope(|s| {
            let work = || {
                while let Some((i, chunk)) = {
                    let mut queue = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    queue.next()
                } {
                    for (j, base) in chunk.iter_mut().enumerate() {
                        *base = base_of(pack, &offsets, &positions, i * CHUNK + j);
                    }
                }
            };
            for _ in 1..threads {
                s.spawn(work);
            }
            work();
        });
        let crcs = positions.iter().map_while(|&position| pack.index().crc(position)).collect();
        let mut whole = Whole { offsets, positions, crcs, ..Whole::default() };
        whole.plant(&bases);
        Ok(Self { whole: Arc::new(whole), kept: None })
    }

    /// The same forest without every subtree in which `wanted` holds for no node's position.
    pub(super) fn pruned(&self, wanted: impl Fn(u32) -> bool) -> Self {
        let whole = &self.whole;
        let mut nodes = vec![false; whole.positions.len()];
        for (node, &position) in (0..).zip(&whole.positions) {
            let mut at: u32 = node;
            // Up to where others have been.
            if wanted(position) {
                while at != NONE && !std::mem::replace(&mut nodes[at as usize], true) {
                    at = whole.bases[at as usize];
                }
            }
        }
        let roots = whole.roots.iter().filter(|root| nodes[root.node as usize]).copied().collect();
        let lost = whole.lost.iter().copied().filter(|&n| wanted(whole.positions[n as usize])).collect();
        Self { whole: Arc::clone(whole), kept: Some(Kept { nodes, roots, lost }) }
    }

    /// How many nodes of the whole forest grow on roots of `stem`.
    pub(super) fn count(&self, stem: Stem) -> u64 {
        self.whole.roots.iter().filter(|root| root.stem == stem).map(|root| u64::from(root.weight)).sum()
    }

    /// Nodes that are based on no node of this pack, in the order of their offsets.
    pub(super) fn roots(&self) -> &[Root] {
        self.kept.as_ref().map_or(&self.whole.roots, |kept| &kept.roots)
    }

    /// Nodes that no root leads to.
    pub(super) fn lost(&self) -> &[u32] {
        self.kept.as_ref().map_or(&self.whole.lost, |kept| &kept.lost)
    }

    /// The nodes that are deltas on `node`, the one with the smallest subtree first.
    #[inline]
    pub(super) fn children(&self, node: u32) -> impl DoubleEndedIterator<Item = u32> {
        let keeps = |node: &u32| self.kept.as_ref().is_none_or(|kept| kept.nodes[*node as usize]);
        self.whole.children(node).iter().copied().filter(keeps)
    }

    /// Position of `node` in the pack's index.
    #[inline]
    pub(super) fn position(&self, node: u32) -> u32 {
        self.whole.positions[node as usize]
    }

    /// CRC-32 of the entry of `node`, where the index holds it.
    pub(super) fn crc(&self, node: u32) -> Option<u32> {
        self.whole.crcs.get(node as usize).copied()
    }

    /// Where the entry of `node` begins and where the next one does.
    #[inline]
    pub(super) fn extent(&self, node: u32) -> (u64, u64) {
        (self.whole.offsets[node as usize], self.whole.offsets[node as usize + 1])
    }
}

impl Whole {
    fn children(&self, node: u32) -> &[u32] {
        &self.children[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }

    fn plant(&mut self, bases: &[Base]) {
        let count = bases.len();
        self.first = vec![0; count + 1];
        for (node, base) in bases.iter().enumerate() {
            match *base {
                Base::Node(b) => self.first[b as usize + 1] += 1,
                Base::Stem(stem) => self.roots.push(Root { node: node as u32, stem, weight: 0 }),
            }
        }
        for n in 0..count {
            self.first[n + 1] += self.first[n];
        }
        let mut next = self.first.clone();
        self.children = vec![NONE; self.first[count] as usize];
        self.bases = vec![NONE; count];
        for (node, base) in bases.iter().enumerate() {
            if let Base::Node(b) = *base {
                self.children[next[b as usize] as usize] = node as u32;
                next[b as usize] += 1;
                self.bases[node] = b;
            }
        }
        self.weigh();
    }

    /// Orders children by the size of their subtrees, and finds the nodes that no root leads to.
    fn weigh(&mut self) {
        let count = self.bases.len();
        let mut order: Vec<u32> = Vec::with_capacity(count);
        order.extend(self.roots.iter().map(|r| r.node));
        let mut at = 0;
        while let Some(&node) = order.get(at) {
            order.extend_from_slice(self.children(node));
            at += 1;
        }
        // A base comes before what is based on it, so backwards every subtree is complete when it is added.
        let mut weight = vec![0u32; count];
        for &node in order.iter().rev() {
            weight[node as usize] += 1;
            let base = self.bases[node as usize];
            if base != NONE {
                weight[base as usize] += weight[node as usize];
            }
        }
        for node in 0..count {
            let (from, to) = (self.first[node] as usize, self.first[node + 1] as usize);
            self.children[from..to].sort_by_key(|&c| weight[c as usize]);
        }
        self.lost = (0..count as u32).filter(|&n| weight[n as usize] == 0).collect();
        self.roots.iter_mut().for_each(|root| root.weight = weight[root.node as usize]);
    }
}

/// Offsets of all entries in ascending order, one more for the end, and their positions.
fn by_offset(pack: &Pack) -> Result<(Vec<u64>, Vec<u32>), OdbError> {
    let index = pack.index();
    let end = (pack.bytes().len() as u64).saturating_sub(index.hash().size() as u64);
    let damaged = || OdbError::damaged(pack.path(), "its index is damaged: an offset lies outside the table");
    let mut entries: Vec<(u64, u32)> = Vec::with_capacity(index.count() as usize);
    for position in 0..index.count() {
        entries.push((index.offset(position).ok_or_else(damaged)?, position));
    }
    rayon::slice::ParallelSliceMut::par_sort_unstable(entries.as_mut_slice());
    let mut offsets: Vec<u64> = entries.iter().map(|e| e.0).collect();
    // A truncated pack ends before its last entries: those get extents that no entry can be read from.
    offsets.push(offsets.last().map_or(end, |&last| end.max(last)));
    Ok((offsets, entries.into_iter().map(|e| e.1).collect()))
}

fn base_of(pack: &Pack, offsets: &[u64], positions: &[u32], node: usize) -> Base {
    let Ok(Entry { body, .. }) = pack.entry(offsets[node]) else { return Base::Stem(Stem::Damaged) };
    let nodes = &offsets[..positions.len()];
    let at = |offset: u64, below: &[u64]| below.binary_search(&offset).ok().map(|n| Base::Node(n as u32));
    let base = match body {
        Body::Whole(kind) => Some(Base::Stem(Stem::Whole(kind))),
        Body::Behind(by) => offsets[node].checked_sub(by).and_then(|offset| at(offset, &nodes[..node])),
        Body::Named(id) => match pack.index().find(id.as_bytes()).and_then(|p| pack.index().offset(p)) {
            Some(offset) => at(offset, nodes),
            None => Some(Base::Stem(Stem::Outside(id))),
        },
    };
    base.unwrap_or(Base::Stem(Stem::Damaged))
}
