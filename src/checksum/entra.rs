//! Client secrets of Microsoft Entra: `8Q~` after three characters, and three characters of a Marvin32 at the end.
//!
//! Source: microsoft/security-utilities. Secrets with `7Q~` have no checksum.

use super::Checked;
use super::marvin::{hash32, seed};
use super::radix::digits;

const ALPHABET: &[u8; 66] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";
/// Characters of the checksum, of which a secret holds the first three.
const CHECK: usize = 6;
const HELD: usize = 3;

/// Judges a whole secret.
pub(super) fn check(secret: &[u8]) -> Checked {
    match secret.split_last_chunk::<HELD>() {
        Some((text, check)) if text.get(3..6) == Some(b"8Q~") => Checked::strict(check_of(text) == check),
        _ => Checked::unknown(),
    }
}

/// The three characters with which a secret that begins with `text` ends.
pub(super) fn check_of(text: &[u8]) -> Vec<u8> {
    let mut check = digits(hash32(text, seed(b"AadPwd00")).into(), ALPHABET, CHECK);
    check.truncate(HELD);
    check
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::checksum::Outcome::{Failed, Passed, Unknown};

    #[test]
    fn microsoft_s_example_passes() {
        // Source: `AadClientAppIdentifiableCredentials` of microsoft/security-utilities.
        let secret = ["zzz8Q", "~", &"z".repeat(31), "blP"].concat();
        assert_eq!(check(secret.as_bytes()).outcome, Passed);
        assert_eq!(check(secret.replace("bl", "bm").as_bytes()).outcome, Failed);
        assert_eq!(check(secret.replace('8', "7").as_bytes()).outcome, Unknown);
    }
}
