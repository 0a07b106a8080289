//! With AVX2: the halves of 32 bytes are looked up at a time.

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
        let mut masks = [([0u32; 3], 0u32, 0u32); 2];
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
            // A byte is zero where neither half has a bit.
            let zeros = !some(_mm256_or_si256(text[0].0, text[0].1));
            *mask = ([of(0), of(1), of(2)], some(start), zeros);
        }
        let [(r0, s0, z0), (r1, s1, z1)] = masks;
        let both = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        *block = Block {
            runs: [both(r0[0], r1[0]), both(r0[1], r1[1]), both(r0[2], r1[2])],
            starts: both(s0, s1),
            zeros: both(z0, z1),
        };
        // SAFETY: at most one past the last block, inside `bytes` or one past it.
        at = unsafe { at.add(BLOCK) };
    }
}

/// The starts of one block alone.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn starts(tables: &Tables, text: &[u8; BLOCK + AFTER]) -> u64 {
    let mut starts = 0;
    for at in [0, 32] {
        // SAFETY: the farthest load ends with the text.
        let text = unsafe {
            let at = text.as_ptr().add(at);
            [halves(at), halves(at.add(1)), halves(at.add(2)), halves(at.add(3))]
        };
        let mut start = _mm256_setzero_si256();
        for places in &tables.starts {
            let [a, b, c, d] = places;
            let places = [Lookup::new(a), Lookup::new(b), Lookup::new(c), Lookup::new(d)];
            start = _mm256_or_si256(start, all(&places, &text));
        }
        starts |= u64::from(some(start)) << at;
    }
    starts
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
