//! Judges generic values: secret, reference, placeholder or noise. Pure and deterministic.
//!
//! Looks at one value with its key and the few bytes around; never at a path, a file or other values. What a
//! path adds is asked in a second step.

mod evidence;
mod feature;
mod key;
mod lexicon;
mod noise;
mod placeholder;
mod reference;
mod shape;
mod syntax;
mod wrapped;

pub use evidence::{add_path, evidence};
pub use feature::{FEATURES, Feature};
pub use key::{KeyKind, KeyName};
pub use lexicon::{Lexicon, TRIGRAMS, WORD_BITS, probes, symbol, trigram};
pub use noise::Noise;
pub use syntax::Syntax;

use crate::entropy::shannon;
use crate::model::Reason;
use crate::rule::Confidence;

/// A value to judge, with what stands around it. Parts that do not apply are empty.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'b> {
    /// The name of the value.
    pub key: &'b [u8],
    /// What the reader takes the value for.
    pub kind: KeyKind,
    /// The value, unquoted and decoded.
    pub value: &'b [u8],
    /// How key and value stand together.
    pub syntax: Syntax,
    /// The function that the value is handed to.
    pub callee: &'b [u8],
    /// The account that the value belongs to, where the text names it: the user of a URL.
    pub user: &'b [u8],
    /// The machine that the value opens, where the text names it: the host of a URL.
    pub host: &'b [u8],
    /// The line in front of the match, the last bytes of it.
    pub before: &'b [u8],
    /// The line behind the match, the first bytes of it.
    pub after: &'b [u8],
}

impl<'b> Subject<'b> {
    /// `value`, named `key`.
    pub const fn new(key: &'b [u8], kind: KeyKind, value: &'b [u8], syntax: Syntax) -> Self {
        Self { key, kind, value, syntax, callee: b"", user: b"", host: b"", before: b"", after: b"" }
    }

    /// A password that no key names.
    pub const fn password(value: &'b [u8], syntax: Syntax) -> Self {
        Self::new(b"password", KeyKind::Password, value, syntax)
    }
}

/// What a value was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// No secret, and why.
    Noise(Noise),
    /// Perhaps a secret.
    Open {
        /// How sure the classifier is.
        confidence: Confidence,
        /// Why, for people.
        why: Vec<Reason>,
    },
}

/// Judges `subject`.
pub fn judge(subject: &Subject<'_>) -> Judgement {
    match Noise::of(subject) {
        Some(noise) => Judgement::Noise(noise),
        None => weigh(subject),
    }
}

/// Weighs length, character classes and entropy.
fn weigh(subject: &Subject<'_>) -> Judgement {
    let value = subject.value;
    let entropy = shannon(value);
    let digits = value.iter().any(u8::is_ascii_digit);
    let letters = value.iter().any(u8::is_ascii_alphabetic);
    let marks = value.iter().any(|b| b.is_ascii_punctuation());
    let mixed = digits && letters;
    let confidence = match subject.kind {
        KeyKind::Password if value.len() >= 12 && mixed && entropy >= 3.2 => Confidence::High,
        KeyKind::Password if mixed || marks => Confidence::Medium,
        KeyKind::Password => Confidence::Low,
        _ if value.len() < 8 || !mixed && !marks => return Judgement::Noise(Noise::Weak),
        _ if value.len() >= 20 && mixed && entropy >= 3.4 => Confidence::High,
        _ if mixed && entropy >= 2.8 => Confidence::Medium,
        _ => Confidence::Low,
    };
    let why = vec![
        Reason::from(format!("{} named {}", subject.syntax.as_str(), subject.kind.as_str())),
        Reason::from(format!("entropy {entropy:.1} bits per byte over {} bytes", value.len())),
    ];
    Judgement::Open { confidence, why }
}

#[cfg(test)]
mod tests;
