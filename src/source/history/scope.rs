//! Which commits of a history count.

use std::collections::HashMap;

use bstr::{BString, ByteSlice as _};

use super::Refs;
use super::graph::Graph;
use crate::source::SourceError;
use crate::source::odb::{ObjectId, Odb};

/// Which commits of a history count. What others hold may be scanned along, and is not reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only what these revisions reach; empty: everything that refs, `HEAD`s and reflogs reach.
    pub from: Vec<String>,
    /// Without what these revisions reach.
    pub without: Vec<String>,
    /// Only commits recorded at or after this second (since 1970-01-01T00:00:00Z).
    pub since: Option<i64>,
    /// Only so many commits, the latest.
    pub most: Option<usize>,
    /// Also what nothing reaches: deleted branches, amended commits, dropped stashes.
    pub unreachable: bool,
}

impl Scope {
    /// Whether every reachable commit counts.
    pub fn is_everything(&self) -> bool {
        self.from.is_empty() && self.without.is_empty() && self.since.is_none() && self.most.is_none()
    }
}

/// The commits that count, and those that stand before them.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Commits that count, parents before children.
    pub(super) commits: Vec<u32>,
    /// Parents of those that do not count themselves: what they hold is not new.
    pub(super) before: Vec<u32>,
    /// By commit: whether anything reaches it.
    pub(super) reached: Vec<bool>,
    /// Commits that nothing reaches, parents before children; empty unless asked for.
    pub(super) unreached: Vec<u32>,
}

/// Everything that a scope is chosen from.
pub(super) struct Choice<'c> {
    pub(super) odb: &'c Odb,
    pub(super) graph: &'c Graph,
    pub(super) refs: &'c Refs,
    /// What each tag object names.
    pub(super) tags: &'c HashMap<u32, Option<ObjectId>>,
}

impl Choice<'_> {
    /// The commits that `scope` chooses.
    ///
    /// # Errors
    /// When a revision names no commit.
    pub(super) fn choose(&self, scope: &Scope) -> Result<Chosen, SourceError> {
        let count = self.graph.len();
        let mut reached = vec![false; count];
        self.graph.reach(self.refs.tips().iter().filter_map(|id| self.commit(id)), &mut reached);
        let mut within = reached.clone();
        if !scope.from.is_empty() {
            within = vec![false; count];
            let tips = scope.from.iter().map(|r| self.revision(r)).collect::<Result<Vec<_>, _>>()?;
            self.graph.reach(tips, &mut within);
        }
        let mut without = vec![false; count];
        let tips = scope.without.iter().map(|r| self.revision(r)).collect::<Result<Vec<_>, _>>()?;
        self.graph.reach(tips, &mut without);
        let early = |c: u32| scope.since.is_some_and(|since| self.graph.time(c) < since);
        for c in 0..count as u32 {
            within[c as usize] &= !without[c as usize] && !early(c);
        }
        let mut commits = self.graph.oldest_first(&within);
        if let Some(most) = scope.most {
            let spare = commits.len().saturating_sub(most);
            commits.drain(..spare).for_each(|c| within[c as usize] = false);
        }
        let mut before: Vec<u32> =
            commits.iter().flat_map(|&c| self.graph.parents(c).iter().copied()).collect();
        before.retain(|&p| !within[p as usize]);
        before.sort_unstable();
        before.dedup();
        let unreached = if scope.unreachable {
            let others: Vec<bool> = reached.iter().map(|r| !r).collect();
            self.graph.oldest_first(&others)
        } else {
            Vec::new()
        };
        Ok(Chosen { commits, before, reached, unreached })
    }

    /// The commit that `id` names, through tags if need be.
    pub(super) fn commit(&self, id: &ObjectId) -> Option<u32> {
        self.graph.commit(self.peeled(id)?)
    }

    /// The object that `id` names once tags are followed.
    pub(super) fn peeled(&self, id: &ObjectId) -> Option<u32> {
        let mut number = self.odb.find(id.as_bytes())?;
        // A tag's target is older than the tag, so this ends; damaged repositories are another matter.
        for _ in 0..64 {
            match self.tags.get(&number) {
                Some(target) => number = self.odb.find(target.as_ref()?.as_bytes())?,
                None => return Some(number),
            }
        }
        None
    }

    /// The commit that `revision` names: a ref, `HEAD`, or an object id (or the only one that begins like it), and
    /// behind it any of `~`, `~3`, `^`, `^2`.
    pub(super) fn revision(&self, revision: &str) -> Result<u32, SourceError> {
        let unknown = || SourceError::Revision { revision: revision.to_owned() };
        let end = revision.find(['~', '^']).unwrap_or(revision.len());
        let (name, mut steps) = revision.split_at(end);
        let mut commit = self.named(name).ok_or_else(unknown)?;
        while let Some(kind) = steps.chars().next() {
            let rest = &steps[1..];
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number =
                if digits == 0 { 1 } else { rest[..digits].parse::<usize>().map_err(|_| unknown())? };
            let parents = |commit: u32| self.graph.parents(commit);
            match (kind, number) {
                ('~', n) => {
                    for _ in 0..n {
                        commit = *parents(commit).first().ok_or_else(unknown)?;
                    }
                }
                ('^', 0) => {}
                ('^', n) => commit = *parents(commit).get(n - 1).ok_or_else(unknown)?,
                _ => return Err(unknown()),
            }
            steps = &rest[digits..];
        }
        Ok(commit)
    }

    fn named(&self, name: &str) -> Option<u32> {
        if name == "HEAD" || name == "@" {
            return self.commit(self.refs.head.as_ref()?);
        }
        for prefix in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
            if let Some(id) = self.refs.refs.get(&BString::from(format!("{prefix}{name}"))) {
                return self.commit(id);
            }
        }
        if let Some(id) = ObjectId::from_hex(name.as_bytes()) {
            return self.commit(&id);
        }
        let is_hex = name.len() >= 4 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let lower = name.to_ascii_lowercase();
        let begins =
            |c: &u32| self.odb.id(self.graph.number(*c)).to_string().as_bytes().starts_with_str(&lower);
        let mut alike = (0..self.graph.len() as u32).filter(|c| is_hex && begins(c));
        let only = alike.next()?;
        alike.next().is_none().then_some(only)
    }
}
