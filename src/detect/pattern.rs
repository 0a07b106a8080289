//! A rule's pattern, compiled when first needed, and searched around one place of a text.

use std::sync::OnceLock;

use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};

use crate::model::Span;
use crate::rule::{PatternError, Rule, Shape, parse_pattern};

/// Bytes beside its window that a pattern may see: a code point for `\b`, `\r\n` for `$`.
pub(super) const CONTEXT: usize = 4;
/// Memory that one pattern's lazy automaton may use in one thread, in bytes. Most use a few thousand.
const CACHE: usize = 256 << 10;

/// A pattern and where it is searched.
#[derive(Debug)]
pub(super) struct Pattern {
    text: crate::rule::Text,
    group: usize,
    regex: OnceLock<Option<Regex>>,
    /// The window begins so many bytes before the place and ends so many after it.
    pub(super) before: usize,
    pub(super) after: usize,
    /// A match begins exactly where the window does.
    fixed: bool,
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
        Self { text: text.clone(), group: rule.group, regex: OnceLock::new(), before, after, fixed }
    }

    /// The match that holds `hit`, searched from `before` bytes before it to `after` bytes after its start.
    pub(super) fn around(&self, bytes: &[u8], hit: Span, workspace: &mut Option<Workspace>) -> Option<Match> {
        let regex = self.regex()?;
        let start = hit.start.checked_sub(self.before);
        if self.fixed {
            let window = Span::new(start?, hit.start.saturating_add(self.after).min(bytes.len()));
            return self
                .search(regex, bytes, window, Anchored::Yes, workspace)
                .filter(|m| m.whole.contains(hit));
        }
        let mut window = Span::new(start.unwrap_or(0), hit.start.saturating_add(self.after).min(bytes.len()));
        loop {
            let found = self.search(regex, bytes, window, Anchored::No, workspace)?;
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
        let Some(regex) = self.regex() else { return };
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
                None if matches!(anchored, Anchored::No) => window.start = whole.end.max(window.start + 1),
                None => return None,
            }
        }
        None
    }

    /// The compiled pattern; `None` when it does not compile, which rules are checked for when they are loaded.
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compile(&self.text).ok()).as_ref()
    }
}

/// Makes `pattern` ready to be searched in windows.
///
/// # Errors
/// The pattern's author's.
pub(super) fn compile(pattern: &str) -> Result<Regex, PatternError> {
    let hir = parse_pattern(pattern)?;
    // A keyword was found before: neither a search for literals nor a machine for groups alone pays for its making.
    let config = Config::new().auto_prefilter(false).onepass(false);
    let config = config.nfa_size_limit(Some(LARGEST)).hybrid_cache_capacity(CACHE);
    Regex::builder().configure(config).build_from_hir(&hir).map_err(|_| PatternError::TooLarge(LARGEST))
}

/// Memory that one compiled pattern may use, in bytes.
const LARGEST: usize = 10 << 20;
