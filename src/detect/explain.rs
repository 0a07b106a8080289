//! What the readers of generic credentials see on one line, noise included: for people who ask why.

use aho_corasick::AhoCorasick;

use super::builtin::Window;
use super::generic::READERS;
use super::reader::Found;
use super::shown::shown;
use crate::classify::Shown;
use crate::model::Span;

/// A value on the line.
#[derive(Debug)]
pub struct Explained<'f> {
    /// The name of the reader that found it.
    pub reader: &'static str,
    /// What the reader found.
    pub found: &'f Found<'f>,
    /// Where the value lies in the blob.
    pub span: Span,
    /// Where it is shown to others, if it is.
    pub shown: Option<Shown>,
}

/// Calls `each` with every value that begins or ends in `line` of `bytes`.
pub fn explain(bytes: &[u8], line: Span, each: &mut dyn FnMut(Explained<'_>)) {
    for reader in READERS {
        let triggers = AhoCorasick::builder().ascii_case_insensitive(true).build(reader.triggers());
        // Triggers are few and short: an automaton of them is always built.
        let Ok(triggers) = triggers else { continue };
        let mut seen = Vec::new();
        let from = line.start.saturating_sub(reader.reach());
        let to = (line.end + reader.reach()).min(bytes.len());
        for hit in triggers.find_overlapping_iter(&bytes[from..to]) {
            let hit = Span::new(hit.start() + from, hit.end() + from);
            let start = hit.start.saturating_sub(reader.reach());
            let end = (hit.end + reader.reach()).min(bytes.len());
            let trigger = hit.shifted(-(start as isize));
            reader.read(&Window { bytes: &bytes[start..end], trigger }, &mut |found| {
                let span = found.secret.shifted(start as isize);
                let here = span.start < line.end && line.start < span.end;
                if here && !seen.contains(&span) {
                    seen.push(span);
                    let shown = shown(&bytes[start..end], found.matched);
                    each(Explained { reader: reader.name(), found, span, shown });
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Explained, explain};
    use crate::model::Span;

    #[test]
    fn every_value_of_the_line_is_told_once_and_none_of_another() {
        let text = b"token = \"abc\"\npassword = \"ab\"; api_key = \"${X}\"\nsecret = \"x\"\n";
        let line = Span::new(14, 51);
        let mut values = Vec::new();
        explain(text, line, &mut |Explained { reader, found, span, .. }| {
            assert_eq!(span.of(text), found.subject.value);
            values.push((reader, found.subject.value.to_vec()));
        });
        assert_eq!(values, [("assignment-password", b"ab".to_vec()), ("assignment-key", b"${X}".to_vec())]);
    }
}
