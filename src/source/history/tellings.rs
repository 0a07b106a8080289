//! From the books of a history to what is visited and what is told of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bstr::{BString, ByteSlice as _};

use super::attribution::{Sighting, Story, Teller};
use super::books::Books;
use super::classes::Classes;
use super::locator::Locator;
use super::members::MemberHit;
use super::opened::Opened;
use super::origins::Origins;
use super::paths::{Paths, ROOT};
use super::pruned::Pruned;
use super::record::record;
use super::scope::{Choice, Chosen, Scope};
use super::told::{GroupTold, Told, in_report_order};
use super::visits::Visits;
use super::{Cache, History};
use crate::model::{Origin, Place, SkipReason, Span, Tally};
use crate::source::SourceError;
use crate::source::odb::ObjectId;
use crate::suppress::PathGlobs;

/// Paths of one secret that are visited; the others are told.
const VISITED: usize = 32;

/// Missing objects that are looked for in trees.
pub(super) const SOUGHT: usize = 1000;

/// Gaps of one kind that are named one by one.
const NAMED: usize = 100;

/// What is visited and told of a history, while it is worked out.
pub(super) struct Tellings<'h> {
    opened: &'h Opened,
    books: &'h Books,
    scope: &'h Scope,
    exclude: &'h PathGlobs,
    cache: Option<&'h Cache>,
    chosen: Chosen,
    origins: Origins<'h>,
    visits: Visits,
    told: Vec<GroupTold>,
    /// Objects that trees and commits name and that are not there.
    missing: HashSet<ObjectId>,
}

impl<'h> Tellings<'h> {
    /// Tells what is in `books`, as far as the scope of `history` wants it.
    ///
    /// # Errors
    /// When a revision of the scope names no commit.
    pub(super) fn tell(
        opened: &Opened,
        books: Books,
        history: &History,
        tally: &mut Tally,
    ) -> Result<(Visits, Told), SourceError> {
        let History { scope, exclude, cache, .. } = history;
        let choice = Choice { odb: &opened.odb, graph: &books.graph, refs: &opened.refs, tags: &books.tags };
        let chosen = choice.choose(scope)?;
        tally.commits = (chosen.commits.len() + chosen.unreached.len()) as u64;
        let origins = Origins::new(opened, &books, &choice, &chosen, history);
        let told = vec![GroupTold::default(); books.groups.len()];
        let mut tellings = Tellings {
            opened,
            books: &books,
            scope,
            exclude,
            cache: cache.as_ref(),
            chosen,
            origins,
            visits: Visits::default(),
            told,
            missing: HashSet::new(),
        };
        tellings.lost_commits(tally);
        tellings.files(&choice, tally);
        tellings.messages();
        let Tellings { visits, told, origins, chosen, missing, .. } = tellings;
        let missing = missing.len() as u64;
        let mut refs: Vec<(BString, u32)> = opened
            .refs
            .refs
            .iter()
            .filter_map(|(name, id)| Some((name.clone(), choice.commit(id)?)))
            .collect();
        in_report_order(&mut refs, opened.refs.branch.as_ref());
        let (commits, origins) = (origins.into_shown(), visits.origins().cloned().collect());
        let Books { graph, groups, .. } = books;
        Ok((visits, Told { graph, groups, commits, reached: chosen.reached, told, refs, missing, origins }))
    }

    /// Gaps for trees and parents of commits that are not there.
    fn lost_commits(&mut self, tally: &mut Tally) {
        if self.opened.builds_on {
            return;
        }
        let mut unnamed = 0;
        for (number, id) in &self.books.graph.missing {
            let commit = self.opened.odb.id(*number);
            let reached = self.books.graph.commit(*number).is_some_and(|c| self.chosen.reached[c as usize]);
            if !(reached || self.scope.unreachable) || self.opened.refs.shallow.contains(&commit) {
                continue;
            }
            // A bundle's prerequisites are named by commits whose parents they are.
            if self.opened.refs.shallow.contains(id) {
                continue;
            }
            self.missing.insert(*id);
            if tally.gaps.len() < NAMED {
                tally.gap(format!("object {id}"), format!("{}; commit {commit} names it", self.cause()));
            } else {
                unnamed += 1;
            }
        }
        if unnamed > 0 {
            tally.gap(format!("{unnamed} more objects"), "commits name them and they are missing");
        }
    }

