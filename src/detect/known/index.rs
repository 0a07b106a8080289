//! The search index over known values.
//!
//! Each form of each value is a pattern of at least [`MIN`] bytes. Every [`STRIDE`]-th position of the text is
//! looked at: whatever occurrence there is covers one of them with one of the pattern's first windows, so a bitmap
//! of 4-byte grams passes over four fifths of the text unread. What the bitmap lets through is looked up by an
//! 8-byte window, and confirmed by a keyed hash of the whole length.

use std::collections::HashMap;

use super::forms::{self, Form};
use crate::model::Span;

/// Least length of a pattern, in bytes.
const MIN: usize = 8;
/// Bytes of a long value that are searched for.
const LONGEST: usize = 4096;
/// Below this length a pattern must stand by itself: it may be part of longer words by chance.
const WORD: usize = 16;
/// Bytes of a gram that the bitmap knows.
const GRAM: usize = 4;
/// Distance between the positions that are looked at: an 8-byte window holds a gram at one of 5 offsets.
const STRIDE: usize = MIN - GRAM + 1;

/// Why a value is not searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Shorter than [`MIN`] bytes without the white space around it.
    Short,
    /// A word that stands in ordinary texts.
    Common,
    /// Too few different characters to be told from filling.
    Uniform,
}

/// One occurrence of a known value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnownHit {
    /// Where the form lies in the text.
    pub span: Span,
    /// The number under which the value was added.
    pub value: u32,
    /// The form.
    pub form: Form,
}

/// Collects values. Wipes each as soon as its hashes are made.
#[derive(Debug)]
pub struct KnownIndexBuilder {
    keys: Keys,
    patterns: Vec<Pattern>,
    anchors: HashMap<u64, Vec<u32>>,
    grams: Vec<u32>,
    values: u32,
}

/// Values ready to be searched for. Shared by all threads.
#[derive(Debug)]
pub struct KnownIndex {
    keys: Keys,
    patterns: Vec<Pattern>,
    /// Patterns by the keyed hash of their 8-byte anchor window; open addressing, `u32::MAX` is empty.
    slots: Vec<(u64, u32)>,
    /// Next pattern with the same anchor, or `u32::MAX`.
    next: Vec<u32>,
    /// One bit for each hash of a gram.
    bitmap: Vec<u64>,
    shift: u32,
    /// Length of the longest pattern, in bytes.
    longest: usize,
}

/// Secrets of one run: who reads the index in memory cannot test guesses without them.
struct Keys {
    mac: [u8; 32],
    anchor: [u64; 2],
    gram: u32,
}

#[derive(Debug, Clone)]
struct Pattern {
    mac: [u8; 16],
    len: u32,
    /// Offset of the anchor window in the pattern.
    anchor: u32,
    value: u32,
    form: Form,
}

impl KnownIndexBuilder {
    /// An empty collection with fresh keys.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            keys: Keys::fresh()?,
            patterns: Vec::new(),
            anchors: HashMap::new(),
            grams: Vec::new(),
            values: 0,
        })
    }

    /// Adds a value and returns its number; numbers count up from 0, refused values have none.
    ///
    /// # Errors
    /// The value would be found in texts that do not hold it as a secret.
    pub fn add(&mut self, value: &[u8]) -> Result<u32, Refusal> {
        refuse(value)?;
        let number = self.values;
        self.values += 1;
        for (form, bytes) in forms::forms(value) {
            if bytes.len() >= MIN {
                self.pattern(number, form, &bytes);
            }
        }
        Ok(number)
    }

    fn pattern(&mut self, value: u32, form: Form, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        let mac = self.keys.mac(bytes);
        // The rarest window so far: values of one shape (`postgres://…`) must not share one anchor.
        let windows = bytes.windows(MIN).take(64).enumerate();
        let rarity = |w: &[u8]| self.anchors.get(&self.keys.anchor(w)).map_or(0, Vec::len);
        let Some((anchor, window)) = windows.min_by_key(|(_, w)| rarity(w)) else { return };
        let peers = self.anchors.entry(self.keys.anchor(window)).or_default();
        if peers
            .iter()
            .any(|&p| self.patterns[p as usize].mac == mac && self.patterns[p as usize].value == value)
        {
            return;
        }
        peers.push(self.patterns.len() as u32);
        self.grams.extend(window.windows(GRAM).map(|g| self.keys.gram(g)));
        self.patterns.push(Pattern { mac, len: bytes.len() as u32, anchor: anchor as u32, value, form });
    }

    /// The finished index.
    pub fn build(self) -> KnownIndex {
        let Self { keys, patterns, anchors, grams, values: _ } = self;
        let bits = (grams.len().max(64) * 24).next_power_of_two().clamp(1 << 12, 1 << 25);
        let shift = 32 - bits.trailing_zeros();
        let mut bitmap = vec![0u64; bits / 64];
        for gram in grams {
            let bit = (gram >> shift) as usize;
            bitmap[bit / 64] |= 1 << (bit % 64);
        }
        let mut slots = vec![(0, u32::MAX); (anchors.len().max(1) * 2).next_power_of_two()];
        let mut next = vec![u32::MAX; patterns.len()];
        for (hash, chain) in anchors {
            for pair in chain.windows(2) {
                next[pair[0] as usize] = pair[1];
            }
            let mut at = hash as usize & (slots.len() - 1);
            while slots[at].1 != u32::MAX {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = (hash, chain[0]);
        }
        let longest = patterns.iter().map(|p| p.len as usize).max().unwrap_or_default();
        KnownIndex { keys, patterns, slots, next, bitmap, shift, longest }
    }
}

