//! The passes over the objects of a history: what is read, and in which order.
//!
//! Where nothing is asked of what no ref leads to, commits are read first, then the trees that those lead to which
//! count, then their blobs: servers and long-lived clones hold many objects besides. Otherwise one pass reads all.

use std::sync::atomic::Ordering;

use super::History;
use super::books::Books;
use super::graph::Graph;
use super::ledger::Ledger;
use super::opened::Opened;
use super::pass::{Part, Pass, Shared};
use super::reach::{Reach, Tips};
use super::recall::Recalled;
use super::structure::{Structure, Tags};
use crate::model::{SkipReason, Tally};
use crate::source::SourceError;
use crate::source::odb::{Grove, Kinds, ObjectKind, OdbError, Trail, Walk};

/// Where fewer than one commit in so many is not reached, all trees are read: choosing would cost more.
const FEW: u64 = 16;

/// Where trees are counted.
const TREE: usize = ObjectKind::Tree as usize - 1;

/// The passes over the objects of a history.
struct Sweep<'s> {
    history: &'s History,
    opened: &'s Opened,
    shared: &'s Shared<'s>,
    tally: &'s mut Tally,
    grove: Grove,
    parts: Vec<Part>,
    lost: Lost,
}

/// Objects that could not be read.
#[derive(Debug, Default)]
struct Lost {
    /// Their numbers.
    unread: Vec<u32>,
    /// How many of them git could not read either.
    count: u64,
    /// Whether any of them is damaged rather than large.
    damaged: bool,
}

/// Scans all objects of `opened` that may count, as `history` asks.
///
/// # Errors
/// When the system has no random numbers, or a pack's index is damaged so that its entries cannot be found.
pub(super) fn sweep(history: &History, opened: &Opened, tally: &mut Tally) -> Result<Books, SourceError> {
    let mut shared = Shared::new(&opened.odb, &history.detector, history.full, history.archive_depth)
        .map_err(SourceError::Random)?;
    let recalled = history.cache.as_ref().and_then(|cache| {
        cache.load(tally, |archive| Recalled::new(archive, &shared, history.threads, history.max_size))
    });
    let mut parts = Vec::new();
    // What was recalled comes first: a tree that was read again counts as it was read.
    match recalled {
        Some(Recalled { part, known }) => {
            tally.recalled = known.blobs();
            shared.known = known;
            parts.push(part);
        }
        // Every entry of every tree is looked up.
        None => opened.odb.packs().iter().for_each(|pack| pack.index().hasten()),
    }
    let (grove, lost) = (Grove::default(), Lost::default());
    let mut sweep = Sweep { history, opened, shared: &shared, tally, grove, parts, lost };
    // What nothing reaches counts, or will be asked about by the next scan.
    let structure = match history.cache.is_some() || history.scope.unreachable {
        true => sweep.everything()?,
        false => sweep.reached()?,
    };
    let Sweep { parts, lost: Lost { unread, count, damaged }, .. } = sweep;
    Ok(Books { unread, lost: count, damaged, ..Books::new(shared, structure, parts) })
}

