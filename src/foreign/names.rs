//! Which of our rules find what a default rule of gitleaks finds: for allowlists, ignore entries and rules that are
//! switched off by gitleaks' id.

use std::collections::HashMap;

use crate::rule::RulePack;

/// Ids of gitleaks' default rules, each with ours for the same credential. Equal ids are left out.
const NAMES: &str = include_str!("names.txt");

/// Our ids for the default rule of gitleaks called `id`, the same id first.
pub(super) fn ours(id: &str) -> Vec<&str> {
    let line = NAMES.lines().find(|line| line.split(' ').next() == Some(id));
    std::iter::once(id).chain(line.into_iter().flat_map(|line| line.split(' ').skip(1))).collect()
}

/// Those of [`ours`] that are rules of `pack`.
pub fn ours_in<'i>(id: &'i str, pack: &RulePack) -> Vec<&'i str> {
    ours(id).into_iter().filter(|ours| pack.rule(ours).is_some()).collect()
}

/// Gitleaks' ids by ours.
pub fn theirs() -> HashMap<String, Vec<String>> {
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for line in NAMES.lines() {
        let mut ids = line.split(' ');
        let Some(theirs) = ids.next() else { continue };
        ids.for_each(|ours| names.entry(ours.to_owned()).or_default().push(theirs.to_owned()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_ours_is_a_rule_of_ours() {
        let pack = RulePack::builtin();
        let unknown: Vec<_> = theirs().into_keys().filter(|id| pack.rule(id).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_rule_has_its_own_name_too() {
        assert_eq!(ours("github-pat"), ["github-pat"]);
        assert_eq!(ours("snyk-api-token"), ["snyk-api-token", "snyk-token"]);
    }
}
