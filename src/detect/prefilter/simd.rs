//! Tells token characters and possible starts of literals, 64 bytes at a time: the one place of the detector that
//! speaks to the processor directly.
//!
//! Both questions are answered by looking up the two halves of each byte in tables of 16 (Hyperscan's "Teddy").
//! With AVX2 that takes some 60 instructions for 32 bytes; other processors take the portable path, which the tests
//! hold against this one.

use super::groups::{GROUPS, Group, WIDTH};
use crate::rule::Alphabet;

/// What is known of 64 bytes; bit `i` stands for byte `i`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Characters of each of [`Alphabet::ALL`].
    pub(super) runs: [u64; 3],
    /// Bytes at which the key of a literal may begin.
    pub(super) starts: u64,
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
    fast: bool,
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
            for (nibbles, halves) in starts[i / 8].iter_mut().zip(group) {
                for half in 0..16 {
                    nibbles.low[half] |= ((halves.low >> half & 1) as u8) << (i % 8);
                    nibbles.high[half] |= ((halves.high >> half & 1) as u8) << (i % 8);
                }
            }
        }
        Self { characters, starts, fast: fast() }
    }

    /// Classifies the first `64 * blocks.len()` bytes of `bytes`, which must hold [`AFTER`] more.
    pub(super) fn classify(&self, bytes: &[u8], blocks: &mut [Block]) {
        assert!(bytes.len() >= blocks.len() * BLOCK + AFTER, "the caller leaves room after the last block");
        #[cfg(target_arch = "x86_64")]
        if self.fast {
            #[allow(unsafe_code, reason = "the vector instructions of x86-64")]
            // SAFETY: `fast` says that the processor has AVX2; the length was checked above.
            unsafe {
                avx2::classify(self, bytes, blocks);
            }
            return;
        }
        self.classify_portably(bytes, blocks);
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
                for (mask, alphabet) in block.runs.iter_mut().zip(Alphabet::ALL) {
                    *mask |= u64::from(alphabet.holds(key[0])) << at;
                }
            }
        }
    }
}

/// Whether the processor has the instructions of the fast path.
fn fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the vector instructions of x86-64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{AFTER, ALPHABETS, BLOCK, Block, GROUPS, Nibbles, Tables, WIDTH};

    /// A table in both halves of a register.
    #[derive(Clone, Copy)]
    struct Lookup {
        low: __m256i,
        high: __m256i,
    }

    impl Lookup {
        #[target_feature(enable = "avx2")]
        fn new(nibbles: &Nibbles) -> Self {
            // SAFETY: both arrays are 16 bytes long; the load needs no alignment.
            unsafe {
                Self {
                    low: _mm256_broadcastsi128_si256(_mm_loadu_si128(nibbles.low.as_ptr().cast())),
                    high: _mm256_broadcastsi128_si256(_mm_loadu_si128(nibbles.high.as_ptr().cast())),
                }
            }
        }

        /// The groups of each byte, given as its two halves.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn groups(self, (low, high): (__m256i, __m256i)) -> __m256i {
            _mm256_and_si256(_mm256_shuffle_epi8(self.low, low), _mm256_shuffle_epi8(self.high, high))
        }
    }

    /// # Safety
    /// The processor has AVX2, and `bytes` holds 64 bytes for each block and [`AFTER`] more.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn classify(tables: &Tables, bytes: &[u8], blocks: &mut [Block]) {
        debug_assert!(bytes.len() >= blocks.len() * BLOCK + AFTER);
        let characters = Lookup::new(&tables.characters);
        // Written out: a closure handed to a function without these instructions would not be inlined.
        let mut starts = [[characters; WIDTH]; GROUPS / 8];
        for (lookups, nibbles) in starts.as_flattened_mut().iter_mut().zip(tables.starts.as_flattened()) {
            *lookups = Lookup::new(nibbles);
        }
        let mut at = bytes.as_ptr();
        for block in blocks {
            let mut masks = [([0u32; 3], 0u32); 2];
            for (half, mask) in masks.iter_mut().enumerate() {
                // SAFETY: the farthest load ends at byte 32 + 32 + AFTER of this block, which the caller vouches for.
                let text = unsafe {
                    let at = at.add(half * 32);
                    [halves(at), halves(at.add(1)), halves(at.add(2)), halves(at.add(3))]
                };
                let mut start = _mm256_setzero_si256();
                for places in &starts {
                    start = _mm256_or_si256(start, all(places, &text));
                }
                let groups = characters.groups(text[0]);
                let of = |alphabet: usize| some_of(groups, ALPHABETS[alphabet]);
                *mask = ([of(0), of(1), of(2)], some(start));
            }
            let [(r0, s0), (r1, s1)] = masks;
            let both = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
            *block = Block {
                runs: [both(r0[0], r1[0]), both(r0[1], r1[1]), both(r0[2], r1[2])],
                starts: both(s0, s1),
            };
            // SAFETY: at most one past the last block, inside `bytes` or one past it.
            at = unsafe { at.add(BLOCK) };
        }
    }

    /// The groups that let through the texts that begin at each byte.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn all(places: &[Lookup; WIDTH], text: &[(__m256i, __m256i); WIDTH]) -> __m256i {
        let left = _mm256_and_si256(places[0].groups(text[0]), places[1].groups(text[1]));
        let right = _mm256_and_si256(places[2].groups(text[2]), places[3].groups(text[3]));
        _mm256_and_si256(left, right)
    }

    /// The lower and the upper halves of the 32 bytes at `at`.
    ///
    /// # Safety
    /// 32 bytes can be read at `at`.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn halves(at: *const u8) -> (__m256i, __m256i) {
        // SAFETY: the caller's.
        let bytes = unsafe { _mm256_loadu_si256(at.cast()) };
        let nibble = _mm256_set1_epi8(15);
        (_mm256_and_si256(bytes, nibble), _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble))
    }

    /// Bit `i` for each byte `i` that is in one of `groups`.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn some_of(bytes: __m256i, groups: u8) -> u32 {
        some(_mm256_and_si256(bytes, _mm256_set1_epi8(groups as i8)))
    }

    /// Bit `i` for each byte `i` that is not zero.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn some(bytes: __m256i) -> u32 {
        !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())) as u32)
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
        tables.classify(bytes, &mut blocks);
        blocks
    }

    #[test]
    fn the_fast_path_says_what_the_portable_one_says() {
        let noise_of = |i: usize| noise(60)[i..][..1 + i % 4].to_vec();
        let keys: Vec<Vec<u8>> = (0..40).map(noise_of).collect();
        for count in 0..=keys.len() {
            let tables = Tables::new(&groups(keys[..count].iter().map(Vec::as_slice)));
            let portable = Tables { fast: false, ..tables.clone() };
            let bytes = noise(64 * 50 + AFTER + count);
            assert_eq!(blocks(&tables, &bytes), blocks(&portable, &bytes));
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
