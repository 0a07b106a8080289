//! Words of a text that may be a secret by themselves: what stands between white space, quotes and punctuation.

use crate::model::Span;

/// Least and greatest length of a word, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=512;
/// From this length on a word of letters alone may be a secret.
const LONG: usize = 16;

/// Calls `sink` with every word of `bytes` that may be a secret. A word may be told more than once.
pub(super) fn tokens(bytes: &[u8], sink: &mut dyn FnMut(Span)) {
    let mut tell = |span: Span| {
        if LENGTHS.contains(&span.len()) && is_plausible(span.of(bytes)) {
            sink(span);
        }
    };
    let mut at = 0;
    while at < bytes.len() {
        let Some(start) = bytes[at..].iter().position(|b| is_part(*b)).map(|n| at + n) else { break };
        let end = bytes[start..].iter().position(|b| !is_part(*b)).map_or(bytes.len(), |n| start + n);
        run(bytes, Span::new(start, end), &mut tell);
        at = end;
    }
    quoted(bytes, &mut tell);
}

/// Tells the words that the run `span` (no white space, no quote) may hold.
fn run(bytes: &[u8], span: Span, tell: &mut dyn FnMut(Span)) {
    if span.len() < *LENGTHS.start() {
        return;
    }
    let text = span.of(bytes);
    let edge = |b: &u8| b",;:.()[]{}<>".contains(b);
    let from = text.iter().take_while(|b| edge(b)).count();
    let to = text.len() - text[from..].iter().rev().take_while(|b| edge(b)).count();
    let within = |a: usize, b: usize| Span::new(span.start + a, span.start + b);
    tell(span);
    if (from, to) != (0, text.len()) && from < to {
        tell(within(from, to));
    }
    if text.len() > *LENGTHS.end() {
        return;
    }
    // What follows a `=` or `:` up to the end or the last `@`: assignments, pairs, URLs.
    let ends = [Some(to), text.iter().rposition(|&b| b == b'@')];
    for start in (from..to).filter(|&i| matches!(text[i], b'=' | b':')).take(8) {
        for end in ends.into_iter().flatten().filter(|&end| end > start + 1) {
            tell(within(start + 1, end));
        }
    }
    let inner = |b: &u8| b.is_ascii_alphanumeric() || b"_-.+~".contains(b) || *b >= 0x80;
    let mut at = from;
    while at < to {
        let Some(a) = text[at..to].iter().position(inner).map(|n| at + n) else { break };
        let b = text[a..to].iter().position(|b| !inner(b)).map_or(to, |n| a + n);
        if (a, b) != (0, text.len()) {
            tell(within(a, b));
        }
        at = b;
    }
}

/// Tells what stands between two equal quotes of one line, where it holds white space.
fn quoted(bytes: &[u8], tell: &mut dyn FnMut(Span)) {
    let mut open: Option<(u8, usize)> = None;
    for (at, &byte) in bytes.iter().enumerate() {
        match (byte, open) {
            (b'\n', _) => open = None,
            (b'"' | b'\'' | b'`', Some((quote, start))) if quote == byte => {
                let span = Span::new(start, at);
                if span.of(bytes).iter().any(u8::is_ascii_whitespace) {
                    tell(span);
                }
                open = None;
            }
            (b'"' | b'\'' | b'`', None) => open = Some((byte, at + 1)),
            _ => {}
        }
    }
}

const fn is_part(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !matches!(byte, b'"' | b'\'' | b'`')
}

/// Whether a value that is hard to guess may look so: no short word of letters.
fn is_plausible(word: &[u8]) -> bool {
    word.len() >= LONG || !word.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        tokens(text.as_bytes(), &mut |span| all.push(&text[span.start..span.end]));
        all
    }

    #[test]
    fn words_of_every_shape_are_told() {
        for (text, word) in [
            ("key=abc-123-def", "abc-123-def"),
            ("{'key': 'p@ss:w/rd=1'}", "p@ss:w/rd=1"), // leakward:allow
            ("https://u:p@ss-word1@host/", "p@ss-word1"), // leakward:allow
            ("f(abc-123-def);", "abc-123-def"),
            ("say \"three plain words\" now", "three plain words"),
            ("a\tabc123def456\r\n", "abc123def456"),
        ] {
            assert!(words(text).contains(&word), "{text}: {:?}", words(text));
        }
    }

    #[test]
    fn short_words_and_words_of_letters_are_not() {
        assert!(words("let mut function_name and argument returned").is_empty());
        assert!(words("").is_empty() && words("\"\n\"").is_empty());
    }
}
