//! The JSON lines of trufflehog 3. Its error texts and extra data may quote a value and are left behind.

use std::sync::Arc;

use serde_json::Value;

use super::draft::{Draft, Reading, at, commit};
use crate::model::{Answered, Place, Position, Region, Secret, Verdict};
use crate::rule::{Confidence, Severity};

pub(super) fn read(value: &Value, reading: &mut Reading) -> Option<()> {
    reading.add(draft(value)?);
    Some(())
}

fn draft(value: &Value) -> Option<Draft> {
    let detector = value["DetectorName"].as_str()?;
    // One key names the kind of source: Git, Filesystem, Github, S3 and so on.
    let source = value["SourceMetadata"]["Data"].as_object()?.values().next()?;
    let text =
        |keys: &[&str]| keys.iter().find_map(|key| source[*key].as_str()).unwrap_or_default().to_owned();
    let verified = value["Verified"].as_bool().unwrap_or(false);
    let mut draft = Draft::new(detector, text(&["file", "path", "key", "filename", "link", "image"]));
    draft.severity = Some(if verified { Severity::Critical } else { Severity::High });
    draft.confidence = Some(if verified { Confidence::High } else { Confidence::Medium });
    draft.revoke = value["ExtraData"]["rotation_guide"].as_str().map(str::to_owned);
    if let Some(about) = value["DetectorDescription"].as_str().filter(|text| !text.is_empty()) {
        draft.why.push(about.to_owned().into());
    }
    draft.secret = Secret::new(value["Raw"].as_str().unwrap_or_default().as_bytes());
    draft.layers = match value["DecoderName"].as_str().unwrap_or_default() {
        "BASE64" => vec!["base64"],
        "UTF16" => vec!["utf-16le"],
        "ESCAPED_UNICODE" => vec!["escapes"],
        _ => Vec::new(),
    };
    let start = Position { line: at(&source["line"]), column: 1 };
    draft.region = Region { start, end: Position { line: start.line, column: 2 } };
    // `Name <mail>`, or the mail alone.
    let who = text(&["email"]);
    let (author, email) = match who.split_once('<') {
        Some((name, mail)) => (name.trim(), mail.trim_end_matches('>')),
        None => ("", who.as_str()),
    };
    if let Some(commit) = commit(&text(&["commit"]), author, email, &text(&["timestamp"]), "") {
        draft.place = Place::Commit(Arc::new(commit));
    }
    let has_error = value["VerificationError"].as_str().is_some_and(|e| !e.is_empty());
    draft.verdict = if verified {
        let notes = vec!["as trufflehog told".to_owned()];
        Some(Box::new(Verdict::Active(Answered { host: detector.to_owned(), notes })))
    } else {
        // That it was not verified may mean that nobody asked.
        has_error.then(|| Box::new(Verdict::Unchecked("trufflehog could not verify it".to_owned())))
    };
    Some(draft)
}
