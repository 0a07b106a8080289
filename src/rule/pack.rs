//! A set of rules.

use std::sync::Arc;

use super::Rule;

/// A set of rules, sorted by id; ids are unique.
#[derive(Debug, Clone, Default)]
pub struct RulePack {
    rules: Vec<Arc<Rule>>,
}

impl RulePack {
    /// A pack of `rules`; of two with one id the later wins.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut pack = Self::default();
        for rule in rules {
            pack.insert(rule);
        }
        pack
    }

    /// Adds `rule`, replacing one with the same id.
    pub fn insert(&mut self, rule: Rule) {
        match self.rules.binary_search_by(|r| r.id.cmp(&rule.id)) {
            Ok(i) => self.rules[i] = Arc::new(rule),
            Err(i) => self.rules.insert(i, Arc::new(rule)),
        }
    }

    /// Keeps the rules for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Arc<Rule>) -> bool) {
        self.rules.retain(keep);
    }

    /// The rules, sorted by id.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The rule named `id`.
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.rules.binary_search_by(|r| r.id.as_ref().cmp(id)).ok().map(|i| &self.rules[i])
    }
}
