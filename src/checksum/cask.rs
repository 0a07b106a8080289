//! Azure's common annotated keys: 52 random characters, `JQQJ99`, a month, 12 and 4 reserved characters, the
//! service's signature, a checksum of 4 (or, in the long form, 6 and `==`) characters.
//!
//! Source: microsoft/security-utilities. That source computes the checksum but publishes no value to test it with,
//! so a checksum that does not hold drops nothing.

use super::marvin::{hash32, seed};
use super::radix::{BASE62, digits};
use super::{Checked, PASSED, base64};

/// Characters that the checksum covers: all before it.
const COVERED: usize = 80;
/// Characters of a short key.
const SHORT: usize = 84;

/// Judges a key of either length.
pub(super) fn check(secret: &[u8]) -> Checked {
    let Some((body, check)) = secret.split_at_checked(COVERED) else { return Checked::failed() };
    let Some(bytes) = base64::decode(body) else { return Checked::failed() };
    let check = check.strip_suffix(b"==").unwrap_or(check);
    let hash = hash32(&bytes, seed(b"Default0")).to_le_bytes();
    let holds = in_base62(hash)[..4] == check[..4.min(check.len())]
        || base64::encode(&hash).as_bytes().starts_with(check);
    if holds { Checked::passed(PASSED) } else { Checked::unknown() }
}

/// A short key from 52 random characters of base 62 and a signature such as `AZDO`.
pub(super) fn seal(random: &str, signature: &str) -> String {
    let body = format!("{random}JQQJ99BEACAAAAAAAAAAAAAA{signature}");
    let bytes = base64::decode(body.as_bytes()).map(|b| b.to_vec()).unwrap_or_default();
    let check = in_base62(hash32(&bytes, seed(b"Default0")).to_le_bytes());
    body + &String::from_utf8_lossy(&check[..SHORT - COVERED])
}

/// The four bytes, the first the most significant, in 6 digits of base 62; zeros fill up on the right.
fn in_base62(hash: [u8; 4]) -> Vec<u8> {
    let mut text = digits(u32::from_be_bytes(hash).into(), BASE62, 1);
    text.resize(6, b'0');
    text
}

#[cfg(test)]
mod tests {
    use super::{check, seal};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};

    #[test]
    fn a_sealed_key_passes_and_a_changed_one_is_left_alone() {
        let key = seal(&"aB3d".repeat(13), "AZDO");
        assert_eq!((key.len(), &key[52..58], &key[76..80]), (84, "JQQJ99", "AZDO"));
        assert_eq!(check(key.as_bytes()).outcome, Passed);
        assert_eq!(check(key.replacen("aB", "aC", 1).as_bytes()).outcome, Unknown);
        assert_eq!(check(&key.as_bytes()[..79]).outcome, Failed);
    }
}
