//! Makes one blob's candidates into one answer: parts are joined, overlapping candidates are resolved.
//!
//! Works on the list of all candidates of a blob and may be given a list that was inherited in part. Where two
//! candidates claim the same bytes:
//!
//! 1. of two of one rule at the same place the surer one stays, then the one with the longer match;
//! 2. one whose rule is tagged `generic` gives way to any other rule that it overlaps;
//! 3. one that lies inside another gives way to it;
//! 4. of several at the same place the surest stays, then the gravest, then the longest match, then the first id; of
//!    several of one rule the one that is written in the fewest layers.
//!
//! Candidates that overlap in part both stay, except of one rule, where the first stays. One of another scanner's
//! rule gives way to none.

use std::cmp::Reverse;

use crate::decode::COMPRESSIONS;
use crate::model::{Candidate, LineIndex, Span};
use crate::rule::{Requirement, Rule};

/// The tag of rules that know no provider.
const GENERIC: &str = "generic";

/// Settles `candidates` of `bytes` and sorts them by span, then rule.
pub(super) fn settle(bytes: &[u8], candidates: &mut Vec<Candidate<'_>>) {
    candidates.sort_by(|a, b| rank(a).cmp(&rank(b)));
    candidates.dedup_by(|b, a| a.is_same(b));
    join(bytes, candidates);
    resolve(candidates);
    candidates.sort_by(|a, b| (a.span, &a.rule.id).cmp(&(b.span, &b.rule.id)));
}

/// Order in which of several candidates of one rule and span the best comes first.
fn rank<'c>(c: &'c Candidate<'_>) -> impl Ord + 'c {
    let sure = (Reverse(c.confidence), Reverse(c.matched.len()), c.matched, c.layers.len(), c.reads);
    (c.span, &*c.rule.id, c.undone(), sure)
}

/// Joins to each candidate the parts that its rule asks for, and drops it when one that it must have is missing.
fn join(bytes: &[u8], candidates: &mut Vec<Candidate<'_>>) {
    if candidates.iter().all(|c| c.rule.requires.is_empty()) {
        return;
    }
    let lines = LineIndex::new(bytes);
    let places: Vec<_> = candidates.iter().map(|c| (c.rule, c.span, lines.line_of(c.span.start))).collect();
    candidates.retain_mut(|candidate| {
        // Those of other scanners are joined once allowlists have spoken, as they are there; those of what was undone
        // were joined there.
        if candidate.rule.extractor.is_foreign() || !candidate.layers.is_empty() {
            return true;
        }
        let line = lines.line_of(candidate.span.start);
        for requirement in candidate.rule.requires.iter() {
            match nearest(requirement, candidate.span, line, &places) {
                Some(part) => candidate.parts.push(part),
                None if requirement.mandatory => return false,
                None => {}
            }
        }
        true
    });
}

/// The candidate nearest to `span` on `line` that meets `requirement`.
fn nearest<'r>(
    requirement: &Requirement,
    span: Span,
    line: u64,
    places: &[(&'r Rule, Span, u64)],
) -> Option<(&'r Rule, Span)> {
    let wanted = places.iter().filter(|(rule, at, _)| rule.id == requirement.rule && *at != span);
    wanted
        .filter(|(_, _, l)| l.abs_diff(line) <= u64::from(requirement.within_lines))
        .min_by_key(|(_, at, l)| (l.abs_diff(line), at.start.abs_diff(span.start), *at))
        .map(|(rule, at, _)| (*rule, *at))
}

/// Drops what gives way to something else. `candidates` are sorted by span.
fn resolve(candidates: &mut Vec<Candidate<'_>>) {
    if candidates.len() < 2 {
        return;
    }
    // The farthest end among all before: where it lies before a candidate's start, nothing before overlaps it.
    let mut farthest = Vec::with_capacity(candidates.len());
    let mut end = 0;
    for c in candidates.iter() {
        farthest.push(end);
        end = end.max(c.span.end);
    }
    let stays: Vec<bool> = (0..candidates.len())
        .map(|i| {
            let c = &candidates[i];
            let before = (0..i).rev().take_while(|&j| farthest[j + 1] > c.span.start);
            let after = (i + 1..candidates.len()).take_while(|&j| candidates[j].span.start < c.span.end);
            !before.chain(after).any(|j| beats(&candidates[j], c))
        })
        .collect();
    let mut stays = stays.into_iter();
    candidates.retain(|_| stays.next().unwrap_or(true));
}

/// Whether `c` gives way to `other`. Never both ways.
fn beats(other: &Candidate<'_>, c: &Candidate<'_>) -> bool {
    // Bad practice and a secret at one place are two things.
    let practice = c.rule.extractor.is_practice();
    if practice || practice != other.rule.extractor.is_practice() {
        return false;
    }
    // The search for known values knows their encodings, and names them.
    if let (Some(known), Some(same)) = (c.known, other.known)
        && known.number.is_some()
        && known.number == same.number
        && other.span.overlaps(c.span)
        && c.layers.is_empty() != other.layers.is_empty()
    {
        return other.layers.is_empty();
    }
    // What was undone in the same way was settled there.
    if !other.span.overlaps(c.span)
        || c.rule.extractor.is_foreign()
        || (!c.layers.is_empty() && c.layers == other.layers)
    {
        return false;
    }
    // What was compressed has one place, whatever it holds.
    if is_compressed(c) && is_compressed(other) && c.undone() != other.undone() {
        return false;
    }
    let generic = |c: &Candidate<'_>| c.rule.tags.iter().any(|t| t == GENERIC);
    if generic(other) != generic(c) {
        return generic(c);
    }
    if other.span == c.span {
        if other.rule.id == c.rule.id {
            // What stands there in fewer layers stays.
            return (other.layers.len(), &other.layers) < (c.layers.len(), &c.layers);
        }
        let key = |c: &Candidate<'_>| (c.confidence, c.severity, c.matched.len());
        return (key(other), Reverse(&other.rule.id)) > (key(c), Reverse(&c.rule.id));
    }
    // What the manager is known to hold is told, whatever else the bytes around it may be.
    if c.known.is_some() && other.known.is_none() {
        return false;
    }
    let first = other.rule.id == c.rule.id && other.span.start < c.span.start;
    other.span.contains(c.span) || (first && !c.span.contains(other.span))
}

/// Whether `c` stands in something compressed.
fn is_compressed(c: &Candidate<'_>) -> bool {
    c.layers.iter().any(|layer| COMPRESSIONS.contains(layer))
}
