//! Tells token characters, zeros and possible starts of literals, 64 bytes at a time: the one place of the detector that
//! speaks to the processor directly.
//!
//! With AVX2 both questions are answered by looking up the two halves of each byte in tables of 16 (Hyperscan's
//! "Teddy"), some 60 instructions for 32 bytes. With AVX-512 and its VBMI each byte is looked up whole, 64 at a time,
//! and fewer places pass for starts that are none. Other processors take the portable path, which the tests hold
//! against these.

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the vector instructions of x86-64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the vector instructions of x86-64")]
mod avx512;
mod codes;

use super::BATCH;
use super::groups::{GROUPS, Group, WIDTH};
use crate::rule::Alphabet;
use codes::Codes;

/// What is known of 64 bytes; bit `i` stands for byte `i`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Characters of each of [`Alphabet::ALL`].
    pub(super) runs: [u64; 3],
    /// Bytes at which the key of a literal may begin.
    pub(super) starts: u64,
    /// Zeros.
    pub(super) zeros: u64,
}

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;
/// Bytes after the last block that must be readable.
pub(super) const AFTER: usize = WIDTH - 1;

/// The tables.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    characters: Nibbles,
    /// By eight groups and place in the key.
    starts: [[Nibbles; WIDTH]; GROUPS / 8],
    codes: Codes,
    path: Path,
}

/// How the tables are looked into. Each says the same of runs, and the later of starts at most what the earlier do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Path {
    Portable,
    Avx2,
    Avx512,
}

/// A byte is in group `g` when bit `g` is set for both its halves.
#[derive(Debug, Clone, Copy, Default)]
struct Nibbles {
    low: [u8; 16],
    high: [u8; 16],
}

/// The groups of [`Nibbles::of_characters`] that each of [`Alphabet::ALL`] is made of.
const ALPHABETS: [u8; 3] = [0b0000_0011, 0b0000_1111, 0b0111_1111];

impl Nibbles {
    /// Groups that tell the alphabets apart, exactly.
    fn of_characters() -> Self {
        let mut nibbles = Self::default();
        // Of each group, every lower half goes with every upper half.
        let groups: [&[u8]; 7] = [
            b"0123456789",
            b"abcdefABCDEF",
            b"ghijklmnoGHIJKLMNO",
            b"pqrstuvwxyzPQRSTUVWXYZ",
            b"+-/",
            b"=",
            b"_",
        ];
        for (group, bytes) in (0..).zip(groups) {
            bytes.iter().for_each(|&b| nibbles.add(b, group));
        }
        nibbles
    }

    fn add(&mut self, byte: u8, group: u8) {
        self.low[usize::from(byte & 15)] |= 1 << group;
        self.high[usize::from(byte >> 4)] |= 1 << group;
    }

    const fn groups(&self, byte: u8) -> u8 {
        self.low[(byte & 15) as usize] & self.high[(byte >> 4) as usize]
    }
}

impl Tables {
    /// Tables for literals whose keys `groups` let through, at most [`GROUPS`].
    pub(super) fn new(groups: &[Group]) -> Self {
        let characters = Nibbles::of_characters();
        let mut starts = [[Nibbles::default(); WIDTH]; GROUPS / 8];
        for (i, group) in groups.iter().enumerate() {
            for (nibbles, halves) in starts[i / 8].iter_mut().zip(group.map(|place| place.halves)) {
                for half in 0..16 {
                    nibbles.low[half] |= ((halves.low >> half & 1) as u8) << (i % 8);
                    nibbles.high[half] |= ((halves.high >> half & 1) as u8) << (i % 8);
                }
            }
        }
        Self { characters, starts, codes: Codes::new(groups), path: Path::best() }
    }

    /// Classifies the first `64 * blocks.len()` bytes of `bytes`, which must hold [`AFTER`] more; at most [`BATCH`] blocks.
    pub(super) fn classify(&self, bytes: &[u8], blocks: &mut [Block]) {
        assert!(bytes.len() >= blocks.len() * BLOCK + AFTER, "the caller leaves room after the last block");
        assert!(blocks.len() <= BATCH, "the caller asks for a batch at a time");
        match self.path {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the vector instructions of x86-64")]
            // SAFETY: `path` says that the processor has them; the length was checked above.
            Path::Avx512 => unsafe { avx512::classify(self, bytes, blocks) },
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the vector instructions of x86-64")]
            // SAFETY: as above.
            Path::Avx2 => unsafe { avx2::classify(self, bytes, blocks) },
            _ => self.classify_portably(bytes, blocks),
        }
    }

    /// The same tables, looked into as processors do that have less, for each such way, and as this one does.
    #[cfg(test)]
    pub(super) fn by_path(&self) -> Vec<Self> {
        let paths = [Path::Portable, Path::Avx2, Path::Avx512].into_iter().filter(|&path| path <= self.path);
        paths.map(|path| Self { path, ..self.clone() }).collect()
    }

    /// The starts in the first 64 bytes of `text`; `None` when the processor has no fast way to tell.
    pub(super) fn starts(&self, text: &[u8; BLOCK + AFTER]) -> Option<u64> {
        match self.path {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the vector instructions of x86-64")]
            // SAFETY: `path` says that the processor has them.
            Path::Avx512 => Some(unsafe { avx512::starts(self, text) }),
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the vector instructions of x86-64")]
            // SAFETY: as above.
            Path::Avx2 => Some(unsafe { avx2::starts(self, text) }),
            _ => None,
        }
    }

