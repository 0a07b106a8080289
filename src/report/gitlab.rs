//! GitLab's secret-detection report (schema 15.2), which its merge-request widget and vulnerability report read.
//!
//! Suppressed findings are left out: GitLab has no word for them. A finding outside a history still needs a commit's
//! id there; it is [`NO_COMMIT`], as GitLab's own analyzer writes it.

use std::io;

use bstr::ByteSlice;
use jiff::Timestamp;
use serde::Serialize;

use super::markdown::escape;
use super::plain::plain;
use super::view::{View, views};
use super::{Reporter, Summary, time, verdict};
use crate::rule::Severity;

/// Writes GitLab's report.
pub(super) struct GitLab {
    pub(super) show_secrets: bool,
    /// When the run began; with how long it took, when it ended.
    pub(super) begun: Timestamp,
}

/// Version of the schema.
const SCHEMA: &str = "15.2.1";
/// The commit of what no commit holds.
const NO_COMMIT: &str = "0000000";
/// Gaps that are named one by one.
const MOST_GAPS: usize = 100;
/// Characters that the schema gives to a name, and to a solution.
const LONGEST: [usize; 2] = [255, 7000];

#[derive(Serialize)]
struct Report<'s> {
    version: &'static str,
    scan: Scan,
    vulnerabilities: Vec<Vulnerability<'s>>,
}

#[derive(Serialize)]
struct Scan {
    analyzer: Tool,
    scanner: Tool,
    r#type: &'static str,
    status: &'static str,
    start_time: String,
    end_time: String,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Tool {
    id: &'static str,
    name: &'static str,
    version: &'static str,
    vendor: Vendor,
}

#[derive(Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'s> {
    id: String,
    name: String,
    description: String,
    severity: &'static str,
    solution: String,
    raw_source_code_extract: String,
    identifiers: [Identifier<'s>; 1],
    location: Location<'s>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link<'s>>,
}

#[derive(Serialize)]
struct Identifier<'s> {
    r#type: &'static str,
    name: String,
    value: &'s str,
}

#[derive(Serialize)]
struct Location<'s> {
    file: String,
    start_line: u64,
    end_line: u64,
    commit: CommitEntry<'s>,
}

#[derive(Serialize)]
struct CommitEntry<'s> {
    sha: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Serialize)]
struct Link<'s> {
    url: &'s str,
}

impl Reporter for GitLab {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let views: Vec<View<'_>> = views(summary.findings, self.show_secrets).collect();
        let open = views.iter().filter(|v| v.finding.suppressed.is_none());
        let vulnerabilities = open.map(|v| vulnerability(v, &summary.root.prefix)).collect();
        let report = Report { version: SCHEMA, scan: self.scan(summary), vulnerabilities };
        serde_json::to_writer_pretty(&mut *out, &report)?;
        out.write_all(b"\n")
    }
}

impl GitLab {
    fn scan(&self, summary: &Summary<'_>) -> Scan {
        let end = self.begun.checked_add(summary.elapsed.unwrap_or_default()).unwrap_or(self.begun);
        // The schema takes no zone; both are UTC.
        let [start_time, end_time] = [self.begun, end].map(|t| t.strftime("%Y-%m-%dT%H:%M:%S").to_string());
        Scan {
            analyzer: tool(),
            scanner: tool(),
            r#type: "secret_detection",
            status: if summary.exit_code == 2 { "failure" } else { "success" },
            start_time,
            end_time,
            messages: messages(summary),
        }
    }
}

