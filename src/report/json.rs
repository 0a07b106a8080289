//! Our own JSON: one document, or one object per line. Its shape is docs/report.schema.json.
//!
//! The report holds no time of day: two runs over the same content write the same bytes. What the scan of a whole
//! history took (`summary.history`) is the one part that tells durations.

use std::collections::BTreeMap;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice;
use serde::Serialize;

use super::effort::{self, EffortEntry};
use super::spread::{self, SpreadEntry};
use super::verdict::{self, VerdictEntry};
use super::view::{View, views};
use super::{Reporter, Summary, time};
use crate::model::{Commit, MessageKind, Place, Position, Region, Suppression, Tally};

/// Writes JSON.
pub(super) struct Json {
    pub(super) show_secrets: bool,
    /// Whether each finding is a line of its own.
    pub(super) lines: bool,
}

#[derive(Serialize)]
struct Document<'s> {
    version: u32,
    findings: Vec<Entry<'s>>,
    summary: Totals<'s>,
}

/// One line of JSON lines.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'s> {
    Finding(Box<Entry<'s>>),
    Summary(Totals<'s>),
}

#[derive(Serialize)]
struct Entry<'s> {
    rule: &'s str,
    title: &'s str,
    severity: &'static str,
    confidence: &'static str,
    path: String,
    /// Base64 of the path's bytes, where `path` cannot hold them.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    place: &'static str,
    start: At,
    end: At,
    secret: String,
    entropy: f64,
    fingerprint: String,
    commit: Option<CommitEntry<'s>>,
    /// Id of the git object, for content that no commit reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'s str>,
    decoded: &'s [&'static str],
    why: Vec<&'s str>,
    parts: Vec<Part<'s>>,
    revoke: &'s str,
    /// What the manager says, when it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictEntry<'s>>,
    suppressed: Option<SuppressedEntry<'s>>,
    /// How far it spread, when a whole history was scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    spread: Option<SpreadEntry>,
}

#[derive(Serialize)]
struct At {
    line: u64,
    column: u64,
}

#[derive(Serialize)]
struct CommitEntry<'s> {
    id: &'s str,
    author: String,
    email: String,
    date: String,
    message: String,
}

#[derive(Serialize)]
struct Part<'s> {
    rule: &'s str,
    start: At,
    end: At,
}

#[derive(Serialize)]
struct SuppressedEntry<'s> {
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'s str>,
}

#[derive(Serialize)]
struct Totals<'s> {
    tool: Tool,
    subject: &'s str,
    exit_code: u8,
    /// Findings that nothing suppresses.
    findings: usize,
    suppressed: usize,
    scanned: Scanned,
    skipped: BTreeMap<&'static str, u64>,
    gaps: Vec<GapEntry<'s>>,
    notes: &'s [String],
    /// What it took, when a whole history was scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Box<EffortEntry>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Scanned {
    files: u64,
    /// Files that an earlier scan had read and that were not read again.
    #[serde(skip_serializing_if = "is_zero")]
    recalled: u64,
    bytes: u64,
    commits: u64,
}

#[derive(Serialize)]
struct GapEntry<'s> {
    what: String,
    why: &'s str,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Reporter for Json {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let views: Vec<View<'_>> = views(summary.findings, self.show_secrets).collect();
        if self.lines {
            for view in &views {
                line(out, &Line::Finding(Box::new(entry(view))))?;
            }
            return line(out, &Line::Summary(totals(summary)));
        }
        let findings = views.iter().map(entry).collect();
        let document = Document { version: VERSION, findings, summary: totals(summary) };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        out.write_all(b"\n")
    }
}

/// Version of the document's shape. Adding a key keeps it; whatever else changes raises it.
const VERSION: u32 = 1;