    /// Finds out where the groups lie in trees, and where missing objects would.
    fn files(&mut self, choice: &Choice<'_>, tally: &mut Tally) {
        let books = self.books;
        let first_missing = self.opened.odb.len();
        let sought = if books.missing.len() > SOUGHT { 0 } else { books.missing.len() };
        let holdings = books.holdings(first_missing, sought);
        let classes = Classes::new(first_missing as usize + sought, &holdings, &books.opened_again());
        let pruned = Pruned::new(&books.ledger, &classes);
        if let Some(cache) = self.cache
            && let Some(archive) = record(&self.opened.odb, books, &classes, &pruned)
        {
            cache.save(&archive, tally);
        }
        let groups = books.groups.len() + sought;
        let paths = Paths::new(&books.names);
        let mut teller = Teller::new(&books.graph, &books.ledger, &pruned, &classes, paths, groups);
        if !self.chosen.before.is_empty() {
            teller.go_through(&self.chosen.before, false);
            teller.forget();
        }
        teller.go_through(&self.chosen.commits, true);
        if self.scope.is_everything() {
            self.direct(choice, &classes, &mut teller);
        }
        teller.go_through(&self.chosen.unreached, false);
        for (group, path) in self.head(choice, &mut teller) {
            if let Some(told) = self.told.get_mut(group as usize) {
                told.at_head = Some(self.origins.whole(&teller.paths.text(path)));
            }
        }
        let stories = std::mem::take(&mut teller.stories);
        let (stories, lost) = stories.split_at(books.groups.len());
        let mut locator = Locator::new(&self.opened.odb, books);
        for (group, story) in stories.iter().enumerate() {
            self.story(group as u32, story, &teller.paths, &mut locator, tally);
        }
        if self.scope.unreachable {
            self.unsighted(stories);
        }
        self.lost_files(lost, &teller.paths, tally);
        if pruned.too_deep {
            tally.gap("some directories", "they lie in one another more than 4096 deep");
        }
        for tree in &books.ledger.damaged {
            tally.gap(format!("tree {}", self.opened.odb.id(*tree)), "its entries are damaged");
        }
    }

    /// Goes through trees and blobs that refs name without a commit between.
    fn direct(&mut self, choice: &Choice<'_>, classes: &Classes, teller: &mut Teller<'_, '_>) {
        for (name, id) in &self.opened.refs.refs {
            let Some(object) = choice.peeled(id).filter(|&o| self.books.graph.commit(o).is_none()) else {
                continue;
            };
            let who = self.origins.named(name, id);
            match self.books.ledger.row(object) {
                super::ledger::NONE => {
                    let sighting = Sighting { path: ROOT, root: object, commit: who };
                    teller.sight(classes.of(object), sighting);
                }
                row => teller.visit(teller.pruned_of(row), object, who),
            }
        }
    }

    /// The groups that `HEAD` holds, with a path.
    fn head(&self, choice: &Choice<'_>, teller: &mut Teller<'_, '_>) -> BTreeMap<u32, u32> {
        let head = self.opened.refs.head.as_ref().and_then(|id| choice.commit(id));
        head.map(|commit| teller.groups_in(teller.tree_of(commit))).unwrap_or_default()
    }

    fn story(
        &mut self,
        group: u32,
        story: &Story,
        paths: &Paths<'_>,
        locator: &mut Locator<'_>,
        tally: &mut Tally,
    ) {
        let sightings = story.sightings.iter().map(|s| (s, paths.text(s.path)));
        let (out, counted): (Vec<_>, Vec<_>) =
            sightings.partition(|(_, path)| self.exclude.contains(self.origins.whole(path).as_bstr(), false));
        out.iter().for_each(|_| tally.skip(SkipReason::Excluded));
        let told = &mut self.told[group as usize];
        told.commits = story.commits;
        told.paths = counted.iter().map(|(_, path)| self.origins.whole(path)).collect();
        for (sighting, path) in counted.into_iter().take(VISITED) {
            let objects = locator.objects(sighting.root, &paths.names(sighting.path));
            let Some(object) = objects.into_iter().find(|&o| holds(self.books, o, group)) else {
                let commit = self.origins.commit(sighting.commit);
                tally.gap(
                    self.origins.whole(&path).to_string(),
                    format!("commit {} cannot be read again", commit.id),
                );
                continue;
            };
            let origin = self.origins.file(sighting.commit, path);
            self.add_file(object, group, &origin);
        }
    }

