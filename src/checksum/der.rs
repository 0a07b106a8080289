//! As much of DER (ITU-T X.690) as tells a private key from other bytes.

/// An element's tag, its content, and what follows it.
pub(crate) fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (size, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (size.iter().fold(0, |n, &b| n << 8 | usize::from(b)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/// Whether `bytes` begin with one whole sequence of a size that a key may have.
pub(super) fn is_sequence(bytes: &[u8]) -> bool {
    matches!(element(bytes), Some((SEQUENCE, content, _)) if content.len() >= 40)
}

/// Whether `bytes` are a private key: PKCS#1, SEC 1, PKCS#8 (RFC 5958) or OpenSSL's DSA form. Each is a sequence
/// that begins with a small version; a public key or certificate is not.
pub(super) fn is_private_key(bytes: &[u8]) -> bool {
    let Some((SEQUENCE, content, _)) = element(bytes) else { return false };
    let Some((INTEGER, [0..=2], rest)) = element(content) else { return false };
    // Version, then a modulus (PKCS#1, DSA), a scalar (SEC 1) or an algorithm (PKCS#8).
    matches!(element(rest), Some((INTEGER, number, _)) if number.len() >= 32)
        || matches!(element(rest), Some((0x04, scalar, _)) if scalar.len() >= 20)
        || matches!(element(rest), Some((SEQUENCE, algorithm, after))
            if algorithm.first() == Some(&0x06) && matches!(element(after), Some((0x04, key, _)) if key.len() >= 32))
}

/// `tag` with `content`.
pub(super) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let mut out = vec![tag];
    match len {
        0..=0x7f => out.push(len as u8),
        0x80..=0xff => out.extend([0x81, len as u8]),
        _ => out.extend([0x82, (len >> 8) as u8, len as u8]),
    }
    out.extend(content);
    out
}

/// An Ed25519 key of `seed` in PKCS#8 (RFC 8410).
pub(super) fn seal_ec(seed: &[u8; 32]) -> Vec<u8> {
    let algorithm = wrap(SEQUENCE, &[0x06, 0x03, 0x2b, 0x65, 0x70]);
    let key = wrap(0x04, &wrap(0x04, seed));
    wrap(SEQUENCE, &[wrap(INTEGER, &[0]), algorithm, key].concat())
}

/// A sequence of version 0 and `numbers`, as PKCS#1 and OpenSSL's DSA keys are.
pub(super) fn seal_numbers(numbers: &[Vec<u8>]) -> Vec<u8> {
    let mut content = wrap(INTEGER, &[0]);
    numbers.iter().for_each(|number| content.extend(wrap(INTEGER, number)));
    wrap(SEQUENCE, &content)
}

#[cfg(test)]
mod tests {
    use super::{is_private_key, is_sequence, seal_ec, seal_numbers, wrap};

    #[test]
    fn private_keys_are_told_from_public_ones() {
        assert!(is_private_key(&seal_ec(&[1; 32])));
        assert!(is_private_key(&seal_numbers(&[vec![1; 128], vec![1, 0, 1]])));
        let public =
            wrap(0x30, &[wrap(0x30, &[0x06, 0x03, 0x2b, 0x65, 0x70]), wrap(0x03, &[0; 33])].concat());
        assert!(!is_private_key(&public) && is_sequence(&public));
    }

    #[test]
    fn what_is_cut_short_is_no_key() {
        let key = seal_ec(&[1; 32]);
        assert!((0..key.len()).all(|end| !is_private_key(&key[..end])));
    }
}
