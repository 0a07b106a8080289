//! age identities: bech32 (BIP 173) in upper case. Source: <https://age-encryption.org/v1>

use super::Checked;

const DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const PREFIX: &[u8] = b"age-secret-key-";
/// Digits of the checksum.
const CHECK: usize = 6;

/// Judges a whole identity.
pub(super) fn check(secret: &[u8]) -> Checked {
    let text = secret.to_ascii_lowercase();
    let Some(data) = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(b"1")) else {
        return Checked::failed();
    };
    let values: Option<Vec<u8>> =
        data.iter().map(|c| DIGITS.iter().position(|d| d == c).map(|i| i as u8)).collect();
    Checked::strict(values.is_some_and(|values| polymod(&values) == 1))
}

/// The identity of `key`.
pub(super) fn seal(key: &[u8; 32]) -> String {
    let mut values = Vec::new();
    let (mut buffer, mut bits) = (0u32, 0);
    for &byte in key {
        buffer = (buffer << 8 | u32::from(byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            values.push((buffer >> bits & 31) as u8);
        }
    }
    values.push((buffer << (5 - bits) & 31) as u8);
    let open = values.len();
    values.resize(open + CHECK, 0);
    let check = polymod(&values) ^ 1;
    for (i, value) in values[open..].iter_mut().enumerate() {
        *value = (check >> (5 * (CHECK - 1 - i)) & 31) as u8;
    }
    let text: String = values.iter().map(|&v| char::from(DIGITS[usize::from(v)])).collect();
    format!("age-secret-key-1{text}").to_ascii_uppercase()
}

/// The checksum of the prefix, spread as BIP 173 says, and `values`.
fn polymod(values: &[u8]) -> u32 {
    let high = PREFIX.iter().map(|b| b >> 5);
    let low = PREFIX.iter().map(|b| b & 31);
    high.chain([0]).chain(low).chain(values.iter().copied()).fold(1, |sum, value| {
        let top = sum >> 25;
        let sum = (sum & 0x1ff_ffff) << 5 ^ u32::from(value);
        [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
            .into_iter()
            .enumerate()
            .fold(sum, |sum, (i, generator)| if top >> i & 1 == 1 { sum ^ generator } else { sum })
    })
}

#[cfg(test)]
mod tests {
    use super::{check, seal};
    use crate::checksum::Outcome::{Failed, Passed};

    #[test]
    fn the_format_s_published_identity_passes() {
        // Source: the test vectors of the age specification (C2SP/CCTV).
        let identity =
            ["AGE-SECRET-KEY-1", "XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6"].concat(); // leakward:allow
        assert_eq!(check(identity.as_bytes()).outcome, Passed);
        assert_eq!(check(identity.replace("1XM", "1XN").as_bytes()).outcome, Failed);
    }

    #[test]
    fn a_sealed_identity_passes() {
        let identity = seal(&[0x5a; 32]);
        assert_eq!(identity.len(), 74);
        assert_eq!(check(identity.as_bytes()).outcome, Passed);
    }
}
