//! Makes of an archive what the pass over the same objects would write down.
//!
//! Values are not in the archive: of each group one object is scanned again, which both tells its value and proves
//! that the archive fits the repository and the detector.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::archive::{AGAIN, Archive, SKIPS};
use super::graph::GraphPart;
use super::groups::LocalGroups;
use super::known::{Known, numbers};
use super::ledger::{Edge, NONE, Rows};
use super::pass::{Hit, MessageHit, Part, Shared, Skip};
use super::scanner::Scanner;
use crate::model::{MessageKind, Span};
use crate::source::odb::{Inflater, ObjectId, ObjectKind, TreeEntry};

/// What an earlier scan wrote down, as far as it still holds.
pub(super) struct Recalled {
    pub(super) part: Part,
    pub(super) known: Known,
}

/// An archive that is put in terms of this scan.
struct Recall<'r, 'h> {
    archive: &'r Archive,
    shared: &'r Shared<'h>,
    /// Number of each object that is there, else [`NONE`].
    numbers: Vec<u32>,
    known: Known,
    limit: u64,
}

/// A group's secret in an object that holds it: which group, in which part of the object, where in that part.
type Witness = (u32, Option<(u32, u32)>, Span);

impl Recalled {
    /// Recalls `archive`. `None` when it does not fit the repository or the detector.
    pub(super) fn new(archive: &Archive, shared: &Shared<'_>, threads: usize, limit: u64) -> Option<Self> {
        let numbers = numbers(archive, shared.odb);
        let known = Known::of(shared.odb);
        let mut recall = Recall { archive, shared, numbers, known, limit };
        let with_trees = recall.survey();
        let (graph, tags) = (recall.graph(), recall.tags()?);
        let groups = recall.groups(threads)?;
        let (hits, message_hits, skips) =
            (recall.hits(&groups), recall.message_hits(&groups), recall.skips());
        let rows = if with_trees { recall.rows()? } else { Rows::default() };
        let Recall { known, .. } = recall;
        let counts = known.counts();
        // Containers in which anything was found are searched again.
        let (member_hits, containers) = Default::default();
        let (bytes, searched) = (0, 0);
        let part = Part {
            rows,
            graph,
            tags,
            hits,
            message_hits,
            member_hits,
            skips,
            containers,
            counts,
            bytes,
            searched,
        };
        Some(Self { part, known })
    }
}

impl Recall<'_, '_> {
    fn number(&self, object: u32) -> Option<u32> {
        Some(self.numbers[object as usize]).filter(|&n| n != NONE)
    }

    /// The number of `object`, if it is there and need not be scanned again.
    fn known(&self, object: u32) -> Option<u32> {
        self.number(object).filter(|&n| self.known.has(n))
    }

    /// Finds out what is known. Whether that includes trees: what lies below one is not in the archive, so when
    /// anything is gone all are read again, to see what misses it.
    fn survey(&mut self) -> bool {
        let kinds = self.archive.kinds.iter().zip(&self.numbers);
        let gone = kinds.clone().filter(|&(_, &number)| number == NONE);
        let lasting = [ObjectKind::Tree as u8, ObjectKind::Blob as u8, AGAIN];
        let (mut any, mut with_trees) = (false, true);
        for (kind, _) in gone {
            any = true;
            with_trees &= !lasting.contains(kind);
        }
        self.known.stale = any;
        for (&kind, &number) in kinds.filter(|&(_, &number)| number != NONE) {
            let apart = kind == AGAIN
                || kind == ObjectKind::Commit as u8
                || (kind == ObjectKind::Tree as u8 && !with_trees);
            if !apart {
                self.known.add(number, kind);
            }
        }
        with_trees
    }

