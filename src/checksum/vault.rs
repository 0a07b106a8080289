//! Tokens of HashiCorp Vault.
//!
//! A service token that is consistent across servers (`hvs.CAES…`) is a protocol buffer in URL-safe base64: a
//! version (field 1), an HMAC-SHA-256 (field 2) and the token itself (field 3).
//! Sources: <https://developer.hashicorp.com/vault/docs/concepts/tokens>, `helper/pb` of hashicorp/vault

use super::varint::varint;
use super::{Checked, PASSED, base64};

/// Judges a token with its prefix. Only those that claim to be a protocol buffer can fail.
pub(super) fn check(secret: &[u8]) -> Checked {
    let Some(body) = secret.strip_prefix(b"hvs.").filter(|body| body.starts_with(b"CAES")) else {
        return Checked::unknown();
    };
    // A namespace may follow: `.` and five characters.
    let body = body.split(|&b| b == b'.').next().unwrap_or(body);
    let Some(bytes) = base64::decode(body) else { return Checked::failed() };
    if parses(&bytes) { Checked::passed(PASSED) } else { Checked::failed() }
}

/// Whether `bytes` are the three fields and nothing else.
fn parses(bytes: &[u8]) -> bool {
    let Some(mut rest) = bytes.strip_prefix(&[0x08, 0x01]) else { return false };
    counted(&mut rest, 2, 32).and_then(|()| counted(&mut rest, 3, 24)).is_some() && rest.is_empty()
}

/// Takes field `number`, of at least `least` bytes, from the front of `rest`.
fn counted(rest: &mut &[u8], number: u64, least: usize) -> Option<()> {
    if varint(rest)? != number << 3 | 2 {
        return None;
    }
    let len = usize::try_from(varint(rest)?).ok()?;
    let (content, after) = rest.split_at_checked(len)?;
    *rest = after;
    (content.len() >= least).then_some(())
}

/// A token from an HMAC and 24 characters.
pub(super) fn seal(hmac: &[u8; 32], random: &[u8; 24]) -> String {
    // The inner token is a message of its own: its random characters are field 1.
    let inner = [&[0x0a, 28], b"hvs.".as_slice(), random].concat();
    let bytes = [&[0x08, 0x01, 0x12, 32], hmac.as_slice(), &[0x1a, inner.len() as u8], &inner].concat();
    format!("hvs.{}", base64::encode_url(&bytes))
}

#[cfg(test)]
mod tests {
    use super::{check, seal};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};

    #[test]
    fn a_consistent_token_parses_whole_or_not_at_all() {
        let token = seal(&[3; 32], b"0123456789abcdefghijABCD");
        assert!(token.starts_with("hvs.CAESI") && token.len() >= 90, "{}", token.len()); // leakward:allow
        assert_eq!(check(token.as_bytes()).outcome, Passed, "{token}");
        assert_eq!(check(format!("{token}.abcde").as_bytes()).outcome, Passed);
        assert_eq!(check(&token.as_bytes()[..token.len() - 4]).outcome, Failed);
    }

    #[test]
    fn a_root_token_has_nothing_to_parse() {
        assert_eq!(check(b"hvs.0123456789abcdefghijABCD").outcome, Unknown); // leakward:allow
    }
}
