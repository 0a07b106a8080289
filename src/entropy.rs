//! Shannon entropy of a value.

/// Shannon entropy of `bytes` in bits per byte, 0.0 (empty or all equal) to 8.0.
pub fn shannon(bytes: &[u8]) -> f32 {
    if bytes.is_empty() { 0.0 } else { entropy::shannon_entropy(bytes) }
}

#[cfg(test)]
mod tests {
    use super::shannon;

    #[test]
    fn four_equally_likely_bytes_carry_two_bits_each() {
        assert!((shannon(b"abcd") - 2.0).abs() < 1e-6);
        assert_eq!(shannon(b""), 0.0);
        assert_eq!(shannon(b"aaaa"), 0.0);
    }
}
