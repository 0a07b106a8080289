//! Rules of other scanners, run as those run them: over the whole text, when a keyword stands anywhere in it.
//!
//! Our own rules look around a keyword; a foreign pattern may match far from the keyword that wakes it. So none of
//! this is local: text that changed is searched in full.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use regex::bytes::Regex;

use crate::entropy;
use crate::model::{Candidate, Reads, Reason, Span};
use crate::rule::{Extractor, Rule, RulePack, Text, compile};

/// The foreign rules of a pack.
#[derive(Debug)]
pub(super) struct WholeRules {
    rules: Vec<WholeRule>,
    /// Every keyword; `None` when no rule has one.
    keywords: Option<AhoCorasick>,
    /// By keyword, indices of the rules that it wakes.
    wakes: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct WholeRule {
    /// Its index in the pack.
    index: usize,
    pattern: Text,
    /// `None` where it does not compile, which is told when the rule is loaded.
    regex: OnceLock<Option<Regex>>,
    /// It runs on every text.
    always: bool,
}

impl WholeRules {
    /// Those of `pack`; `None` when it has none.
    pub(super) fn of(pack: &RulePack) -> Option<Self> {
        let (mut rules, mut words, mut wakes) = (Vec::new(), Vec::<String>::new(), Vec::<Vec<usize>>::new());
        for (index, rule) in pack.rules().iter().enumerate() {
            let Extractor::Whole(pattern) = &rule.extractor else { continue };
            for word in rule.keywords.iter() {
                let word = word.to_lowercase();
                let at = words.iter().position(|known| *known == word).unwrap_or_else(|| {
                    words.push(word);
                    wakes.push(Vec::new());
                    words.len() - 1
                });
                wakes[at].push(rules.len());
            }
            rules.push(WholeRule {
                index,
                pattern: pattern.clone(),
                regex: OnceLock::new(),
                always: rule.keywords.is_empty(),
            });
        }
        let build = || AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&words).ok();
        let keywords = if words.is_empty() { None } else { build() };
        (!rules.is_empty()).then_some(Self { rules, keywords, wakes })
    }

    /// Calls `sink` with what the rules of `pack` find in `bytes`.
    pub(super) fn find<'r>(&self, pack: &'r RulePack, bytes: &[u8], sink: &mut dyn FnMut(Candidate<'r>)) {
        let mut awake: Vec<bool> = self.rules.iter().map(|rule| rule.always).collect();
        for hit in self.keywords.iter().flat_map(|words| words.find_overlapping_iter(bytes)) {
            self.wakes[hit.pattern().as_usize()].iter().for_each(|&rule| awake[rule] = true);
        }
        for (own, _) in self.rules.iter().zip(awake).filter(|(_, awake)| *awake) {
            let rule: &Rule = &pack.rules()[own.index];
            let Some(regex) = own.regex.get_or_init(|| compile(&own.pattern).ok()) else { continue };
            regex
                .find_iter(bytes)
                .filter_map(|found| candidate(rule, regex, bytes, Span::new(found.start(), found.end())))
                .for_each(&mut *sink);
        }
    }
}

/// The candidate that the match at `found` is, unless its entropy is too low.
fn candidate<'r>(rule: &'r Rule, regex: &Regex, bytes: &[u8], found: Span) -> Option<Candidate<'r>> {
    let matched = without_line_feeds(bytes, found);
    if matched.is_empty() {
        return None;
    }
    let span = secret(rule, regex, matched.of(bytes)).shifted(matched.start as isize);
    // The value is measured, not shown.
    if rule.min_entropy.is_some_and(|floor| entropy::of_characters(span.of(bytes)) <= floor) {
        return None;
    }
    let reads = Reads { start: -1, end: bytes.len() as isize + 1 };
    let why = Reason::Borrowed("the rule's pattern");
    Some(Candidate { matched, reads, ..Candidate::of_rule(rule, span, why) })
}

/// `found` without the line feeds at its ends.
fn without_line_feeds(bytes: &[u8], found: Span) -> Span {
    let Span { mut start, mut end } = found;
    while start < end && bytes[start] == b'\n' {
        start += 1;
    }
    while end > start && bytes[end - 1] == b'\n' {
        end -= 1;
    }
    Span::new(start, end)
}

/// Where the secret lies in `matched`: the rule's group or, where it names none, the first that is not empty; the
/// whole match when there is no such group. The match is matched anew, alone, as gitleaks does.
fn secret(rule: &Rule, regex: &Regex, matched: &[u8]) -> Span {
    let whole = Span::new(0, matched.len());
    let Some(groups) = regex.captures(matched) else { return whole };
    let mut wanted = if rule.group > 0 { rule.group..rule.group + 1 } else { 1..groups.len() };
    let group = wanted.find_map(|i| groups.get(i).filter(|group| !group.is_empty()));
    group.map_or(whole, |group| Span::new(group.start(), group.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::rule;

    fn foreign(id: &'static str, pattern: &'static str, keywords: &'static [&'static str]) -> Rule {
        Rule { extractor: Extractor::Whole(pattern.into()), group: 0, ..rule(id, pattern, keywords) }
    }

    /// Rule, secret and match of everything found in `text`.
    fn found(rules: impl IntoIterator<Item = Rule>, text: &str) -> Vec<String> {
        let pack = RulePack::new(rules);
        let mut found = Vec::new();
        let of = |span: Span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned();
        WholeRules::of(&pack).unwrap().find(&pack, text.as_bytes(), &mut |c| {
            found.push(format!("{} {} {:?}", c.rule.id, of(c.span), of(c.matched)));
        });
        found
    }

    #[test]
    fn a_keyword_wakes_its_rule_wherever_it_stands() {
        let rule = foreign("pin", r"pin=(\d{4})", &["Acme"]);
        assert_eq!(
            found([rule.clone()], &format!("ACME{}pin=1234", " ".repeat(9000))),
            ["pin 1234 \"pin=1234\""]
        );
        assert!(found([rule], "pin=1234").is_empty());
    }

    #[test]
    fn a_rule_without_keywords_always_runs() {
        assert_eq!(found([foreign("pin", r"\d{4}", &[])], "1234 5678").len(), 2);
    }

    #[test]
    fn the_secret_is_the_first_group_that_is_not_empty() {
        let rule = foreign("pin", r"(x?)a=(\d+)(z)\n?", &[]);
        assert_eq!(found([rule.clone()], "a=12z\n"), ["pin 12 \"a=12z\""]);
        assert_eq!(found([Rule { group: 3, ..rule }], "a=12z\n"), ["pin z \"a=12z\""]);
    }

    #[test]
    fn entropy_must_be_above_the_floor_not_at_it() {
        let at = |floor| Rule { min_entropy: Some(floor), ..foreign("pin", r"[a-d]{4}", &[]) };
        assert!(found([at(2.0)], "abcd").is_empty());
        assert_eq!(found([at(1.9)], "abcd").len(), 1);
    }
}
