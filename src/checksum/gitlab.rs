//! GitLab's routable tokens: `<prefix><payload>[.<version>].<length><crc32>`.
//!
//! The payload is URL-safe base64, its length is two digits and the CRC32 of all before it seven digits of base 36.
//! Source: `Authn::TokenField::Generator::RoutableToken` of gitlab-org/gitlab and the handbook's design document
//! "Routable Tokens". The prefix is under the CRC too, and may be of the instance's own choosing.

use super::Checked;
use super::radix::{BASE36, digits};

/// Base-36 digits of the length and of the CRC32.
const LENGTH: usize = 2;
const CRC: usize = 7;

/// Judges tokens with a dot; those without are of the older, random kind.
pub(super) fn check(secret: &[u8]) -> Checked {
    let Some(dot) = secret.iter().rposition(|&b| b == b'.') else { return Checked::unknown() };
    let tail = &secret[dot + 1..];
    if tail.len() != LENGTH + CRC {
        return Checked::failed();
    }
    let (head, crc) = secret.split_at(secret.len() - CRC);
    Checked::strict(crc_of(head) == crc)
}

/// `prefix` and `payload` (URL-safe base64) as a token of version 1.
pub(super) fn seal(prefix: &str, payload: &str) -> String {
    let length = digits(payload.len() as u64, BASE36, LENGTH);
    let head = [prefix.as_bytes(), payload.as_bytes(), b".01.", &length].concat();
    let crc = crc_of(&head);
    String::from_utf8_lossy(&[head, crc].concat()).into_owned()
}

fn crc_of(head: &[u8]) -> Vec<u8> {
    digits(crc32fast::hash(head).into(), BASE36, CRC)
}

#[cfg(test)]
mod tests {
    use super::{check, seal};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};

    #[test]
    fn a_sealed_token_passes_until_one_character_changes() {
        let token = seal("glpat-", &"Ab-9".repeat(9));
        assert!(token.starts_with("glpat-Ab-9") && token.contains(".01.10"), "36 is 10 in base 36"); // leakward:allow
        assert_eq!(check(token.as_bytes()).outcome, Passed);
        assert_eq!(check(token.replacen("Ab", "Aa", 1).as_bytes()).outcome, Failed);
    }

    #[test]
    fn random_tokens_have_no_checksum() {
        assert_eq!(check(b"glpat-0123456789abcdefghij").outcome, Unknown); // leakward:allow
    }
}
