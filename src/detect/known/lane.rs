//! One way to pass over text: patterns of at least a window's length, found by a gram of that window.
//!
//! Every `stride`-th position of the text is looked at: whatever occurrence there is covers one of them with one gram
//! of its window. A Bloom filter of grams passes over nearly all text; what it lets through is looked up by windows.
//! Most grams of text hold white space and most values do not: grams with white space have a filter of their own, which
//! is small enough to stay in the nearest cache.
//! Short patterns need small grams, of which ordinary text holds many; so long ones go a lane of their own.

use std::collections::{HashMap, HashSet};

/// How a lane cuts text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// Least length of a pattern, in bytes.
    pub(super) window: usize,
    /// Bytes of a gram: at most 8.
    pub(super) gram: usize,
}

impl Cut {
    /// For patterns from 8 bytes on.
    pub(super) const SHORT: Self = Self { window: 8, gram: 4 };
    /// For patterns from 16 bytes on.
    pub(super) const LONG: Self = Self { window: 16, gram: 8 };

    /// Distance between the positions that are looked at.
    const fn stride(self) -> usize {
        self.window - self.gram + 1
    }
}

/// Secrets of one run for hashing windows and grams: odd multipliers and a mask.
#[derive(Clone, Copy)]
pub(super) struct Mixer {
    window: [u64; 2],
    gram: u64,
}

impl Mixer {
    pub(super) fn fresh() -> Result<Self, getrandom::Error> {
        Ok(Self { window: [getrandom::u64()? | 1, getrandom::u64()?], gram: getrandom::u64()? | 1 })
    }

    fn window(&self, window: &[u8]) -> u64 {
        let fold = |hash: u64, word: &[u8]| {
            let mixed = (hash ^ load(word)).wrapping_mul(self.window[0]);
            mixed ^ (mixed >> 29)
        };
        let hash = window.chunks(8).fold(self.window[1], fold);
        hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 3
    }

    const fn gram(&self, gram: u64) -> u64 {
        gram.wrapping_mul(self.gram)
    }
}

impl std::fmt::Debug for Mixer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mixer(..)")
    }
}

/// Collects the patterns of a lane.
#[derive(Debug)]
pub(super) struct LaneBuilder {
    cut: Cut,
    mixer: Mixer,
    anchors: HashMap<u64, Vec<u32>>,
    /// Hashes of grams without white space, and of those with it.
    grams: [Vec<u64>; 2],
}

/// A lane ready to be searched.
#[derive(Debug)]
pub(super) struct Lane {
    cut: Cut,
    mixer: Mixer,
    /// Patterns by the hash of their window: open addressing, `u32::MAX` is empty.
    slots: Vec<(u64, u32)>,
    /// Number of the next pattern with the same window, by pattern.
    next: HashMap<u32, u32>,
    /// For grams without white space, and for those with it.
    filters: [Bloom; 2],
    is_empty: bool,
}

/// A filter of grams: three bits for each, in one word, so that one look tells.
#[derive(Debug)]
struct Bloom {
    words: Vec<u64>,
    /// Binary logarithm of the number of words.
    bits: u32,
}

/// Windows of a pattern among which the one is chosen by which it is found.
const CHOICE: usize = 64;
/// Bits of the filter for each gram.
const BITS: usize = 16;
/// Positions that are looked at together: their bits are fetched at the same time.
const BLOCK: usize = 8;

impl LaneBuilder {
    pub(super) fn new(cut: Cut, mixer: Mixer) -> Self {
        Self { cut, mixer, anchors: HashMap::new(), grams: [Vec::new(), Vec::new()] }
    }

    /// Offset of the window by which `pattern` is best found: one of `own`, by which another form of the same value is
    /// found already; else the rarest so far (values of one shape, such as `postgres://…`, must not share one), and
    /// of those the least like words.
    pub(super) fn offset(&self, pattern: &[u8], own: &HashSet<u64>) -> usize {
        let rarity = |w: &[u8]| {
            let hash = self.mixer.window(w);
            let peers = self.anchors.get(&hash).map_or(0, Vec::len);
            if own.contains(&hash) { 0 } else { peers + 1 }
        };
        let letters = |w: &[u8]| w.iter().filter(|b| b.is_ascii_lowercase() || **b == b' ').count();
        let windows = pattern.windows(self.cut.window).take(CHOICE).enumerate();
        windows.min_by_key(|(_, w)| (rarity(w), letters(w))).map_or(0, |(at, _)| at)
    }

    /// Numbers of the patterns that are found by `window`.
    pub(super) fn peers(&self, window: &[u8]) -> &[u32] {
        self.anchors.get(&self.mixer.window(window)).map_or(&[], Vec::as_slice)
    }

    /// Adds pattern `number`, to be found by `window`. Returns the window's hash.
    pub(super) fn add(&mut self, number: u32, window: &[u8]) -> u64 {
        let Cut { gram, .. } = self.cut;
        let hash = self.mixer.window(window);
        self.anchors.entry(hash).or_default().push(number);
        for raw in window.windows(gram).map(load) {
            self.grams[usize::from(is_spaced(raw, gram))].push(self.mixer.gram(raw));
        }
        hash
    }

