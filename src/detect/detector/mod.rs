//! The detector: a rule pack made ready to run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::known::KnownIndex;
#[cfg(feature = "fetcher")]
use super::known::OfflineIndex;
use super::paths::Paths;
use super::pattern::Workspace;
use super::practice::Practices;
use super::prefilter::{Hit, Looked, Prefilter};
use super::runner::{RuleFault, Runner, WakesOn};
use super::settle::settle;
use super::whole::WholeRules;
use super::wide;
use crate::classify;
use crate::decode::{self, Regions};
use crate::model::{Blob, Candidate, KnownValue, Reads, Reason, Span};
use crate::rule::{Confidence, Extractor, Rule, RulePack};
use layers::Allowance;
pub use scratch::Scratch;
pub use trace::{NotLocal, Trace, Wake};
use woken::{Woken, triggers};

/// A rule pack made ready to run. Automata and patterns are compiled when first needed. Shared by all threads.
#[derive(Debug)]
pub struct Detector {
    pack: Arc<RulePack>,
    paths: Paths,
    runners: Vec<Runner>,
    prefilter: Prefilter,
    /// By the trigger's number.
    woken: Vec<Woken>,
    /// How long a run is at least that wakes a rule, and the rule; the shortest first.
    by_run: Vec<(usize, u32)>,
    by_blob: Vec<u32>,
    /// How far from a change that is to be searched anything may lie that decides whether a rule wakes.
    margin: usize,
    /// Tells scratches of different detectors apart.
    id: u64,
    /// Rules of other scanners.
    whole: Option<WholeRules>,
    /// Rules for bad practice.
    practices: Option<Practices>,
    /// Values of the manager that are searched for, and the index of their rule.
    known: Option<(usize, KnownIndex)>,
    /// The index for hooks, likewise.
    #[cfg(feature = "fetcher")]
    offline: Option<(usize, OfflineIndex)>,
}

/// The tag of rules whose secrets anyone makes for a test: in a path of tests they are no more than likely.
const SELF_MADE: &str = "self-made";

