//! Finds literals, ASCII case ignored, where asked: one look into a bitmap for each byte.
//!
//! Each literal is known by its rarest three bytes; the bitmap says whether any literal has the three bytes at
//! hand. An Aho-Corasick automaton over the same literals is 3 to 5 times slower on source code, and takes
//! milliseconds to build.

use super::groups::WIDTH;
use super::pairs::rarity;

/// Bits of a gram's hash.
const BITS: u32 = 16;
/// Entries are grouped by the upper bits of the hash.
const GROUPS: usize = 1 << 12;

/// A bit for each hash.
type Bitmap = Box<[u32; 1 << (BITS - 5)]>;

/// A set of literals of at least 2 bytes, ready to be searched for.
pub(super) struct Grams {
    bitmap: Bitmap,
    /// Asked where the first says yes: the gram and the byte after it, of literals that have one there.
    longer: Bitmap,
    /// The gram by another hash, of literals that end with it.
    shorter: Bitmap,
    /// `entries[starts[g]..starts[g + 1]]` is group `g`.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    /// Lower case, with the number that the caller knows each by.
    literals: Vec<(Box<[u8]>, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    gram: u32,
    /// Index in `literals`.
    literal: u32,
    /// Where in the literal the gram begins.
    offset: u32,
    /// The literal's first 8 bytes, folded like a gram's, and which bits of them there are.
    head: u64,
    mask: u64,
    /// Whether these tell all: there are no more, and nothing else folds to them.
    whole: bool,
}

impl Grams {
    /// The set of `literals` (lower case, at least 2 bytes), each with the number to report it by. Their grams begin
    /// where the rarest [`WIDTH`] bytes of each do (see [`Self::keys`]).
    pub(super) fn new(literals: impl IntoIterator<Item = (Box<[u8]>, u32)>) -> Self {
        let literals: Vec<_> = literals.into_iter().collect();
        let mut entries = Vec::with_capacity(literals.len());
        for (literal, (text, _)) in (0..).zip(&literals) {
            let offset = rarest(text);
            let ((head, mask), offset) = (head(text), offset as u32);
            let whole = text.len() <= 8 && text.iter().all(u8::is_ascii_lowercase);
            for gram in grams_at(text, offset as usize) {
                entries.push(Entry { hash: hash(gram), gram, literal, offset, head, mask, whole });
            }
        }
        entries.sort_unstable_by_key(|e| (e.hash, e.literal));
        let [mut bitmap, mut longer, mut shorter] = [(); 3].map(|()| Box::new([0; 1 << (BITS - 5)]));
        let enter = |map: &mut Bitmap, hash: u32| map[(hash >> 5) as usize] |= 1 << (hash & 31);
        for entry in &entries {
            enter(&mut bitmap, entry.hash);
            match literals[entry.literal as usize].0.get(entry.offset as usize + 3) {
                Some(&next) => enter(&mut longer, other_hash(entry.gram | u32::from(next | 0x20) << 24)),
                None => enter(&mut shorter, other_hash(entry.gram)),
            }
        }
        let starts = (0..=GROUPS).map(|g| entries.partition_point(|e| group(e.hash) < g) as u32).collect();
        Self { bitmap, longer, shorter, starts, entries, literals }
    }

    /// Calls `sink(number, start)` for every literal whose gram begins in `from..to`.
    pub(super) fn scan(&self, bytes: &[u8], from: usize, to: usize, sink: &mut impl FnMut(u32, usize)) {
        if self.literals.is_empty() {
            return;
        }
        let whole = to.min(bytes.len().saturating_sub(3));
        if from < whole {
            for (i, quad) in bytes[from..whole + 3].windows(4).enumerate() {
                let word = u32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]);
                if self.may_hold(word) {
                    self.report(bytes, from + i, word, sink);
                }
            }
        }
        for at in whole.max(from)..to {
            self.at(bytes, at, sink);
        }
    }

    /// Calls `sink(number, start)` for every literal whose gram begins at `at`.
    #[inline]
    pub(super) fn at(&self, bytes: &[u8], at: usize, sink: &mut impl FnMut(u32, usize)) {
        let word = word(bytes, at);
        if self.may_hold(word) {
            self.report(bytes, at, word, sink);
        }
    }

    /// Number of literals.
    pub(super) fn len(&self) -> usize {
        self.literals.len()
    }

    /// The bytes with which the text goes on where a gram begins, lower case: [`WIDTH`] of them, or
    /// as many as the literal has.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.literals.iter().map(|(text, _)| {
            let offset = rarest(text);
            &text[offset..text.len().min(offset + WIDTH)]
        })
    }

    /// Whether a literal may have its gram where these [`word`] of the text begin.
    #[inline]
    pub(super) fn may_hold(&self, word: u32) -> bool {
        let holds = |map: &Bitmap, hash: u32| map[(hash >> 5) as usize] >> (hash & 31) & 1;
        let gram = fold(word);
        let rest =
            holds(&self.longer, other_hash(word | FOLDED as u32)) | holds(&self.shorter, other_hash(gram));
        // No branch: of two unforeseeable answers one is drawn.
        holds(&self.bitmap, hash(gram)) & rest == 1
    }

    /// Calls `sink(number, start)` for every literal whose gram begins at `at`, where `word` of the text begin.
    #[inline(never)]
    pub(super) fn report(&self, bytes: &[u8], at: usize, word: u32, sink: &mut impl FnMut(u32, usize)) {
        let gram = fold(word);
        let group = group(hash(gram));
        for entry in &self.entries[self.starts[group] as usize..self.starts[group + 1] as usize] {
            if entry.gram != gram {
                continue;
            }
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            let (text, number) = &self.literals[entry.literal as usize];
            let head = bytes.get(start..start + 8);
            if let Some(&[a, b, c, d, e, f, g, h]) = head {
                let head = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
                if (head | FOLDED) & entry.mask != entry.head {
                    continue;
                }
            }
            let is = |found: &[u8]| found.eq_ignore_ascii_case(text);
            if entry.whole && head.is_some() || bytes.get(start..start + text.len()).is_some_and(is) {
                sink(*number, start);
            }
        }
    }
}

