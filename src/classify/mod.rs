//! Judges generic values: secret, reference, placeholder or noise. Pure and deterministic.
//!
//! Looks at one value with its key and the few bytes around; never at a path, a file or other values. What a
//! path adds is asked in a second step.

mod code;
mod evidence;
mod example;
mod feature;
mod forest;
mod key;
mod lexicon;
mod noise;
mod placeholder;
mod plain;
mod reference;
mod shape;
mod stand_in;
mod syntax;
mod wrapped;

pub use evidence::{add_path, evidence, is_code, is_of_tests};
pub use feature::{FEATURES, Feature};
pub use forest::{LEAF, MAGIC, Model, NODE_BYTES, Node};
pub use key::{KeyKind, KeyName};
pub use lexicon::{Lexicon, TRIGRAMS, WORD_BITS, probes, symbol, trigram};
pub use noise::Noise;
pub use stand_in::stand_in;
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

/// How sure the embedded model is of `evidence`; `None` when it is not worth a report at any level. What a test or
/// documentation shows is of medium confidence at most, words that a comment of documentation shows of low.
pub fn weigh(evidence: &Evidence) -> Option<Confidence> {
    let model = Model::embedded();
    let confidence = model.confidence(model.score(evidence))?;
    let seen = |feature: Feature| evidence.0[feature as usize];
    let wordy =
        seen(Feature::Dictionary) >= 50 || seen(Feature::CommonPassword) + seen(Feature::Placeholder) > 0;
    let most = match Shown::of(evidence) {
        Some(Shown::InComment) if wordy => Confidence::Low,
        Some(_) => Confidence::Medium,
        None if seen(Feature::InTests) + seen(Feature::InDocs) > 0 => Confidence::Medium,
        None => Confidence::High,
    };
    Some(confidence.min(most))
}

/// Where a value is shown to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Shown {
    /// In the body of a test.
    InTest = 1,
    /// In a comment that documentation is made from.
    InComment,
}

impl Shown {
    fn of(evidence: &Evidence) -> Option<Self> {
        match evidence.0[Feature::Shown as usize] {
            0 => None,
            1 => Some(Self::InTest),
            _ => Some(Self::InComment),
        }
    }

    /// Notes in `evidence` that the value is shown so.
    pub fn note(self, evidence: &mut Evidence) {
        evidence.0[Feature::Shown as usize] = self as u8;
    }
}

/// Whether `evidence` whose path is not known yet may become a report at the default level once it is.
pub fn may_be_told(evidence: &Evidence) -> bool {
    let model = Model::embedded();
    model.score(evidence) >= model.levels[1] - PATH_SHARE
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
