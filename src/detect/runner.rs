//! One rule made ready to run at one place of a text.

use super::builtin::{Builtin, Window, builtin};
use super::gate;
use super::pattern::{CONTEXT, Match, Pattern, Workspace};
use crate::model::{Candidate, Reads, Reason, Span};
use crate::rule::{Extractor, Outline, PatternError, Rule, RuleRef, Run, RunLook, Text};

/// A rule made ready to run.
#[derive(Debug)]
pub(super) struct Runner {
    /// Its index in the pack.
    pub(super) rule: usize,
    pub(super) wakes_on: WakesOn,
    how: How,
    /// Bytes that one run may read before and after the first byte of what woke it.
    pub(super) reads: (usize, usize),
}

/// What a rule is run for.
#[derive(Debug)]
pub(super) enum WakesOn {
    /// One of these literals (lower case), where a run of token characters is near enough.
    Literals(Vec<Box<[u8]>>, Option<Run>),
    /// Each run of token characters that is long enough and looks so.
    Runs(Run, Box<RunLook>),
    /// Each blob: its matches have nothing in common that could be searched for.
    Blobs,
}

enum How {
    Pattern(Box<Pattern>),
    Reader(&'static dyn Builtin),
}

impl std::fmt::Debug for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pattern(pattern) => pattern.fmt(f),
            Self::Reader(reader) => f.write_str(reader.name()),
        }
    }
}

/// Why a rule cannot run. The rule's author must fix it.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule}: {cause}")]
pub struct RuleFault {
    /// The rule's id.
    pub rule: String,
    /// What is wrong with it.
    pub cause: FaultCause,
}

/// What keeps a rule from running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultCause {
    /// Its pattern cannot be searched for.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// It names a reader that does not exist.
    #[error("there is no built-in reader called {0}")]
    NoReader(String),
}

impl Runner {
    /// The rule at `index` of the pack made ready; `None` when it looks at paths alone.
    ///
    /// # Errors
    /// The rule's author's.
    pub(super) fn new(index: usize, rule: &RuleRef) -> Result<Option<Self>, FaultCause> {
        match &rule.extractor {
            Extractor::PathOnly | Extractor::Known | Extractor::Whole(_) | Extractor::Practice(_) => Ok(None),
            Extractor::Builtin(name) => {
                let reader = builtin(name).ok_or_else(|| FaultCause::NoReader(name.to_string()))?;
                Ok(Some(Self::of_reader(index, rule, reader)))
            }
            Extractor::Pattern(text) => {
                Ok(rule.outline()?.map(|outline| Self::of_pattern(index, rule, text, &outline)))
            }
        }
    }

    fn of_reader(index: usize, rule: &Rule, reader: &'static dyn Builtin) -> Self {
        let literals: Vec<Box<[u8]>> = match rule.keywords.is_empty() {
            true => reader.triggers().iter().map(|t| t.as_bytes().into()).collect(),
            false => rule.keywords.iter().map(lower_case).collect(),
        };
        let longest = literals.iter().map(|l| l.len()).max().unwrap_or(0);
        let reads = (reader.reach(), reader.reach() + longest);
        Self { rule: index, wakes_on: WakesOn::Literals(literals, None), how: How::Reader(reader), reads }
    }

    fn of_pattern(index: usize, rule: &Rule, text: &Text, outline: &Outline) -> Self {
        let Outline { keywords, shape, look } = outline;
        let pattern = Pattern::new(text, rule, shape);
        let (mut back, mut ahead) = (pattern.before + CONTEXT, pattern.after + CONTEXT);
        let wakes_on = if !keywords.is_empty() {
            if let Some(run) = shape.run {
                back = back.max(run.len + run.ahead);
                ahead = ahead.max(run.back + run.len);
            }
            WakesOn::Literals(keywords.iter().map(|k| k.as_bytes().into()).collect(), shape.run)
        } else if let (Some(run), Some(look)) = (shape.run, look) {
            (back, ahead) = (run.back + CONTEXT, run.ahead + CONTEXT);
            WakesOn::Runs(run, Box::new(look.clone()))
        } else {
            WakesOn::Blobs
        };
        Self { rule: index, wakes_on, how: How::Pattern(Box::new(pattern)), reads: (back, ahead) }
    }

    /// How far from a change anything may lie that decides whether the change wakes the rule: a literal, and on its
    /// other side, as far from it again, the run that it asks for.
    pub(super) fn margin(&self) -> usize {
        match &self.wakes_on {
            WakesOn::Literals(literals, run) => {
                let longest = literals.iter().map(|l| l.len()).max().unwrap_or(0);
                let run = run.map_or(0, |r| r.len + r.back.max(r.ahead));
                2 * longest.max(run)
            }
            WakesOn::Runs(run, _) => self.reads.0.max(self.reads.1) + run.len,
            WakesOn::Blobs => 0,
        }
    }

