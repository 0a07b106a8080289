//! Finds every value that the readers find in a text, noise included, and says what people think of it.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use leakward::classify::{KeyKind, Subject, Syntax};
use leakward::detect::{READERS, Reader, Window};
use leakward::model::{LineIndex, Span};

use crate::corpus::Text;
use crate::units::{Truth, Unit, units};

/// One value that a reader found.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Index of the text; `None` of an invented one.
    pub(crate) text: Option<usize>,
    /// The path that the classifier is told.
    pub(crate) path: String,
    /// First and last line, from 1.
    pub(crate) lines: (u64, u64),
    pub(crate) reader: &'static str,
    /// What people think of it; `None` when they said nothing.
    pub(crate) truth: Option<Truth>,
    kind: KeyKind,
    syntax: Syntax,
    pair: bool,
    key: Vec<u8>,
    value: Vec<u8>,
    callee: Vec<u8>,
    user: Vec<u8>,
    host: Vec<u8>,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Sample {
    /// What is to be judged.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            kind: self.kind,
            syntax: self.syntax,
            pair: self.pair,
            key: &self.key,
            value: &self.value,
            callee: &self.callee,
            user: &self.user,
            host: &self.host,
            before: &self.before,
            after: &self.after,
        }
    }

    /// Samples that say the same of the same thing have one name.
    pub(crate) fn name(&self) -> (&[u8], &[u8], Option<Truth>) {
        (&self.key, &self.value, self.truth)
    }
}

/// The readers with their triggers made ready.
pub(crate) struct Harvester {
    readers: Vec<(&'static dyn Reader, AhoCorasick)>,
}

impl Harvester {
    pub(crate) fn new() -> Self {
        let ready = |reader: &&'static dyn Reader| {
            let triggers = AhoCorasick::builder().ascii_case_insensitive(true).build(reader.triggers());
            (*reader, triggers.expect("triggers are few and short"))
        };
        Self { readers: READERS.iter().map(ready).collect() }
    }

    /// The samples of the text at `index`.
    pub(crate) fn samples(&self, index: Option<usize>, text: &Text) -> Vec<Sample> {
        let judged = units(text);
        let lines = LineIndex::new(&text.bytes);
        let mut samples = Vec::new();
        let mut seen = BTreeSet::new();
        for (reader, triggers) in &self.readers {
            for hit in triggers.find_overlapping_iter(&text.bytes) {
                let start = hit.start().saturating_sub(reader.reach());
                let end = (hit.end() + reader.reach()).min(text.bytes.len());
                let trigger = Span::new(hit.start() - start, hit.end() - start);
                reader.read(&Window { bytes: &text.bytes[start..end], trigger }, &mut |found| {
                    let span = found.secret.shifted(start as isize);
                    if !seen.insert((reader.name(), span)) {
                        return;
                    }
                    let place = (lines.line_of(span.start), lines.line_of(span.end.max(1) - 1));
                    let s = found.subject;
                    let truth = truth(text, &judged, &lines, place, span.of(&text.bytes));
                    samples.extend(truth.map(|truth| Sample {
                        text: index,
                        path: text.name.clone(),
                        lines: place,
                        reader: reader.name(),
                        truth,
                        kind: s.kind,
                        syntax: s.syntax,
                        pair: s.pair,
                        key: s.key.to_vec(),
                        value: s.value.to_vec(),
                        callee: s.callee.to_vec(),
                        user: s.user.to_vec(),
                        host: s.host.to_vec(),
                        before: s.before.to_vec(),
                        after: s.after.to_vec(),
                    }));
                });
            }
        }
        samples
    }
}

/// What people think of `value` (as it stands in the text) on `lines`. The outer `None`: another value on these lines is a secret, and nobody
/// said what this one is.
fn truth(
    text: &Text,
    judged: &[Unit],
    index: &LineIndex<'_>,
    lines: (u64, u64),
    value: &[u8],
) -> Option<Option<Truth>> {
    let here: Vec<_> = judged.iter().filter(|u| u.lines.0 <= lines.1 && lines.0 <= u.lines.1).collect();
    let secrets: Vec<_> = here.iter().filter(|u| u.truth == Truth::Secret).collect();
    if secrets.is_empty() {
        return Some(here.iter().map(|u| u.truth).max());
    }
    let value = String::from_utf8_lossy(value);
    let line = |n| String::from_utf8_lossy(index.line(n).of(&text.bytes)).into_owned();
    let meant = secrets.iter().any(|u| {
        let chars: Vec<char> = line(u.lines.0).chars().collect();
        u.values.is_empty()
            || u.values.iter().any(|&(start, end)| {
                let said: String = chars.iter().skip(start).take(end - start).collect();
                !said.is_empty() && (said.contains(&*value) || value.contains(&said))
            })
    });
    meant.then_some(Some(Truth::Secret))
}
