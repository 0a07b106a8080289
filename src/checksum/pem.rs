//! Private keys in PEM (RFC 7468), whatever language, file format or escaping surrounds their lines.
//!
//! A label alone is code that reads or writes keys; a key has a body that parses. What breaks off before its end may
//! be a key that was cut, and is reported with low confidence.

use zeroize::Zeroizing;

use super::{Checked, Outcome, base64, der};
use crate::rule::{Confidence, Severity};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// What the body of a block is.
enum Body {
    /// A key.
    Plain(&'static str),
    /// A key under a passphrase.
    Encrypted,
    /// None of these.
    Other,
}

/// Judges text that begins with `-----BEGIN … PRIVATE KEY-----`.
pub(super) fn check(secret: &[u8]) -> Checked {
    let Some((label, rest)) = secret.strip_prefix(BEGIN).and_then(|text| cut(text, DASHES)) else {
        return Checked::failed();
    };
    if !label.ends_with(b"PRIVATE KEY") && label != b"PGP PRIVATE KEY BLOCK" {
        return Checked::failed();
    }
    let end = cut(rest, END);
    let text = end.map_or(rest, |(body, _)| body);
    match (body(label, text), end.is_some()) {
        (Body::Plain(note), _) => Checked::passed(note),
        (Body::Encrypted, _) => Checked {
            severity: Some(Severity::Medium),
            confidence: Some(Confidence::Medium),
            ..Checked::of(Outcome::Passed, "a key under a passphrase")
        },
        (Body::Other, true) => Checked::failed(),
        (Body::Other, false) => Checked {
            confidence: Some(Confidence::Low),
            ..Checked::of(Outcome::Unknown, "the key breaks off")
        },
    }
}

/// Judges base64 of such text.
pub(super) fn check_base64(secret: &[u8]) -> Checked {
    // A text cut at any place still begins with whole groups of four.
    let whole = secret.len() / 4 * 4;
    base64::decode(&secret[..whole]).map_or_else(Checked::failed, |text| check(&text))
}

fn body(label: &[u8], text: &[u8]) -> Body {
    let holds = |word: &[u8]| text.windows(word.len()).any(|w| w == word);
    let Some(bytes) = base64::decode(&letters(text)) else { return Body::Other };
    match label {
        _ if label.starts_with(b"OPENSSH") => openssh(&bytes),
        _ if label.starts_with(b"PGP") => pgp(&bytes),
        // RFC 1421's header, as OpenSSL writes it; the body is ciphertext then.
        _ if holds(b"ENCRYPTED") && bytes.len() >= 32 => Body::Encrypted,
        _ if label.starts_with(b"ENCRYPTED") && der::is_sequence(&bytes) => Body::Encrypted,
        _ if der::is_private_key(&bytes) => Body::Plain("a key that parses"),
        _ => Body::Other,
    }
}

/// Source: PROTOCOL.key of openssh-portable: magic, then the cipher's name as a counted string.
fn openssh(bytes: &[u8]) -> Body {
    match bytes.strip_prefix(b"openssh-key-v1\0").and_then(|rest| rest.split_first_chunk::<4>()) {
        Some((&[0, 0, 0, 4], rest)) if rest.starts_with(b"none") && rest.len() > 80 => {
            Body::Plain("a key that parses")
        }
        Some((&[0, 0, 0, 3..=64], rest)) if rest.len() > 80 => Body::Encrypted,
        _ => Body::Other,
    }
}

/// Source: RFC 9580, section 4.2: the first packet is a secret key (tag 5), in the old or the new format.
fn pgp(bytes: &[u8]) -> Body {
    match bytes {
        [0x94..=0x97 | 0xc5, _, _, ..] if bytes.len() > 80 => Body::Plain("a key that parses"),
        _ => Body::Other,
    }
}

/// The base64 in `text`, without line ends (real or escaped), quotes, concatenation, comment signs and headers.
fn letters(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    for line in lines(text) {
        // A header such as `Proc-Type: 4,ENCRYPTED` or `Version: 1`, and OpenPGP's own checksum.
        if line.contains(&b':') || line.trim_ascii_start().starts_with(b"=") {
            continue;
        }
        let is_letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        for word in line.split(|b| !is_letter(b)).filter(|word| *word != b"+") {
            out.extend_from_slice(word);
        }
    }
    // What follows the padding is not part of the key.
    if let Some(padding) = out.iter().position(|&b| b == b'=') {
        let whole = out.len().min(padding.next_multiple_of(4));
        out.truncate(whole);
    }
    out
}

/// The lines of `text`; `\n` and `\r` may be written as escapes.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let escape = |i: usize| matches!(rest[i..], [b'\\', b'n' | b'r', ..]);
        let end = (0..rest.len()).find(|&i| rest[i] == b'\n' || escape(i));
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = match after {
            [b'\\', _, after @ ..] | [b'\n', after @ ..] => after,
            _ => after,
        };
        Some(line)
    })
}

/// `text` before and after the first `mark`.
fn cut<'t>(text: &'t [u8], mark: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let at = text.windows(mark.len()).position(|w| w == mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

#[cfg(test)]
mod tests {
    use super::{Confidence, check, check_base64};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};
    use crate::checksum::{base64, der};

    fn block(lines: &str) -> String {
        ["-----BEGIN ", "PRIVATE KEY-----", lines, "-----END ", "PRIVATE KEY-----"].concat()
    }

    fn key() -> String {
        base64::encode(&der::seal_ec(&[7; 32]))
    }

    #[test]
    fn a_key_is_read_through_every_wrapping() {
        let key = key();
        let (a, b) = key.split_at(64);
        for lines in [
            format!("\n{a}\n{b}\n"),
            format!("\r\n{a}\r\n{b}\r\n"),
            format!("\\n{a}\\n{b}\\n"),
            format!("\n    {a}\n    {b}\n    "),
            format!("\\n\" +\n  \"{a}\\n\" +\n  \"{b}\\n\" +\n \""),
            format!("\n# {a}\n# {b}\n# "),
            format!(" {a} {b} "),
        ] {
            assert_eq!(check(block(&lines).as_bytes()).outcome, Passed, "{lines}");
        }
    }

    #[test]
    fn labels_and_placeholders_are_no_keys() {
        for lines in ["", "\\n", "...", "\n<your key>\n", "\nMIIEpAIBAAKCAQEA...\n", "\" + body + \""] {
            assert_eq!(check(block(lines).as_bytes()).outcome, Failed, "{lines}");
        }
    }

    #[test]
    fn what_breaks_off_may_have_been_a_key() {
        let cut = ["-----BEGIN RSA ", "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA"].concat();
        let checked = check(cut.as_bytes());
        assert_eq!((checked.outcome, checked.confidence), (Unknown, Some(Confidence::Low)));
    }

    #[test]
    fn a_passphrase_lowers_severity() {
        let body = base64::encode(&[9; 64]);
        let lines = format!("\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n{body}\n");
        let checked = check(block(&lines).replace("BEGIN ", "BEGIN RSA ").as_bytes());
        assert_eq!((checked.outcome, checked.note.as_deref()), (Passed, Some("a key under a passphrase")));
    }

    #[test]
    fn base64_of_a_block_is_a_key() {
        let text = base64::encode(block(&format!("\n{}\n", key())).as_bytes());
        assert_eq!(check_base64(text.as_bytes()).outcome, Passed);
        assert_eq!(check_base64(b"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t").outcome, Failed);
    }
}
