//! The data of Kubernetes Secrets: `kind: Secret` with base64 under `data:` or text under `stringData:`.

use super::assignment::{line_end, line_start, skip_blanks};
use super::header::{decode, printable};
use crate::model::{Secret, Span};

/// One entry of a Secret.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The entry's name.
    pub key: Span,
    /// The value as it stands there.
    pub value: Span,
    /// The value, where it was base64.
    pub decoded: Option<Secret>,
}

/// Calls `sink` with each entry of the manifest that declares its kind at `trigger`.
pub(crate) fn entries(text: &[u8], trigger: Span, sink: &mut dyn FnMut(Entry)) {
    let behind = &text[trigger.end..line_end(text, trigger.end)];
    // `kind: SecretStore` is another kind.
    if !behind.trim_ascii().iter().all(|b| matches!(b, b'"' | b'\'' | b',')) {
        return;
    }
    let document = document(text, trigger);
    let mut at = document.start;
    let mut block: Option<(usize, bool)> = None;
    while at < document.end {
        let line = Span::new(at, line_end(text, at).min(document.end));
        at = line.end + 1;
        let start = skip_blanks(text, line.start);
        let (indent, content) = (start - line.start, &text[start.min(line.end)..line.end]);
        if content.is_empty() || content[0] == b'#' {
            continue;
        }
        match content {
            b"data:" | b"\"data\": {" => block = Some((indent, true)),
            b"stringData:" | b"\"stringData\": {" => block = Some((indent, false)),
            _ => match block {
                Some((outer, encoded)) if indent > outer => {
                    if let Some(entry) = entry(text, Span::new(start, line.end), encoded) {
                        sink(entry);
                    }
                }
                _ => block = None,
            },
        }
    }
}

/// The YAML document (or the window's share of it) around the trigger.
fn document(text: &[u8], trigger: Span) -> Span {
    let start = memchr::memmem::rfind(&text[..trigger.start], b"\n---").map_or(0, |i| i + 4);
    let end = memchr::memmem::find(&text[trigger.end..], b"\n---").map_or(text.len(), |i| trigger.end + i);
    Span::new(if start == 0 { 0 } else { line_start(text, start) }, end)
}

fn entry(text: &[u8], line: Span, encoded: bool) -> Option<Entry> {
    let colon = line.start + memchr::memchr(b':', line.of(text))?;
    let quote = |b: &u8| matches!(b, b'"' | b'\'' | b',' | b' ');
    let trim = |span: Span| {
        let bytes = span.of(text);
        let start = bytes.iter().position(|b| !quote(b))?;
        let end = bytes.iter().rposition(|b| !quote(b))? + 1;
        Some(Span::new(span.start + start, span.start + end))
    };
    let key = trim(Span::new(line.start, colon))?;
    let value = trim(Span::new(colon + 1, line.end))?;
    let decoded = if encoded {
        let decoded = decode(value.of(text)).filter(|d| d.len() >= 4)?;
        // A line break at the end comes from `echo`; binary data is judged as it stands.
        let text = decoded.strip_suffix(b"\n").unwrap_or(&decoded);
        printable(text).then(|| Secret::new(text))
    } else {
        None
    };
    Some(Entry { key, value, decoded })
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};

    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let at = text.find("kind").unwrap();
        let end = at + text[at..].find("Secret").unwrap() + 6;
        let mut keys = Vec::new();
        entries(text.as_bytes(), Span::new(at, end), &mut |e| {
            keys.push(text[e.key.start..e.key.end].to_owned())
        });
        keys
    }

    #[test]
    fn data_and_string_data_are_read_on_both_sides_of_the_kind() {
        let value = BASE64_STANDARD.encode("vQ2m9xkT");
        let text = format!(
            "a: b\n---\napiVersion: v1\ndata:\n  pw: {value}\nkind: Secret\nstringData:\n  other: 'x'\ntype: Opaque\n"
        );
        assert_eq!(keys(&text), ["pw", "other"]);
    }

    #[test]
    fn other_kinds_and_metadata_are_left_alone() {
        assert!(keys("kind: SecretStore\ndata:\n  a: dlEybTl4\n").is_empty());
        assert!(keys("kind: Secret\nmetadata:\n  name: x\n").is_empty());
        assert!(keys("kind: Secret\ndata:\n  a: ''\n").is_empty());
    }
}
