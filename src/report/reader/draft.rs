//! A finding as a report tells it, and what becomes of it.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use super::{Dialect, Told};
use crate::model::{
    Commit, Excerpt, Finding, Fingerprint, KnownValue, LineOffsets, Origin, Place, Position, Reason, Region,
    Related, Secret, Span, Spread, Suppression, Tally, Verdict,
};
use crate::rule::{Confidence, Extractor, Rule, RulePack, RuleRef, Severity};

/// A finding as a report tells it.
#[derive(Debug)]
pub(super) struct Draft {
    /// Id of the rule.
    pub(super) rule: String,
    pub(super) title: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) confidence: Option<Confidence>,
    /// Where or how such a secret is revoked.
    pub(super) revoke: Option<String>,
    /// Where its format is documented.
    pub(super) source: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) path: BString,
    pub(super) place: Place,
    /// The secret's place.
    pub(super) region: Region,
    /// The whole match's place, where it is told.
    pub(super) matched_at: Option<(Region, LineOffsets)>,
    /// The value, or what the report shows in its stead.
    pub(super) secret: Secret,
    /// The match or line around it.
    pub(super) around: Option<Secret>,
    pub(super) entropy: Option<f32>,
    pub(super) layers: Vec<&'static str>,
    pub(super) why: Vec<Reason>,
    /// Ids and places of the other parts.
    pub(super) parts: Vec<(String, Region)>,
    /// The finding's name; made anew where the report has none of ours.
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) line_hash: Option<String>,
    pub(super) spread: Option<Box<Spread>>,
    pub(super) verdict: Option<Box<Verdict>>,
    pub(super) suppressed: Option<Suppression>,
}

/// A report that is being read.
pub(super) struct Reading {
    dialect: Dialect,
    drafts: Vec<Draft>,
    pub(super) tally: Tally,
    /// What was scanned, in words, where the report tells it.
    pub(super) subject: Option<String>,
    /// Who wrote it, where the report tells it.
    pub(super) tool: Option<String>,
    /// The exit code, where the report tells it.
    pub(super) exit_code: Option<u8>,
    /// Number of suppressed findings, where the report tells it.
    pub(super) suppressed: Option<usize>,
    /// Values that are neither finding nor anything else that is known.
    pub(super) strange: usize,
    /// Whether the end of the report was seen, where it has one.
    pub(super) ended: bool,
}

/// Where a report tells no place.
pub(super) const START: Position = Position { line: 1, column: 1 };
/// What to do about a secret of which nothing else is known.
const REMEDY: &str = "Revoke it where it was issued";
/// Stars by which a mask is told.
const STARS: &str = "********";
/// Bytes of a mask's prefix at most, as `mask` shows them.
const PREFIX: usize = 12;

impl Draft {
    /// One of the rule `id`, in the file at `path`.
    pub(super) fn new(id: &str, path: impl Into<BString>) -> Self {
        Self {
            rule: id.to_owned(),
            title: None,
            severity: None,
            confidence: None,
            revoke: None,
            source: None,
            tags: Vec::new(),
            path: path.into(),
            place: Place::File,
            region: Region { start: START, end: START },
            matched_at: None,
            secret: Secret::new(b""),
            around: None,
            entropy: None,
            layers: Vec::new(),
            why: Vec::new(),
            parts: Vec::new(),
            fingerprint: None,
            line_hash: None,
            spread: None,
            verdict: None,
            suppressed: None,
        }
    }

    /// The rule, where it is not a built-in one.
    fn rule(&self) -> Rule {
        Rule {
            id: self.rule.clone().into(),
            title: self.title.clone().unwrap_or_else(|| self.rule.clone()).into(),
            severity: self.severity.unwrap_or(Severity::High),
            confidence: self.confidence.unwrap_or(Confidence::Medium),
            keywords: Vec::new().into(),
            extractor: Extractor::Builtin("report".into()),
            group: 0,
            min_entropy: None,
            checksum: None,
            path: None,
            stopwords: Vec::new().into(),
            requires: Vec::new().into(),
            reach: 0,
            source: self.source.clone().unwrap_or_default().into(),
            revoke: self.revoke.clone().filter(|r| !r.is_empty()).unwrap_or_else(|| REMEDY.to_owned()).into(),
            live: None,
            tags: self.tags.iter().map(|tag| tag.clone().into()).collect(),
            positive: Vec::new().into(),
            negative: Vec::new().into(),
        }
    }

