//! gitleaks' JSON: a list of findings, whose columns are those of the match, in bytes.

use std::sync::Arc;

use bstr::ByteSlice;
use serde_json::Value;

use super::draft::{Draft, Reading, at, commit};
use crate::model::{LineOffsets, Place, Position, Region, Secret};

pub(super) fn read(value: &Value, reading: &mut Reading) -> Option<()> {
    for finding in value.as_array()? {
        match draft(finding) {
            Some(draft) => reading.add(draft),
            None => reading.strange += 1,
        }
    }
    Some(())
}

fn draft(finding: &Value) -> Option<Draft> {
    let text = |key: &str| finding[key].as_str().unwrap_or_default();
    let mut draft = Draft::new(finding["RuleID"].as_str()?, text("File"));
    let described = text("Description");
    if !described.is_empty() {
        draft.why.push(described.to_owned().into());
    }
    draft.tags = finding["Tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    draft.secret = Secret::new(text("Secret").as_bytes());
    draft.entropy = finding["Entropy"].as_f64().map(|e| e as f32);
    if let Some(commit) = commit(text("Commit"), text("Author"), text("Email"), text("Date"), text("Message"))
    {
        draft.place = Place::Commit(Arc::new(commit));
    }
    let matched = text("Match").as_bytes();
    let (start_line, end_line) = (at(&finding["StartLine"]), at(&finding["EndLine"]));
    // From the second line on its columns are one too high; its end is the last byte, not one past it.
    let offset = |line: u64, column: &Value| column.as_u64().unwrap_or(0).saturating_sub(u64::from(line > 1));
    let offsets = LineOffsets {
        start: offset(start_line, &finding["StartColumn"]).saturating_sub(1),
        end: offset(end_line, &finding["EndColumn"]),
    };
    let region = Region {
        start: Position { line: start_line, column: offsets.start + 1 },
        end: Position { line: end_line, column: offsets.end + 1 },
    };
    draft.region = within(region, matched, text("Secret"));
    draft.matched_at = Some((region, offsets));
    draft.around = Some(Secret::new(matched));
    Some(draft)
}

/// Where `secret` lies in the match that lies in `region`.
fn within(region: Region, matched: &[u8], secret: &str) -> Region {
    let Some(at) = matched.find(secret).filter(|_| !secret.is_empty()) else { return region };
    let Region { mut start, mut end } = region;
    let before = &matched[..at];
    start.line += before.iter().filter(|&&b| b == b'\n').count() as u64;
    start.column = match before.rfind_byte(b'\n') {
        Some(line_end) => before[line_end + 1..].chars().count() as u64 + 1,
        None => start.column + before.chars().count() as u64,
    };
    end.line = start.line + secret.matches('\n').count() as u64;
    end.column = match secret.rsplit_once('\n') {
        None => start.column + secret.chars().count() as u64,
        Some((_, last)) => last.chars().count() as u64 + 1,
    };
    Region { start, end }
}