    fn classify_portably(&self, bytes: &[u8], blocks: &mut [Block]) {
        for (i, block) in blocks.iter_mut().enumerate() {
            let text = &bytes[i * BLOCK..(i + 1) * BLOCK + AFTER];
            *block = Block::default();
            for (at, key) in text.windows(WIDTH).enumerate() {
                let groups = |places: &[Nibbles; WIDTH]| {
                    places.iter().zip(key).fold(u8::MAX, |left, (nibbles, &b)| left & nibbles.groups(b))
                };
                let start = self.starts.iter().any(|places| groups(places) != 0);
                block.starts |= u64::from(start) << at;
                block.zeros |= u64::from(key[0] == 0) << at;
                for (mask, alphabet) in block.runs.iter_mut().zip(Alphabet::ALL) {
                    *mask |= u64::from(alphabet.holds(key[0])) << at;
                }
            }
        }
    }
}

impl Path {
    /// The best that this processor has.
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx512vbmi")
            && std::arch::is_x86_feature_detected!("avx512bw")
        {
            return Self::Avx512;
        } else if std::arch::is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        Self::Portable
    }
}

#[cfg(test)]
mod tests {
    use super::super::groups::groups;
    use super::*;

    /// Bytes that look random and hold every value.
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    fn blocks(tables: &Tables, bytes: &[u8]) -> Vec<Block> {
        let mut blocks = vec![Block::default(); (bytes.len() - AFTER) / BLOCK];
        for (i, some) in blocks.chunks_mut(BATCH).enumerate() {
            tables.classify(&bytes[i * BATCH * BLOCK..], some);
        }
        blocks
    }

    /// Where the groups let a start through, each byte told exactly.
    fn starts(groups: &[Group], bytes: &[u8]) -> Vec<u64> {
        let passes = |key: &[u8]| groups.iter().any(|g| g.iter().zip(key).all(|(place, b)| place.holds(*b)));
        let block = |at: usize| (0..64).fold(0, |m, i| m | u64::from(passes(&bytes[at + i..][..WIDTH])) << i);
        (0..(bytes.len() - AFTER) / BLOCK).map(|i| block(i * BLOCK)).collect()
    }

    #[test]
    fn each_path_says_what_the_portable_one_says() {
        let noise_of = |i: usize| noise(60)[i..][..1 + i % 4].iter().map(|b| b & 127).collect();
        let keys: Vec<Vec<u8>> = (0..40).map(noise_of).collect();
        for count in 0..=keys.len() {
            let groups = groups(keys[..count].iter().map(Vec::as_slice));
            let tables = Tables::new(&groups);
            let bytes = noise(64 * 50 + AFTER + count);
            let by = by_path(&tables, &bytes);
            let exact = starts(&groups, &bytes).into_iter().zip(&by[0]);
            let exact = exact.map(|(starts, block)| Block { starts, ..*block }).collect();
            for (seen, expected) in by.iter().zip([&by[0], &by[0], &exact]) {
                assert_eq!(seen, expected);
            }
            for (tables, by) in tables.by_path().iter().zip(&by) {
                for (block, text) in by.iter().zip(bytes.windows(BLOCK + AFTER).step_by(BLOCK)) {
                    let starts = tables.starts(text.try_into().unwrap());
                    assert!(starts.is_none_or(|starts| starts == block.starts));
                }
            }
        }
    }

    /// By each path that this processor has.
    fn by_path(tables: &Tables, bytes: &[u8]) -> Vec<Vec<Block>> {
        tables.by_path().iter().map(|tables| blocks(tables, bytes)).collect()
    }

    #[test]
    fn more_characters_than_there_are_codes_let_more_through_but_lose_nothing() {
        let keys: Vec<[u8; 3]> = (0..=255).map(|b: u8| [b, b.wrapping_mul(7), b.wrapping_add(99)]).collect();
        let groups = groups(keys.iter().map(|k| &k[..]));
        let bytes = noise(64 * 200 + AFTER);
        for seen in by_path(&Tables::new(&groups), &bytes) {
            assert!(
                starts(&groups, &bytes).iter().zip(&seen).all(|(exact, block)| exact & !block.starts == 0)
            );
        }
    }

    #[test]
    fn every_literal_is_seen_at_every_place() {
        let tables = Tables::new(&groups([&b"key"[..], b"://", b"s.", b"toke"]));
        for at in 0..128 {
            for text in [&b"kEy"[..], b"KEY", b"://", b"S.", b"s.9", b"ToKe"] {
                let mut bytes = vec![b' '; 128 + AFTER + 4];
                bytes[at..at + text.len()].copy_from_slice(text);
                let seen = blocks(&tables, &bytes)[at / 64].starts;
                assert!(seen & 1 << (at % 64) != 0, "{at} {}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn the_characters_of_each_alphabet_are_told_exactly() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend([0; AFTER]);
        let mask = blocks(&Tables::new(&[]), &bytes);
        for byte in 0..=255u8 {
            let (i, bit) = (usize::from(byte) / 64, byte % 64);
            for (mask, alphabet) in mask[i].runs.iter().zip(Alphabet::ALL) {
                assert_eq!(mask >> bit & 1 == 1, alphabet.holds(byte), "{byte} {alphabet:?}");
            }
        }
        assert!(mask.iter().all(|b| b.starts == 0));
    }
}