impl KnownIndex {
    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// How far from a byte an occurrence that it decides about may begin or end.
    pub const fn reach(&self) -> usize {
        self.longest + 2
    }

    /// Calls `sink` with every occurrence in `bytes`. Order is not specified; none is told twice.
    pub fn search(&self, bytes: &[u8], sink: &mut dyn FnMut(KnownHit)) {
        if self.is_empty() || bytes.len() < MIN {
            return;
        }
        let last = bytes.len() - GRAM;
        let mut at = 0;
        while at <= last {
            let gram = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            let bit = (gram.wrapping_mul(self.keys.gram) >> self.shift) as usize;
            if self.bitmap[bit / 64] >> (bit % 64) & 1 == 1 {
                self.around(bytes, at, sink);
            }
            at += STRIDE;
        }
    }

    /// Looks up the anchor windows that hold the gram at `at`.
    fn around(&self, bytes: &[u8], at: usize, sink: &mut dyn FnMut(KnownHit)) {
        for back in 0..STRIDE {
            let Some(start) = at.checked_sub(back) else { return };
            let Some(window) = bytes.get(start..start + MIN) else { continue };
            let mut pattern = self.lookup(self.keys.anchor(window));
            while pattern != u32::MAX {
                if let Some(hit) = self.confirm(bytes, start, &self.patterns[pattern as usize]) {
                    sink(hit);
                }
                pattern = self.next[pattern as usize];
            }
        }
    }

