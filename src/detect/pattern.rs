//! A rule's pattern, compiled when first needed, and searched around one place of a text.

use std::sync::OnceLock;

use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;
use regex_syntax::hir::literal::Extractor;

use crate::model::Span;
use crate::rule::{PatternError, Rule, Shape, parse_pattern};

/// Bytes beside its window that a pattern may see: a code point for `\b`, `\r\n` for `$`.
pub(super) const CONTEXT: usize = 4;
/// Memory that one pattern's lazy automaton may use in one thread, in bytes. Most use a few thousand.
const CACHE: usize = 256 << 10;
/// Places at which a match may begin, up to which each is tried by itself.
const FEW: usize = 12;

/// A pattern and where it is searched.
#[derive(Debug)]
pub(super) struct Pattern {
    text: crate::rule::Text,
    group: usize,
    compiled: OnceLock<Option<Compiled>>,
    /// The window begins so many bytes before the place and ends so many after it.
    pub(super) before: usize,
    pub(super) after: usize,
    /// A match begins exactly where the window does.
    fixed: bool,
}

#[derive(Debug)]
struct Compiled {
    regex: Regex,
    /// The bytes with which a match may begin.
    first: [bool; 256],
}

/// One match of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    /// The whole match.
    pub(super) whole: Span,
    /// The group that is the secret; never empty.
    pub(super) secret: Span,
}

/// Buffers with which one thread runs one pattern.
#[derive(Debug)]
pub(super) struct Workspace {
    cache: Cache,
    slots: Vec<Option<NonMaxUsize>>,
}

impl Pattern {
    /// The pattern `text` of `rule`, whose matches have `shape`.
    pub(super) fn new(text: &crate::rule::Text, rule: &Rule, shape: &Shape) -> Self {
        let longest = shape.max_len.map_or(rule.reach, |n| n.min(rule.reach));
        let lead = shape.lead.and_then(|lead| Some((lead.min, lead.max?)));
        let (before, fixed) = match lead {
            Some((min, max)) if max <= rule.reach => (max, min == max),
            _ => (longest, false),
        };
        let least = shape.lead.map_or(0, |lead| lead.min);
        let after = shape.max_len.map_or(rule.reach, |n| n.saturating_sub(least).min(rule.reach));
        Self { text: text.clone(), group: rule.group, compiled: OnceLock::new(), before, after, fixed }
    }

    /// The match that holds `hit`, searched from `before` bytes before it to `after` bytes after its start.
    pub(super) fn around(&self, bytes: &[u8], hit: Span, workspace: &mut Option<Workspace>) -> Option<Match> {
        self.around_trying(FEW, bytes, hit, workspace)
    }

    /// The same, whatever `few` is: up to so many places are tried each by itself.
    fn around_trying(
        &self,
        few: usize,
        bytes: &[u8],
        hit: Span,
        workspace: &mut Option<Workspace>,
    ) -> Option<Match> {
        let Compiled { regex, first } = self.compiled()?;
        let start = hit.start.checked_sub(self.before);
        let end = hit.start.saturating_add(self.after).min(bytes.len());
        if self.fixed {
            let window = Span::new(start?, end);
            return self
                .search(regex, bytes, window, Anchored::Yes, workspace)
                .filter(|m| m.whole.contains(hit));
        }
        let mut window = Span::new(start.unwrap_or(0), end);
        loop {
            // A search that is not anchored reads on after the hit, to the window's end.
            let begins = |at: &usize| first[usize::from(bytes[*at])];
            let begins = (window.start..=hit.start).filter(begins);
            let found = match begins.clone().nth(few) {
                Some(_) => self.search(regex, bytes, window, Anchored::No, workspace)?,
                None => {
                    let mut each = begins.map(|start| Span::new(start, window.end));
                    each.find_map(|from| self.search(regex, bytes, from, Anchored::Yes, workspace))?
                }
            };
            if found.whole.start > hit.start {
                return None;
            }
            if found.whole.end >= hit.end {
                return Some(found);
            }
            window.start = found.whole.end;
        }
    }

    /// Calls `sink` with the matches in `window`, leftmost first, that do not overlap.
    pub(super) fn within(
        &self,
        bytes: &[u8],
        window: Span,
        workspace: &mut Option<Workspace>,
        sink: &mut dyn FnMut(Match),
    ) {
        let Some(Compiled { regex, .. }) = self.compiled() else { return };
        let mut window = window;
        while let Some(found) = self.search(regex, bytes, window, Anchored::No, workspace) {
            window.start = found.whole.end;
            sink(found);
        }
    }

