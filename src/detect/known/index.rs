//! The search index over known values.
//!
//! Each form of each value is a pattern of at least [`MIN`] bytes, found by a [`Lane`] and confirmed by a keyed hash of
//! its whole length.

use std::collections::HashSet;

use super::forms::{self, Form};
use super::lane::{Cut, Lane, LaneBuilder, Mixer};
use crate::model::Span;

/// Least length of a pattern, in bytes.
const MIN: usize = Cut::SHORT.window;
/// Bytes of a long value that are searched for.
const LONGEST: usize = 4096;
/// Below this length a pattern must stand by itself: it may be part of longer words by chance.
const WORD: usize = 16;

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
    key: Key,
    patterns: Vec<Pattern>,
    short: LaneBuilder,
    long: LaneBuilder,
    values: u32,
}

/// Values ready to be searched for. Shared by all threads.
#[derive(Debug)]
pub struct KnownIndex {
    key: Key,
    patterns: Vec<Pattern>,
    lanes: [Lane; 2],
    /// Length of the longest pattern, in bytes.
    longest: usize,
}

/// A secret of one run: who reads the index in memory cannot test guesses without it.
struct Key([u8; 32]);

#[derive(Debug, Clone)]
struct Pattern {
    mac: [u8; 16],
    len: u32,
    /// Offset of the window by which it is found.
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
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        let mixer = Mixer::fresh()?;
        let [short, long] = [Cut::SHORT, Cut::LONG].map(|cut| LaneBuilder::new(cut, mixer));
        Ok(Self { key: Key(key), patterns: Vec::new(), short, long, values: 0 })
    }

    /// Adds a value and returns its number; numbers count up from 0, refused values have none.
    ///
    /// # Errors
    /// The value would be found in texts that do not hold it as a secret.
    pub fn add(&mut self, value: &[u8]) -> Result<u32, Refusal> {
        refuse(value)?;
        let number = self.values;
        self.values += 1;
        let mut own = HashSet::new();
        for (form, bytes) in forms::forms(value) {
            if bytes.len() >= MIN {
                self.pattern(number, form, &bytes, &mut own);
            }
        }
        Ok(number)
    }

    fn pattern(&mut self, value: u32, form: Form, bytes: &[u8], own: &mut HashSet<u64>) {
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        let mac = self.key.mac(bytes);
        let (lane, cut) = if bytes.len() < Cut::LONG.window {
            (&mut self.short, Cut::SHORT)
        } else {
            (&mut self.long, Cut::LONG)
        };
        let anchor = lane.offset(bytes, own);
        let window = &bytes[anchor..anchor + cut.window];
        let same =
            |&p: &u32| self.patterns[p as usize].mac == mac && self.patterns[p as usize].value == value;
        if lane.peers(window).iter().any(same) {
            return;
        }
        own.insert(lane.add(self.patterns.len() as u32, window));
        self.patterns.push(Pattern { mac, len: bytes.len() as u32, anchor: anchor as u32, value, form });
    }

    /// The finished index.
    pub fn build(self) -> KnownIndex {
        let Self { key, patterns, short, long, values: _ } = self;
        let longest = patterns.iter().map(|p| p.len as usize).max().unwrap_or_default();
        KnownIndex { key, patterns, lanes: [short.build(), long.build()], longest }
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
        for lane in &self.lanes {
            lane.search(bytes, &mut |start, pattern| {
                if let Some(hit) = self.confirm(bytes, start, &self.patterns[pattern as usize]) {
                    sink(hit);
                }
            });
        }
    }

    fn confirm(&self, bytes: &[u8], window: usize, pattern: &Pattern) -> Option<KnownHit> {
        let start = window.checked_sub(pattern.anchor as usize)?;
        let end = start + pattern.len as usize;
        let text = bytes.get(start..end)?;
        if text.len() < WORD && pattern.form != Form::Base64 && !stands_alone(bytes, start, end) {
            return None;
        }
        (self.key.mac(text) == pattern.mac).then_some(KnownHit {
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
    let joined_after = word(end - 1) && word(end);
    !joined_before && !joined_after
}

impl Key {
    fn mac(&self, bytes: &[u8]) -> [u8; 16] {
        let mut mac = [0; 16];
        mac.copy_from_slice(&blake3::keyed_hash(&self.0, bytes).as_bytes()[..16]);
        mac
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Words that stand in ordinary code and configuration, and values that vendors set; all of at least [`MIN`] bytes.
const COMMON: &[&str] = &[
    "password",
    "passw0rd", // leakward:allow
    "password1",
    "changeme", // leakward:allow
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
    "supersecret", // leakward:allow
    "letmein1",    // leakward:allow
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
