//! What words look like: three-letter statistics and a set of common words, both learnt from text.

/// Letters and the border between words.
const SYMBOLS: usize = 27;
/// Entries of the table of three-letter statistics.
pub const TRIGRAMS: usize = SYMBOLS * SYMBOLS * SYMBOLS;
/// Bits of the set of words.
pub const WORD_BITS: usize = 1 << 17;
/// Bits that one word sets.
const PROBES: u64 = 3;

/// What words look like. Borrowed from the embedded model.
#[derive(Debug, Clone, Copy)]
pub struct Lexicon<'m> {
    /// Surprise at a letter behind two others, in 1/16 bits: [`TRIGRAMS`] entries.
    pub trigrams: &'m [u8],
    /// A Bloom filter of words: [`WORD_BITS`] / 8 bytes.
    pub words: &'m [u8],
}

impl Lexicon<'_> {
    /// Average surprise at the letters of `text`, in 1/16 bits per letter; 0 when it has no letters.
    pub fn strangeness(&self, text: &[u8]) -> u8 {
        let (mut a, mut b) = (0, 0);
        let (mut sum, mut letters) = (0u32, 0u32);
        for &byte in text {
            let c = symbol(byte);
            if c != 0 || b != 0 {
                sum += u32::from(self.trigrams[trigram(a, b, c)]);
                letters += 1;
            }
            (a, b) = (b, c);
        }
        sum.checked_div(letters).map_or(0, |mean| mean.min(255) as u8)
    }

    /// Whether `word` (letters of any case) is a common word.
    pub fn knows(&self, word: &[u8]) -> bool {
        probes(word).all(|bit| self.words[bit / 8] & (1 << (bit % 8)) != 0)
    }
}

/// The symbol of a byte: 1 to 26 for letters of either case, 0 for the border.
pub const fn symbol(byte: u8) -> usize {
    let lower = byte | 0x20;
    if lower.is_ascii_lowercase() && byte.is_ascii_alphabetic() { (lower - b'a') as usize + 1 } else { 0 }
}

/// The index of three symbols in [`Lexicon::trigrams`].
pub const fn trigram(a: usize, b: usize, c: usize) -> usize {
    (a * SYMBOLS + b) * SYMBOLS + c
}

/// The bits of `word` in [`Lexicon::words`].
pub fn probes(word: &[u8]) -> impl Iterator<Item = usize> + use<> {
    // FNV-1a over the small letters.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in word {
        hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3);
    }
    let step = (hash >> 32) | 1;
    (0..PROBES).map(move |i| (hash.wrapping_add(step.wrapping_mul(i)) % WORD_BITS as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whatever_their_case() {
        let mut words = vec![0; WORD_BITS / 8];
        for bit in probes(b"banana") {
            words[bit / 8] |= 1 << (bit % 8);
        }
        let lexicon = Lexicon { trigrams: &[0; TRIGRAMS], words: &words };
        assert!(lexicon.knows(b"BANANA") && !lexicon.knows(b"bananb"));
    }

    #[test]
    fn surprise_is_averaged_over_letters() {
        let mut trigrams = vec![160; TRIGRAMS];
        trigrams[trigram(0, 0, symbol(b'a'))] = 16;
        let lexicon = Lexicon { trigrams: &trigrams, words: &[] };
        assert_eq!([lexicon.strangeness(b"a"), lexicon.strangeness(b"123")], [16, 0]);
        assert_eq!(lexicon.strangeness(b"q"), 160);
    }
}
