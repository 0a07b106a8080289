//! Makes an archive of what a scan wrote down, so that the next one need not look at the same objects.
//!
//! Left out is whatever might read differently then: objects that could not be read, commits whose parents are
//! missing, trees below which anything is missing, and commits with such a tree.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::archive::{AGAIN, Archive, SKIPS};
use super::books::Books;
use super::classes::{Classes, NOTHING};
use super::ledger::NONE;
use super::pruned::{EMPTY, Pruned, Target};
use super::tellings::SOUGHT;
use crate::model::MessageKind;
use crate::source::odb::{Inflater, ObjectId, ObjectKind, Odb, TreeEntry};

/// Makes an archive of `books`; `None` when it would say what is known already.
pub(super) fn record(odb: &Odb, books: &Books, classes: &Classes, pruned: &Pruned) -> Option<Archive> {
    Record::new(odb, books, classes, pruned)?.archive()
}

/// An archive in the making.
struct Record<'r> {
    odb: &'r Odb,
    books: &'r Books,
    classes: &'r Classes,
    pruned: &'r Pruned,
    archive: Archive,
    /// Object in the archive by number, or [`NONE`].
    objects: Vec<u32>,
    /// Commits that lack a parent or their tree; others name them, and they are read again.
    incomplete: HashSet<u32>,
}

impl<'r> Record<'r> {
    fn new(odb: &'r Odb, books: &'r Books, classes: &'r Classes, pruned: &'r Pruned) -> Option<Self> {
        let with_trees = !books.damaged
            && books.missing.len() <= SOUGHT
            && books.ledger.damaged.is_empty()
            && !pruned.too_deep;
        let leaky = leaky(odb, classes, pruned);
        let lacks = |tree: u32| leaky[pruned.of(books.ledger.row(tree)) as usize];
        let mut apart: HashSet<u32> = books.unread.iter().copied().collect();
        let far = |end: usize| u32::try_from(end).is_err();
        apart.extend(books.hits.iter().filter(|h| far(h.span.end)).map(|h| h.object));
        apart.extend(books.message_hits.iter().filter(|h| far(h.text.end)).map(|h| h.object));
        let graph = &books.graph;
        let mut incomplete: HashSet<u32> = graph.missing.iter().map(|&(commit, _)| commit).collect();
        incomplete.extend((0..graph.len() as u32).filter(|&c| lacks(graph.tree(c))).map(|c| graph.number(c)));
        // Commits name trees.
        let kept = [ObjectKind::Blob, ObjectKind::Tag].map(|kind| kind as u8);
        let admits = |kind: u8| with_trees || kept.contains(&kind);
        let numbers = (0..odb.len()).filter(|n| !apart.contains(n) && odb.is_first(*n));
        let mut seen: Vec<(u32, u8)> =
            numbers.map(|n| (n, kind(books, n))).filter(|&(n, kind)| admits(kind) && !lacks(n)).collect();
        let again = books.opened_again();
        let is_old =
            |&(n, _): &(u32, u8)| books.known.has(n) || incomplete.contains(&n) || again.contains(&n);
        if !books.known.stale && seen.iter().all(is_old) {
            return None;
        }
        seen.sort_by(|a, b| odb.id_bytes(a.0).cmp(odb.id_bytes(b.0)));
        let mut archive = Archive { hash: odb.hash(), ..Archive::default() };
        let mut objects = vec![NONE; odb.len() as usize];
        for (number, kind) in seen {
            objects[number as usize] = archive.kinds.len() as u32;
            archive.ids.extend_from_slice(odb.id_bytes(number));
            archive.kinds.push(if again.contains(&number) { AGAIN } else { kind });
        }
        Some(Self { odb, books, classes, pruned, archive, objects, incomplete })
    }

    fn archive(mut self) -> Option<Archive> {
        self.commits();
        self.tags();
        self.hits();
        self.skips();
        self.trees()?;
        Some(self.archive)
    }

    fn object(&self, number: u32) -> Option<u32> {
        self.objects.get(number as usize).copied().filter(|&o| o != NONE)
    }

    fn commits(&mut self) {
        let graph = &self.books.graph;
        for commit in 0..graph.len() as u32 {
            if self.incomplete.contains(&graph.number(commit)) {
                continue;
            }
            let (object, tree) = (self.object(graph.number(commit)), self.object(graph.tree(commit)));
            let parents: Option<Vec<u32>> =
                graph.parents(commit).iter().map(|&p| self.object(graph.number(p))).collect();
            if let (Some(object), Some(tree), Some(parents)) = (object, tree, parents) {
                self.archive.parents.extend(parents.into_iter().map(|p| [p]));
                let (time, end) = (graph.time(commit) as u64, self.archive.parents.len() as u32);
                self.archive.commits.push([object, tree, time as u32, (time >> 32) as u32, end]);
            }
        }
    }

    fn tags(&mut self) {
        for (&number, target) in &self.books.tags {
            if let Some(object) = self.object(number) {
                self.archive.targets.extend(target.iter().flat_map(|id| id.as_bytes()));
                self.archive.tags.push([object, self.archive.targets.len() as u32]);
            }
        }
    }

    fn skips(&mut self) {
        for skip in &self.books.skips {
            let reason = SKIPS.iter().position(|&reason| reason == skip.reason);
            if let (Some(object), Some(reason)) = (self.object(skip.object), reason) {
                self.archive.skips.push([object, reason as u32, skip.count]);
            }
        }
    }