    /// Visits `group` wherever it lies in `object`, at `origin`.
    fn add_file(&mut self, object: u32, group: u32, origin: &Origin) {
        for span in spans(self.books, object, group) {
            self.visits.add(object, origin.clone(), None, span);
        }
        for hit in in_members(self.books, object, group) {
            self.visits.add_member(object, origin.clone(), hit.member, hit.span);
        }
    }

    /// Visits what lies in no commit at all.
    fn unsighted(&mut self, stories: &[Story]) {
        let mut seen = HashSet::new();
        let hits = self.books.hits.iter().map(|h| (h.object, h.group));
        for (object, group) in hits.chain(self.books.member_hits.iter().map(|h| (h.object, h.group))) {
            if stories[group as usize].sightings.is_empty() && seen.insert(group) {
                let id: Arc<str> = self.opened.odb.id(object).to_string().into();
                let origin = Origin::new(
                    self.origins.whole(&self.name_of(object)),
                    Place::Unreachable(Arc::clone(&id)),
                );
                self.add_file(object, group, &origin);
            }
        }
    }

    /// The name under which some tree has `object`; empty when none has.
    fn name_of(&self, object: u32) -> BString {
        let edge = self.books.ledger.find(object);
        edge.map_or_else(BString::default, |e| self.books.names[e.name as usize].to_vec().into())
    }

    /// Why an object is not there.
    fn cause(&self) -> &'static str {
        if self.opened.partial { "the clone is partial and left it out" } else { "it is missing" }
    }

    /// Gaps for objects that trees name and that are not there.
    fn lost_files(&mut self, lost: &[Story], paths: &Paths<'_>, tally: &mut Tally) {
        if self.opened.builds_on {
            let names = self.books.missing.len() + self.books.graph.missing.len();
            if names > 0 {
                let note = format!("{names} objects that the bundle names came with commits before it");
                tally.notes.push(note);
            }
            return;
        }
        for (i, story) in lost.iter().enumerate() {
            if let Some(first) = story.sightings.first() {
                self.missing.insert(self.books.missing[i]);
                let commit = &self.origins.commit(first.commit).id;
                let why = format!(
                    "{}; commit {commit} has it at {}",
                    self.cause(),
                    self.origins.whole(&paths.text(first.path))
                );
                tally.gap(format!("object {}", self.books.missing[i]), why);
            }
        }
        if lost.len() < self.books.missing.len() {
            self.missing.extend(&self.books.missing);
            let cause = if self.opened.partial {
                "the clone is partial and left them out"
            } else {
                "they are missing"
            };
            tally.gap(format!("{} objects that trees name", self.books.missing.len()), cause);
        }
    }

    /// Visits for each secret in messages the earliest one.
    fn messages(&mut self) {
        let mut first: BTreeMap<u32, (u64, usize)> = BTreeMap::new();
        for (i, hit) in self.books.message_hits.iter().enumerate() {
            let Some(place) = self.origins.message_place(hit.object) else { continue };
            self.told[hit.group as usize].commits += 1;
            let best = first.entry(hit.group).or_insert((place, i));
            *best = (*best).min((place, i));
        }
        for (_, i) in first.into_values() {
            let hit = &self.books.message_hits[i];
            let origin = self.origins.message(hit.object, hit.kind);
            self.visits.add(hit.object, origin, Some(hit.text.clone()), hit.span);
        }
    }
}

/// Whether `group` lies in `object`, or in a member of it.
fn holds(books: &Books, object: u32, group: u32) -> bool {
    spans(books, object, group).next().is_some() || in_members(books, object, group).next().is_some()
}

/// Where `group` lies in `object`.
fn spans(books: &Books, object: u32, group: u32) -> impl Iterator<Item = Span> {
    let from = books.hits.partition_point(|h| (h.object, h.group) < (object, group));
    let same = books.hits[from..].iter().take_while(move |h| (h.object, h.group) == (object, group));
    same.map(|h| h.span)
}

/// Where `group` lies in members of the container `object`.
fn in_members(books: &Books, object: u32, group: u32) -> impl Iterator<Item = &MemberHit> {
    let from = books.member_hits.partition_point(|h| (h.object, h.group) < (object, group));
    books.member_hits[from..].iter().take_while(move |h| (h.object, h.group) == (object, group))
}
