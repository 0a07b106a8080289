//! Our own JSON and JSON lines, of this version and older ones.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bstr::BString;
use serde_json::Value;

use super::draft::{Draft, Reading, START, at, commit, confidence, severity};
use super::verdict::{self, texts};
use crate::model::{
    Commit, Effort, MessageKind, Place, Position, Region, Secret, SkipReason, Spread, Stages, Suppression,
};

pub(super) fn read(value: &Value, reading: &mut Reading) -> Option<()> {
    match (&value["findings"], value["type"].as_str()) {
        (Value::Array(findings), None) => {
            for finding in findings {
                match draft(finding) {
                    Some(draft) => reading.add(draft),
                    None => reading.strange += 1,
                }
            }
            summary(&value["summary"], reading)
        }
        (_, Some("finding")) => {
            // Lines end with the summary.
            reading.ended = false;
            reading.add(draft(value)?);
            Some(())
        }
        (_, Some("summary")) => summary(value, reading),
        _ => None,
    }
}

fn draft(value: &Value) -> Option<Draft> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let path = match value["path_bytes"].as_str().and_then(|bytes| STANDARD.decode(bytes).ok()) {
        Some(bytes) => BString::from(bytes),
        None => text("path").into(),
    };
    let mut draft = Draft::new(value["rule"].as_str()?, path);
    draft.title = Some(text("title").to_owned());
    draft.severity = severity(text("severity"));
    draft.confidence = confidence(text("confidence"));
    draft.revoke = Some(text("revoke").to_owned());
    draft.place = place(value)?;
    draft.region = region(value);
    draft.secret = Secret::new(text("secret").as_bytes());
    draft.entropy = value["entropy"].as_f64().map(|e| e as f32);
    draft.fingerprint = text("fingerprint").parse().ok();
    draft.layers = texts(&value["decoded"]).iter().map(|name| layer(name)).collect();
    draft.why = texts(&value["why"]).into_iter().map(Into::into).collect();
    let part = |part: &Value| Some((part["rule"].as_str()?.to_owned(), region(part)));
    draft.parts = value["parts"].as_array().into_iter().flatten().filter_map(part).collect();
    draft.spread = spread(&value["spread"]);
    draft.verdict = verdict::read(&value["verdict"]);
    draft.suppressed = suppressed(&value["suppressed"]);
    Some(draft)
}

fn region(value: &Value) -> Region {
    let position = |value: &Value| Position { line: at(&value["line"]), column: at(&value["column"]) };
    let [start, end] = ["start", "end"].map(|key| position(&value[key]));
    Region { start, end: end.max(start).max(START) }
}

fn place(value: &Value) -> Option<Place> {
    let told = &value["commit"];
    let text = |key: &str| told[key].as_str().unwrap_or_default();
    let commit = || -> Option<Arc<Commit>> {
        commit(text("id"), text("author"), text("email"), text("date"), text("message")).map(Arc::new)
    };
    Some(match value["place"].as_str()? {
        "file" => Place::File,
        "stdin" => Place::Stdin,
        "index" => Place::Index,
        "commit" => Place::Commit(commit()?),
        "commit-message" => Place::Message(commit()?, MessageKind::Commit),
        "tag-message" => Place::Message(commit()?, MessageKind::Tag),
        "identity" => Place::Message(commit()?, MessageKind::Identity),
        "note" => Place::Message(commit()?, MessageKind::Note),
        "unreachable" => Place::Unreachable(value["object"].as_str().unwrap_or_default().into()),
        _ => return None,
    })
}

/// The layer of that name.
pub(super) fn layer(name: &str) -> &'static str {
    const NAMES: [&str; 12] = [
        "base64",
        "base64url",
        "hex",
        "percent",
        "escapes",
        "entities",
        "quoted-printable",
        "joined",
        "gzip",
        "zlib",
        "utf-16le",
        "utf-16be",
    ];
    NAMES.into_iter().find(|known| *known == name).unwrap_or("another layer")
}

/// The marker of that name.
fn marker(name: &str) -> &'static str {
    const NAMES: [&str; 8] = [
        "leakward:allow",
        "gitleaks:allow",
        "betterleaks:allow",
        "trufflehog:ignore",
        "kingfisher:ignore",
        "ggignore",
        "pragma: allowlist secret",
        "pragma: allowlist nextline secret",
    ];
    NAMES.into_iter().find(|known| *known == name).unwrap_or("a marker")
}

fn suppressed(value: &Value) -> Option<Suppression> {
    let reason = value["reason"].as_str();
    Some(match value["by"].as_str()? {
        "marker" => Suppression::Marker(marker(value["marker"].as_str().unwrap_or_default())),
        "allow" => Suppression::Allow(reason.unwrap_or_default().to_owned()),
        _ => Suppression::Baseline(reason.map(str::to_owned)),
    })
}

fn spread(value: &Value) -> Option<Box<Spread>> {
    let number = |key: &str| value[key].as_u64().unwrap_or_default();
    let names = |key: &str| texts(&value[key]).into_iter().map(BString::from).collect();
    value.is_object().then(|| {
        Box::new(Spread {
            commits: number("commits"),
            other_paths: names("other_paths"),
            more_paths: number("more_paths"),
            refs: names("refs"),
            more_refs: number("more_refs"),
            at_head: value["at_head"].as_str().map(BString::from),
            reachable: value["reachable"].as_bool().unwrap_or(true),
        })
    })
}

fn summary(value: &Value, reading: &mut Reading) -> Option<()> {
    reading.ended = true;
    reading.subject = value["subject"].as_str().map(str::to_owned);
    reading.exit_code = value["exit_code"].as_u64().and_then(|code| u8::try_from(code).ok());
    reading.suppressed = value["suppressed"].as_u64().and_then(|n| usize::try_from(n).ok());
    let scanned = |key: &str| value["scanned"][key].as_u64().unwrap_or_default();
    let tally = &mut reading.tally;
    tally.blobs = scanned("files");
    tally.recalled = scanned("recalled");
    tally.bytes = scanned("bytes");
    tally.commits = scanned("commits");
    for reason in SkipReason::ALL {
        if let Some(n) = value["skipped"][reason.as_str()].as_u64() {
            tally.skipped.insert(reason, n);
        }
    }
    for gap in value["gaps"].as_array().into_iter().flatten() {
        tally.gap(gap["what"].as_str().unwrap_or_default(), gap["why"].as_str().unwrap_or_default());
    }
    tally.notes = texts(&value["notes"]);
    tally.effort = effort(&value["history"]);
    value.is_object().then_some(())
}

fn effort(value: &Value) -> Option<Box<Effort>> {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let seconds = |key: &str| {
        let seconds = value["seconds"][key].as_f64().filter(|s| (0.0..1e9).contains(s)).unwrap_or_default();
        std::time::Duration::from_millis((seconds * 1000.0).round() as u64)
    };
    value.is_object().then(|| {
        Box::new(Effort {
            objects: ["commits", "trees", "blobs", "tags"].map(|kind| number(&value["objects"][kind])),
            inflated: number(&value["bytes_inflated"]),
            searched: number(&value["bytes_searched"]),
            unread: number(&value["unread"]),
            stages: Stages {
                open: seconds("open"),
                objects: seconds("objects"),
                attribution: seconds("attribution"),
                findings: seconds("findings"),
            },
        })
    })
}
