//! The built-in reader of PEM blocks: where a private key begins and ends. Whether it is one is asked of the
//! checksum that the rule names.
//!
//! A reader and not a pattern: a block is long, and its lines may be escaped, quoted, indented or commented.

use super::builtin::{Builtin, Extraction, Window};
use super::shown::shown;
use crate::model::Span;
use crate::rule::Confidence;

/// How far it looks, in bytes: past an OpenPGP block of some subkeys or an RSA key of 16,384 bits, escaped.
const REACH: usize = 32 * 1024;
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Longest label, in bytes.
const LABEL: usize = 48;
/// Base64 characters behind a label from which on a block without end may be a key that was cut.
const CUT: usize = 16;

/// Blocks whose label names a private key.
pub(super) struct PemBlock;

impl Builtin for PemBlock {
    fn name(&self) -> &'static str {
        "pem"
    }

    fn triggers(&self) -> &'static [&'static str] {
        &["-----begin "]
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn extract(&self, window: &Window<'_>, sink: &mut dyn FnMut(Extraction)) {
        let start = window.trigger.start;
        let text = &window.bytes[start..];
        if let Some(len) = block(text) {
            let span = Span::new(start, start + len);
            sink(Extraction {
                secret: span,
                matched: span,
                decoded: None,
                confidence: shown(window.bytes, span).map(|_| Confidence::Medium),
                evidence: None,
                why: Vec::new(),
            });
        }
    }
}

/// Length of the block at the front of `text`; `None` when its label names no private key, or stands in code.
fn block(text: &[u8]) -> Option<usize> {
    let label = find(text.strip_prefix(BEGIN)?, DASHES).filter(|&len| len <= LABEL)?;
    let label = &text[BEGIN.len()..BEGIN.len() + label];
    if !label.ends_with(b"PRIVATE KEY") && label != b"PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let body = BEGIN.len() + label.len() + DASHES.len();
    let rest = &text[body..];
    let next = find(rest, BEGIN).unwrap_or(rest.len());
    match find(&rest[..next], END) {
        Some(end) => {
            let label = body + end + END.len();
            let closed = find(&text[label..], DASHES).filter(|&len| len <= LABEL);
            Some(closed.map_or(label, |len| label + len + DASHES.len()))
        }
        None => cut(&rest[..next]).map(|len| body + len),
    }
}

/// Length of what follows the label of a block that has no end: base64 over some lines, or nothing but white space.
fn cut(rest: &[u8]) -> Option<usize> {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let mut at = 0;
    let mut last = 0;
    loop {
        at += gap(&rest[at..]);
        let run = rest[at..].iter().take_while(|&&b| is_letter(b)).count();
        // Words are no key: all but the last line of a key are long.
        if run < CUT {
            break;
        }
        at += run;
        last = at;
    }
    let nothing_follows = rest.iter().all(u8::is_ascii_whitespace);
    (last > 0 || nothing_follows).then_some(last)
}

/// Length of the line end at the front of `text` (real or escaped) with the indentation behind it.
fn gap(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match text[at..] {
            [b'\\', b'n' | b'r', ..] => at += 2,
            [b' ' | b'\t' | b'\r' | b'\n', ..] => at += 1,
            _ => return at,
        }
    }
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, mark)
}

#[cfg(test)]
mod tests {
    use super::block;

    fn label(edge: &str, kind: &str) -> String {
        ["-----", edge, " ", kind, "PRIVATE KEY-----"].concat()
    }

    #[test]
    fn a_block_ends_with_its_label() {
        let text = [&label("BEGIN", "RSA "), "\nMIIE\n", &label("END", "RSA "), "\n"].concat();
        assert_eq!(block(text.as_bytes()), Some(text.len() - 1));
    }

    #[test]
    fn what_was_cut_ends_with_its_last_letter() {
        let body = "\\nMIIEpAIBAAKCAQEA0123\\nMIIEpAIBAAKCAQEA0123";
        let text = [&label("BEGIN", ""), body, "\" + rest"].concat();
        assert_eq!(block(text.as_bytes()), Some(label("BEGIN", "").len() + body.len()));
        assert_eq!(block([&label("BEGIN", ""), "\n"].concat().as_bytes()), Some(label("BEGIN", "").len()));
    }

    #[test]
    fn a_label_in_code_is_no_block() {
        for after in ["\"", "\\n\" + body", "...", "\n<your key>", "')", " and so on"] {
            assert_eq!(block([&label("BEGIN", "EC "), after].concat().as_bytes()), None, "{after}");
        }
        assert_eq!(block(b"-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA0123"), None);
    }

    #[test]
    fn the_next_block_is_another() {
        let whole = [&label("BEGIN", ""), "\nMC4C\n", &label("END", "")].concat();
        let text = [&label("BEGIN", ""), "\nMIIEpAIBAAKCAQEA0123\n\n", &whole].concat();
        assert_eq!(block(text.as_bytes()), Some(label("BEGIN", "").len() + 21));
    }
}