impl Detector {
    /// A detector for `pack`.
    ///
    /// # Errors
    /// The first rule that cannot run; its author must fix it.
    pub fn new(pack: Arc<RulePack>) -> Result<Self, RuleFault> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let mut runners = Vec::with_capacity(pack.rules().len());
        for (index, rule) in pack.rules().iter().enumerate() {
            let fault = |cause| RuleFault { rule: rule.id.to_string(), cause };
            runners.extend(Runner::new(index, rule).map_err(fault)?);
        }
        let (triggers, woken) = triggers(&runners);
        let woken_by = |wanted: fn(&WakesOn) -> bool| {
            let chosen = runners.iter().zip(0..).filter(move |(r, _)| wanted(&r.wakes_on));
            chosen.map(|(_, i)| i).collect::<Vec<u32>>()
        };
        let run_len = |i: u32| match &runners[i as usize].wakes_on {
            WakesOn::Runs(run, _) => run.len,
            _ => usize::MAX,
        };
        let by_run = woken_by(|w| matches!(w, WakesOn::Runs(..))).into_iter().map(|i| (run_len(i), i));
        let mut by_run = by_run.collect::<Vec<_>>();
        by_run.sort_unstable();
        let by_blob = woken_by(|w| matches!(w, WakesOn::Blobs));
        let shortest = by_run.first().map_or(decode::RUN, |(len, _)| decode::RUN.min(*len));
        let prefilter = Prefilter::new(&triggers, Some(shortest));
        let margin = runners.iter().map(Runner::margin).max().unwrap_or(0).max(decode::NEAR);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        let paths = Paths::new(&pack);
        let (whole, practices) = (WholeRules::of(&pack), Practices::of(&pack));
        Ok(Self {
            pack,
            paths,
            runners,
            prefilter,
            woken,
            by_run,
            by_blob,
            margin,
            id,
            whole,
            practices,
            known: None,
            #[cfg(feature = "fetcher")]
            offline: None,
        })
    }

    /// The same detector, which also searches for the values of `index`, by the rule of the pack that is for them.
    #[must_use]
    pub fn with_known(mut self, index: KnownIndex) -> Self {
        let rule = self.pack.rules().iter().position(|r| r.extractor == Extractor::Known);
        self.known = rule.map(|rule| (rule, index));
        self
    }

    /// The same detector, which also looks for the values of `index`.
    #[cfg(feature = "fetcher")]
    #[must_use]
    pub fn with_offline(mut self, index: OfflineIndex) -> Self {
        let rule = self.pack.rules().iter().position(|r| r.extractor == Extractor::Known);
        self.offline = rule.map(|rule| (rule, index));
        self
    }

    /// The rules it runs.
    pub fn pack(&self) -> &Arc<RulePack> {
        &self.pack
    }

    /// Calls `sink` with every candidate of `blob` that its scope admits; settled, ordered by span, then rule id.
    /// Rules that do not apply at `path` are left out; without a path none is.
    pub fn detect<'r>(
        &'r self,
        scratch: &mut Scratch,
        blob: &Blob<'_>,
        path: Option<&[u8]>,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) -> Trace {
        let mut candidates = Vec::new();
        let trace = self.find_all(scratch, blob.bytes, None, &mut |c| candidates.push(c));
        if let Some(path) = path {
            candidates.retain_mut(|c| self.judge(c, path));
        }
        self.settle(blob.bytes, &mut candidates);
        candidates.into_iter().filter(|c| blob.scope.admits(c.span)).for_each(sink);
        trace
    }

    /// Whether `rule` applies to what lies at `path`. Asked of every candidate before [`Self::settle`], lest one that
    /// does not apply hide another.
    pub fn admits(&self, rule: &Rule, path: &[u8]) -> bool {
        self.paths.admits(rule, path)
    }

    /// Whether it also searches for values that a secrets manager holds.
    pub fn knows_values(&self) -> bool {
        self.known.is_some() || self.reads_words()
    }

    /// Judges `candidate` now that its path is known. `false`: it is no secret there.
    fn judge(&self, candidate: &mut Candidate<'_>, path: &[u8]) -> bool {
        if !self.admits(candidate.rule, path) {
            return false;
        }
        if candidate.rule.extractor.is_practice() {
            // A test may print what it made itself.
            if candidate.confidence < Confidence::High && classify::is_of_tests(path) {
                candidate.confidence = Confidence::Low;
            }
            return true;
        }
        let Some(evidence) = &mut candidate.evidence else {
            let made = candidate.rule.tags.iter().any(|tag| tag == SELF_MADE);
            if made && classify::is_of_tests(path) {
                // Keys that a test's code holds are its vectors; a file of its own may be in use somewhere.
                let (most, why) = match classify::is_code(path) {
                    true => (Confidence::Low, "code of tests or examples"),
                    false => (Confidence::Medium, "a path of tests or examples"),
                };
                if candidate.confidence > most {
                    candidate.confidence = most;
                    candidate.why.push(why.into());
                }
            }
            return true;
        };
        if !path.is_empty() {
            classify::add_path(evidence, path);
        }
        let Some(confidence) = classify::weigh(evidence) else { return false };
        candidate.confidence = confidence;
        candidate.why.extend(classify::reasons(evidence));
        true
    }

    /// The rules that fire for `path` alone, whatever lies there.
    pub fn named(&self, path: &[u8]) -> impl Iterator<Item = &Rule> {
        self.paths.named(path).map(|i| &*self.pack.rules()[i])
    }

    /// Makes all candidates that were found in `bytes` into one answer: joins parts, lets one of several that claim
    /// the same bytes stay, and sorts them by span, then rule id.
    pub fn settle(&self, bytes: &[u8], candidates: &mut Vec<Candidate<'_>>) {
        if !candidates.is_empty() {
            settle(bytes, candidates);
        }
    }

    /// Calls `sink` with every candidate of `bytes`, not settled, in no order.
    pub fn find<'r>(
        &'r self,
        scratch: &mut Scratch,
        bytes: &[u8],
        sink: &mut dyn FnMut(Candidate<'r>),
    ) -> Trace {
        let mut wakes = Vec::new();
        let trace = self.find_all(scratch, bytes, Some(&mut wakes), sink);
        Trace { wakes, ..trace }
    }

    /// The same; notes in `wakes` at which places a rule was run.
    fn find_all<'r>(
        &'r self,
        scratch: &mut Scratch,
        bytes: &[u8],
        wakes: Option<&mut Vec<Wake>>,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) -> Trace {
        let searched = bytes.len() as u64;
        let whole = self.is_whole();
        let mut trace = Trace { whole, searched, ..Trace::default() };
        let mut regions = Regions::default();
        let zeros = self.find_plain(scratch, bytes, wakes, &mut regions, sink);
        let mut allowance = Allowance::default();
        trace.whole |= zeros && self.find_wide(scratch, bytes, &mut allowance, sink);
        trace.too_much = allowance.exceeded || regions.too_long;
        self.find_undone(scratch, bytes, &regions.found, &mut trace, sink);
        if let Some(practices) = &self.practices {
            practices.find(&self.pack, bytes, sink);
        }
        trace
    }

    /// Whether some rule reads whole blobs alone.
    fn is_whole(&self) -> bool {
        !self.by_blob.is_empty() || self.whole.is_some() || self.practices.is_some()
    }

    /// Calls `sink` with the candidates in `bytes` as they stand there; says whether a byte of them is zero.
    fn find_plain<'r>(
        &'r self,
        scratch: &mut Scratch,
        bytes: &[u8],
        mut wakes: Option<&mut Vec<Wake>>,
        regions: &mut Regions,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) -> bool {
        let (workspaces, looked) = scratch.of(self);
        let zeros = self.prefilter.search(bytes, Span::new(0, bytes.len()), looked, &mut |hit| match hit {
            Hit::Literal(trigger, at) => {
                let woken = &self.woken[trigger as usize];
                if woken.runners.is_empty() {
                    return regions.at_literal(bytes, at);
                }
                let hit = Span::new(at, at + woken.literal.len());
                for &i in &woken.runners {
                    let runner = &self.runners[i as usize];
                    if !runner.heeds(bytes, hit) {
                        continue;
                    }
                    if let Some(wakes) = &mut wakes {
                        wakes.push(Wake { runner: i, hit, reads: runner.heeds_reads_at(hit) });
                    }
                    runner.at_literal(self.rule(runner), bytes, hit, &mut workspaces[i as usize], sink);
                }
            }
            Hit::Run(run) => {
                regions.at_run(bytes, run);
                self.at_run(workspaces, bytes, run, &mut |c| sink(c));
            }
        });
        for &i in &self.by_blob {
            let runner = &self.runners[i as usize];
            runner.at_blob(self.rule(runner), bytes, &mut workspaces[i as usize], sink);
        }
        if let Some(whole) = &self.whole {
            whole.find(&self.pack, bytes, sink);
        }
        self.find_known(bytes, Span::new(0, bytes.len()), sink);
        zeros
    }

    /// Calls `sink` with the values of the manager that stand in `range` of `bytes`.
    fn find_known<'r>(&'r self, bytes: &[u8], range: Span, sink: &mut dyn FnMut(Candidate<'r>)) {
        if let Some((rule, index)) = &self.known {
            let rule: &Rule = &self.pack.rules()[*rule];
            index.search(range.of(bytes), &mut |hit| {
                let form = hit.form.as_str();
                let why = Reason::Owned(format!("known value, {form}"));
                let known = KnownValue { number: Some(hit.value), form };
                sink(known_candidate(rule, hit.span.shifted(range.start as isize), known, why));
            });
        }
        #[cfg(feature = "fetcher")]
        if let Some((rule, index)) = &self.offline {
            let rule: &Rule = &self.pack.rules()[*rule];
            index.search(range.of(bytes), &mut |span| {
                let why = Reason::Owned(format!("known value, in the index of {}", index.header().label));
                let known = KnownValue { number: None, form: "plain" };
                sink(known_candidate(rule, span.shifted(range.start as isize), known, why));
            });
        }
    }

    /// Calls `sink` with the keyword of every hit in `bytes` (empty: a run of token characters). For measuring the
    /// prefilter alone, and which keywords cost most.
    pub fn hits<'r>(&'r self, bytes: &[u8], sink: &mut impl FnMut(&'r [u8])) {
        self.prefilter.search(
            bytes,
            Span::new(0, bytes.len()),
            &mut Looked::default(),
            &mut |hit| match hit {
                Hit::Literal(trigger, _) => sink(&self.woken[trigger as usize].literal),
                Hit::Run(_) => sink(b""),
            },
        );
    }

    /// Finds those candidates of `bytes` that rest on a change, for blobs of which the rest is known.
    ///
    /// `changed` are the spans (sorted, disjoint) that were not copied from a searched blob, and, as empty spans,
    /// the seams: places whose two neighbours were not neighbours there. The blob's start is a seam unless it was
    /// that of the other blob, its end likewise. `inherited` are the wakes that were copied whole
    /// ([`Wake::reads`] touched by no change). Candidates that rest on no change are not found: copy them, where
    /// [`Candidate::reads`](crate::model::Candidate) is touched by no change. The trace holds the new wakes alone.
    ///
    /// # Errors
    /// [`NotLocal`] when only the whole blob can be searched, with [`Self::find`]; what `sink` was given then does not
    /// count.
    pub fn find_in<'r>(
        &'r self,
        scratch: &mut Scratch,
        bytes: &[u8],
        changed: &[Span],
        inherited: &[Wake],
        sink: &mut dyn FnMut(Candidate<'r>),
    ) -> Result<Trace, NotLocal> {
        if self.is_whole() || self.reads_words() {
            return Err(NotLocal);
        }
        let mut zeros = false;
        let (workspaces, looked) = scratch.of(self);
        let touched = |reads: Reads| touched_by_any(reads, changed);
        let (mut trace, mut regions) = (Trace::default(), Regions::default());
        for wake in inherited {
            let runner = &self.runners[wake.runner as usize];
            if touched(runner.reads_at(wake.hit)) {
                let workspace = &mut workspaces[wake.runner as usize];
                runner.at_literal(self.rule(runner), bytes, wake.hit, workspace, sink);
            }
        }
        for range in around(changed, self.margin, bytes.len()) {
            trace.searched += range.len() as u64;
            zeros |= self.prefilter.search(bytes, range, looked, &mut |hit| match hit {
                Hit::Literal(trigger, at) => {
                    let woken = &self.woken[trigger as usize];
                    if woken.runners.is_empty() {
                        return regions.at_literal(bytes, at);
                    }
                    let hit = Span::new(at, at + woken.literal.len());
                    for &i in &woken.runners {
                        let runner = &self.runners[i as usize];
                        let reads = runner.heeds_reads_at(hit);
                        if !touched(reads) || !runner.heeds(bytes, hit) {
                            continue;
                        }
                        trace.wakes.push(Wake { runner: i, hit, reads });
                        runner.at_literal(self.rule(runner), bytes, hit, &mut workspaces[i as usize], sink);
                    }
                }
                Hit::Run(run) => {
                    regions.at_run(bytes, run);
                    self.at_run(workspaces, bytes, run, &mut |c| {
                        if touched(c.reads) {
                            sink(c);
                        }
                    });
                }
            });
        }
        if zeros && wide::may_begin(bytes, changed) {
            return Err(NotLocal);
        }
        regions.found.retain(|region| touched(region.reads));
        trace.too_much = regions.too_long;
        self.find_undone(scratch, bytes, &regions.found, &mut trace, sink);
        if let Some((_, index)) = &self.known {
            for range in around(changed, index.reach(), bytes.len()) {
                self.find_known(bytes, range, &mut |c| {
                    if touched(c.reads) {
                        sink(c);
                    }
                });
            }
        }
        Ok(trace)
    }

    /// Runs the rules that wake on runs for `run`.
    fn at_run<'r>(
        &'r self,
        workspaces: &mut [Option<Workspace>],
        bytes: &[u8],
        run: Span,
        sink: &mut dyn FnMut(Candidate<'r>),
    ) {
        for &(_, i) in self.by_run.iter().take_while(|(least, _)| run.len() >= *least) {
            let runner = &self.runners[i as usize];
            runner.at_run(self.rule(runner), bytes, run, &mut workspaces[i as usize], sink);
        }
    }

    /// Whether words of any length are looked at: then a change may matter far away.
    const fn reads_words(&self) -> bool {
        #[cfg(feature = "fetcher")]
        return self.offline.is_some();
        #[cfg(not(feature = "fetcher"))]
        return false;
    }

    fn rule(&self, runner: &Runner) -> &Rule {
        &self.pack.rules()[runner.rule]
    }
}

