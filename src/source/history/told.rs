//! What is told of the findings once the whole history is known: one for each secret, and how far it spread.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::{BString, ByteSlice as _};

use super::containing::containing;
use super::graph::Graph;
use super::groups::Groups;
use crate::model::{Finding, Origin, Place, Spread};
use crate::rule::RulePack;

/// What is known of a history after its scan.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) graph: Graph,
    pub(super) groups: Groups,
    /// By commit id in hex: its number in the graph, and its place in the order of commits that count.
    pub(super) commits: HashMap<String, (u32, u32)>,
    /// By commit: whether anything reaches it.
    pub(super) reached: Vec<bool>,
    /// By group.
    pub(super) told: Vec<GroupTold>,
    /// Refs that name commits, with the commit, in the order in which reports list them.
    pub(super) refs: Vec<(BString, u32)>,
    /// Objects that trees and commits name and that are not there.
    pub(super) missing: u64,
    /// Where everything that was visited lies.
    pub(super) origins: HashSet<Origin>,
}

/// What is known of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct GroupTold {
    /// Every path under which it was sighted.
    pub(super) paths: Vec<BString>,
    /// Commits whose trees (or commits and tags whose messages) hold it.
    pub(super) commits: u64,
    /// A path under which `HEAD` has it.
    pub(super) at_head: Option<BString>,
}

impl Told {
    /// Makes one finding of all that are the same secret: the earliest that nothing suppresses, else the earliest.
    pub(super) fn refine(&self, pack: &RulePack, findings: Vec<Finding>) -> Vec<Finding> {
        let mut secrets: BTreeMap<u32, Vec<Finding>> = BTreeMap::new();
        let mut refined = Vec::new();
        for finding in findings {
            match self.group(pack, &finding) {
                Some(group) => secrets.entry(group).or_default().push(finding),
                None => refined.push(finding),
            }
        }
        let mut mains: Vec<(u32, Finding)> = Vec::with_capacity(secrets.len());
        for (group, findings) in secrets {
            let rank =
                |f: &Finding| (f.suppressed.is_some(), self.place_in_order(f), f.origin.path.clone(), f.span);
            mains.extend(findings.into_iter().min_by_key(rank).map(|f| (group, f)));
        }
        let refs = self.refs_of(&mains);
        for (group, mut finding) in mains {
            finding.spread = Some(Box::new(self.spread(group, &finding, &refs)));
            refined.push(finding);
        }
        refined.sort_unstable_by(Finding::order);
        refined
    }

    /// Whether something at `origin`, or in a container there, was visited.
    pub(super) fn visited(&self, origin: &Origin) -> bool {
        let path = &*origin.path;
        let outer = path.find_iter(b"!").map(|at| Origin::new(&path[..at], origin.place.clone()));
        self.origins.contains(origin) || outer.into_iter().any(|outer| self.origins.contains(&outer))
    }

    fn group(&self, pack: &RulePack, finding: &Finding) -> Option<u32> {
        let in_message = matches!(finding.origin.place, Place::Message(_, kind) if kind != crate::model::MessageKind::Note);
        // The value is hashed to find its group; the hash stays here.
        let group = self.groups.group(pack, &finding.rule.id, finding.secret.expose(), in_message)?;
        self.groups.find(&group)
    }

    fn place_in_order(&self, finding: &Finding) -> u32 {
        let commit = finding.origin.commit().and_then(|c| self.commits.get(&c.id));
        commit.map_or(u32::MAX, |&(_, place)| place)
    }

    /// For the commits that `mains` name: the refs that contain them, as indices.
    fn refs_of(&self, mains: &[(u32, Finding)]) -> HashMap<u32, Vec<u32>> {
        let named = mains.iter().filter_map(|(_, f)| self.commits.get(&f.origin.commit()?.id));
        let mut commits: Vec<u32> = named.map(|&(c, _)| c).filter(|&c| self.reached[c as usize]).collect();
        commits.sort_unstable();
        commits.dedup();
        let tips: Vec<u32> = self.refs.iter().map(|&(_, tip)| tip).collect();
        let order = self.graph.oldest_first(&self.reached);
        let found = containing(&self.graph, &order, &commits, &tips);
        commits.into_iter().zip(found).collect()
    }

    fn spread(&self, group: u32, finding: &Finding, refs: &HashMap<u32, Vec<u32>>) -> Spread {
        let told = self.told.get(group as usize).cloned().unwrap_or_default();
        let mut others = told.paths;
        others.sort_unstable();
        others.dedup();
        // A container is no other path of what lies in it.
        let own = |p: &BString| finding.origin.path.strip_prefix(p.as_slice()).is_some_and(is_inside);
        others.retain(|p| !own(p));
        let commit = finding.origin.commit().and_then(|c| self.commits.get(&c.id)).map(|&(c, _)| c);
        let containing = commit.and_then(|c| refs.get(&c)).map_or(&[][..], Vec::as_slice);
        let named = containing.iter().take(Spread::LISTED).map(|&r| self.refs[r as usize].0.clone());
        Spread {
            commits: told.commits,
            more_paths: others.len().saturating_sub(Spread::LISTED) as u64,
            refs: named.collect(),
            more_refs: containing.len().saturating_sub(Spread::LISTED) as u64,
            at_head: told.at_head,
            reachable: commit.map_or_else(|| finding.origin.commit().is_some(), |c| self.reached[c as usize]),
            other_paths: others.into_iter().take(Spread::LISTED).collect(),
        }
    }
}

/// Whether `rest`, which follows a path, ends it or leads into the container there.
fn is_inside(rest: &[u8]) -> bool {
    matches!(rest.first(), None | Some(b'!'))
}

/// Sorts refs as reports list them: the branch of `HEAD`, branches, remote branches, tags, others; each by name.
pub(super) fn in_report_order(refs: &mut [(BString, u32)], head: Option<&BString>) {
    let rank = |name: &BString| match name {
        name if Some(name) == head => 0,
        name if name.starts_with(b"refs/heads/") => 1,
        name if name.starts_with(b"refs/remotes/") => 2,
        name if name.starts_with(b"refs/tags/") => 3,
        _ => 4,
    };
    refs.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
}
