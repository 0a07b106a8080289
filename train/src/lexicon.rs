//! Learns what words look like from the text of the folder.

use std::collections::{BTreeMap, BTreeSet};

use leakward::classify::{Lexicon, TRIGRAMS, WORD_BITS, probes, symbol, trigram};

use crate::corpus::Text;

/// Words of many repositories.
#[derive(Default)]
pub(crate) struct Words {
    /// Word in small letters → the repositories whose texts hold it.
    found: BTreeMap<Vec<u8>, BTreeSet<String>>,
}

/// The learnt tables.
pub(crate) struct Tables {
    pub(crate) trigrams: Vec<u8>,
    pub(crate) words: Vec<u8>,
}

/// Repositories that must hold a word: what one alone says is a name of its own.
const FEWEST: usize = 3;

impl Words {
    /// Notes the words of `text`, lines with a secret left out.
    pub(crate) fn read(&mut self, text: &Text) {
        let secret = |line: u64| {
            text.labels.iter().any(|l| l.label == "T" && l.line_start <= line && line <= l.line_end)
        };
        let mut seen = BTreeSet::new();
        for (i, line) in text.bytes.split(|&b| b == b'\n').enumerate() {
            if !secret(i as u64 + 1) {
                words_of(line, &mut seen);
            }
        }
        for word in seen {
            self.found.entry(word).or_default().insert(text.repo.clone());
        }
    }

    /// The tables of the words that several repositories hold.
    pub(crate) fn tables(&self) -> Tables {
        let mut counts = vec![0.0f64; TRIGRAMS];
        let mut words = vec![0u8; WORD_BITS / 8];
        for (word, repos) in self.found.iter().filter(|(_, repos)| repos.len() >= FEWEST) {
            for bit in probes(word) {
                words[bit / 8] |= 1 << (bit % 8);
            }
            // By repositories, not by frequency: it is spelling that is learnt.
            let weight = repos.len() as f64;
            let (mut a, mut b) = (0, 0);
            for &byte in word.iter().chain(b" ") {
                let c = symbol(byte);
                counts[trigram(a, b, c)] += weight;
                (a, b) = (b, c);
            }
        }
        let mut trigrams = vec![0u8; TRIGRAMS];
        for a in 0..27 {
            for b in 0..27 {
                let sum: f64 = (0..27).map(|c| counts[trigram(a, b, c)]).sum();
                for c in 0..27 {
                    let p = (counts[trigram(a, b, c)] + 0.5) / (sum + 13.5);
                    trigrams[trigram(a, b, c)] = (-p.log2() * 16.0).min(255.0) as u8;
                }
            }
        }
        Tables { trigrams, words }
    }
}

impl Tables {
    pub(crate) fn lexicon(&self) -> Lexicon<'_> {
        Lexicon { trigrams: &self.trigrams, words: &self.words }
    }
}

/// Adds the words of `line`, in small letters, to `seen`.
fn words_of(line: &[u8], seen: &mut BTreeSet<Vec<u8>>) {
    let mut word: Vec<u8> = Vec::new();
    let mut last = 0u8;
    for &b in line.iter().chain(b" ") {
        let camel = b.is_ascii_uppercase() && last.is_ascii_lowercase();
        if !b.is_ascii_alphabetic() || camel {
            if (3..=16).contains(&word.len()) {
                seen.insert(std::mem::take(&mut word));
            }
            word.clear();
        }
        if b.is_ascii_alphabetic() {
            word.push(b.to_ascii_lowercase());
        }
        last = b;
    }
}
