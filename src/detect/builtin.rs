//! Readers of shapes that no single regular expression holds: assignments, URLs, command lines, headers.
//!
//! A rule names one through [`Extractor::Builtin`](crate::rule::Extractor). This file is the interface and the
//! register; it reads nothing itself.

use super::generic;
use super::pem::PemBlock;
use crate::model::{Evidence, Reason, Secret, Span};
use crate::rule::Confidence;

/// A reader that a trigger word wakes.
///
/// The detector finds the triggers, cuts the window, runs the rule's gates (entropy, stopwords, checksum), and
/// drops a span that the same rule has found before. A reader is called often (every `key` in a source file may
/// wake it) and mostly in vain, so it should refuse within tens of nanoseconds.
pub trait Builtin: Sync {
    /// The name by which rules refer to it.
    fn name(&self) -> &'static str;

    /// Literals that wake it, lower-case ASCII of at least 2 bytes, found with ASCII case ignored anywhere, also
    /// inside words. A rule with keywords of its own is woken by those instead, so that several rules may share
    /// one reader.
    fn triggers(&self) -> &'static [&'static str];

    /// How far it may look to each side of a trigger, in bytes.
    fn reach(&self) -> usize;

    /// Calls `sink` with what belongs to the trigger of `window`. Must be a pure function of the window.
    fn extract(&self, window: &Window<'_>, sink: &mut dyn FnMut(Extraction));
}

/// A trigger and the text around it.
#[derive(Debug, Clone, Copy)]
pub struct Window<'b> {
    /// The text from `reach` bytes before the trigger to `reach` bytes after it, cut short only by the blob's
    /// ends. Nothing tells whether a border is the blob's or the window's, and nothing may depend on it.
    pub bytes: &'b [u8],
    /// Where the trigger lies in `bytes`.
    pub trigger: Span,
}

/// What a reader found in a window.
#[derive(Debug, Clone)]
pub struct Extraction {
    /// The secret, relative to the window.
    pub secret: Span,
    /// The whole shape (key, operator, quotes…), relative to the window; contains `secret`.
    pub matched: Span,
    /// The value, where the bytes at `secret` are an escaped or encoded form of it.
    pub decoded: Option<Secret>,
    /// How sure the reader is; `None` leaves the rule's own confidence. Without evidence it is a bound.
    pub confidence: Option<Confidence>,
    /// What the classifier saw, where it is asked again once the path is known.
    pub evidence: Option<Evidence>,
    /// Why it fired, for people. Never holds found text.
    pub why: Vec<Reason>,
}

/// Every reader. A new one is registered here and nowhere else.
static READERS: &[&dyn Builtin] = &[
    &generic::PASSWORD,
    &generic::SECRET,
    &generic::TOKEN,
    &generic::KEY,
    &generic::CREDENTIAL,
    &generic::BasicAuth,
    &generic::Bearer,
    &generic::CommandLine,
    &generic::Kubernetes,
    &generic::PasswordFile,
    &generic::Statement,
    &generic::Url,
    &PemBlock,
];

/// The reader called `name`.
pub fn builtin(name: &str) -> Option<&'static dyn Builtin> {
    READERS.iter().copied().find(|reader| reader.name() == name)
}

#[cfg(test)]
mod tests {
    use super::{READERS, generic};

    #[test]
    fn every_generic_reader_is_registered() {
        let registered: Vec<_> = READERS.iter().map(|r| r.name()).collect();
        for reader in generic::READERS {
            assert!(registered.contains(&reader.name()), "{}", reader.name());
        }
    }

    #[test]
    fn triggers_are_lower_case_literals() {
        for reader in READERS {
            assert!(reader.reach() > 0, "{}", reader.name());
            for trigger in reader.triggers() {
                assert!(trigger.len() >= 2 && trigger.is_ascii(), "{}: {trigger}", reader.name());
                assert_eq!(trigger.to_ascii_lowercase(), *trigger, "{}", reader.name());
            }
        }
    }
}
