//! Finds every candidate of a folder, noise included.

use std::io::Write;
use std::path::Path;

use aho_corasick::AhoCorasick;
use leakward::classify::{FEATURES, Judgement, Lexicon, add_path, evidence, judge};
use leakward::detect::{READERS, Window};
use leakward::model::{LineIndex, Span};

pub(crate) fn dump(root: &Path, rel: &Path, lexicon: &Lexicon<'_>, out: &mut dyn Write) {
    let Ok(bytes) = std::fs::read(root.join(rel)) else { return };
    let lines = LineIndex::new(&bytes);
    let mut seen = std::collections::BTreeSet::new();
    for reader in READERS {
        let ac =
            AhoCorasick::builder().ascii_case_insensitive(true).build(reader.triggers()).expect("triggers");
        for hit in ac.find_overlapping_iter(&bytes) {
            let from = hit.start().saturating_sub(reader.reach());
            let to = (hit.end() + reader.reach()).min(bytes.len());
            let trigger = Span::new(hit.start() - from, hit.end() - from);
            reader.read(&Window { bytes: &bytes[from..to], trigger }, &mut |found| {
                let (start, end) = (found.secret.start + from, found.secret.end + from);
                if !seen.insert((reader.name(), start, end)) {
                    return;
                }
                let s = &found.subject;
                let verdict = match judge(s) {
                    Judgement::Noise(n) => format!("noise: {}", n.as_str()),
                    Judgement::Open { confidence, .. } => confidence.as_str().to_owned(),
                };
                let mut ev = evidence(s, lexicon);
                add_path(&mut ev, rel.to_string_lossy().as_bytes());
                let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                let row = serde_json::json!({
                    "file": rel.to_string_lossy(), "line_start": lines.line_of(start), "line_end": lines.line_of(end.max(1) - 1),
                    "col": start - lines.line(lines.line_of(start)).start, "len": end - start,
                    "rule": reader.name(), "kind": s.kind.as_str(), "key": text(s.key), "secret": text(s.value),
                    "syntax": format!("{:?}", s.syntax), "callee": text(s.callee), "user": text(s.user), "host": text(s.host),
                    "before": text(s.before), "after": text(s.after), "verdict": verdict, "x": ev.0[..FEATURES].to_vec(),
                });
                writeln!(out, "{row}").expect("write");
            });
        }
    }
}
