//! Credentials of HTTP headers: `Authorization: Basic …`, `Bearer …`, wherever they are quoted.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::model::{Secret, Span};

/// A `user:password` pair that was encoded in base64.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// The encoded run.
    pub span: Span,
    /// The decoded text, which holds a colon.
    pub text: Secret,
    /// Where the password begins in `text`.
    pub password: usize,
}

/// Bytes of a credential of a header; a longer one is cut.
const LONGEST: usize = 1000;

/// Shorter runs decode to nothing of use.
const SHORTEST: usize = 6;

/// Base64 of any age: padding or not, whatever the trailing bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Pair {
    /// The pair whose encoding begins at `at`.
    pub(crate) fn read(text: &[u8], at: usize) -> Option<Self> {
        let span = run(text, at, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        if span.len() < SHORTEST {
            return None;
        }
        let decoded = decode(span.of(text))?;
        let colon = memchr::memchr(b':', &decoded)?;
        let user = &decoded[..colon];
        let plain = user.iter().all(|b| b.is_ascii_graphic() || *b == b' ' || *b >= 0x80);
        (plain && printable(&decoded) && colon + 1 < decoded.len()).then(|| Self {
            span,
            password: colon + 1, // leakward:allow
            text: Secret::new(&decoded),
        })
    }
}

/// The credential behind the scheme word at `scheme` (`Bearer`, `token`…), when a blank follows the word.
pub(crate) fn bearer(text: &[u8], scheme: Span) -> Option<Span> {
    let at = super::assignment::skip_blanks(text, scheme.end);
    if at == scheme.end || scheme.start > 0 && text[scheme.start - 1].is_ascii_alphanumeric() {
        return None;
    }
    let span = run(text, at, |b| b.is_ascii_alphanumeric() || b"-._~+/=|:".contains(&b));
    // A template goes on behind the run.
    if text[span.end..].starts_with(b"{{") || text[span.end..].starts_with(b"${") {
        return None;
    }
    let end =
        span.of(text).iter().rposition(|b| !matches!(b, b'.' | b':' | b'|')).map(|i| span.start + i + 1)?;
    Some(Span::new(span.start, end))
}

/// Base64 (standard alphabet, padded or not) that decodes to text.
pub(crate) fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    LENIENT.decode(encoded).ok()
}

/// Whether `text` is printable UTF-8.
pub(crate) fn printable(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|t| t.chars().all(|c| !c.is_control()))
}

fn run(text: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> Span {
    let length = text[at.min(text.len())..].iter().take(LONGEST).take_while(|&&b| belongs(b)).count();
    Span::new(at, at + length)
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};

    use super::*;

    #[test]
    fn a_pair_is_decoded_and_split() {
        let text = format!("Basic {}'", BASE64_STANDARD.encode("joe:vQ2m:9"));
        let pair = Pair::read(text.as_bytes(), 6).unwrap();
        // A test compares the value itself.
        assert_eq!(&pair.text.expose()[pair.password..], b"vQ2m:9");
        assert_eq!(text.as_bytes()[pair.span.end], b'\'');
    }

    #[test]
    fn words_and_halves_are_no_pair() {
        for text in ["login_and_password", "authentication", &BASE64_STANDARD.encode("joe:"), "{b64}", "Og=="]
        {
            assert!(Pair::read(text.as_bytes(), 0).is_none(), "{text}");
        }
    }

    #[test]
    fn a_bearer_ends_where_its_alphabet_ends() {
        let text = b"Bearer vQ2m.9x_z-1\", x"; // leakward:allow
        assert_eq!(bearer(text, Span::new(0, 6)), Some(Span::new(7, 18)));
        assert_eq!(bearer(b"xBearer a", Span::new(1, 7)), None);
        assert_eq!(bearer(b"Bearer a-{{b}}", Span::new(0, 6)), None);
    }
}