    pub(super) fn build(self) -> Lane {
        let Self { cut, mixer, anchors, grams } = self;
        let is_empty = anchors.is_empty();
        let filters = grams.map(Bloom::new);
        let mut slots = vec![(0, u32::MAX); (anchors.len().max(1) * 2).next_power_of_two()];
        let mut next = HashMap::new();
        for (hash, chain) in anchors {
            next.extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
            let mut at = hash as usize & (slots.len() - 1);
            while slots[at].1 != u32::MAX {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = (hash, chain[0]);
        }
        Lane { cut, mixer, slots, next, filters, is_empty }
    }
}

impl Lane {
    /// Calls `sink` with the start of a window in `bytes` and the number of each pattern that may lie there.
    pub(super) fn search(&self, bytes: &[u8], sink: &mut impl FnMut(usize, u32)) {
        match self.cut {
            Cut::LONG => self.search_by::<{ Cut::LONG.gram }>(bytes, sink),
            _ => self.search_by::<{ Cut::SHORT.gram }>(bytes, sink),
        }
    }

    fn search_by<const GRAM: usize>(&self, bytes: &[u8], sink: &mut impl FnMut(usize, u32)) {
        if self.is_empty || bytes.len() < self.cut.window {
            return;
        }
        let stride = self.cut.stride();
        let span = (BLOCK - 1) * stride + GRAM;
        let mut at = 0;
        while let Some(block) = bytes.get(at..at + span) {
            let mut some = false;
            for i in 0..BLOCK {
                let gram = load(&block[i * stride..i * stride + GRAM]);
                some |= self.filter::<GRAM>(gram).may_hold(self.mixer.gram(gram));
            }
            if some {
                for i in 0..BLOCK {
                    self.look::<GRAM>(bytes, at + i * stride, sink);
                }
            }
            at += BLOCK * stride;
        }
        while at + GRAM <= bytes.len() {
            self.look::<GRAM>(bytes, at, sink);
            at += stride;
        }
    }

    /// Looks at the gram at `at`.
    fn look<const GRAM: usize>(&self, bytes: &[u8], at: usize, sink: &mut impl FnMut(usize, u32)) {
        let gram = load(&bytes[at..at + GRAM]);
        if self.filter::<GRAM>(gram).may_hold(self.mixer.gram(gram)) {
            self.around(bytes, at, sink);
        }
    }

    fn filter<const GRAM: usize>(&self, gram: u64) -> &Bloom {
        &self.filters[usize::from(is_spaced(gram, GRAM))]
    }

    /// Looks up the windows that hold the gram at `at`.
    fn around(&self, bytes: &[u8], at: usize, sink: &mut impl FnMut(usize, u32)) {
        for back in 0..self.cut.stride() {
            let Some(start) = at.checked_sub(back) else { return };
            let Some(window) = bytes.get(start..start + self.cut.window) else { continue };
            let mut pattern = self.lookup(self.mixer.window(window));
            while let Some(number) = pattern {
                sink(start, number);
                pattern = self.next.get(&number).copied();
            }
        }
    }

    fn lookup(&self, hash: u64) -> Option<u32> {
        let mut at = hash as usize & (self.slots.len() - 1);
        loop {
            match self.slots[at] {
                (_, u32::MAX) => return None,
                (h, pattern) if h == hash => return Some(pattern),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

impl Bloom {
    fn new(mut grams: Vec<u64>) -> Self {
        grams.sort_unstable();
        grams.dedup();
        let bits =
            (grams.len().max(64) * BITS).next_power_of_two().clamp(1 << 12, 1 << 25).trailing_zeros() - 6;
        let mut words = vec![0u64; 1 << bits];
        for gram in grams {
            words[place(gram, bits)] |= mask(gram);
        }
        Self { words, bits }
    }

    fn may_hold(&self, hash: u64) -> bool {
        let mask = mask(hash);
        self.words[place(hash, self.bits)] & mask == mask
    }
}

/// Whether a gram of `len` bytes holds a byte up to the space.
const fn is_spaced(gram: u64, len: usize) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // What lies beyond a shorter gram counts as no space.
    let gram = if len < 8 { gram | (ONES * 0x21) << (len * 8) } else { gram };
    // The usual trick for "some byte is below n", exact in whether there is one (Bit Twiddling Hacks, `hasless`).
    gram.wrapping_sub(ONES * 0x21) & !gram & (ONES * 0x80) != 0
}

/// The word of a filter of `1 << bits` words in which a gram's hash has its bits.
const fn place(hash: u64, bits: u32) -> usize {
    (hash >> (64 - bits)) as usize
}

/// These bits. The upper bits of the hash say where they lie, and the lower depend on little of the gram.
const fn mask(hash: u64) -> u64 {
    1 << (hash >> 26 & 63) | 1 << (hash >> 32 & 63) | 1 << (hash >> 38 & 63)
}

/// Up to 8 bytes as a number.
fn load(bytes: &[u8]) -> u64 {
    match bytes {
        &[a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        &[a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        other => other.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_seen_wherever_it_stands_in_a_gram() {
        for len in [4, 8] {
            assert!(
                !is_spaced(load(&b"aZ09/+~\x80"[..len]), len)
                    && !is_spaced(load(&b"!!!!\xff\xff!!"[..len]), len)
            );
            for at in 0..len {
                for byte in [b' ', b'\n', b'\t', 0] {
                    let mut gram = b"a\xff!Z0z\x80~"[..len].to_vec();
                    gram[at] = byte;
                    assert!(is_spaced(load(&gram), len), "{byte} at {at} of {len}");
                }
            }
        }
    }
}