    /// Whether a literal of this rule at `hit` is near enough to a run of token characters.
    pub(super) fn heeds(&self, bytes: &[u8], hit: Span) -> bool {
        match self.wakes_on {
            WakesOn::Literals(_, Some(run)) => near_run(bytes, hit, run),
            _ => true,
        }
    }

    /// What running the rule for the literal at `hit` may read.
    pub(super) fn reads_at(&self, hit: Span) -> Reads {
        let at = hit.start as isize;
        Reads { start: at - self.reads.0 as isize, end: at + self.reads.1 as isize }
    }

    /// What [`Self::heeds`] may read.
    pub(super) fn heeds_reads_at(&self, hit: Span) -> Reads {
        let (start, end) = (hit.start as isize, hit.end as isize);
        match self.wakes_on {
            WakesOn::Literals(_, Some(run)) => {
                let (len, back, ahead) = (run.len as isize, run.back as isize, run.ahead as isize);
                Reads { start: start.min(end - len - ahead), end: end.max(start + back + len) }
            }
            _ => Reads { start, end },
        }
    }

    /// Runs `rule` for the literal at `hit`.
    pub(super) fn at_literal<'r>(
        &self,
        rule: &'r Rule,
        bytes: &[u8],
        hit: Span,
        workspace: &mut Option<Workspace>,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) {
        let reads = self.reads_at(hit);
        match &self.how {
            How::Pattern(pattern) => {
                let Some(found) = pattern.around(bytes, hit, workspace) else { return };
                let prefix = if found.secret.start == hit.start { "prefix" } else { "keyword" };
                let literal = String::from_utf8_lossy(hit.of(bytes)).to_ascii_lowercase();
                let why = || Reason::Owned(format!("{prefix} {}", spelling(rule, &literal)));
                if let Some(candidate) = candidate(rule, bytes, found, reads, why) {
                    sink(candidate);
                }
            }
            How::Reader(reader) => {
                let start = hit.start.saturating_sub(reader.reach());
                let end = (hit.end + reader.reach()).min(bytes.len());
                let window = Window {
                    bytes: &bytes[start..end],
                    trigger: Span::new(hit.start - start, hit.end - start),
                };
                reader.extract(&window, &mut |found| {
                    let by = start as isize;
                    let secret = found.secret.shifted(by);
                    // The value is judged, not shown.
                    let value = found.decoded.as_ref().map_or(secret.of(bytes), |d| d.expose());
                    let Some(passed) = gate::pass(rule, value) else { return };
                    let mut why = found.why;
                    why.extend(passed.note);
                    sink(Candidate {
                        rule,
                        span: secret,
                        matched: found.matched.shifted(by),
                        decoded: found.decoded,
                        layers: Vec::new(),
                        confidence: match (found.confidence, &found.evidence) {
                            (Some(sure), Some(_)) => sure,
                            (Some(most), None) => most.min(passed.confidence),
                            (None, _) => passed.confidence,
                        },
                        severity: passed.severity,
                        expires: passed.expires,
                        evidence: found.evidence,
                        why,
                        parts: Vec::new(),
                        known: None,
                        reads,
                    });
                });
            }
        }
    }

    /// Runs `rule` for a whole run of token characters.
    pub(super) fn at_run<'r>(
        &self,
        rule: &'r Rule,
        bytes: &[u8],
        run: Span,
        workspace: &mut Option<Workspace>,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) {
        let (How::Pattern(pattern), WakesOn::Runs(near, look)) = (&self.how, &self.wakes_on) else { return };
        if !looks_so(bytes, run, near.len, look) {
            return;
        }
        let window = Span::new(run.start.saturating_sub(near.back), (run.end + near.ahead).min(bytes.len()));
        let (start, end) = (run.start as isize, run.end as isize);
        let reads = Reads { start: start - self.reads.0 as isize, end: end + self.reads.1 as isize };
        pattern.within(bytes, window, workspace, &mut |found| {
            let ours = found.whole.overlaps(run);
            if let Some(c) = ours.then(|| candidate(rule, bytes, found, reads, shape_reason)).flatten() {
                sink(c);
            }
        });
    }

    /// Runs `rule` over the whole of `bytes`.
    pub(super) fn at_blob<'r>(
        &self,
        rule: &'r Rule,
        bytes: &[u8],
        workspace: &mut Option<Workspace>,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) {
        let How::Pattern(pattern) = &self.how else { return };
        let reads = Reads { start: -1, end: bytes.len() as isize + 1 };
        pattern.within(bytes, Span::new(0, bytes.len()), workspace, &mut |found| {
            let named = rule.keywords.is_empty()
                || rule.keywords.iter().any(|k| gate::holds(found.whole.of(bytes), k.as_bytes()));
            if let Some(c) = named.then(|| candidate(rule, bytes, found, reads, shape_reason)).flatten() {
                sink(c);
            }
        });
    }
}

