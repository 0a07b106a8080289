//! Learns what words look like from the text of the folder.

use std::collections::BTreeMap;

use leakward::classify::{Lexicon, TRIGRAMS, WORD_BITS, probes, symbol, trigram};

/// Counts of the words of many texts.
#[derive(Default)]
pub(crate) struct Words {
    /// Word in small letters → number of texts that hold it.
    counts: BTreeMap<Vec<u8>, u32>,
}

/// The learnt tables.
pub(crate) struct Tables {
    pub(crate) trigrams: Vec<u8>,
    pub(crate) words: Vec<u8>,
}

impl Words {
    /// Counts each word of `text` once.
    pub(crate) fn read(&mut self, text: &[u8]) {
        let mut seen = std::collections::BTreeSet::new();
        let mut word: Vec<u8> = Vec::new();
        let mut last = 0u8;
        for &b in text.iter().chain(b" ") {
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
        for word in seen {
            *self.counts.entry(word).or_default() += 1;
        }
    }

    /// The tables of the words that at least `texts` texts hold.
    pub(crate) fn tables(&self, texts: u32) -> Tables {
        let mut counts = vec![0.0f64; TRIGRAMS];
        let mut words = vec![0u8; WORD_BITS / 8];
        for (word, &n) in self.counts.iter().filter(|(_, n)| **n >= texts) {
            for bit in probes(word) {
                words[bit / 8] |= 1 << (bit % 8);
            }
            // Rare words count too, common ones not by their frequency: it is spelling that is learnt.
            let weight = f64::from(n).ln() + 1.0;
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