    /// What the value's mask shows in front of its stars, if the value is one.
    fn shown_prefix(&self) -> Option<String> {
        // What is looked for is what a mask shows openly.
        let text = self.secret.expose().to_str().ok()?;
        let prefix = &text[..text.find(STARS)?];
        (1..=PREFIX).contains(&prefix.len()).then(|| prefix.to_owned())
    }

    fn fingerprint(&self) -> Fingerprint {
        let commit = match &self.place {
            Place::Commit(c) | Place::Message(c, _) => c.id.as_str(),
            Place::Unreachable(id) => id,
            Place::File | Place::Stdin | Place::Index => "",
        };
        let Position { line, column } = self.region.start;
        Fingerprint::new(&self.rule, &self.path, [commit.as_bytes(), format!("{line}:{column}").as_bytes()])
    }

    fn excerpt(&self) -> Excerpt {
        // Searched for, to be hidden.
        let value = self.secret.expose();
        let at = self.around.as_ref().filter(|_| !value.is_empty()).and_then(|a| a.expose().find(value));
        let (text, start) = match (&self.around, at) {
            (Some(around), Some(at)) => (around.clone(), at),
            _ => (self.secret.clone(), 0),
        };
        let before = text.expose()[..start].iter().filter(|&&b| b == b'\n').count() as u64;
        Excerpt {
            first_line: self.region.start.line.saturating_sub(before).max(1),
            secret: Span::new(start, start + value.len()),
            text,
            cut_before: 0,
            others: Vec::new(),
        }
    }

    fn finding(self, rules: &RulePack) -> Finding {
        let rule = |id: &str| rules.rule(id).cloned().unwrap_or_else(|| Self::new(id, "").rule().into());
        let excerpt = self.excerpt();
        let offsets = LineOffsets {
            start: self.region.start.column.saturating_sub(1),
            end: self.region.end.column.saturating_sub(1),
        };
        let (matched_region, matched_offsets) = self.matched_at.unwrap_or((self.region, offsets));
        let own = rule(&self.rule);
        let related = |(id, region): &(String, Region)| Related {
            rule: rule(id),
            region: *region,
            secret: Secret::new(b""),
        };
        Finding {
            span: Span::new(0, self.secret.len()),
            region: self.region,
            matched_region,
            matched_offsets,
            matched: excerpt.text.clone(),
            excerpt,
            // Measured, not shown.
            entropy: self.entropy.unwrap_or_else(|| crate::entropy::shannon(self.secret.expose())),
            severity: self.severity.unwrap_or(own.severity),
            confidence: self.confidence.unwrap_or(own.confidence),
            parts: self.parts.iter().map(related).collect(),
            fingerprint: self.fingerprint.unwrap_or_else(|| self.fingerprint()),
            rule: own,
            origin: Origin::new(self.path, self.place),
            secret: self.secret,
            layers: self.layers,
            why: self.why,
            line_hash: self.line_hash,
            spread: self.spread,
            known: None::<KnownValue>,
            verdict: self.verdict,
            suppressed: self.suppressed,
        }
    }
}

