//! SARIF of any tool. What a tool shows as the place's text is taken for the secret: it is one, or the line that
//! holds it. Messages may quote it in ways that cannot be known, and are left behind.

use std::sync::Arc;

use bstr::BString;
use serde_json::Value;

use super::draft::{Draft, Reading, at, commit, confidence, severity};
use super::own::layer;
use super::verdict::{self, texts};
use crate::model::{Place, Position, Region, Secret, Suppression};
use crate::rule::Severity;

pub(super) fn read(value: &Value, reading: &mut Reading) -> Option<()> {
    for run in value["runs"].as_array()? {
        let driver = &run["tool"]["driver"];
        reading.tool = driver["name"].as_str().map(str::to_owned).or(reading.tool.take());
        for result in run["results"].as_array().into_iter().flatten() {
            if !counts(result) {
                continue;
            }
            match draft(result, run) {
                Some(draft) => reading.add(draft),
                None => reading.strange += 1,
            }
        }
        for invocation in run["invocations"].as_array().into_iter().flatten() {
            told(invocation, reading);
        }
    }
    Some(())
}

/// Whether `result` says that something is wrong now.
fn counts(result: &Value) -> bool {
    let is_fault = matches!(result["kind"].as_str().unwrap_or("fail"), "fail" | "open" | "review");
    is_fault && result["baselineState"] != "absent"
}

/// Keeps what the scan could not do.
fn told(invocation: &Value, reading: &mut Reading) {
    let mut named = false;
    for note in invocation["toolExecutionNotifications"].as_array().into_iter().flatten() {
        let Some(text) = note["message"]["text"].as_str() else { continue };
        match note["level"].as_str() {
            Some("error") => {
                named = true;
                // Our own name what was not scanned, and why.
                let own = text.strip_prefix("Not scanned: ").and_then(|text| text.split_once(": "));
                let (what, why) = own.unwrap_or(("part of the scan", text));
                reading.tally.gap(what, why.trim_end_matches('.'));
            }
            _ => reading.tally.notes.push(text.to_owned()),
        }
    }
    if invocation["executionSuccessful"] == false && !named {
        reading.tally.gap("part of the scan", "the report says that it was not successful");
    }
}

/// The rule of `result`, if the run describes it.
fn rule_of<'r>(result: &Value, run: &'r Value) -> &'r Value {
    static NONE: Value = Value::Null;
    let rules = &run["tool"]["driver"]["rules"];
    let index = result["ruleIndex"].as_u64().or_else(|| result["rule"]["index"].as_u64());
    let by_index = index.and_then(|i| rules.get(usize::try_from(i).ok()?));
    let id = id_of(result);
    let by_id = || rules.as_array()?.iter().find(|rule| rule["id"].as_str() == id);
    by_index.or_else(by_id).unwrap_or(&NONE)
}

fn id_of(result: &Value) -> Option<&str> {
    result["ruleId"].as_str().or_else(|| result["rule"]["id"].as_str())
}

fn draft(result: &Value, run: &Value) -> Option<Draft> {
    let rule = rule_of(result, run);
    let place = &result["locations"][0]["physicalLocation"];
    let properties = &result["properties"];
    let mut draft =
        Draft::new(id_of(result).or_else(|| rule["id"].as_str())?, path(&place["artifactLocation"], run));
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    draft.title = text(&rule["shortDescription"]["text"]).or_else(|| text(&rule["name"]));
    draft.source = text(&rule["helpUri"]);
    let score = text(&rule["properties"]["security-severity"]).and_then(|score| score.parse().ok());
    let level = result["level"].as_str().or_else(|| rule["defaultConfiguration"]["level"].as_str());
    draft.severity = properties["severity"]
        .as_str()
        .and_then(severity)
        .or_else(|| score.map(by_score))
        .or_else(|| severity(level.unwrap_or("warning")));
    draft.confidence = properties["confidence"]
        .as_str()
        .or_else(|| rule["properties"]["precision"].as_str())
        .and_then(confidence);
    region(&place["region"], &mut draft);
    let around = place["contextRegion"]["snippet"]["text"].as_str();
    draft.around = around.map(|text| Secret::new(text.as_bytes()));
    origin(result, &mut draft);
    let prints = &result["partialFingerprints"];
    draft.fingerprint = prints["leakward/v1"].as_str().and_then(|name| name.parse().ok());
    draft.line_hash = text(&prints["primaryLocationLineHash"]);
    draft.layers = texts(&properties["decoded"]).iter().map(|name| layer(name)).collect();
    draft.verdict = verdict::read(&properties["verdict"]);
    draft.suppressed = suppressed(&result["suppressions"]);
    Some(draft)
}

/// The file's path, with what a base id stands for left out: paths are told from the root.
fn path(artifact: &Value, run: &Value) -> BString {
    let index = artifact["index"].as_u64().and_then(|i| usize::try_from(i).ok());
    let listed = index.and_then(|i| run["artifacts"].get(i)).map(|a| &a["location"]);
    let uri = artifact["uri"].as_str().or_else(|| listed?["uri"].as_str()).unwrap_or_default();
    let local = uri.strip_prefix("file://").unwrap_or(uri);
    decoded(local)
}

/// `uri` with percent signs undone.
fn decoded(uri: &str) -> BString {
    let bytes = uri.as_bytes();
    let mut out = BString::default();
    let mut i = 0;
    while i < bytes.len() {
        let digits = uri.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    out
}

fn region(told: &Value, draft: &mut Draft) {
    let snippet = told["snippet"]["text"].as_str().unwrap_or_default();
    draft.secret = Secret::new(snippet.as_bytes());
    let start = Position { line: at(&told["startLine"]), column: at(&told["startColumn"]) };
    let end_line = told["endLine"].as_u64().unwrap_or(start.line).max(start.line);
    let end_column = told["endColumn"].as_u64().unwrap_or(start.column + snippet.chars().count() as u64);
    draft.region = Region { start, end: Position { line: end_line, column: end_column.max(1) }.max(start) };
}

/// The commit, as the tools tell it, each in its own place.
fn origin(result: &Value, draft: &mut Draft) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (prints, own) = (&result["partialFingerprints"], &result["properties"]["commit"]);
    let git = &result["locations"][0]["properties"]["git_metadata"]["commit"];
    let (id, author, email, date, message) = if let Some(id) = own.as_str() {
        (id.to_owned(), String::new(), String::new(), String::new(), String::new())
    } else if prints["commitSha"].is_string() {
        let [id, author, email, date, message] =
            ["commitSha", "author", "email", "date", "commitMessage"].map(|key| text(&prints[key]));
        (id, author, email, date, message)
    } else {
        let who = &git["author"];
        (text(&git["id"]), text(&who["name"]), text(&who["email"]), text(&git["date"]), String::new())
    };
    if let Some(commit) = commit(&id, &author, &email, &date, &message) {
        draft.place = Place::Commit(Arc::new(commit));
    }
}

fn suppressed(all: &Value) -> Option<Suppression> {
    let holds = |s: &&Value| !matches!(s["status"].as_str(), Some("rejected" | "underReview"));
    let one = all.as_array()?.iter().find(holds)?;
    let reason = one["justification"].as_str().map(str::to_owned);
    Some(if one["kind"] == "inSource" {
        Suppression::Marker("a marker")
    } else {
        Suppression::Baseline(reason)
    })
}

/// GitHub's names for scores.
fn by_score(score: f64) -> Severity {
    match score {
        9.0.. => Severity::Critical,
        7.0.. => Severity::High,
        4.0.. => Severity::Medium,
        _ => Severity::Low,
    }
}