impl Sweep<'_> {
    fn everything(&mut self) -> Result<Structure, OdbError> {
        let wanted = (0..self.opened.odb.len()).filter(|&number| self.shared.wants(number)).count();
        self.history.progress.total.fetch_add(wanted as u64, Ordering::Relaxed);
        self.walk(Kinds::ALL, &|_| true)?;
        let (graph, tags) = self.graph();
        Ok(self.structure(graph, tags))
    }

    fn reached(&mut self) -> Result<Structure, OdbError> {
        let Self { history, opened, grove, .. } = &*self;
        let (progress, all) = (&history.progress, u64::from(opened.odb.len()));
        let before = progress.objects.load(Ordering::Relaxed);
        progress.total.fetch_add(all, Ordering::Relaxed);
        let (planted, followed) = rayon::join(|| grove.plant(&opened.odb, history.threads), || self.follow());
        planted?;
        match followed {
            Some(parts) => self.parts.extend(parts),
            None => self.walk(Kinds::of(&[ObjectKind::Commit, ObjectKind::Tag]), &|_| true)?,
        }
        let (graph, tags) = self.graph();
        let Some(tips) = Tips::new(self.opened, &graph, &tags, &self.history.scope) else {
            // The revision that is not known will be named.
            self.walk(Kinds::of(&[ObjectKind::Tree, ObjectKind::Blob]), &|_| true)?;
            return Ok(self.structure(graph, tags));
        };
        let others = self.grove.count(ObjectKind::Commit).saturating_sub(tips.commits());
        if others <= tips.commits() / FEW {
            self.walk(Kinds::of(&[ObjectKind::Tree]), &|_| true)?;
        } else {
            self.trees(tips.objects(&graph))?;
        }
        let structure = self.structure(graph, tags);
        let odb = &self.opened.odb;
        // Some may have been read twice.
        let trees = structure.ledger.trees().filter(|&tree| self.shared.wants(tree)).count();
        self.parts.iter_mut().for_each(|part| part.counts[TREE] = 0);
        self.parts[0].counts[TREE] = trees as u64;
        let (reach, may_be_blob) = rayon::join(
            || Reach::new(tips.objects(&structure.graph), &structure.ledger, odb),
            || self.grove.may_be(odb, ObjectKind::Blob),
        );
        let blobs = (0..odb.len()).filter(|&number| reach.has(number)).count() as u64;
        let so_far = progress.objects.load(Ordering::Relaxed) - before;
        progress.total.fetch_add(so_far + blobs, Ordering::Relaxed);
        progress.total.fetch_sub(all, Ordering::Relaxed);
        let left =
            (0..odb.len()).filter(|&n| may_be_blob[n as usize] && !reach.has(n) && odb.is_first(n)).count();
        if left > 0 {
            self.tally.skipped.insert(SkipReason::Unreachable, left as u64);
        }
        self.visit(Kinds::of(&[ObjectKind::Blob]), &|number| reach.has(number), Some(&reach))?;
        Ok(structure)
    }

    /// Reads the commits and tags that refs and reflogs lead to; `None` where other revisions are asked for, which may
    /// be any, or where one cannot be read.
    fn follow(&self) -> Option<Vec<Part>> {
        let History { threads, max_size, progress, scope, .. } = self.history;
        if !scope.from.is_empty() || !scope.without.is_empty() {
            return None;
        }
        let odb = &self.opened.odb;
        let tips: Vec<u32> =
            self.opened.refs.tips().iter().filter_map(|id| odb.find(id.as_bytes())).collect();
        let trail = Trail { odb, threads: *threads, limit: *max_size, tips: &tips };
        let passes = trail.follow(progress, &|| Pass::new(self.shared, None)).ok()?;
        Some(passes.into_iter().map(Pass::close).collect())
    }

    /// Reads the trees among `objects`, then those that they name, and so on.
    fn trees(&mut self, objects: Vec<u32>) -> Result<(), OdbError> {
        let may_be_tree = self.grove.may_be(&self.opened.odb, ObjectKind::Tree);
        let (mut asked, mut next) = (vec![false; may_be_tree.len()], objects);
        loop {
            let mut wanted = vec![false; asked.len()];
            next.retain(|&tree| may_be_tree.get(tree as usize).is_some_and(|&may| may));
            next.retain(|&tree| !std::mem::replace(&mut asked[tree as usize], true));
            if next.is_empty() {
                return Ok(());
            }
            next.iter().for_each(|&tree| wanted[tree as usize] = true);
            let from = self.parts.len();
            self.walk(Kinds::of(&[ObjectKind::Tree]), &|number| wanted[number as usize])?;
            next.clear();
            for part in &mut self.parts[from..] {
                next.extend(part.rows.children());
                // Those that others are deltas on have been read, too.
                part.rows.trees().for_each(|tree| asked[tree as usize] = true);
            }
        }
    }

    /// Visits the objects of `kinds` for which `wanted` holds, and what they are deltas on.
    fn walk(&mut self, kinds: Kinds, wanted: &(dyn Fn(u32) -> bool + Sync)) -> Result<(), OdbError> {
        self.visit(kinds, wanted, None)
    }

    /// The same; only blobs of `reach` count.
    fn visit(
        &mut self,
        kinds: Kinds,
        wanted: &(dyn Fn(u32) -> bool + Sync),
        reach: Option<&Reach>,
    ) -> Result<(), OdbError> {
        let History { threads, memory, max_size, progress, .. } = self.history;
        let walk = Walk { threads: *threads, budget: *memory, limit: *max_size, kinds };
        let wanted = |number| wanted(number) && self.shared.wants(number);
        let pass = || Pass::new(self.shared, reach);
        let mut passes = walk.run(&self.opened.odb, &self.grove, progress, &wanted, &pass)?;
        let unreadable = passes.iter_mut().flat_map(|p| std::mem::take(&mut p.unreadable));
        let unreadable = self.lost.add(unreadable.collect());
        self.lost.count += self.opened.retry(unreadable, *max_size, &mut passes[0], self.tally);
        self.parts.extend(passes.into_iter().map(Pass::close));
        Ok(())
    }

    /// The commits and tags that were read.
    fn graph(&mut self) -> (Graph, Tags) {
        let (mut graphs, mut tags) = (Vec::with_capacity(self.parts.len()), Tags::new());
        for part in &mut self.parts {
            graphs.push(std::mem::take(&mut part.graph));
            tags.extend(std::mem::take(&mut part.tags));
        }
        (Graph::new(&self.opened.odb, graphs), tags)
    }

    /// These, and the trees that were read.
    fn structure(&mut self, graph: Graph, tags: Tags) -> Structure {
        let rows = self.parts.iter_mut().map(|part| std::mem::take(&mut part.rows)).collect();
        Structure { ledger: Ledger::new(self.opened.odb.len(), rows), graph, tags }
    }
}

impl Lost {
    /// Notes `unreadable`; returns what was not noted before.
    fn add(&mut self, mut unreadable: Vec<(u32, OdbError)>) -> Vec<(u32, OdbError)> {
        self.unread.sort_unstable();
        unreadable.retain(|(number, _)| self.unread.binary_search(number).is_err());
        self.unread.extend(unreadable.iter().map(|&(number, _)| number));
        self.damaged |= unreadable.iter().any(|(_, why)| !matches!(why, OdbError::Limit { .. }));
        unreadable
    }
}
