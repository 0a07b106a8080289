//! What the commits of a range bring: of each commit the lines that none of its parents has, and its message.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use bstr::{BStr, BString, ByteSlice};

use super::change::between_trees;
use super::error::SHALLOW_HELP;
use super::jobs::{self, Content, Job, Policy, edited};
use super::rename::find_renames;
use super::{
    CommitObject, GitError, Mode, ObjectId, ObjectKind, Place, Repository, Revisions, TagObject, Walk,
};
use crate::model::{self, Finding, MessageKind, Origin, Secret, SkipReason, Tally};
use crate::source::{Source, SourceError, Visitor};

/// Commits that a thread reads at a time.
const SHARE: usize = 8;

/// The commits of a range: being listed, while the caller makes ready what will judge them.
pub struct Range {
    repository: Repository,
    walk: Walk,
    /// What the range includes besides commits.
    extras: Extras,
    listing: Mutex<Option<Listing>>,
    commits: OnceLock<Vec<ObjectId>>,
}

/// Lists commits in a thread of its own.
type Listing = JoinHandle<Result<Vec<ObjectId>, GitError>>;

/// The source of what the commits of a range bring.
pub struct RangeSource {
    range: Range,
    policy: Policy,
}

/// What refs can point at, besides commits.
#[derive(Debug, Default)]
struct Extras {
    tags: Vec<(ObjectId, TagObject)>,
    /// Trees and blobs that a ref or a tag points at.
    others: Vec<(ObjectId, ObjectKind)>,
}

impl Range {
    /// Looks up the commits of `revisions` in the repository at `place`.
    ///
    /// # Errors
    /// There is no repository, it cannot be read, or a revision names nothing.
    pub fn open(place: &Place, revisions: &Revisions) -> Result<Self, GitError> {
        Self::of(Repository::open(place)?, revisions)
    }

    /// Looks up the commits of `revisions` in `repository`.
    ///
    /// # Errors
    /// The repository cannot be read, or a revision names nothing. That a commit on the way is missing is told when the
    /// source runs.
    pub fn of(repository: Repository, revisions: &Revisions) -> Result<Self, GitError> {
        let mut walk = revisions.look_up(&repository)?;
        let mut extras = Extras::default();
        let mut include = Vec::new();
        for &id in &walk.include {
            include.extend(extras.peel(&repository, id)?);
        }
        walk.include = include;
        let (place, listed) = (repository.place().clone(), walk.clone());
        let list = move || Repository::open(&place)?.commits(&listed);
        // Where no thread is to be had, they are listed when they are asked for.
        let start = || thread::Builder::new().spawn(list).ok();
        let listing = Mutex::new(if walk.include.is_empty() { None } else { start() });
        Ok(Self { repository, walk, extras, listing, commits: OnceLock::new() })
    }

    /// The commits, parents before children.
    fn commits(&self) -> Result<&[ObjectId], GitError> {
        if let Some(commits) = self.commits.get() {
            return Ok(commits);
        }
        let listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner).take();
        let commits = match listing {
            Some(listing) => listing.join().unwrap_or_else(|e| resume_unwind(e)),
            None if self.walk.include.is_empty() => Ok(Vec::new()),
            None => self.repository.commits(&self.walk),
        }?;
        Ok(self.commits.get_or_init(|| commits))
    }

    /// The root of the work tree; `None` of a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.repository.work_tree()
    }

    /// The content of `path` at the range's tip (of several: `HEAD` if it is one, else the first); `None` when it
    /// holds no such file.
    ///
    /// # Errors
    /// An object is missing or damaged.
    pub fn file_at(&self, path: &BStr) -> Result<Option<Vec<u8>>, GitError> {
        let head = self.repository.head()?;
        let tips = &self.walk.include;
        match tips.iter().find(|&&tip| Some(tip) == head).or(tips.first()) {
            Some(&tip) => self.repository.file_in_tree(self.repository.commit(tip)?.tree, path),
            None => Ok(None),
        }
    }

    /// The content of `path` as the commit `judge` has it; `None` when it holds no such file.
    ///
    /// # Errors
    /// An object on the way is missing or damaged.
    pub fn file_of(&self, judge: ObjectId, path: &BStr) -> Result<Option<Vec<u8>>, GitError> {
        self.repository.file_in_tree(self.repository.commit(judge)?.tree, path)
    }

    /// What each of the commits brings, in their order.
    fn brought(&self, threads: NonZeroUsize) -> Result<Vec<Result<Brought, GitError>>, GitError> {
        let (commits, exclude) = (self.commits()?, &self.walk.exclude);
        let threads = threads.get().min(commits.len() / (jobs::FEW / 2));
        if threads <= 1 {
            return Ok(commits.iter().map(|&id| Brought::by(&self.repository, id, exclude)).collect());
        }
        let place = self.repository.place();
        // Neighbours share most trees, so a thread takes several at a time.
        let (shares, next) = (commits.chunks(SHARE).collect::<Vec<_>>(), AtomicUsize::new(0));
        let read = || {
            let (repository, mut read) = (Repository::open(place)?, Vec::new());
            loop {
                let share = next.fetch_add(1, Ordering::Relaxed);
                let Some(ids) = shares.get(share) else { break };
                let brought = ids.iter().map(|&id| Brought::by(&repository, id, exclude));
                read.push((share, brought.collect::<Vec<_>>()));
            }
            Ok(read)
        };
        thread::scope(|scope| {
            let readers: Vec<_> = (0..threads).map(|_| scope.spawn(read)).collect();
            let joined = readers.into_iter().map(|reader| reader.join().unwrap_or_else(|e| resume_unwind(e)));
            let mut shares: Vec<_> =
                joined.collect::<Result<Vec<_>, GitError>>()?.into_iter().flatten().collect();
            shares.sort_unstable_by_key(|&(share, _)| share);
            Ok(shares.into_iter().flat_map(|(_, brought)| brought).collect())
        })
    }

    /// The source of what the commits bring.
    pub fn with(self, policy: Policy) -> RangeSource {
        RangeSource { range: self, policy }
    }
}