    /// Commits whose parents and trees are still there.
    fn graph(&mut self) -> GraphPart {
        let mut graph = GraphPart::default();
        let mut from = 0;
        for &[commit, tree, low, high, end] in &self.archive.commits {
            let parents = &self.archive.parents[from as usize..end as usize];
            from = end;
            let parents: Option<Vec<u32>> = parents.iter().map(|&[p]| self.number(p)).collect();
            if let (Some(number), Some(tree), Some(parents)) =
                (self.number(commit), self.number(tree), parents)
            {
                let time = (u64::from(high) << 32 | u64::from(low)) as i64;
                graph.recall(number, tree, time, &parents);
                self.known.add(number, ObjectKind::Commit as u8);
            }
        }
        graph
    }

    fn tags(&self) -> Option<Vec<(u32, Option<ObjectId>)>> {
        let (mut tags, mut from) = (Vec::new(), 0);
        for &[tag, end] in &self.archive.tags {
            let target = self.archive.targets.get(from as usize..end as usize)?;
            from = end;
            if let Some(number) = self.known(tag) {
                tags.push((number, ObjectId::new(target)));
            }
        }
        Some(tags)
    }

    /// The number that each group has in this scan, or [`NONE`] when no object holds it any more.
    fn groups(&self, threads: usize) -> Option<Vec<u32>> {
        let witnesses = self.witnesses();
        let objects: Vec<_> = witnesses.into_iter().collect();
        let found = Mutex::new(Some(vec![NONE; self.archive.groups.len()]));
        let next = AtomicUsize::new(0);
        let work = || {
            let mut scanner = Scanner::new(self.shared.detector);
            let (mut groups, mut inflater) = (self.shared.groups.local(), Inflater::new(self.limit));
            while let Some((object, wanted)) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                let named = self.witness(*object, wanted, &mut scanner, &mut groups, &mut inflater);
                let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let Some((all, named)) = found.as_mut().zip(named) else {
                    *found = None;
                    return;
                };
                named.into_iter().for_each(|(group, number)| all[group as usize] = number);
            }
        };
        std::thread::scope(|s| {
            for _ in 1..threads.max(1) {
                s.spawn(work);
            }
            work();
        });
        found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One hit of each group that still has any, by object.
    fn witnesses(&self) -> BTreeMap<u32, Vec<Witness>> {
        let mut witnesses: BTreeMap<u32, Vec<Witness>> = BTreeMap::new();
        let mut seen = vec![false; self.archive.groups.len()];
        let mut add = |object: u32, group: u32, part, start: u32, end: u32| {
            if let Some(number) = self.known(object)
                && !std::mem::replace(&mut seen[group as usize], true)
            {
                let span = Span::new(start as usize, end as usize);
                witnesses.entry(number).or_default().push((group, part, span));
            }
        };
        for &[object, group, start, end] in &self.archive.hits {
            add(object, group, None, start, end);
        }
        for &[object, _, from, to, group, start, end] in &self.archive.message_hits {
            add(object, group, Some((from, to)), start, end);
        }
        witnesses
    }

