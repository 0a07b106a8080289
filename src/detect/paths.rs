//! What depends on a path: the second, cheap stage that runs per rule and path, once candidates are known.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};

use crate::rule::{Extractor, Rule, RulePack, Text, compile};

/// The path patterns of a pack, each compiled when first asked for.
#[derive(Debug)]
pub(super) struct Paths {
    /// By rule id, sorted. A pattern that does not compile matches nothing; rules are checked when they are loaded.
    patterns: Vec<(Text, Text, OnceLock<Option<Regex>>)>,
    /// Rules that look at paths alone, by index in the pack, and their patterns.
    alone: Vec<(usize, Text)>,
    set: OnceLock<RegexSet>,
}

impl Paths {
    pub(super) fn new(pack: &RulePack) -> Self {
        let with_path =
            pack.rules().iter().filter_map(|r| Some((r.id.clone(), r.path.clone()?, OnceLock::new())));
        let alone = pack.rules().iter().enumerate().filter(|(_, r)| r.extractor == Extractor::PathOnly);
        let alone = alone.filter_map(|(i, r)| Some((i, r.path.clone()?)));
        Self { patterns: with_path.collect(), alone: alone.collect(), set: OnceLock::new() }
    }

    /// Whether `rule` applies to what lies at `path`.
    pub(super) fn admits(&self, rule: &Rule, path: &[u8]) -> bool {
        let Ok(i) = self.patterns.binary_search_by(|(id, ..)| id.cmp(&rule.id)) else { return true };
        let (_, pattern, compiled) = &self.patterns[i];
        let compiled = compiled.get_or_init(|| compile(pattern).ok());
        compiled.as_ref().is_some_and(|p| p.is_match(path))
    }

    /// Indices of the rules that fire for `path` alone, whatever lies there.
    pub(super) fn named(&self, path: &[u8]) -> impl Iterator<Item = usize> {
        let set = (!self.alone.is_empty()).then(|| self.set.get_or_init(|| self.compile_set()));
        let matches = set.map(|set| set.matches(path)).into_iter().flatten();
        matches.map(|i| self.alone[i].0)
    }

    fn compile_set(&self) -> RegexSet {
        let patterns = self.alone.iter().map(|(_, pattern)| pattern);
        let set = RegexSetBuilder::new(patterns).unicode(false).multi_line(true).crlf(true).build();
        set.unwrap_or_else(|_| RegexSet::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::rule;

    #[test]
    fn a_rule_with_a_path_applies_there_alone() {
        let npmrc = Rule { path: Some(r"(?:^|/)\.npmrc$".into()), ..rule("npmrc", "x", &[]) };
        let paths = Paths::new(&RulePack::new([npmrc.clone(), rule("any", "x", &[])]));
        assert!(paths.admits(&npmrc, b"home/.npmrc"));
        assert!(!paths.admits(&npmrc, b"home/.npmrc.md"));
        assert!(paths.admits(&rule("any", "x", &[]), b"home/.npmrc.md"));
    }

    #[test]
    fn some_rules_fire_for_a_path_alone() {
        let alone = |id, path: &'static str| Rule {
            path: Some(path.into()),
            extractor: Extractor::PathOnly,
            ..rule(id, "", &[])
        };
        let pack =
            RulePack::new([alone("keys", r"\.p12$"), alone("ssh", r"(?:^|/)id_rsa$"), rule("any", "x", &[])]);
        let paths = Paths::new(&pack);
        let named =
            |path: &str| paths.named(path.as_bytes()).map(|i| &*pack.rules()[i].id).collect::<Vec<_>>();
        assert_eq!(named("a/b.p12"), ["keys"]);
        assert_eq!(named(".ssh/id_rsa"), ["ssh"]);
        assert!(named("id_rsa.pub").is_empty());
    }
}
