//! One secret, however often it was committed: candidates grouped by rule and value.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Candidate, Span};
use crate::rule::RulePack;

/// What makes candidates one: the rule, a keyed hash of the value, and whether it lies in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Group {
    /// Position of the rule in the pack.
    rule: u32,
    value: [u8; 16],
    /// Whether it lies in a message rather than in a file.
    pub(super) in_message: bool,
}

/// The groups of one scan, by number. Holds no found value: only hashes under a key that is never written down.
#[derive(Debug)]
pub(super) struct Groups {
    key: [u8; 32],
    known: Mutex<HashMap<Group, u32>>,
}

/// One thread's view of [`Groups`].
#[derive(Debug)]
pub(super) struct LocalGroups<'g> {
    shared: &'g Groups,
    seen: HashMap<Group, u32>,
}

impl Groups {
    /// No groups, and a new key.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new() -> std::io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(std::io::Error::other)?;
        Ok(Self { key, known: Mutex::default() })
    }

    /// A view for one thread.
    pub(super) fn local(&self) -> LocalGroups<'_> {
        LocalGroups { shared: self, seen: HashMap::new() }
    }

    /// What the value `value` of rule `rule` is known by.
    pub(super) fn group(&self, pack: &RulePack, rule: &str, value: &[u8], in_message: bool) -> Option<Group> {
        let rule = pack.rules().binary_search_by(|r| r.id.as_ref().cmp(rule)).ok()? as u32;
        let hash = blake3::keyed_hash(&self.key, value);
        let mut value = [0; 16];
        value.copy_from_slice(&hash.as_bytes()[..16]);
        Some(Group { rule, value, in_message })
    }

    /// The number of `group`, if it has one.
    pub(super) fn find(&self, group: &Group) -> Option<u32> {
        self.lock().get(group).copied()
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// By number: the position of the rule in the pack, and whether the secret lies in messages.
    pub(super) fn rules(&self) -> Vec<(u32, bool)> {
        let known = self.lock();
        let mut rules = vec![(0, false); known.len()];
        known.iter().for_each(|(group, &number)| rules[number as usize] = (group.rule, group.in_message));
        rules
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Group, u32>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalGroups<'_> {
    /// The number of the group of `candidate`, found in `bytes`.
    pub(super) fn number(
        &mut self,
        pack: &RulePack,
        bytes: &[u8],
        candidate: &Candidate<'_>,
        in_message: bool,
    ) -> Option<u32> {
        // The value is hashed under the scan's own key; the hash leaves this process in no form.
        let value = candidate.decoded.as_ref().map_or_else(|| of(candidate.span, bytes), |d| d.expose());
        let group = self.shared.group(pack, &candidate.rule.id, value, in_message)?;
        if let Some(&number) = self.seen.get(&group) {
            return Some(number);
        }
        let mut known = self.shared.lock();
        let next = known.len() as u32;
        let number = *known.entry(group).or_insert(next);
        drop(known);
        self.seen.insert(group, number);
        Some(number)
    }
}

fn of(span: Span, bytes: &[u8]) -> &[u8] {
    bytes.get(span.start..span.end).unwrap_or_default()
}