    fn search(
        &self,
        regex: &Regex,
        bytes: &[u8],
        window: Span,
        anchored: Anchored,
        workspace: &mut Option<Workspace>,
    ) -> Option<Match> {
        let Workspace { cache, slots } = workspace.get_or_insert_with(|| Workspace {
            cache: regex.create_cache(),
            slots: vec![None; 2 * self.group + 2],
        });
        let mut window = window;
        while window.start < window.end {
            let input = Input::new(bytes).span(window.start..window.end).anchored(anchored);
            regex.search_slots_with(cache, &input, slots)?;
            let span = |group: usize| Some(Span::new(slots[2 * group]?.get(), slots[2 * group + 1]?.get()));
            let whole = span(0)?;
            match span(self.group).filter(|s| !s.is_empty()) {
                Some(secret) => return Some(Match { whole, secret }),
                // The group took no part in this match; the next may be another.
                None if matches!(anchored, Anchored::No) => window.start = whole.start + 1,
                None => return None,
            }
        }
        None
    }

    /// The compiled pattern; `None` when it does not compile, which rules are checked for when they are loaded.
    fn compiled(&self) -> Option<&Compiled> {
        let compiled = || {
            let hir = parse_pattern(&self.text).ok()?;
            Some(Compiled { regex: build(&hir).ok()?, first: first(&hir) })
        };
        self.compiled.get_or_init(compiled).as_ref()
    }
}

/// The bytes with which a match of `hir` may begin.
fn first(hir: &Hir) -> [bool; 256] {
    let mut extractor = Extractor::new();
    extractor.limit_class(256).limit_literal_len(1).limit_total(2048);
    let prefixes = extractor.extract(hir);
    let Some(prefixes) = prefixes.literals() else { return [true; 256] };
    let mut first = [false; 256];
    for prefix in prefixes {
        match prefix.as_bytes().first() {
            Some(&byte) => first[usize::from(byte)] = true,
            None => return [true; 256],
        }
    }
    first
}

/// Makes a pattern ready to be searched in windows.
fn build(hir: &Hir) -> Result<Regex, PatternError> {
    // A keyword was found before: neither a search for literals nor a machine for groups alone pays for its making.
    let config = Config::new().auto_prefilter(false).onepass(false);
    let config = config.nfa_size_limit(Some(LARGEST)).hybrid_cache_capacity(CACHE);
    Regex::builder().configure(config).build_from_hir(hir).map_err(|_| PatternError::TooLarge(LARGEST))
}

/// Memory that one compiled pattern may use, in bytes.
const LARGEST: usize = 10 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::example::render;
    use crate::rule::RulePack;

    #[test]
    fn a_match_is_the_same_whether_each_place_is_tried_or_all_at_once() {
        let (mut tried, mut found) = (0, 0);
        for rule in RulePack::builtin().rules() {
            let Some(outline) = rule.outline().unwrap() else { continue };
            let crate::rule::Extractor::Pattern(text) = &rule.extractor else { continue };
            let pattern = Pattern::new(text, rule, &outline.shape);
            let examples = rule.positive.iter().chain(rule.negative.iter());
            let text =
                examples.map(|e| render(e, &rule.id).unwrap()).collect::<Vec<_>>().join("\n").repeat(2);
            let (bytes, lower) = (text.as_bytes(), text.to_ascii_lowercase());
            for keyword in outline.keywords.iter() {
                for (at, _) in lower.match_indices(&**keyword) {
                    let hit = Span::new(at, at + keyword.len());
                    let match_of = |few| pattern.around_trying(few, bytes, hit, &mut None);
                    assert_eq!(match_of(0), match_of(usize::MAX), "{} at {at}", rule.id);
                    tried += 1;
                    found += usize::from(match_of(0).is_some());
                }
            }
        }
        assert!(tried > 1000 && found > 500, "{tried} tried, {found} found");
    }

    #[test]
    fn a_match_may_begin_with_what_its_pattern_says() {
        let first = |pattern: &str| {
            let first = first(&parse_pattern(pattern).unwrap());
            (0..=255u8).filter(|b| first[usize::from(*b)]).map(char::from).collect::<String>()
        };
        assert_eq!(first(r"(?i:ab|\bc)x"), "ACac");
        assert_eq!(first(r"x?[0-9]{2,}"), "0123456789x");
        assert_eq!(first(r"[^\x00-\x60\x62-\xff]*b"), "ab");
    }
}
