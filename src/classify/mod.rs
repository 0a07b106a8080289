//! Judges generic values: secret, reference, placeholder or noise. Pure and deterministic.
//!
//! Looks at one value with its key and the few bytes around; never at a path, a file or other values. What a
//! path adds is asked in a second step.

mod code;
mod evidence;
mod feature;
mod forest;
mod key;
mod lexicon;
mod noise;
mod placeholder;
mod plain;
mod reference;
mod shape;
mod syntax;
mod wrapped;

pub use evidence::{add_path, evidence, is_of_tests};
pub use feature::{FEATURES, Feature};
pub use forest::{LEAF, MAGIC, Model, NODE_BYTES, Node};
pub use key::{KeyKind, KeyName};
pub use lexicon::{Lexicon, TRIGRAMS, WORD_BITS, probes, symbol, trigram};
pub use noise::Noise;
pub use syntax::Syntax;

use crate::model::{Evidence, Reason};
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
    /// Whether the text holds user and password encoded as one.
    pub pair: bool,
    /// The line in front of the match, the last bytes of it.
    pub before: &'b [u8],
    /// The line behind the match, the first bytes of it.
    pub after: &'b [u8],
}

impl<'b> Subject<'b> {
    /// `value`, named `key`.
    pub const fn new(key: &'b [u8], kind: KeyKind, value: &'b [u8], syntax: Syntax) -> Self {
        Self {
            key,
            kind,
            value,
            syntax,
            callee: b"",
            user: b"",
            host: b"",
            pair: false,
            before: b"",
            after: b"",
        }
    }

    /// A password that no key names.
    pub const fn password(value: &'b [u8], syntax: Syntax) -> Self {
        Self::new(b"password", KeyKind::Password, value, syntax)
    }
}

/// What a value was found to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// Certainly no secret, and why.
    Noise(Noise),
    /// What was seen, to be weighed.
    Open(Evidence),
}

/// Judges `subject`: refuses what is certainly noise and gathers evidence of the rest.
pub fn judge(subject: &Subject<'_>, lexicon: &Lexicon<'_>) -> Judgement {
    match Noise::of(subject) {
        Some(noise) => Judgement::Noise(noise),
        None => Judgement::Open(evidence(subject, lexicon)),
    }
}

/// How sure the embedded model is of `evidence`; `None` when it is not worth a report at any level.
pub fn weigh(evidence: &Evidence) -> Option<Confidence> {
    let model = Model::embedded();
    model.confidence(model.score(evidence))
}

/// Whether `evidence` whose path is not known yet may become worth a report once it is.
pub fn may_count(evidence: &Evidence) -> bool {
    let model = Model::embedded();
    model.score(evidence) >= model.levels[0] - PATH_SHARE
}

/// The most that a path adds to the log-odds, rounded up.
const PATH_SHARE: f32 = 2.0;

/// What speaks most for a secret, for people.
pub fn reasons(evidence: &Evidence) -> Vec<Reason> {
    let (shares, _) = Model::embedded().shares(evidence);
    shares
        .iter()
        .filter(|(_, share)| *share > 0.0)
        .take(3)
        .map(|(f, _)| Reason::Borrowed(f.as_str()))
        .collect()
}

#[cfg(test)]
mod tests;
