//! Numbers written in the digits that tokens use.

use zeroize::Zeroizing;

/// Digits of base 62 as GitHub, npm and Microsoft write them.
pub(super) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits of base 36.
pub(super) const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// `number` in the digits of `alphabet`, most significant first, filled up to `width` with the digit zero.
pub(super) fn digits(mut number: u64, alphabet: &[u8], width: usize) -> Vec<u8> {
    let base = alphabet.len() as u64;
    let mut text = Vec::with_capacity(width);
    while number > 0 {
        // The remainder is below the alphabet's length.
        text.push(alphabet[(number % base) as usize]);
        number /= base;
    }
    while text.len() < width {
        text.push(alphabet[0]);
    }
    text.reverse();
    text
}

/// Bytes that `text` stands for in base32 (RFC 4648, any case, no padding); trailing bits are dropped.
pub(super) fn base32(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8));
    let (mut buffer, mut bits) = (0u32, 0);
    for &c in text {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a',
            b'2'..=b'7' => c - b'2' + 26,
            _ => return None,
        };
        buffer = (buffer << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    Some(bytes)
}

/// `bytes` in base32, lower case, no padding.
pub(super) fn to_base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut buffer, mut bits) = (0u32, 0);
    let mut push =
        |value: u32| text.push(char::from(b"abcdefghijklmnopqrstuvwxyz234567"[value as usize & 31]));
    for &byte in bytes {
        buffer = (buffer << 8 | u32::from(byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(buffer >> bits);
        }
    }
    if bits > 0 {
        push(buffer << (5 - bits));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{BASE62, base32, digits, to_base32};

    #[test]
    fn digits_are_filled_up_with_zeros() {
        assert_eq!(digits(0, BASE62, 3), b"000");
        assert_eq!(digits(62 * 62 + 35, BASE62, 2), b"10Z");
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        // Source: RFC 4648, section 10.
        assert_eq!(base32(b"MZXW6YTBOI").unwrap().as_slice(), b"foobar");
        assert_eq!(to_base32(b"foobar"), "mzxw6ytboi");
        assert!(base32(b"MZXW1").is_none());
    }
}
