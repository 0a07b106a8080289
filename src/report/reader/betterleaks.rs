//! The JSON of betterleaks 2: a document with findings, or one finding on a line.

use std::sync::Arc;

use serde_json::Value;

use super::draft::{Draft, Reading, at, commit, confidence, severity};
use crate::model::{Answered, Place, Position, Region, Secret, Verdict};

pub(super) fn read(value: &Value, reading: &mut Reading) -> Option<()> {
    let findings = match (&value["findings"], &value["finding"]) {
        (Value::Array(all), _) => all.as_slice(),
        (_, one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return None,
    };
    for finding in findings {
        match draft(finding) {
            Some(draft) => reading.add(draft),
            None => reading.strange += 1,
        }
    }
    Some(())
}

fn draft(finding: &Value) -> Option<Draft> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (place, attributes) = (&finding["location"], &finding["attributes"]);
    let mut draft = Draft::new(finding["rule_id"].as_str()?, text(&place["path"]));
    let described = text(&finding["description"]);
    if !described.is_empty() {
        draft.why.push(described.into());
    }
    draft.severity = finding["severity"].as_str().and_then(severity);
    draft.confidence = finding["confidence"].as_str().and_then(confidence);
    draft.secret = Secret::new(text(&finding["match"]["value"]).as_bytes());
    draft.around = Some(Secret::new(text(&finding["match"]["full"]).as_bytes()));
    // Its columns are those of the first and of the last byte, from 1 (2.0, observed).
    let column = |key: &str| at(&place[key]);
    draft.region = Region {
        start: Position { line: at(&place["start_line"]), column: column("start_column") },
        end: Position { line: at(&place["end_line"]), column: column("end_column") + 1 },
    };
    let [id, author, email, date, message] =
        ["git.sha", "git.author_name", "git.author_email", "git.date", "git.message"]
            .map(|key| text(&attributes[key]));
    if let Some(commit) = commit(&id, &author, &email, &date, &message) {
        draft.place = Place::Commit(Arc::new(commit));
    }
    let host = text(&finding["rule_id"]);
    let answered = Answered { host, notes: vec!["as betterleaks told".to_owned()] };
    let status = finding["status"].as_str().or_else(|| finding["analysis"]["status"].as_str());
    draft.verdict = match status.unwrap_or_default() {
        "valid" | "active" => Some(Box::new(Verdict::Active(answered))),
        "invalid" | "inactive" | "revoked" => Some(Box::new(Verdict::Inactive(answered))),
        _ => None,
    };
    Some(draft)
}
