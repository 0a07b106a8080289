//! One thread's visitor: blobs in, findings out. The one place where a hit becomes a finding.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Instant;

use bstr::ByteSlice;

use super::Config;
use super::excerpt::excerpt;
use super::joined;
use super::reading;
use crate::detect::Scratch;
use crate::entropy;
use crate::line_hash::line_hashes;
use crate::model::{
    Blob, Candidate, Finding, Fingerprint, Gap, LineIndex, LineOffsets, Origin, Place, Region, Related,
    Secret, Span, Start,
};
use crate::report::Progress;
use crate::rule::{Rule, RuleRef, Severity};
use crate::source::Visitor;
use crate::suppress::{Hit, Marked};

/// Bytes on each side of a secret that its fingerprint is made of.
const AROUND: usize = 256;

/// One thread's visitor. Hands over what it found when it is dropped.
pub(super) struct Finder<'s> {
    config: &'s Config,
    scratch: Scratch,
    found: Found,
    /// The day of the scan, as the second in which it begins (UTC).
    today: i64,
    begun: Instant,
    progress: &'s Progress,
    all: &'s Mutex<Found>,
}

/// What was found, and what could not be searched.
#[derive(Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) gaps: Vec<Gap>,
    /// Blobs with encoded text that was not undone.
    pub(super) encoded: u64,
}

impl<'s> Finder<'s> {
    pub(super) fn new(
        config: &'s Config,
        begun: Instant,
        progress: &'s Progress,
        all: &'s Mutex<Found>,
    ) -> Self {
        let days = config.suppressor.today - jiff::civil::date(1970, 1, 1);
        let today = i64::from(days.get_days()) * 86_400;
        Self { config, scratch: Scratch::default(), found: Found::default(), today, begun, progress, all }
    }

    /// Whether a report may show `candidate`.
    fn admits(&self, candidate: &Candidate<'_>) -> bool {
        // One of another scanner's rules may be a part of another finding.
        candidate.rule.extractor.is_foreign()
            || candidate.confidence >= self.config.min_confidence
                && self.severity(candidate) >= self.config.min_severity
                && !self.config.parts.contains(&candidate.rule.id)
    }

    /// How bad the leak is today.
    fn severity(&self, candidate: &Candidate<'_>) -> Severity {
        let expired = candidate.expires.is_some_and(|end| end < self.today);
        if expired { Severity::Low } else { candidate.severity }
    }

    /// The finding that `candidate` is; `place` is where it lies in the blob, as the source holds it.
    fn finding(&self, hits: &Hits<'_, '_>, candidate: Candidate<'_>, place: Span) -> Finding {
        let severity = self.severity(&candidate);
        let Candidate {
            rule,
            span,
            matched,
            decoded,
            layers,
            confidence,
            severity: _,
            expires: _,
            evidence: _,
            mut why,
            parts,
            known,
            reads: _,
        } = candidate;
        let blob = hits.blob;
        let secret = decoded.unwrap_or_else(|| Secret::new(span.of(blob.bytes)));
        // Judging and measuring the value is what the scan is for; nothing is written here.
        let value = secret.expose();
        let path = hits.origin.path.as_bstr();
        let matched_region = hits.region(matched);
        let commit = hits.origin.commit().map(|commit| commit.id.as_str());
        let hit = Hit {
            rule: &rule.id,
            path,
            secret: value,
            matched,
            commit,
            line: matched_region.start.line,
            on_disk: matches!(hits.origin.place, Place::File),
        };
        let ruling = self.config.suppressor.judge(&hit, &hits.text);
        why.extend(ruling.remarks);
        let related = |(rule, span): (&Rule, Span)| Related {
            rule: self.owned(rule),
            region: hits.region(span),
            secret: Secret::new(span.of(blob.bytes)),
        };
        Finding {
            rule: self.owned(rule),
            origin: hits.origin.clone(),
            span: place.shifted(blob.start.offset as isize),
            region: hits.region(span),
            matched_region,
            matched_offsets: hits.offsets(matched),
            matched: Secret::new(matched.of(blob.bytes)),
            excerpt: excerpt(blob, hits.text.lines(), span, hits.spans, hits.longest),
            entropy: if rule.extractor.is_foreign() {
                entropy::of_characters(value)
            } else {
                entropy::shannon(value)
            },
            severity,
            confidence,
            layers,
            why,
            parts: parts.into_iter().map(related).collect(),
            fingerprint: hits.fingerprint(rule, span),
            line_hash: None,
            spread: None,
            known,
            verdict: None,
            suppressed: ruling.suppressed,
            secret,
        }
    }