fn tool() -> Tool {
    let (id, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    Tool { id, name: "Leakward", version, vendor: Vendor { name: "Leakward" } }
}

fn messages(summary: &Summary<'_>) -> Vec<Message> {
    let gaps = &summary.tally.gaps;
    let warn = |value| Message { level: "warn", value };
    let gap = |g: &crate::model::Gap| format!("Not scanned: {}: {}", plain(&g.what), plain(g.why.as_bytes()));
    let mut messages: Vec<_> = gaps.iter().take(MOST_GAPS).map(|g| warn(gap(g))).collect();
    if let Some(more) = gaps.len().checked_sub(MOST_GAPS).filter(|&n| n > 0) {
        messages.push(warn(format!("{more} more were not scanned")));
    }
    let notes = summary.tally.notes.iter().filter(|n| !n.is_empty());
    messages.extend(notes.map(|n| Message { level: "info", value: plain(n.as_bytes()) }));
    messages
}

fn vulnerability<'v>(view: &'v View<'_>, prefix: &[u8]) -> Vulnerability<'v> {
    let rule = &view.finding.rule;
    let [name, solution] = LONGEST;
    let url = |text: &&str| text.starts_with("https://") && !text.contains(' ');
    Vulnerability {
        id: id(view),
        name: cut(&rule.title, name),
        description: description(view),
        severity: match view.finding.severity {
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
            Severity::Critical => "Critical",
        },
        solution: cut(&format!("{}.", view.remedy()), solution),
        raw_source_code_extract: view.secret_as_is(),
        identifiers: [Identifier {
            r#type: "leakward_rule_id",
            name: format!("Leakward rule {}", rule.id),
            value: &rule.id,
        }],
        location: location(view, prefix),
        links: [&*rule.source, &*rule.revoke].into_iter().filter(url).map(|url| Link { url }).collect(),
    }
}

/// A UUID that stays the same from run to run and differs from place to place. GitLab itself goes by identifier and
/// location.
fn id(view: &View<'_>) -> String {
    let finding = view.finding;
    let mut hash = blake3::Hasher::new_derive_key("leakward gitlab vulnerability id v1");
    let commit = view.commit().map_or("", |c| &c.id);
    let place = format!("{}\0{commit}\0{:?}", finding.fingerprint, finding.region);
    hash.update(place.as_bytes()).update(&finding.origin.path);
    let mut bytes = [0; 16];
    hash.finalize_xof().fill(&mut bytes);
    // Version 8, made as its maker likes, and the variant of RFC 9562.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// What was found, as GitLab's Markdown.
fn description(view: &View<'_>) -> String {
    let finding = view.finding;
    let why: Vec<String> = finding.why.iter().map(|w| escape(&plain(w.as_bytes()))).collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
    let verdict = finding.verdict.as_deref().map(|v| format!(" Verdict: {}.", escape(&verdict::words(v))));
    format!(
        "{}: {}, with {} confidence{why}.{}",
        escape(&finding.rule.title),
        escape(&view.secret()),
        finding.confidence.as_str(),
        verdict.unwrap_or_default()
    )
}

fn location<'v>(view: &'v View<'_>, prefix: &[u8]) -> Location<'v> {
    let region = view.finding.region;
    let commit = view.commit();
    Location {
        file: [prefix, &view.named_path()].concat().to_str_lossy().into_owned(),
        start_line: region.start.line,
        end_line: region.end.line,
        commit: CommitEntry {
            sha: commit.map_or(NO_COMMIT, |c| &c.id),
            author: commit.map(|c| view.text(&c.author)),
            date: commit.map(|c| time::rfc3339(c.time)),
            message: commit.map(|c| view.text(&c.message)),
        },
    }
}

/// The first `most` characters of `text`.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::model::{Commit, Finding, Origin, Place, Suppression, Tally};
    use crate::report::{Root, sample};

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(findings: &[Finding], tally: &Tally) -> Value {
        let pack = sample::pack();
        let root = Root { folder: None, prefix: "sub/".into() };
        let mut out = Vec::new();
        let begun = Timestamp::from_second(1_700_000_000).unwrap();
        let summary = Summary { root: &root, ..sample::summary(findings, tally, &pack) };
        GitLab { show_secrets: false, begun }.report(&summary, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn of_commit() -> Finding {
        let commit = Commit {
            order: 0,
            id: "c0ffee".into(),
            author: "A".into(),
            email: "a@b".into(),
            time: 1,
            message: format!("add {TOKEN}"),
        };
        let finding = sample::finding("a.py", &format!("\nk='{TOKEN}'"), TOKEN);
        Finding { origin: Origin::new("a.py", Place::Commit(Arc::new(commit))), ..finding }
    }

    fn errors(report: &Value) -> Vec<String> {
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/gitlab.schema.json");
        let schema = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        schema.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }

    #[test]
    fn reports_keep_to_gitlab_s_schema() {
        let mut tally = Tally::default();
        tally.gap("locked", "permission denied");
        tally.notes.push("n".into());
        let message = sample::finding("", &format!("k='{TOKEN}'"), TOKEN);
        let path = Place::Message(Arc::new(Commit::default()), crate::model::MessageKind::Commit);
        let message = Finding { origin: Origin::new("", path), ..message };
        for findings in [&[][..], &[of_commit(), sample::finding("b", TOKEN, TOKEN)]] {
            assert_eq!(errors(&report(findings, &tally)), [""; 0]);
            assert_eq!(errors(&report(findings, &Tally::default())), [""; 0]);
        }
        assert!(
            errors(&report(&[message], &tally)).iter().all(|e| e.contains("sha")),
            "a commit without an id"
        );
    }

    #[test]
    fn the_schema_refuses_a_zone_and_a_missing_commit() {
        let good = report(&[of_commit()], &Tally::default());
        let mut zoned = good.clone();
        zoned["scan"]["end_time"] = "2023-11-14T22:13:20Z".into();
        let mut bare = good;
        bare["vulnerabilities"][0]["location"].as_object_mut().unwrap().remove("commit");
        assert_eq!((errors(&zoned).len(), errors(&bare).len()), (1, 1));
    }

    #[test]
    fn times_are_those_of_the_run_without_a_zone() {
        let scan = &report(&[], &Tally::default())["scan"];
        assert_eq!(
            (&scan["start_time"], &scan["status"]),
            (&"2023-11-14T22:13:20".into(), &"success".into())
        );
        let mut tally = Tally::default();
        tally.gap("locked", "permission denied");
        let scan = &report(&[], &tally)["scan"];
        assert_eq!(scan["status"], "failure");
        assert_eq!(scan["messages"][0]["value"], "Not scanned: locked: permission denied");
    }

    #[test]
    fn a_finding_has_rule_place_and_commit() {
        let report = report(&[of_commit(), sample::finding("b.py", TOKEN, TOKEN)], &Tally::default());
        let [first, second] = [0, 1].map(|i| &report["vulnerabilities"][i]);
        assert_eq!(first["identifiers"][0]["value"], "acme-key");
        assert_eq!(first["severity"], "Critical");
        assert_eq!(
            (&first["location"]["file"], &first["location"]["start_line"]),
            (&"sub/a.py".into(), &2.into())
        );
        assert_eq!(first["location"]["commit"]["sha"], "c0ffee");
        assert_eq!(first["location"]["commit"]["message"], "add ********");
        assert_eq!(second["location"]["commit"], serde_json::json!({ "sha": NO_COMMIT }));
        assert_ne!(first["id"], second["id"]);
        assert_eq!(first["id"].as_str().unwrap().len(), 36);
    }

    #[test]
    fn what_is_suppressed_is_left_out() {
        let mut finding = of_commit();
        finding.suppressed = Some(Suppression::Baseline(None));
        assert_eq!(report(&[finding], &Tally::default())["vulnerabilities"], Value::Array(vec![]));
    }
}
