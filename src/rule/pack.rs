//! A set of rules.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use super::builtin::{BUILTIN, Builtin};
use super::{Outline, PatternError, Rule, Text};

/// A rule that is part of the program, or one that was loaded. Cheap to clone.
#[derive(Debug, Clone)]
pub enum RuleRef {
    /// Built in.
    Static(&'static Builtin),
    /// Loaded from a file.
    Loaded(Arc<Rule>),
}

/// A set of rules, sorted by id; ids are unique.
#[derive(Debug, Clone, Default)]
pub struct RulePack {
    rules: Vec<RuleRef>,
}

impl RulePack {
    /// The rules for secrets that are part of the program.
    pub fn builtin() -> Self {
        let mut pack = Self::everything();
        pack.retain(|rule| !rule.extractor.is_practice());
        pack
    }

    /// The rules for bad practice that are part of the program.
    pub fn practice() -> Self {
        let mut pack = Self::everything();
        pack.retain(|rule| rule.extractor.is_practice());
        pack
    }

    /// Every rule that is part of the program.
    pub fn everything() -> Self {
        Self { rules: BUILTIN.iter().map(RuleRef::Static).collect() }
    }

    /// Takes the rules for bad practice out.
    #[must_use]
    pub fn take_practice(&mut self) -> Self {
        let (practice, rest) =
            std::mem::take(&mut self.rules).into_iter().partition(|rule| rule.extractor.is_practice());
        self.rules = rest;
        Self { rules: practice }
    }

    /// Adds the rules of `other`; of two with one id its own stays.
    pub fn append(&mut self, other: Self) {
        self.rules.extend(other.rules);
        self.rules.sort_by(|a, b| a.id.cmp(&b.id));
        self.rules.dedup_by(|b, a| a.id == b.id);
    }

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
            Ok(i) => self.rules[i] = rule.into(),
            Err(i) => self.rules.insert(i, rule.into()),
        }
    }

    /// Keeps the rules for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&RuleRef) -> bool) {
        self.rules.retain(keep);
    }

    /// Leaves the rules `only` (all, when it is empty) without the `disabled`, and the parts that these are made of.
    /// Returns the ids of rules that stay as parts alone.
    pub fn choose(&mut self, only: &[String], disabled: &[String]) -> Vec<Text> {
        let named = |ids: &[String], id: &str| ids.iter().any(|named| named == id);
        self.retain(|rule| !named(disabled, &rule.id));
        if only.is_empty() {
            return Vec::new();
        }
        let parts: Vec<_> = self
            .rules()
            .iter()
            .filter(|rule| named(only, &rule.id))
            .flat_map(|rule| rule.requires.iter().map(|part| part.rule.clone()))
            .filter(|id| !named(only, id))
            .collect();
        self.retain(|rule| named(only, &rule.id) || parts.contains(&rule.id));
        parts
    }

    /// The rules, sorted by id.
    pub fn rules(&self) -> &[RuleRef] {
        &self.rules
    }

    /// The rule named `id`.
    pub fn rule(&self, id: &str) -> Option<&RuleRef> {
        self.rules.binary_search_by(|r| r.id.as_ref().cmp(id)).ok().map(|i| &self.rules[i])
    }
}

impl RuleRef {
    /// The outline of its pattern, if it has one.
    ///
    /// # Errors
    /// The rule's author's.
    pub fn outline(&self) -> Result<Option<Cow<'_, Outline>>, PatternError> {
        Ok(match self {
            Self::Static(builtin) => builtin.outline.as_ref().map(Cow::Borrowed),
            Self::Loaded(rule) => Outline::of(rule)?.map(Cow::Owned),
        })
    }
}

impl Deref for RuleRef {
    type Target = Rule;

    fn deref(&self) -> &Rule {
        match self {
            Self::Static(builtin) => &builtin.rule,
            Self::Loaded(rule) => rule,
        }
    }
}

impl From<Rule> for RuleRef {
    fn from(rule: Rule) -> Self {
        Self::Loaded(Arc::new(rule))
    }
}