    fn hits(&mut self) {
        let rules = self.books.groups.rules().into_iter();
        self.archive.groups = rules.map(|(rule, in_message)| [rule, in_message.into()]).collect();
        for hit in &self.books.hits {
            if let Some(object) = self.object(hit.object) {
                self.archive.hits.push([object, hit.group, hit.span.start as u32, hit.span.end as u32]);
            }
        }
        for hit in &self.books.message_hits {
            let kind = match hit.kind {
                MessageKind::Commit => 0,
                MessageKind::Tag => 1,
                // Notes are files.
                MessageKind::Identity | MessageKind::Note => 2,
            };
            if let Some(object) = self.object(hit.object) {
                let [from, to] = [hit.text.start, hit.text.end].map(|at| at as u32);
                let [start, end] = [hit.span.start, hit.span.end].map(|at| at as u32);
                self.archive.message_hits.push([object, kind, from, to, hit.group, start, end]);
            }
        }
    }

    /// Enters the trees that lead to hits, and where the names can be read by which they do.
    fn trees(&mut self) -> Option<()> {
        let mut leading: Vec<(u32, u32)> = Vec::new();
        for number in 0..self.odb.len() {
            let row = self.books.ledger.row(number);
            if let Some(object) = self.object(number).filter(|_| row != NONE)
                && self.pruned.of(row) != EMPTY
            {
                leading.push((object, self.pruned.of(row)));
            }
        }
        let used: BTreeSet<u32> = leading.iter().map(|&(_, tree)| tree).collect();
        // What a pruned tree holds has a lower number, so shapes hold only earlier ones.
        let shapes: HashMap<u32, u32> = used.iter().zip(0..).map(|(&tree, shape)| (tree, shape)).collect();
        let mut names: HashMap<u32, u32> = HashMap::new();
        let models = self.models();
        for &tree in &used {
            for entry in self.pruned.entries(tree) {
                let next = names.len() as u32;
                let name = *names.entry(entry.name).or_insert(next);
                self.archive.twigs.push(match entry.target {
                    Target::Held(class) => [name, NONE, models[class as usize]?],
                    Target::Tree(below) => [name, *shapes.get(&below)?, NONE],
                });
            }
            self.archive.shapes.push([self.archive.twigs.len() as u32]);
        }
        self.archive.trees = leading.iter().map(|&(object, tree)| [object, shapes[&tree]]).collect();
        self.archive.names = vec![[NONE; 2]; names.len()];
        self.places_of_names(&leading, &names)
    }

    /// By class: an object of the archive that is of it, if any is. It stands for all of them.
    fn models(&self) -> Vec<Option<u32>> {
        let mut models = vec![None; self.classes.len()];
        for number in 0..self.odb.len() {
            let class = self.classes.of(number);
            if class != NOTHING && models[class as usize].is_none() {
                models[class as usize] = self.object(number);
            }
        }
        models
    }

    /// Finds for each name an entry of a tree that has it. Few trees have to be read: those on the way to hits
    /// share most names.
    fn places_of_names(&mut self, leading: &[(u32, u32)], names: &HashMap<u32, u32>) -> Option<()> {
        let mut models: HashMap<u32, u32> = HashMap::new();
        leading.iter().for_each(|&(object, tree)| {
            models.entry(tree).or_insert(object);
        });
        let mut open = names.len();
        let (mut inflater, mut bytes) = (Inflater::new(u64::MAX), Vec::new());
        for (&tree, &object) in &models {
            let is_open = |name: &u32| self.archive.names[names[name] as usize][0] == NONE;
            let mut wanted: HashMap<&[u8], u32> = HashMap::new();
            for entry in self.pruned.entries(tree).iter().filter(|e| is_open(&e.name)) {
                wanted.insert(&self.books.names[entry.name as usize], names[&entry.name]);
            }
            if wanted.is_empty() {
                continue;
            }
            let id = ObjectId::new(self.archive.id(object as usize))?;
            self.odb.read(&id, &mut inflater, &mut bytes).ok()?;
            let mut at = 0;
            while let Some(entry) = TreeEntry::at(&bytes, at, self.odb.hash()) {
                if let Some(name) = wanted.remove(entry.name) {
                    self.archive.names[name as usize] = [object, at as u32];
                    open -= 1;
                }
                at = entry.end;
            }
        }
        (open == 0).then_some(())
    }
}

/// By pruned tree: whether it leads to an object that is missing.
fn leaky(odb: &Odb, classes: &Classes, pruned: &Pruned) -> Vec<bool> {
    let mut leaky = vec![false; pruned.len()];
    for tree in 0..pruned.len() {
        leaky[tree] = pruned.entries(tree as u32).iter().any(|entry| match entry.target {
            Target::Held(class) => classes.model(class) >= odb.len(),
            Target::Tree(below) => leaky[below as usize],
        });
    }
    leaky
}

/// The kind of object `number`, which was scanned, as a number.
fn kind(books: &Books, number: u32) -> u8 {
    books.known.kind(number).unwrap_or_else(|| {
        let kind = if books.graph.commit(number).is_some() {
            ObjectKind::Commit
        } else if books.tags.contains_key(&number) {
            ObjectKind::Tag
        } else if books.ledger.row(number) != NONE {
            ObjectKind::Tree
        } else {
            ObjectKind::Blob
        };
        kind as u8
    })
}