fn line(out: &mut dyn io::Write, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn entry<'v>(view: &'v View<'_>) -> Entry<'v> {
    let finding = view.finding;
    let path = view.path_bytes();
    let part = |p: &'v crate::model::Related| {
        let Region { start, end } = p.region;
        Part { rule: &p.rule.id, start: at(start), end: at(end) }
    };
    Entry {
        rule: &finding.rule.id,
        title: &finding.rule.title,
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        path: path.to_str_lossy().into_owned(),
        path_bytes: path.to_str().is_err().then(|| STANDARD.encode(&path)),
        place: place(&finding.origin.place),
        start: at(finding.region.start),
        end: at(finding.region.end),
        secret: view.secret_as_is(),
        // Two digits say all that a threshold can use, and look alike on every machine.
        entropy: (f64::from(finding.entropy) * 100.0).round() / 100.0,
        fingerprint: format!("b3k:{}", finding.fingerprint),
        commit: view.commit().map(|c| commit(view, c)),
        object: match &finding.origin.place {
            Place::Unreachable(id) => Some(&**id),
            _ => None,
        },
        decoded: &finding.layers,
        why: finding.why.iter().map(AsRef::as_ref).collect(),
        parts: finding.parts.iter().map(part).collect(),
        revoke: &finding.rule.revoke,
        verdict: finding.verdict.as_deref().map(verdict::entry),
        suppressed: finding.suppressed.as_ref().map(suppressed),
        spread: finding.spread.as_deref().map(|s| spread::entry(view, s)),
    }
}

const fn at(position: Position) -> At {
    At { line: position.line, column: position.column }
}

const fn place(place: &Place) -> &'static str {
    match place {
        Place::File => "file",
        Place::Stdin => "stdin",
        Place::Index => "index",
        Place::Commit(_) => "commit",
        Place::Message(_, MessageKind::Commit) => "commit-message",
        Place::Message(_, MessageKind::Tag) => "tag-message",
        Place::Message(_, MessageKind::Identity) => "identity",
        Place::Message(_, MessageKind::Note) => "note",
        Place::Unreachable(_) => "unreachable",
    }
}

fn commit<'c>(view: &View<'_>, commit: &'c Commit) -> CommitEntry<'c> {
    CommitEntry {
        id: &commit.id,
        author: view.text(&commit.author),
        email: view.text(&commit.email),
        date: time::rfc3339(commit.time),
        message: view.text(&commit.message),
    }
}

fn suppressed(by: &Suppression) -> SuppressedEntry<'_> {
    match by {
        Suppression::Marker(name) => SuppressedEntry { by: "marker", marker: Some(name), reason: None },
        Suppression::Allow(reason) => SuppressedEntry { by: "allow", marker: None, reason: Some(reason) },
        Suppression::Baseline(reason) => {
            SuppressedEntry { by: "baseline", marker: None, reason: reason.as_deref() }
        }
    }
}

