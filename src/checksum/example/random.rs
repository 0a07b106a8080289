//! Draws that depend on a seed alone.

/// A stream of bytes that a seed determines.
pub(super) struct Random(blake3::OutputReader);

impl Random {
    pub(super) fn new(seed: &str) -> Self {
        Self(
            blake3::Hasher::new_derive_key("leakward examples of rules")
                .update(seed.as_bytes())
                .finalize_xof(),
        )
    }

    /// `N` bytes, any.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    /// `len` bytes, any.
    pub(super) fn many(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.fill(&mut bytes);
        bytes
    }

    /// A number below `end`, which is at least 1.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (u64::from_le_bytes(self.bytes()) % end as u64) as usize
    }

    /// `len` characters of `alphabet`, as varied as such a token usually is.
    pub(super) fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        let usual = len.min(alphabet.len()) * 3 / 5;
        loop {
            let drawn: Vec<u8> = (0..len).map(|_| alphabet[self.below(alphabet.len())]).collect();
            let mut kinds = drawn.clone();
            kinds.sort_unstable();
            kinds.dedup();
            if kinds.len() >= usual {
                return drawn.into_iter().map(char::from).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_draw_is_as_varied_as_usual() {
        let mut random = Random::new("x");
        for len in 0..80 {
            let text = random.text(b"0123456789abcdef", len);
            assert_eq!(text.len(), len);
            let mut kinds: Vec<_> = text.bytes().collect();
            kinds.sort_unstable();
            kinds.dedup();
            assert!(kinds.len() >= len.min(16) * 3 / 5);
        }
    }
}