    /// Tells the suppressor of what no report shows.
    fn meet(&self, hits: &Hits<'_, '_>, candidate: &Candidate<'_>) {
        // Compared with the baseline's hashes, never written.
        let value = candidate.decoded.as_ref().map_or(candidate.span.of(hits.blob.bytes), Secret::expose);
        self.config.suppressor.meet(&candidate.rule.id, hits.origin.path.as_bstr(), value);
    }

    /// Gives `findings` of one blob GitHub's hash of their first line.
    fn hash_lines(&self, blob: &Blob<'_>, findings: &mut [Finding]) {
        // The number at the hash's end counts from the content's first line, which a later window has not.
        if !self.config.line_hash || blob.start != Start::FIRST {
            return;
        }
        let lines: Vec<_> = findings.iter().map(|f| f.region.start.line).collect();
        for (finding, hash) in findings.iter_mut().zip(line_hashes(blob.bytes, &lines)) {
            finding.line_hash = Some(hash);
        }
    }

    fn owned(&self, rule: &Rule) -> RuleRef {
        let pack = self.config.detector.pack();
        pack.rule(&rule.id).expect("the detector runs the rules of its own pack").clone()
    }

    /// Whether the scan has run out of time; says so in the report.
    fn is_late(&mut self) -> bool {
        let Some(limit) = self.config.time_limit.filter(|limit| self.begun.elapsed() > *limit) else {
            return false;
        };
        let why = format!("given up after {} s", limit.as_secs());
        self.found.gaps.push(Gap { what: self.config.subject.as_str().into(), why });
        true
    }

    /// Keeps the findings of rules that look at the path of `blob` alone.
    fn look_at_path(&mut self, origin: &Origin, blob: &Blob<'_>) {
        let rules: Vec<&Rule> = self.config.detector.named(&origin.path).collect();
        if rules.is_empty() || blob.start != Start::FIRST {
            return;
        }
        let here = Span::new(0, 0);
        let lines = LineIndex::new(b"");
        let hits =
            Hits { origin, blob: &Blob::whole(b""), text: Marked::new(&lines), spans: &[], longest: 0 };
        for rule in rules {
            let candidate = Candidate::of_rule(rule, here, "the path".into());
            if self.admits(&candidate) {
                let finding = self.finding(&hits, candidate, here);
                self.found.findings.push(finding);
            }
        }
    }

    /// Keeps what is found in `blob`.
    fn search(&mut self, origin: &Origin, blob: &Blob<'_>) {
        self.look_at_path(origin, blob);
        let mut candidates = Vec::new();
        let detector = &self.config.detector;
        let trace = detector.detect(&mut self.scratch, blob, Some(&origin.path), &mut |c| candidates.push(c));
        self.found.encoded += u64::from(trace.too_much);
        if candidates.is_empty() {
            return;
        }
        let places: Vec<_> = candidates.iter().map(|c| c.span).collect();
        let text = reading::read(blob.bytes, &mut candidates);
        let blob = &Blob { bytes: &text, ..*blob };
        let lines = LineIndex::new(blob.bytes);
        // What bad practice is shown with is no secret: it hides nothing, and names no other finding.
        let secrets = candidates.iter().filter(|c| !c.rule.extractor.is_practice());
        let mut spans: Vec<_> = secrets.map(|c| c.span).collect();
        spans.extend(candidates.iter().flat_map(|c| c.parts.iter().map(|&(_, span)| span)));
        spans.sort_unstable();
        spans.dedup();
        let longest = spans.iter().map(|s| s.len()).max().unwrap_or(0);
        let hits = Hits { origin, blob, text: Marked::new(&lines), spans: &spans, longest };
        let mut findings = Vec::new();
        for (candidate, place) in candidates.into_iter().zip(places) {
            if self.admits(&candidate) {
                findings.push(self.finding(&hits, candidate, place));
            } else {
                self.meet(&hits, &candidate);
            }
        }
        joined::join(&mut findings, &self.config.parts);
        self.hash_lines(blob, &mut findings);
        self.found.findings.append(&mut findings);
    }
}