impl Reading {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            drafts: Vec::new(),
            tally: Tally::default(),
            subject: None,
            tool: None,
            exit_code: None,
            suppressed: None,
            strange: 0,
            ended: true,
        }
    }

    /// Keeps a finding.
    pub(super) fn add(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// What was told in all.
    pub(super) fn finish(self) -> Told {
        let Self { dialect, drafts, mut tally, subject, tool, exit_code, suppressed, strange, ended } = self;
        if strange > 0 {
            tally.notes.push(format!("{strange} parts of the report are no findings and were left out"));
        }
        if !ended {
            tally.gap("the end of the report", "its last line, the summary, is missing");
        }
        let pack = rules(&drafts);
        let mut findings: Vec<Finding> = drafts.into_iter().map(|draft| draft.finding(&pack)).collect();
        // Reports are by path; within a path the report's own order stands, as it knows the commits'.
        findings.sort_by(|a, b| a.origin.path.cmp(&b.origin.path));
        let found = u8::from(findings.iter().any(|f| f.suppressed.is_none()));
        let exit_code = if tally.gaps.is_empty() { exit_code.unwrap_or(found) } else { 2 };
        let tool = tool.unwrap_or_else(|| dialect.name().to_owned());
        Told {
            cut: !ended,
            suppressed: suppressed
                .unwrap_or_else(|| findings.iter().filter(|f| f.suppressed.is_some()).count()),
            findings,
            tally,
            pack,
            exit_code,
            subject: subject.unwrap_or_else(|| format!("as {tool} reported")),
            dialect,
        }
    }
}

/// The rules of `drafts`: the built-in one where an id is one, as other scanners call many alike.
fn rules(drafts: &[Draft]) -> RulePack {
    let builtin = RulePack::builtin();
    let mut made: BTreeMap<&str, Rule> = BTreeMap::new();
    let mut kept: Vec<&str> = Vec::new();
    for draft in drafts {
        if builtin.rule(&draft.rule).is_some() {
            kept.push(&draft.rule);
            continue;
        }
        let rule = made.entry(&draft.rule).or_insert_with(|| draft.rule());
        // So that a mask looks again as it did.
        if let Some(prefix) = draft.shown_prefix().filter(|p| !rule.keywords.contains(&p.as_str().into())) {
            rule.keywords.to_mut().push(prefix.into());
        }
    }
    // Of a part only the id is told; a finding of the same rule says more of it.
    for (id, _) in drafts.iter().flat_map(|draft| &draft.parts) {
        if builtin.rule(id).is_some() {
            kept.push(id);
        } else {
            made.entry(id).or_insert_with(|| Draft::new(id, "").rule());
        }
    }
    kept.sort_unstable();
    let mut pack = builtin;
    pack.retain(|rule: &RuleRef| kept.binary_search(&&*rule.id).is_ok());
    made.into_values().for_each(|rule| pack.insert(rule));
    pack
}

/// `text` as a severity, as tools call it.
pub(super) fn severity(text: &str) -> Option<Severity> {
    Some(match text.to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "error" => Severity::High,
        "medium" | "moderate" | "warning" => Severity::Medium,
        "low" | "info" | "note" | "none" => Severity::Low,
        _ => return None,
    })
}

/// `text` as a confidence.
pub(super) fn confidence(text: &str) -> Option<Confidence> {
    Some(match text.to_ascii_lowercase().as_str() {
        "high" | "very-high" => Confidence::High,
        "medium" => Confidence::Medium,
        "low" => Confidence::Low,
        _ => return None,
    })
}

/// Seconds since 1970 of a time as RFC 3339 or git writes it; 0 where it is another text.
pub(super) fn seconds(text: &str) -> i64 {
    let stamp = text.parse::<jiff::Timestamp>().ok();
    let day = || text.get(..10)?.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    // `2022-06-16 10:17:40 -0700 -0700`, as Go prints it.
    let printed = || jiff::Zoned::strptime("%Y-%m-%d %H:%M:%S %z", text.get(..25)?).ok();
    stamp
        .or_else(|| printed().map(|t| t.timestamp()))
        .or_else(|| day().map(|t| t.timestamp()))
        .map_or(0, jiff::Timestamp::as_second)
}

/// The commit `id`, if it is the id of one.
pub(super) fn commit(id: &str, author: &str, email: &str, date: &str, message: &str) -> Option<Commit> {
    let is_id = !id.is_empty() && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_id.then(|| Commit {
        order: 0,
        id: id.to_owned(),
        author: author.to_owned(),
        email: email.to_owned(),
        time: seconds(date),
        message: message.to_owned(),
    })
}

/// A line or column as people count; 1 where the report tells none.
pub(super) fn at(number: &serde_json::Value) -> u64 {
    number.as_u64().unwrap_or(1).max(1)
}