impl Source for RangeSource {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let Self { range, policy } = self;
        let mut plan = Plan::new(range, policy);
        let commits = range.commits()?;
        for (order, (&id, brought)) in (0..).zip(commits.iter().zip(range.brought(policy.threads)?)) {
            if let Err(error) = brought.and_then(|brought| plan.add_commit(id, brought, order)) {
                plan.tally.gap(format!("commit {id}"), error.to_string());
            }
        }
        plan.add_extras(commits.len() as u64);
        let mut tally = plan.tally;
        tally.notes.extend(edited(policy, plan.paths.iter(), "the commits"));
        tally.add(jobs::run(&plan.jobs, &range.repository, policy, visitor)?);
        Ok(tally)
    }

    /// Of one secret at one path only the findings of the first commit that brings it stay.
    fn refine(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        let mut known: HashMap<_, Vec<(Secret, u64)>> = HashMap::new();
        let order = |finding: &Finding| finding.origin.commit().map_or(0, |commit| commit.order);
        findings.sort_by_key(order);
        findings.retain(|finding| {
            // A suppressed finding must not stand for one that is not.
            let suppressed = finding.suppressed.is_some();
            let key = (finding.rule.id.clone(), Arc::clone(&finding.origin.path), suppressed);
            let firsts = known.entry(key).or_default();
            match firsts.iter().find(|(secret, _)| *secret == finding.secret) {
                Some(&(_, first)) => first == order(finding),
                None => {
                    firsts.push((finding.secret.clone(), order(finding)));
                    true
                }
            }
        });
        findings.sort_by(Finding::order);
        findings
    }
}

impl Extras {
    /// Follows tags from `id` to a commit; `None` when they lead to something else, which is kept.
    fn peel(&mut self, repository: &Repository, mut id: ObjectId) -> Result<Option<ObjectId>, GitError> {
        loop {
            let kind = repository.kind(id)?;
            match kind {
                ObjectKind::Commit => return Ok(Some(id)),
                ObjectKind::Tree | ObjectKind::Blob => {
                    self.others.push((id, kind));
                    return Ok(None);
                }
                ObjectKind::Tag => {
                    let damaged =
                        || GitError::Object { id: id.to_string(), why: "the tag is damaged".to_owned() };
                    let tag = TagObject::parse(&repository.object(id)?.bytes).ok_or_else(damaged)?;
                    let target = tag.target;
                    if !self.tags.iter().any(|(known, _)| *known == id) {
                        self.tags.push((id, tag));
                    }
                    id = target;
                }
            }
        }
    }
}

/// The jobs of a range, being gathered.
struct Plan<'p> {
    range: &'p Range,
    policy: &'p Policy,
    jobs: Vec<Job>,
    /// What was planned already: no blob is scanned twice at one path against the same earlier versions.
    seen: HashSet<(BString, ObjectId, Vec<ObjectId>)>,
    /// People whose names were planned already.
    people: HashSet<BString>,
    /// Paths that the commits edit and the policy watches.
    paths: Vec<BString>,
    tally: Tally,
}

/// A changed path of a commit, and what each parent has there, where it has something.
struct Novelty {
    path: BString,
    mode: Mode,
    id: ObjectId,
    olds: Vec<ObjectId>,
}

/// A commit and what it brings.
struct Brought {
    object: CommitObject,
    novelties: Result<Vec<Novelty>, GitError>,
    /// Some of its parents are not there.
    is_uncertain: bool,
}

impl Brought {
    /// What the commit `id` has that none of its parents has. Where one of them is missing, the commits `exclude` stand
    /// for it: the best that can be said is what the other end of the range does not have either.
    fn by(repository: &Repository, id: ObjectId, exclude: &[ObjectId]) -> Result<Self, GitError> {
        let object = repository.commit(id)?;
        let mut bases: Vec<_> = object.parents.iter().copied().filter(|&p| repository.has(p)).collect();
        let is_uncertain = bases.len() < object.parents.len();
        if is_uncertain {
            bases.extend(exclude.iter().filter(|&&e| repository.commit(e).is_ok()));
        }
        let trees = bases.iter().map(|&base| Ok(repository.commit(base)?.tree));
        let trees: Result<Vec<_>, GitError> = trees.collect();
        let novelties = trees.and_then(|trees| novelties(repository, &trees, object.tree));
        Ok(Self { object, novelties, is_uncertain })
    }
}