    /// Scans object `number` again. Pairs each group of `wanted` with its number in this scan; `None` when one is
    /// not found.
    fn witness<'s>(
        &self,
        number: u32,
        wanted: &[Witness],
        scanner: &mut Scanner<'s>,
        groups: &mut LocalGroups<'_>,
        inflater: &mut Inflater,
    ) -> Option<Vec<(u32, u32)>> {
        let mut bytes = Vec::new();
        self.shared.odb.read(&self.shared.odb.id(number), inflater, &mut bytes).ok()?;
        let pack = self.shared.detector.pack();
        let mut parts: HashMap<Option<(u32, u32)>, Vec<_>> = HashMap::new();
        wanted.iter().for_each(|&(group, part, span)| parts.entry(part).or_default().push((group, span)));
        let mut named = Vec::with_capacity(wanted.len());
        for (part, wanted) in parts {
            let text = match part {
                Some((from, to)) => bytes.get(from as usize..to as usize)?,
                None => &bytes,
            };
            let found = scanner.scan(text);
            let candidates = scanner.settled(text, &found);
            for (group, span) in wanted {
                let [rule, in_message] = self.archive.groups[group as usize];
                let id = &pack.rules().get(rule as usize)?.id;
                let candidate = candidates.iter().find(|c| c.span == span && c.rule.id == *id)?;
                named.push((group, groups.number(pack, text, candidate, in_message != 0)?));
            }
        }
        Some(named)
    }

    fn hits(&self, groups: &[u32]) -> Vec<Hit> {
        let hit = |&[object, group, start, end]: &[u32; 4]| {
            let (object, group) = (self.known(object)?, named(groups, group)?);
            Some(Hit { object, group, span: Span::new(start as usize, end as usize) })
        };
        self.archive.hits.iter().filter_map(hit).collect()
    }

    fn message_hits(&self, groups: &[u32]) -> Vec<MessageHit> {
        let kinds = [MessageKind::Commit, MessageKind::Tag, MessageKind::Identity];
        let hit = |&[object, kind, from, to, group, start, end]: &[u32; 7]| {
            Some(MessageHit {
                object: self.known(object)?,
                kind: kinds[kind as usize],
                text: from as usize..to as usize,
                group: named(groups, group)?,
                span: Span::new(start as usize, end as usize),
            })
        };
        self.archive.message_hits.iter().filter_map(hit).collect()
    }

    fn skips(&self) -> Vec<Skip> {
        let skip = |&[object, reason, count]: &[u32; 3]| {
            Some(Skip { object: self.known(object)?, reason: SKIPS[reason as usize], count })
        };
        self.archive.skips.iter().filter_map(skip).collect()
    }

    /// Rows for the trees that lead to hits: one of each shape as a whole, the others as copies of it.
    fn rows(&self) -> Option<Rows> {
        let names = self.names()?;
        let mut models = vec![NONE; self.archive.shapes.len()];
        for &[tree, shape] in self.archive.trees.iter().rev() {
            models[shape as usize] = self.number(tree)?;
        }
        let mut rows = Rows::default();
        for (shape, &model) in models.iter().enumerate().filter(|&(_, &model)| model != NONE) {
            let edge = |&[name, below, object]: &[u32; 3]| {
                let child = if object == NONE { models[below as usize] } else { self.number(object)? };
                (child != NONE).then_some(Edge { name: names[name as usize], child })
            };
            let edges = self.archive.twigs_of(shape).iter().map(edge).collect::<Option<Vec<_>>>()?;
            rows.whole(model, &edges);
        }
        for &[tree, shape] in &self.archive.trees {
            let (number, model) = (self.number(tree)?, models[shape as usize]);
            if number != model {
                rows.copy(number, model);
            }
        }
        Some(rows)
    }

    /// The number of each name in this scan, read from the trees that have them.
    fn names(&self) -> Option<Vec<u32>> {
        let mut by_tree: BTreeMap<u32, Vec<(usize, u32)>> = BTreeMap::new();
        for (name, &[tree, offset]) in self.archive.names.iter().enumerate() {
            by_tree.entry(self.number(tree)?).or_default().push((name, offset));
        }
        let mut names = vec![NONE; self.archive.names.len()];
        let mut local = self.shared.names.local();
        let (mut inflater, mut bytes) = (Inflater::new(self.limit), Vec::new());
        for (tree, wanted) in by_tree {
            let kind = self.shared.odb.read(&self.shared.odb.id(tree), &mut inflater, &mut bytes).ok()?;
            for (name, offset) in wanted {
                let entry = TreeEntry::at(&bytes, offset as usize, self.shared.odb.hash())?;
                names[name] = local.number(entry.name);
            }
            if kind != ObjectKind::Tree {
                return None;
            }
        }
        Some(names)
    }
}

/// The number that `group` of the archive has in this scan.
fn named(groups: &[u32], group: u32) -> Option<u32> {
    Some(groups[group as usize]).filter(|&number| number != NONE)
}
