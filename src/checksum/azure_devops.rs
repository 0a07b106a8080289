//! Azure DevOps' older personal access tokens: 52 characters of base32 that hold a CRC32 of themselves.
//!
//! Of the 32 bytes, those at 2, 7, 8 and 22 are the CRC32 (IEEE) of the other 28, most significant first, exclusive
//! or with a constant: one for users' tokens and one for applications'. Source: microsoft/security-utilities.

use zeroize::Zeroizing;

use super::radix::{base32, to_base32};
use super::{Checked, PASSED};

const USER: u32 = 0xe0b9_692d;
const APPLICATION: u32 = 0x1019_f92e;
/// Where the bytes of the checksum stand, most significant first.
const PLACES: [usize; 4] = [2, 7, 8, 22];
const BYTES: usize = 32;

/// Judges a token. Two in four billion random strings pass, so no other sign is needed.
pub(super) fn check(secret: &[u8]) -> Checked {
    let Some(bytes) = base32(secret).filter(|bytes| bytes.len() == BYTES) else { return Checked::failed() };
    let held = u32::from_be_bytes(PLACES.map(|place| bytes[place]));
    match crc_of_rest(&bytes) ^ held {
        USER => Checked::passed(PASSED),
        APPLICATION => Checked::passed("checksum of an application's token passed"),
        _ => Checked::failed(),
    }
}

/// `random` as a user's token.
pub(super) fn seal(mut random: [u8; BYTES]) -> String {
    let held = (crc_of_rest(&random) ^ USER).to_be_bytes();
    for (place, byte) in PLACES.into_iter().zip(held) {
        random[place] = byte;
    }
    to_base32(&random)
}

fn crc_of_rest(bytes: &[u8]) -> u32 {
    let rest = bytes.iter().enumerate().filter(|(i, _)| !PLACES.contains(i)).map(|(_, &b)| b);
    crc32fast::hash(&Zeroizing::new(rest.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::{check, seal};
    use crate::checksum::Outcome::{Failed, Passed};

    #[test]
    fn a_sealed_token_passes_until_one_character_changes() {
        let token = seal(*b"0123456789abcdef0123456789ABCDEF");
        assert_eq!(token.len(), 52);
        assert_eq!(check(token.as_bytes()).outcome, Passed);
        let changed = format!("{}{}", if token.starts_with('a') { 'b' } else { 'a' }, &token[1..]);
        assert_eq!(check(changed.as_bytes()).outcome, Failed);
        assert_eq!(check(b"tooshort").outcome, Failed);
    }
}
