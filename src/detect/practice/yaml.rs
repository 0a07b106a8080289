//! Lines of YAML, as far as manifests need them: keys, scalars and their indentation. Flow style and anchors are not
//! understood, and yield nothing.

use crate::model::Span;

/// One line: `key: value`, `- key: value`, `- value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Column of the key, or of an item's scalar, from 0.
    pub(super) indent: usize,
    /// Whether it begins an item of a list.
    pub(super) item: bool,
    /// Empty for an item that is a scalar.
    pub(super) key: Span,
    /// Without quotes and comment; empty where a block follows.
    pub(super) value: Span,
}

/// The entries of each document of `text`.
pub(super) fn documents(text: &[u8]) -> Vec<Vec<Entry>> {
    let mut all = vec![Vec::new()];
    let mut start = 0;
    for line in text.split_inclusive(|&b| b == b'\n') {
        let here = Span::new(start, start + line.trim_ascii_end().len());
        start += line.len();
        if here.of(text).starts_with(b"---") {
            all.push(Vec::new());
        } else if let (Some(entry), Some(document)) = (entry(text, here), all.last_mut()) {
            document.push(entry);
        }
    }
    all
}

/// The entries below the one at `parent`.
pub(super) fn below(entries: &[Entry], parent: usize) -> &[Entry] {
    let rest = &entries[parent + 1..];
    let end = rest.iter().position(|e| e.indent <= entries[parent].indent).unwrap_or(rest.len());
    &rest[..end]
}

/// The entries right below the one at `parent`.
pub(super) fn children(entries: &[Entry], parent: usize) -> impl Iterator<Item = (usize, &Entry)> {
    let block = below(entries, parent);
    let indent = block.first().map_or(0, |first| first.indent);
    block.iter().enumerate().filter(move |(_, e)| e.indent == indent).map(move |(i, e)| (parent + 1 + i, e))
}

/// The value of the child `key` of the entry at `parent`.
pub(super) fn child(text: &[u8], entries: &[Entry], parent: usize, key: &str) -> Option<Span> {
    let found = children(entries, parent).find(|(_, e)| e.key.of(text) == key.as_bytes());
    found.map(|(_, e)| e.value).filter(|value| !value.is_empty())
}

/// The value of the top-level `key`, or of `outer.key`.
pub(super) fn named(text: &[u8], entries: &[Entry], outer: Option<&str>, key: &str) -> Option<Span> {
    let top = |name: &str| entries.iter().position(|e| e.indent == 0 && e.key.of(text) == name.as_bytes());
    match outer {
        None => top(key).map(|i| entries[i].value).filter(|value| !value.is_empty()),
        Some(outer) => child(text, entries, top(outer)?, key),
    }
}

fn entry(text: &[u8], line: Span) -> Option<Entry> {
    let mut at = line.start;
    let mut item = false;
    loop {
        at += text[at..line.end].iter().take_while(|&&b| b == b' ').count();
        let rest = &text[at..line.end];
        if rest.is_empty() || rest[0] == b'#' || rest[0] == b'\t' {
            return None;
        }
        if rest != b"-" && !rest.starts_with(b"- ") {
            break;
        }
        (item, at) = (true, at + 1);
    }
    let indent = at - line.start;
    let rest = Span::new(at, line.end);
    match colon(rest.of(text)) {
        Some(colon) => {
            let key = unquoted(text, Span::new(at, at + colon));
            Some(Entry { indent, item, key, value: scalar(text, Span::new(at + colon + 1, line.end)) })
        }
        None if item => Some(Entry { indent, item, key: Span::new(at, at), value: scalar(text, rest) }),
        None => None,
    }
}

/// Where the colon after a key lies.
fn colon(text: &[u8]) -> Option<usize> {
    if let Some(quote @ (b'"' | b'\'')) = text.first() {
        let end = 1 + memchr::memchr(*quote, &text[1..])?;
        return (text.get(end + 1) == Some(&b':')).then_some(end + 1);
    }
    let at = memchr::memchr_iter(b':', text).find(|&i| text.get(i + 1).is_none_or(|b| *b == b' '))?;
    (!text[..at].contains(&b'#') && !text.starts_with(b"{")).then_some(at)
}

fn scalar(text: &[u8], span: Span) -> Span {
    let span = trimmed(text, span);
    let bytes = span.of(text);
    if let Some(quote @ (b'"' | b'\'')) = bytes.first() {
        let end = memchr::memchr(*quote, &bytes[1..]).map_or(bytes.len(), |i| 1 + i);
        return Span::new(span.start + 1, span.start + end.max(1));
    }
    let comment = bytes.first().filter(|b| **b == b'#').map(|_| 0);
    let end = comment.or_else(|| memchr::memmem::find(bytes, b" #")).unwrap_or(bytes.len());
    let span = trimmed(text, Span::new(span.start, span.start + end));
    // What follows is a block of text.
    if matches!(span.of(text), [b'|' | b'>'] | [b'|' | b'>', b'-' | b'+']) {
        Span::new(span.start, span.start)
    } else {
        span
    }
}

fn unquoted(text: &[u8], span: Span) -> Span {
    match span.of(text) {
        [b'"', .., b'"'] | [b'\'', .., b'\''] if span.len() > 1 => Span::new(span.start + 1, span.end - 1),
        _ => trimmed(text, span),
    }
}

fn trimmed(text: &[u8], span: Span) -> Span {
    let bytes = span.of(text);
    let start = span.start + (bytes.len() - bytes.trim_ascii_start().len());
    Span::new(start, start + bytes.trim_ascii().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_items_quotes_and_comments_are_read() {
        let text = b"a: 1 # x\n- 'b': \"c d\" # y\n- e\n  f:\n- - g: |\n# h: 1\nurl: http://x:1/#y\n";
        let all = documents(text);
        let told: Vec<_> = all[0]
            .iter()
            .map(|e| {
                let word = |span: Span| String::from_utf8_lossy(span.of(text)).into_owned();
                (e.indent, e.item, word(e.key), word(e.value))
            })
            .collect();
        let is = |indent, item, key: &str, value: &str| (indent, item, key.to_owned(), value.to_owned());
        assert_eq!(
            told,
            [
                is(0, false, "a", "1"),
                is(2, true, "b", "c d"),
                is(2, true, "", "e"),
                is(2, false, "f", ""),
                is(4, true, "g", ""),
                is(0, false, "url", "http://x:1/#y"),
            ]
        );
    }

    #[test]
    fn what_lies_below_is_told_by_indentation() {
        let text = b"kind: X\nspec:\n  list:\n  - name: a\n    key: b\n  - name: c\nend: 1\n---\nkind: Y\n";
        let all = documents(text);
        assert_eq!(all.len(), 2);
        let list = all[0].iter().position(|e| e.key.of(text) == b"list").unwrap();
        assert_eq!(below(&all[0], list).len(), 3);
        assert_eq!(children(&all[0], list).count(), 3);
        assert_eq!(named(text, &all[0], None, "kind").unwrap().of(text), b"X");
        assert_eq!(named(text, &all[1], None, "kind").unwrap().of(text), b"Y");
        assert!(documents(b"\xff\xfe: \n-\n - \n:\n\"").iter().all(|d| d.len() < 4));
    }
}
