//! What the next commit would add: the index, judged against `HEAD`. The work tree is never looked at.

use std::path::Path;

use bstr::{BStr, BString, ByteSlice};

use super::change::tree_to_index;
use super::jobs::{self, Content, Job, Policy, edited};
use super::reader::IndexEntry;
use super::rename::find_renames;
use super::{Change, GitError, Mode, ObjectId, Place, Repository};
use crate::model::{self, Origin, SkipReason, Tally};
use crate::source::{Source, SourceError, Visitor};

/// The index of a repository, read once.
pub struct Index {
    repository: Repository,
    entries: Vec<IndexEntry>,
    /// What differs from `HEAD`; moved files are recognised.
    changes: Vec<Change>,
}

/// The lines that the next commit would add.
pub struct Staged {
    index: Index,
    policy: Policy,
}

/// Everything that the index holds, as if all of it were new.
pub struct Tracked {
    index: Index,
    policy: Policy,
}

impl Index {
    /// Reads the index of the repository at `place`, and what differs from `HEAD`.
    ///
    /// # Errors
    /// There is no repository, or neither it nor its index can be read.
    pub fn read(place: &Place) -> Result<Self, GitError> {
        let repository = Repository::open(place)?;
        let entries = repository.index()?;
        let head = repository.head_tree()?;
        let mut changes = tree_to_index(&repository, head, &entries)?;
        find_renames(&repository, &mut changes);
        Ok(Self { repository, entries, changes })
    }

    /// Where the repository is.
    pub fn place(&self) -> &Place {
        self.repository.place()
    }

    /// The root of the work tree; `None` of a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.repository.work_tree()
    }

    /// Whether the index holds just what `HEAD` does.
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty()
    }

    /// The content that the index holds for `path`; `None` when it holds no such file.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn file_at(&self, path: &BStr) -> Result<Option<Vec<u8>>, GitError> {
        let stages = self.entries.iter().filter(|e| e.path == path && e.mode == Mode::File);
        // Of an unmerged file our own side is what was in force.
        let entry = stages.min_by_key(|e| (e.stage.abs_diff(2) == 1, e.stage));
        entry.map(|e| Ok(self.repository.object(e.id)?.bytes)).transpose()
    }

    /// The source of what the next commit would add.
    pub fn staged(self, policy: Policy) -> Staged {
        Staged { index: self, policy }
    }

    /// The source of all that the index holds.
    pub fn tracked(self, policy: Policy) -> Tracked {
        Tracked { index: self, policy }
    }

    /// Remarks that hold for every scan of the index.
    fn notes(&self) -> Vec<String> {
        let unmerged = self.entries.chunk_by(|a, b| a.path == b.path).filter(|c| c[0].stage > 0).count();
        if unmerged == 0 {
            return Vec::new();
        }
        vec![format!("{unmerged} unmerged paths: both sides were scanned")]
    }
}

impl Source for Staged {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let Self { index, policy } = self;
        let mut plan = Plan::new(policy);
        for change in &index.changes {
            if let Some(new) = change.new {
                // A change of the mode alone, and a file that only moved, bring nothing new.
                let old = change.old.filter(|old| old.mode.is_blob());
                if old.is_none_or(|old| old.id != new.id) {
                    plan.add(&change.path, new.mode, new.id, old.map(|old| old.id));
                }
            }
        }
        plan.tally.notes = index.notes();
        plan.tally.notes.extend(edited(policy, index.changes.iter().map(|c| &c.path), "the staged changes"));
        plan.run(&index.repository, visitor)
    }
}

impl Source for Tracked {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let Self { index, policy } = self;
        let mut plan = Plan::new(policy);
        for entry in index.entries.iter().filter(|e| e.stage != 1) {
            plan.add(&entry.path, entry.mode, entry.id, None);
        }
        plan.tally.notes = index.notes();
        plan.run(&index.repository, visitor)
    }
}

/// The jobs of an index, being gathered.
struct Plan<'p> {
    policy: &'p Policy,
    jobs: Vec<Job>,
    tally: Tally,
}

impl<'p> Plan<'p> {
    fn new(policy: &'p Policy) -> Self {
        Self { policy, jobs: Vec::new(), tally: Tally::default() }
    }

    fn add(&mut self, path: &BString, mode: Mode, id: ObjectId, old: Option<ObjectId>) {
        if mode == Mode::Submodule {
            self.tally.skip(SkipReason::Submodule);
        } else if self.policy.exclude.contains(path.as_bstr(), false) {
            self.tally.skip(SkipReason::Excluded);
        } else {
            let origin = Origin::new(path.clone(), model::Place::Index);
            let olds = old.into_iter().collect();
            self.jobs.push(Job { origin, content: Content::Blob { id, olds } });
        }
    }

    fn run<'v>(
        self,
        repository: &Repository,
        visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync),
    ) -> Result<Tally, SourceError> {
        let mut tally = self.tally;
        tally.add(jobs::run(&self.jobs, repository, self.policy, visitor)?);
        Ok(tally)
    }
}
