//! What depends on a path: the second, cheap stage that runs per candidate and path.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::bytes::Regex;

use crate::rule::{Rule, RulePack, Text};

/// The path patterns of a pack, each compiled when first asked for.
pub(super) struct PathStage {
    /// By rule id; `None` once compiled marks a pattern that does not compile and so matches nothing.
    patterns: HashMap<Text, (Text, OnceLock<Option<Regex>>)>,
}

impl PathStage {
    pub(super) fn new(pack: &RulePack) -> Self {
        let with_path = pack.rules().iter().filter_map(|r| Some((r.id.clone(), r.path.clone()?)));
        Self { patterns: with_path.map(|(id, path)| (id, (path, OnceLock::new()))).collect() }
    }

    /// Whether `rule` applies to `path`.
    pub(super) fn admits(&self, rule: &Rule, path: &[u8]) -> bool {
        match self.patterns.get(&rule.id) {
            None => true,
            Some((pattern, compiled)) => {
                let compiled = compiled.get_or_init(|| Regex::new(pattern).ok());
                compiled.as_ref().is_some_and(|p| p.is_match(path))
            }
        }
    }
}
