//! What must be known of a rule's pattern before it is run anywhere. Reading patterns takes time, so the built-in
//! rules come with theirs.

use super::shape::{RunLook, Shape, derived_keywords};
use super::{Extractor, List, PatternError, Rule, Text, parse_pattern};

/// What a rule with a pattern is woken by, and what its matches look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Of these (lower case), every match holds at least one; empty when none is worth searching for.
    pub keywords: List<Text>,
    /// What every match looks like.
    pub shape: Shape,
    /// What the run of [`Shape::run`] looks like, where there are no keywords.
    pub look: Option<RunLook>,
}

impl Outline {
    /// That of `rule`; `None` when it has no pattern.
    ///
    /// # Errors
    /// The rule's author's.
    pub fn of(rule: &Rule) -> Result<Option<Self>, PatternError> {
        let Extractor::Pattern(pattern) = &rule.extractor else { return Ok(None) };
        let hir = parse_pattern(pattern)?;
        let facts = hir.properties();
        if facts.minimum_len().is_none_or(|n| n == 0) {
            return Err(PatternError::Empty);
        }
        if facts.explicit_captures_len() < rule.group {
            return Err(PatternError::NoGroup(rule.group));
        }
        let searchable = !rule.keywords.is_empty() && rule.keywords.iter().all(|k| k.len() >= 2);
        let mut keywords = if searchable { rule.keywords.to_vec() } else { derived_keywords(&hir) };
        keywords.iter_mut().for_each(|k| *k = k.to_ascii_lowercase().into());
        let shape = Shape::of(&hir, &keywords);
        let look = if keywords.is_empty() { RunLook::of(&hir) } else { None };
        Ok(Some(Self { keywords: keywords.into(), shape, look }))
    }
}