impl Visitor for Finder<'_> {
    fn visit(&mut self, origin: &Origin, blob: &Blob<'_>) -> ControlFlow<()> {
        self.progress.add(blob.bytes.len(), blob.start == Start::FIRST);
        if self.is_late() {
            return ControlFlow::Break(());
        }
        // A bug that one blob brings to light must not cost the others their scan.
        if catch_unwind(AssertUnwindSafe(|| self.search(origin, blob))).is_err() {
            self.scratch = Scratch::default();
            let why = "a bug in leakward stopped the scan of it".to_owned();
            self.found.gaps.push(Gap { what: (*origin.path).clone(), why });
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Finder<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.findings.append(&mut self.found.findings);
        all.gaps.append(&mut self.found.gaps);
        all.encoded += self.found.encoded;
    }
}

/// Everything that was found in one blob.
struct Hits<'h, 'b> {
    origin: &'h Origin,
    blob: &'h Blob<'b>,
    text: Marked<'h, 'b>,
    /// Every found value, sorted.
    spans: &'h [Span],
    /// Length of the longest of `spans`, in bytes.
    longest: usize,
}

impl Hits<'_, '_> {
    fn region(&self, span: Span) -> Region {
        let Region { start, end } = self.text.lines().region(span);
        Region { start: self.blob.start.place(start), end: self.blob.start.place(end) }
    }

    fn offsets(&self, span: Span) -> LineOffsets {
        let LineOffsets { mut start, mut end } = self.text.lines().offsets(span);
        let cut = self.blob.start.cut as u64;
        let on_first_line = |offset: usize| self.text.lines().line_of(offset) == 1;
        start += if on_first_line(span.start) { cut } else { 0 };
        end += if on_first_line(span.end.saturating_sub(1)) { cut } else { 0 };
        LineOffsets { start, end }
    }

    /// Names the finding of `rule` at `secret` by the text around it, every found value left out.
    fn fingerprint(&self, rule: &Rule, secret: Span) -> Fingerprint {
        let first = self.text.lines().line(self.text.lines().line_of(secret.start)).start;
        let last = self
            .text
            .lines()
            .line(self.text.lines().line_of(secret.end.saturating_sub(1)))
            .end
            .max(secret.end);
        let before = Span::new(first.max(secret.start.saturating_sub(AROUND)), secret.start);
        let after = Span::new(secret.end, last.min(secret.end + AROUND));
        let around = [self.without_values(before), self.without_values(after)];
        Fingerprint::new(&rule.id, &self.origin.path, [&around[0], &around[1]])
    }

    /// The bytes of `span`, found values left out.
    fn without_values(&self, span: Span) -> Vec<u8> {
        let from = self.spans.partition_point(|s| s.start + self.longest <= span.start);
        let mut text = Vec::with_capacity(span.len());
        let mut at = span.start;
        for value in self.spans[from..].iter().take_while(|s| s.start < span.end) {
            if value.start > at {
                text.extend_from_slice(Span::new(at, value.start).of(self.blob.bytes));
            }
            at = at.max(value.end);
        }
        if at < span.end {
            text.extend_from_slice(Span::new(at, span.end).of(self.blob.bytes));
        }
        text
    }
}