/// The candidate of `rule` that the manager's value at `span` is.
fn known_candidate<'r>(rule: &'r Rule, span: Span, known: KnownValue, why: Reason) -> Candidate<'r> {
    // The neighbours tell whether a short one stands by itself.
    let reads = Reads { start: span.start as isize - 1, end: span.end as isize + 1 };
    Candidate { known: Some(known), reads, ..Candidate::of_rule(rule, span, why) }
}

/// Whether any of `changed` (sorted, disjoint) touches `reads`.
fn touched_by_any(reads: Reads, changed: &[Span]) -> bool {
    let first = changed.partition_point(|s| (s.end as isize) < reads.start);
    changed[first..].iter().take_while(|s| (s.start as isize) <= reads.end).any(|&s| reads.touched_by(s))
}

/// The spans that reach `margin` before and after each of `changed`, merged where they meet.
fn around(changed: &[Span], margin: usize, len: usize) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for span in changed {
        let wide = Span::new(span.start.saturating_sub(margin), (span.end + margin).min(len));
        match merged.last_mut() {
            Some(last) if wide.start <= last.end => last.end = last.end.max(wide.end),
            _ => merged.push(wide),
        }
    }
    merged
}

mod layers;
#[cfg(test)]
mod locality;
mod scratch;
#[cfg(test)]
mod tests;
mod trace;
mod woken;