impl std::fmt::Debug for Grams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grams").field("literals", &self.literals.len()).finish_non_exhaustive()
    }
}

/// The four bytes of `bytes` at `at`; zeros stand for those behind its end.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
        _ => u32::from_le_bytes(std::array::from_fn(|i| bytes.get(at + i).copied().unwrap_or(0))),
    }
}

/// Three bytes with ASCII letters in lower case. Folds a few other pairs (`_` and DEL, `[` and `{`), which only
/// costs a comparison.
const fn fold(word: u32) -> u32 {
    (word & 0x00ff_ffff) | 0x0020_2020
}

/// The bit that tells upper case from lower, in 8 bytes.
const FOLDED: u64 = 0x2020_2020_2020_2020;

/// The first 8 bytes of `text`, folded, and the bits of those that there are.
fn head(text: &[u8]) -> (u64, u64) {
    let mut head = [0; 8];
    let len = text.len().min(8);
    head[..len].copy_from_slice(&text[..len]);
    let mask = u64::MAX >> (64 - 8 * len);
    ((u64::from_le_bytes(head) | FOLDED) & mask, mask)
}

const fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1) >> (32 - BITS)
}

const fn other_hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x85eb_ca6b) >> (32 - BITS)
}

const fn group(hash: u32) -> usize {
    (hash >> (BITS - 12)) as usize
}

/// Every gram that `text` can show at `offset`: one, or as many as there are third bytes.
fn grams_at(text: &[u8], offset: usize) -> Vec<u32> {
    let gram = |third: u8| fold(u32::from_le_bytes([text[offset], text[offset + 1], third, 0]));
    match text.get(offset + 2) {
        Some(&third) => vec![gram(third)],
        None => {
            let mut grams: Vec<_> = (0..=255).map(gram).collect();
            grams.sort_unstable();
            grams.dedup();
            grams
        }
    }
}

/// Where the [`WIDTH`] bytes of `text` begin that are rarest in source code.
fn rarest(text: &[u8]) -> usize {
    let width = WIDTH.min(text.len());
    (0..=text.len() - width).max_by_key(|&at| rarity(&text[at..at + width])).unwrap_or(0)
}

/// The share that a byte has of source code, ASCII case ignored, within a factor of 2.
/// Source: 300 MB of Rust, C, JavaScript and Python.
pub(super) const fn frequency(byte: u8) -> f32 {
    match byte.to_ascii_lowercase() {
        b' ' => 0.16,
        b'e' => 0.07,
        b't' | b's' | b'r' | b'i' | b'n' | b'a' | b'o' => 0.045,
        b'c' | b'l' | b'd' | b'_' | b'u' | b'p' | b'm' | b'f' => 0.025,
        b'0' | b',' | b'.' | b'(' | b')' | b':' | b'\n' | b'h' | b'g' | b'b' | b'y' | b'x' => 0.012,
        b'/' | b'1' | b'2' | b';' | b'v' | b'=' | b'"' | b'w' | b'k' | b'-' => 0.008,
        b'3'..=b'9' | b'{' | b'}' | b'*' | b'&' | b'#' | b'[' | b']' | b'\'' | b'>' | b'<' => 0.004,
        b'q' | b'j' | b'z' => 0.0015,
        0x80.. => 0.0001,
        _ => 0.0004,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(literals: &[&str], text: &str) -> Vec<(u32, usize)> {
        let numbered = literals.iter().zip(0..).map(|(l, n)| (l.as_bytes().into(), n));
        let grams = Grams::new(numbered);
        let mut hits = Vec::new();
        grams.scan(text.as_bytes(), 0, text.len(), &mut |n, at| hits.push((n, at)));
        hits.sort_unstable();
        hits
    }

    #[test]
    fn literals_are_found_in_any_case_and_place() {
        assert_eq!(found(&["ghp_"], "ghp_xGHP_ ghpx_ Ghp_"), [(0, 0), (0, 5), (0, 16)]);
        assert_eq!(found(&["token", "key", "s."], "keyToken S.s."), [(0, 3), (1, 0), (2, 9), (2, 11)]);
    }

    #[test]
    fn one_literal_inside_another_is_found_too() {
        assert_eq!(found(&["secret", "secret_key", "key"], "secret_key"), [(0, 0), (1, 0), (2, 7)]);
    }

    #[test]
    fn what_only_folds_alike_is_not_found() {
        assert_eq!(found(&["a_b"], "a\x7fb a?b"), []);
    }
}