impl<'p> Plan<'p> {
    fn new(range: &'p Range, policy: &'p Policy) -> Self {
        let (jobs, seen, people, paths, tally) = Default::default();
        Self { range, policy, jobs, seen, people, paths, tally }
    }

    fn add_commit(&mut self, id: ObjectId, brought: Brought, order: u64) -> Result<(), GitError> {
        let Brought { object, novelties, is_uncertain } = brought;
        let commit = Arc::new(model::Commit { order, ..object.shown(id) });
        self.tally.commits += 1;
        self.add_message(&commit, &object.message, MessageKind::Commit);
        for who in [&object.author, &object.committer] {
            if self.people.insert(who.text.clone()) {
                self.add_message(&commit, &who.text, MessageKind::Identity);
            }
        }
        if is_uncertain {
            let why =
                format!("its parents are not in this clone, so its changes are uncertain; {SHALLOW_HELP}");
            self.tally.gap(format!("commit {id}"), why);
        }
        for novelty in novelties? {
            self.add(novelty, model::Place::Commit(Arc::clone(&commit)));
        }
        Ok(())
    }

    fn add(&mut self, novelty: Novelty, place: model::Place) {
        let Novelty { path, mode, id, olds } = novelty;
        if self.policy.watched.contains(&path) {
            self.paths.push(path.clone());
        }
        if mode == Mode::Submodule {
            self.tally.skip(SkipReason::Submodule);
        } else if self.policy.exclude.contains(path.as_bstr(), false) {
            self.tally.skip(SkipReason::Excluded);
        } else if !self.seen.contains(&(path.clone(), id, Vec::new()))
            && self.seen.insert((path.clone(), id, olds.clone()))
        {
            self.jobs.push(Job { origin: Origin::new(path, place), content: Content::Blob { id, olds } });
        }
    }

    fn add_message(&mut self, commit: &Arc<model::Commit>, text: &BString, kind: MessageKind) {
        if !text.is_empty() {
            let place = model::Place::Message(Arc::clone(commit), kind);
            self.jobs.push(Job { origin: Origin::new("", place), content: Content::Text(text.clone()) });
        }
    }

    fn add_extras(&mut self, mut order: u64) {
        for (id, tag) in &self.range.extras.tags {
            let commit = Arc::new(model::Commit { order, ..tag.shown(*id) });
            self.add_message(&commit, &tag.message, MessageKind::Tag);
            order += 1;
        }
        for &(id, kind) in &self.range.extras.others {
            let commit = model::Commit { id: id.to_string(), order, ..model::Commit::default() };
            let place = model::Place::Commit(Arc::new(commit));
            let novelties = if kind == ObjectKind::Tree {
                novelties(&self.range.repository, &[], id)
            } else {
                // A blob that a ref points at has no path; its id is all the name there is.
                Ok(vec![Novelty { path: id.to_string().into(), mode: Mode::File, id, olds: Vec::new() }])
            };
            match novelties {
                Ok(all) => all.into_iter().for_each(|n| self.add(n, place.clone())),
                Err(error) => self.tally.gap(format!("tree {id}"), error.to_string()),
            }
            order += 1;
        }
    }
}

/// What `tree` has that none of the trees `bases` has at the same path, or at the path it moved from.
fn novelties(repository: &Repository, bases: &[ObjectId], tree: ObjectId) -> Result<Vec<Novelty>, GitError> {
    let mut shared: Option<Vec<Novelty>> = None;
    for base in bases.iter().map(|&b| Some(b)).chain(bases.is_empty().then_some(None)) {
        let mut changes = between_trees(repository, base, tree)?;
        find_renames(repository, &mut changes);
        let news = changes.into_iter().filter_map(|change| {
            let new = change.new?;
            let old = change.old.filter(|old| old.mode.is_blob()).map(|old| old.id);
            (old != Some(new.id)).then(|| Novelty {
                path: change.path,
                mode: new.mode,
                id: new.id,
                olds: old.into_iter().collect(),
            })
        });
        shared = Some(match shared {
            None => news.collect(),
            Some(before) => both(before, news),
        });
    }
    Ok(shared.unwrap_or_default())
}

/// The novelties of `before` that are among `news` too. Both are in git's order.
fn both(before: Vec<Novelty>, news: impl Iterator<Item = Novelty>) -> Vec<Novelty> {
    let mut before = before.into_iter().peekable();
    let mut kept = Vec::new();
    for new in news {
        while before.next_if(|b| b.path < new.path).is_some() {}
        if let Some(mut b) = before.next_if(|b| b.path == new.path) {
            b.olds.extend(new.olds);
            kept.push(b);
        }
    }
    kept
}
