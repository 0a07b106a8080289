//! Shannon entropy of a value.

use bstr::ByteSlice;

/// Shannon entropy of `bytes` in bits per byte, 0.0 (empty or all equal) to 8.0.
pub fn shannon(bytes: &[u8]) -> f32 {
    if bytes.is_empty() { 0.0 } else { entropy::shannon_entropy(bytes) }
}

/// Shannon entropy of `text` as gitleaks measures it: characters are counted, but divided by the number of bytes, in
/// twice the precision. About the same as [`shannon`] where the text is ASCII.
pub fn of_characters(text: &[u8]) -> f32 {
    let mut counts = std::collections::BTreeMap::new();
    text.chars().for_each(|c| *counts.entry(c).or_insert(0u32) += 1);
    let share = |count: &u32| f64::from(*count) / text.len() as f64;
    counts.values().map(share).fold(0.0, |sum, p| sum - p * p.log2()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_equally_likely_bytes_carry_two_bits_each() {
        assert!((shannon(b"abcd") - 2.0).abs() < 1e-6);
        assert_eq!(shannon(b""), 0.0);
        assert_eq!(shannon(b"aaaa"), 0.0);
    }

    #[test]
    fn characters_are_counted_and_bytes_divided_by() {
        assert!((of_characters("éè".as_bytes()) - 1.0).abs() < 1e-6);
        assert!((of_characters(b"abcd") - 2.0).abs() < 1e-6);
    }
}