    fn lookup(&self, hash: u64) -> u32 {
        let mut at = hash as usize & (self.slots.len() - 1);
        loop {
            match self.slots[at] {
                (_, u32::MAX) => return u32::MAX,
                (h, pattern) if h == hash => return pattern,
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    fn confirm(&self, bytes: &[u8], window: usize, pattern: &Pattern) -> Option<KnownHit> {
        let start = window.checked_sub(pattern.anchor as usize)?;
        let end = start + pattern.len as usize;
        let text = bytes.get(start..end)?;
        if text.len() < WORD && pattern.form != Form::Base64 && !stands_alone(bytes, start, end) {
            return None;
        }
        (self.keys.mac(text) == pattern.mac).then_some(KnownHit {
            span: Span::new(start, end),
            value: pattern.value,
            form: pattern.form,
        })
    }
}

/// Whether `bytes[start..end]` is not part of a longer word.
fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let joined_before = start > 0 && word(start - 1) && word(start);
    !joined_before && !(word(end - 1) && word(end))
}

impl Keys {
    fn fresh() -> Result<Self, getrandom::Error> {
        let mut mac = [0; 32];
        getrandom::fill(&mut mac)?;
        let anchor = [getrandom::u64()? | 1, getrandom::u64()?];
        Ok(Self { mac, anchor, gram: getrandom::u32()? | 1 })
    }

    fn mac(&self, bytes: &[u8]) -> [u8; 16] {
        let mut mac = [0; 16];
        mac.copy_from_slice(&blake3::keyed_hash(&self.mac, bytes).as_bytes()[..16]);
        mac
    }

    fn anchor(&self, window: &[u8]) -> u64 {
        let mut word = [0; MIN];
        word.copy_from_slice(window);
        let mixed = (u64::from_le_bytes(word) ^ self.anchor[1]).wrapping_mul(self.anchor[0]);
        (mixed ^ (mixed >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 3
    }

    fn gram(&self, gram: &[u8]) -> u32 {
        u32::from_le_bytes([gram[0], gram[1], gram[2], gram[3]]).wrapping_mul(self.gram)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// Words that stand in ordinary code and configuration, and values that vendors set; all of at least [`MIN`] bytes.
const COMMON: &[&str] = &[
    "password",
    "passw0rd", // leakward:allow
    "password1",
    "changeme",
    "changeit",
    "localhost",
    "postgres",
    "postgresql",
    "username",
    "administrator",
    "undefined",
    "disabled",
    "production",
    "development",
    "staging",
    "internal",
    "anonymous",
    "example.com",
    "127.0.0.1",
    "function",
    "required",
    "optional",
    "unlimited",
    "default_value",
    "application",
    "database",
    "rabbitmq",
    "elasticsearch",
    "mongodb",
    "kubernetes",
    "12345678",
    "123456789",
    "1234567890",
    "qwertyuiop",
    "test1234",
    "testtest",
    "secretsecret",
    "mysecret",
    "mypassword",
    "supersecret",
    "letmein1",
];

fn refuse(value: &[u8]) -> Result<(), Refusal> {
    let value = value.trim_ascii();
    if value.len() < MIN {
        return Err(Refusal::Short);
    }
    let mut seen = [false; 256];
    value.iter().for_each(|&b| seen[b as usize] = true);
    if seen.iter().filter(|&&s| s).count() < 4 {
        return Err(Refusal::Uniform);
    }
    let common = COMMON.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
    if common { Err(Refusal::Common) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(values: &[&str]) -> KnownIndex {
        let mut builder = KnownIndexBuilder::new().unwrap();
        for value in values {
            builder.add(value.as_bytes()).unwrap();
        }
        builder.build()
    }

    fn hits(index: &KnownIndex, text: &[u8]) -> Vec<KnownHit> {
        let mut hits = Vec::new();
        index.search(text, &mut |hit| hits.push(hit));
        hits.sort();
        hits
    }

    #[test]
    fn a_weak_value_is_found_at_every_offset() {
        let index = index(&["summer-2024"]);
        for before in 0..40 {
            let text = [&vec![b'-'; before][..], b"summer-2024", b"!!"].concat();
            let span = Span::new(before, before + 11);
            assert_eq!(hits(&index, &text), [KnownHit { span, value: 0, form: Form::Plain }]);
        }
    }

    #[test]
    fn the_shortest_value_is_found_at_both_ends() {
        let index = index(&["hunter2x"]);
        assert_eq!(hits(&index, b"hunter2x").len(), 1);
        assert_eq!(hits(&index, b"...hunter2x").len(), 1);
        assert_eq!(hits(&index, b"hunter2").len(), 0);
    }

    #[test]
    fn values_of_one_shape_do_not_hide_each_other() {
        let values: Vec<String> = (0..500).map(|i| format!("postgres://svc{i:03}@db/x{i}")).collect();
        let index = index(&values.iter().map(String::as_str).collect::<Vec<_>>());
        for (i, value) in values.iter().enumerate() {
            let found = hits(&index, format!("url = \"{value}\"").as_bytes());
            assert!(found.iter().any(|h| h.value == i as u32 && h.form == Form::Plain), "{i}");
        }
    }

    #[test]
    fn a_short_value_inside_a_longer_word_is_chance() {
        let index = index(&["deadbeef"]);
        assert_eq!(hits(&index, b"7deadbeef").len() + hits(&index, b"deadbeef0").len(), 0);
        assert_eq!(hits(&index, b"x=deadbeef;").len(), 1);
    }

    #[test]
    fn what_is_not_a_value_is_not_found() {
        let index = index(&["correct-horse-battery"]);
        assert_eq!(hits(&index, b"correct-horse-batterx correct-horse incorrect-horse-batter"), []);
    }

    #[test]
    fn forms_are_told_apart() {
        let index = index(&["p@ss/word&1"]);
        let form = |text: &str| hits(&index, text.as_bytes()).first().map(|h| h.form);
        assert_eq!(form("u=p%40ss%2Fword%261;"), Some(Form::Percent));
        assert_eq!(form("<p>p@ss/word&amp;1</p>"), Some(Form::Xml));
        assert_eq!(form("data: cEBzcy93b3JkJjE="), Some(Form::Base64));
        assert_eq!(form("7040737 7040737 70407373 2f776f7264 704073732f776f72642631"), Some(Form::Hex));
    }

    #[test]
    fn weak_values_that_stand_everywhere_are_refused_with_a_reason() {
        let refused = |value: &str| KnownIndexBuilder::new().unwrap().add(value.as_bytes());
        assert_eq!(refused("abc"), Err(Refusal::Short));
        assert_eq!(refused("  ChangeMe \n"), Err(Refusal::Common));
        assert_eq!(refused("--------------"), Err(Refusal::Uniform));
        assert_eq!(refused("summer-2024"), Ok(0));
    }
}
