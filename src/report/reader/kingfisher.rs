//! The JSON and JSON lines of kingfisher. The commands that it suggests hold the value and are left behind.

use std::sync::Arc;

use serde_json::Value;

use super::draft::{Draft, Reading, at, commit, confidence};
use crate::model::{Answered, Place, Position, Region, Secret, Verdict};

pub(super) fn read(value: &Value, reading: &mut Reading) -> Option<()> {
    if let Value::Array(findings) = &value["findings"] {
        for finding in findings {
            match draft(finding) {
                Some(draft) => reading.add(draft),
                None => reading.strange += 1,
            }
        }
        scanned(&value["metadata"]["summary"], reading);
        return Some(());
    }
    if value["rules_applied"].is_u64() {
        scanned(value, reading);
        return Some(());
    }
    reading.add(draft(value)?);
    Some(())
}

/// Keeps what was scanned.
fn scanned(summary: &Value, reading: &mut Reading) {
    reading.tally.blobs = summary["blobs_scanned"].as_u64().unwrap_or(reading.tally.blobs);
    reading.tally.bytes = summary["bytes_scanned"].as_u64().unwrap_or(reading.tally.bytes);
}

fn draft(value: &Value) -> Option<Draft> {
    let (rule, finding) = (&value["rule"], &value["finding"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut draft = Draft::new(rule["id"].as_str()?, text(&finding["path"]));
    let name = text(&rule["name"]);
    draft.title = Some(name.clone()).filter(|name| !name.is_empty());
    let described = text(&rule["description"]);
    if !described.is_empty() {
        draft.why.push(described.into());
    }
    draft.confidence = finding["confidence"].as_str().and_then(confidence);
    draft.entropy = finding["entropy"].as_str().and_then(|e| e.parse().ok());
    let snippet = text(&finding["snippet"]);
    draft.secret = Secret::new(snippet.as_bytes());
    // Its columns are bytes before the first and before the last byte (1.98, observed).
    let column = |key: &str| finding[key].as_u64().unwrap_or(0) + 1;
    let start = Position { line: at(&finding["line"]), column: column("column_start") };
    let lines = snippet.matches('\n').count() as u64;
    let end = Position { line: start.line + lines, column: column("column_end") + 1 };
    draft.region = Region { start, end: end.max(start) };
    let git = &finding["git_metadata"]["commit"];
    let [author, email] = ["name", "email"].map(|key| text(&git["author"][key]));
    if let Some(commit) = commit(&text(&git["id"]), &author, &email, &text(&git["date"]), "") {
        draft.place = Place::Commit(Arc::new(commit));
    }
    let status = text(&finding["validation"]["status"]).to_ascii_lowercase();
    let answered = || Answered { host: name.clone(), notes: vec!["as kingfisher told".to_owned()] };
    draft.verdict = if status.starts_with("inactive") {
        Some(Box::new(Verdict::Inactive(answered())))
    } else if status.starts_with("active") {
        Some(Box::new(Verdict::Active(answered())))
    } else {
        None
    };
    Some(draft)
}