fn totals<'s>(summary: &'s Summary<'_>) -> Totals<'s> {
    let Tally { blobs, recalled, bytes, commits, skipped, gaps, notes, effort } = summary.tally;
    Totals {
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        subject: summary.subject,
        exit_code: summary.exit_code,
        findings: summary.findings.iter().filter(|f| f.suppressed.is_none()).count(),
        suppressed: summary.suppressed,
        scanned: Scanned { files: *blobs, recalled: *recalled, bytes: *bytes, commits: *commits },
        skipped: skipped.iter().map(|(reason, n)| (reason.as_str(), *n)).collect(),
        gaps: gaps.iter().map(|g| GapEntry { what: g.what.to_string(), why: &g.why }).collect(),
        notes,
        history: effort.as_deref().map(|effort| Box::new(effort::entry(effort))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bstr::BString;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Finding, Origin, Related, SkipReason};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(lines: bool, findings: &[Finding], tally: &Tally) -> String {
        let mut out = Vec::new();
        let pack = sample::pack();
        Json { show_secrets: false, lines }
            .report(&sample::summary(findings, tally, &pack), &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    /// One finding of each kind of place and suppression, and a tally with everything.
    fn everything() -> (Vec<Finding>, Tally) {
        let commit = || {
            let (author, email, message) = ("A".into(), "a@b".into(), "m".into());
            Arc::new(Commit { order: 0, id: "c0ffee".into(), author, email, time: 1, message })
        };
        let places = [
            Place::File,
            Place::Stdin,
            Place::Index,
            Place::Commit(commit()),
            Place::Message(commit(), MessageKind::Note),
            Place::Unreachable("beef".into()),
        ];
        let by = [
            None,
            Some(Suppression::Marker("gitleaks:allow")),
            Some(Suppression::Allow("docs".into())),
            Some(Suppression::Baseline(None)),
            Some(Suppression::Baseline(Some("old".into()))),
            None,
        ];
        let finding = |(place, suppressed)| {
            let plain = sample::finding("a.py", &format!("k='{TOKEN}'"), TOKEN);
            let parts = vec![Related {
                rule: plain.rule.clone(),
                region: plain.region,
                secret: plain.secret.clone(),
            }];
            let origin = Origin::new(BString::from(b"a\xff.py"), place);
            Finding { origin, suppressed, parts, layers: vec!["base64"], ..plain }
        };
        let mut tally = Tally { blobs: 2, bytes: 99, commits: 1, ..Tally::default() };
        tally.skip(SkipReason::Binary);
        tally.gap("x", "y");
        tally.notes.push("n".into());
        tally.effort = Some(Box::default());
        (places.into_iter().zip(by).map(finding).collect(), tally)
    }

    fn schema(at: &str) -> jsonschema::Validator {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");
        let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        if !at.is_empty() {
            schema = json!({ "$ref": format!("#/$defs/{at}"), "$defs": schema["$defs"] });
        }
        jsonschema::validator_for(&schema).unwrap()
    }

    fn errors(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
        schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }

    #[test]
    fn reports_keep_to_the_published_schema() {
        let (findings, tally) = everything();
        for (findings, tally) in [(&findings[..], &tally), (&[], &Tally::default())] {
            let document: Value = serde_json::from_str(&report(false, findings, tally)).unwrap();
            assert_eq!(errors(&schema(""), &document), [""; 0]);
            let line = schema("line");
            for text in report(true, findings, tally).lines() {
                assert_eq!(errors(&line, &serde_json::from_str(text).unwrap()), [""; 0], "{text}");
            }
        }
    }

    #[test]
    fn the_schema_refuses_what_no_report_holds() {
        let (findings, tally) = everything();
        let document: Value = serde_json::from_str(&report(false, &findings, &tally)).unwrap();
        for change in [json!({ "severity": "worst" }), json!({ "start": 3 }), json!({ "value": "x" })] {
            let mut broken = document.clone();
            broken["findings"][0].as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert!(!schema("").is_valid(&broken), "{change}");
        }
    }

    #[test]
    fn a_finding_has_its_place_mask_and_reasons() {
        let text =
            report(false, &[sample::finding("a.py", &format!("\nk = '{TOKEN}'"), TOKEN)], &Tally::default());
        let finding = &serde_json::from_str::<Value>(&text).unwrap()["findings"][0];
        assert_eq!(finding["rule"], "acme-key");
        assert_eq!(
            (&finding["start"], &finding["end"]),
            (&json!({"line": 2, "column": 6}), &json!({"line": 2, "column": 46}))
        );
        assert_eq!(finding["secret"], "tok_****************************WXYZ");
        assert_eq!(finding["why"], json!(["prefix tok_", "checksum passed"]));
        assert_eq!((&finding["commit"], &finding["suppressed"]), (&Value::Null, &Value::Null));
    }

    #[test]
    fn a_path_that_is_not_utf_8_is_kept_in_base64() {
        let (findings, tally) = everything();
        let document: Value = serde_json::from_str(&report(false, &findings[..1], &tally)).unwrap();
        let finding = &document["findings"][0];
        assert_eq!(
            (&finding["path"], &finding["path_bytes"]),
            (&"a\u{fffd}.py".into(), &STANDARD.encode(b"a\xff.py").into())
        );
    }

    #[test]
    fn the_last_line_is_the_summary() {
        let (findings, tally) = everything();
        let text = report(true, &findings, &tally);
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&last["type"], &last["exit_code"], &last["findings"]),
            (&"summary".into(), &2.into(), &2.into())
        );
        assert_eq!(last["gaps"], json!([{"what": "x", "why": "y"}]));
        assert_eq!(last["skipped"], json!({"binary": 1}));
        assert_eq!(text.lines().count(), findings.len() + 1);
    }
}
