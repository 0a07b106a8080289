//! Blocks in braces, as HCL and JSON write them. Strings and comments are stepped over; nothing else is understood.

use crate::model::Span;

/// How far a block's other end is looked for, in bytes.
const FARTHEST: usize = 16 * 1024;

/// The inside of the block that opens at `open`, which is a brace or bracket.
pub(super) fn inside(text: &[u8], open: usize) -> Option<Span> {
    let end = text.len().min(open + FARTHEST);
    let (mut at, mut depth) = (open, 0usize);
    while at < end {
        match text[at] {
            b'"' => at = string_end(text, at),
            b'#' => at = line_end(text, at),
            b'/' if text.get(at + 1) == Some(&b'/') => at = line_end(text, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(Span::new(open + 1, at));
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    None
}

/// The brace that opens the block around `at`.
pub(super) fn opening(text: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(FARTHEST);
    let mut depth = 0usize;
    for i in (from..at).rev() {
        match text[i] {
            b'}' => depth += 1,
            b'{' if depth == 0 => return Some(i),
            b'{' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What stands on the line before the brace at `open`.
pub(super) fn header(text: &[u8], open: usize) -> &[u8] {
    let start = text[..open].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    text[start..open].trim_ascii()
}

/// The quoted text that ends last before `at`, with nothing but white space, `:` and `=` between.
pub(super) fn quoted_before(text: &[u8], at: usize) -> Option<Span> {
    let end = text[..at].iter().rposition(|b| !b.is_ascii_whitespace() && !b":=".contains(b))?;
    (text[end] == b'"').then_some(())?;
    let start = text[..end].iter().rposition(|&b| b == b'"' || b == b'\n').filter(|&i| text[i] == b'"')?;
    Some(Span::new(start + 1, end))
}

/// The quoted texts in `span`.
pub(super) fn quoted(text: &[u8], span: Span) -> Vec<Span> {
    let mut all = Vec::new();
    let mut at = span.start;
    while let Some(open) = memchr::memchr(b'"', &text[at..span.end]).map(|i| at + i) {
        let end = string_end(text, open).min(span.end);
        if end > open + 1 {
            all.push(Span::new(open + 1, end - 1));
        }
        at = end.max(open + 1);
    }
    all
}

/// The value of the attribute `name` of the block's inside `body`, where it is a quoted text.
pub(super) fn attribute(text: &[u8], body: Span, name: &str) -> Option<Span> {
    let mut at = body.start;
    while let Some(found) = memchr::memmem::find(&text[at..body.end], name.as_bytes()).map(|i| at + i) {
        at = found + name.len();
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if found > 0 && word(text[found - 1]) {
            continue;
        }
        let rest = &text[at..body.end];
        let rest = rest.strip_prefix(b"\"").unwrap_or(rest).trim_ascii_start();
        let Some(rest) = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b":")) else { continue };
        let value = rest.trim_ascii_start();
        if value.first() != Some(&b'"') {
            return None;
        }
        let open = body.end - value.len();
        let end = string_end(text, open).min(body.end);
        return (end > open + 1).then(|| Span::new(open + 1, end - 1));
    }
    None
}

/// One past the quote that closes the string that opens at `open`; the line's end where none does.
fn string_end(text: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' => return at,
            _ => at += 1,
        }
    }
    text.len()
}

fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |i| at + i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_from_its_brace_and_from_within() {
        let text = br#"a { b = "}" # }
  c { d = [1, "]"] } } e"#;
        let open = 2;
        let span = inside(text, open).unwrap();
        assert!(span.of(text).ends_with(b"} "), "{:?}", String::from_utf8_lossy(span.of(text)));
        let d = text.iter().position(|&b| b == b'd').unwrap();
        let inner = opening(text, d).unwrap();
        assert_eq!(header(text, inner), b"c");
        assert_eq!(inside(b"{ [", 0), None);
    }

    #[test]
    fn attributes_and_names_are_read() {
        let text =
            br#"data "vault_generic_secret" "db" { full_path = "no"  path = "secret/db" other = var.x }"#;
        let open = text.iter().position(|&b| b == b'{').unwrap();
        let body = inside(text, open).unwrap();
        let of = |name: &str| {
            attribute(text, body, name).map(|span| String::from_utf8_lossy(span.of(text)).into_owned())
        };
        assert_eq!((of("path").as_deref(), of("other")), (Some("secret/db"), None));
        assert_eq!(quoted_before(text, open).unwrap().of(text), b"db");
        assert_eq!(quoted(text, Span::new(0, open)).len(), 2);
    }
}
