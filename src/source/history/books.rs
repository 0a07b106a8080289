//! Everything that the pass over the objects of a history wrote down, put together.

use std::sync::Arc;

use foldhash::HashSet;

use super::graph::Graph;
use super::groups::Groups;
use super::known::Known;
use super::ledger::Ledger;
use super::members::MemberHit;
use super::pass::{Containers, Hit, MessageHit, Part, Shared, Skip};
use super::structure::{Structure, Tags};
use crate::source::odb::ObjectId;

/// Everything that the pass wrote down.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) ledger: Ledger,
    pub(super) graph: Graph,
    pub(super) tags: Tags,
    /// Names of files and directories, by number.
    pub(super) names: Vec<Arc<[u8]>>,
    /// Objects that trees name and that are not there.
    pub(super) missing: Vec<ObjectId>,
    pub(super) groups: Groups,
    /// Sorted.
    pub(super) hits: Vec<Hit>,
    /// Sorted by object, then text, then span.
    pub(super) message_hits: Vec<MessageHit>,
    /// Sorted.
    pub(super) member_hits: Vec<MemberHit>,
    /// Sorted.
    pub(super) skips: Vec<Skip>,
    pub(super) containers: Containers,
    /// Commits, trees, blobs and tags, each counted once.
    pub(super) counts: [u64; 4],
    /// Bytes of blobs and of texts in commits and tags; not of what an earlier scan had seen.
    pub(super) bytes: u64,
    /// Bytes that were searched.
    pub(super) searched: u64,
    /// What an earlier scan had seen of it.
    pub(super) known: Known,
    /// Objects that the pass could not read, or left out for their size.
    pub(super) unread: Vec<u32>,
    /// How many of them git could not read either.
    pub(super) lost: u64,
    /// Whether any of them is damaged rather than large.
    pub(super) damaged: bool,
}

impl Books {
    /// Puts together what the threads wrote down besides `structure`.
    pub(super) fn new(shared: Shared<'_>, structure: Structure, parts: Vec<Part>) -> Self {
        let Structure { ledger, graph, tags } = structure;
        let (mut hits, mut message_hits, mut member_hits) = (Vec::new(), Vec::new(), Vec::new());
        let (mut skips, mut containers) = (Vec::new(), Containers::default());
        let (mut counts, mut bytes, mut searched) = ([0; 4], 0, 0);
        for part in parts {
            bytes += part.bytes;
            searched += part.searched;
            counts.iter_mut().zip(part.counts).for_each(|(sum, n)| *sum += n);
            hits.extend(part.hits);
            message_hits.extend(part.message_hits);
            member_hits.extend(part.member_hits);
            skips.extend(part.skips);
            containers.tally.add(part.containers.tally);
            containers.unread.extend(part.containers.unread);
        }
        hits.sort_unstable();
        hits.dedup();
        member_hits.sort_unstable();
        member_hits.dedup();
        skips.sort_unstable();
        message_hits.sort_by_key(|h| (h.object, h.text.start, h.span));
        Self {
            ledger,
            graph,
            tags,
            names: shared.names.into_names(),
            missing: shared.missing.into_ids(),
            groups: shared.groups,
            hits,
            message_hits,
            member_hits,
            skips,
            containers,
            counts,
            bytes,
            searched,
            known: shared.known,
            unread: Vec::new(),
            lost: 0,
            damaged: false,
        }
    }

    /// Blobs that each scan opens anew, whatever an earlier one found in them.
    pub(super) fn opened_again(&self) -> HashSet<u32> {
        let found = self.member_hits.iter().map(|h| h.object);
        found.chain(self.containers.unread.iter().copied()).collect()
    }

    /// Which groups lie in which objects: pairs of object number and group, sorted, each once. Each missing object is
    /// a group of its own, behind the others.
    pub(super) fn holdings(&self, first_missing: u32, missing: usize) -> Vec<(u32, u32)> {
        let mut pairs: Vec<_> = self.hits.iter().map(|h| (h.object, h.group)).collect();
        let groups = self.groups.len() as u32;
        pairs.extend(self.member_hits.iter().map(|h| (h.object, h.group)));
        pairs.sort_unstable();
        pairs.extend((0..missing as u32).map(|i| (first_missing + i, groups + i)));
        pairs.dedup();
        pairs
    }
}