fn lower_case(text: &Text) -> Box<[u8]> {
    text.to_ascii_lowercase().into_bytes().into()
}

/// The rule's own spelling of its keyword `literal` (lower case).
fn spelling<'s>(rule: &'s Rule, literal: &'s str) -> &'s str {
    rule.keywords.iter().find(|k| k.eq_ignore_ascii_case(literal)).map_or(literal, |k| k)
}

const fn shape_reason() -> Reason {
    Reason::Borrowed("shape of the value")
}

/// The candidate that `found` is, when it passes the rule's gates.
fn candidate<'r>(
    rule: &'r Rule,
    bytes: &[u8],
    found: Match,
    reads: Reads,
    why: impl FnOnce() -> Reason,
) -> Option<Candidate<'r>> {
    let passed = gate::pass(rule, found.secret.of(bytes))?;
    Some(Candidate {
        rule,
        span: found.secret,
        matched: found.whole,
        decoded: None,
        layers: Vec::new(),
        confidence: passed.confidence,
        severity: passed.severity,
        expires: passed.expires,
        evidence: None,
        why: std::iter::once(why()).chain(passed.note).collect(),
        parts: Vec::new(),
        known: None,
        reads,
    })
}

/// Whether `run` of `bytes` may hold `len` characters that look so.
fn looks_so(bytes: &[u8], run: Span, len: usize, look: &RunLook) -> bool {
    if let Some(before) = &look.before {
        if !run.start.checked_sub(1).is_some_and(|at| before[usize::from(bytes[at])]) {
            return false;
        }
        return run.of(bytes).iter().take_while(|b| look.class[usize::from(**b)]).take(len).count() == len;
    }
    // From the last character of each possible row back to the first that is none of the class.
    let text = run.of(bytes);
    let mut at = 0;
    while at + len <= text.len() {
        match text[at..at + len].iter().rposition(|b| !look.class[usize::from(*b)]) {
            None => return true,
            Some(wrong) => at += wrong + 1,
        }
    }
    false
}

/// Whether `run.len` characters of its alphabet in a row begin at most `run.back` after the start of `hit` and end at most
/// `run.ahead` before its end.
fn near_run(bytes: &[u8], hit: Span, run: Run) -> bool {
    let from = hit.end.saturating_sub(run.len + run.ahead);
    let to = (hit.start + run.back + run.len).min(bytes.len());
    run.lies_in(&bytes[from..to])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Alphabet;

    #[test]
    fn a_run_is_refused_by_its_looks() {
        let class = std::array::from_fn(|b| (b as u8).is_ascii_hexdigit());
        let hex = RunLook { class, before: None };
        let holds = |text: &str| looks_so(text.as_bytes(), Span::new(1, text.len()), 8, &hex);
        assert!(holds(".0123abcd") && holds(".xyz0123abcdxyz") && holds(".0123abc-01234567"));
        assert!(!holds(".0123abc") && !holds(".0123abcx0123abc") && !holds(".xxxxxxxxxxxxxx"));
        let dot = RunLook { before: Some(std::array::from_fn(|b| b as u8 == b'.')), ..hex };
        assert!(looks_so(b".0123abcd", Span::new(1, 9), 8, &dot));
        assert!(!looks_so(b":0123abcd", Span::new(1, 9), 8, &dot));
        assert!(!looks_so(b".x0123abcd", Span::new(1, 10), 8, &dot));
    }

    #[test]
    fn a_run_counts_when_it_is_long_and_near_enough() {
        let run = Run { alphabet: Alphabet::Token, len: 16, back: 3, ahead: 2 };
        let near = |text: &str| {
            let start = text.find("key").unwrap();
            near_run(text.as_bytes(), Span::new(start, start + 3), run)
        };
        assert!(near("key0123456789abc"));
        assert!(!near("key0123456789ab"));
        assert!(!near("key:0123456789abcdef"));
        assert!(near("0123456789abcdekey"));
        assert!(!near(" 0123456789abcde.key"));
        let before = |gap: &str| near(&format!("0123456789abcdef{gap}key"));
        assert!(!before("..."));
    }
}
