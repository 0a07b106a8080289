//! What stands in a value's place for certain, whatever the model has learnt of such words.
//!
//! Asked when the model has judged, and not of what the model learns from: corpora put such words where secrets were.

use super::{KeyKind, Subject};

/// Words that say that a value was taken out, in small letters.
const TAKEN_OUT: &[&str] = &[
    "redacted",
    "removed",
    "masked",
    "omitted",
    "filtered",
    "scrubbed",
    "sanitized",
    "sanitised",
    "censored",
    "elided",
    "stripped",
    "anonymized",
    "anonymised",
];

/// What `subject`'s value is instead of a secret; `None` where it may be one.
pub fn stand_in(subject: &Subject<'_>) -> Option<&'static str> {
    let value = subject.value.trim_ascii();
    if TAKEN_OUT.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes())) {
        return Some("a word for what was taken out");
    }
    if memchr::memmem::find(value, "…".as_bytes()).is_some() {
        return Some("a value that is cut short");
    }
    (subject.kind != KeyKind::Password && is_colour(value)).then_some("a colour")
}

/// `#2e2e2e`, `#fff`, with or without transparency.
fn is_colour(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"#");
    digits.is_some_and(|d| matches!(d.len(), 3 | 4 | 6 | 8) && d.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Syntax;

    fn of(value: &str, kind: KeyKind) -> Option<&'static str> {
        let subject = Subject { kind, ..Subject::password(value.as_bytes(), Syntax::Wrapped) };
        stand_in(&subject)
    }

    #[test]
    fn what_was_taken_out_is_known_by_its_word() {
        for value in ["REDACTED", "Redacted", "removed", "0xeAD1…D325", "[Filtered]".trim_matches(['[', ']'])]
        {
            assert!(of(value, KeyKind::Password).is_some(), "{value}");
        }
        for value in ["redacted7", "reduced", "unredacted-Kx93", "..x9Kq"] {
            assert_eq!(of(value, KeyKind::Password), None, "{value}");
        }
    }

    #[test]
    fn a_colour_is_no_token_but_may_be_a_password() {
        assert_eq!(of("#2e2e2e", KeyKind::Token), Some("a colour"));
        assert_eq!(of("#2e2e2e", KeyKind::Password), None);
        for value in ["#2e2e2", "#2e2e2g", "2e2e2e", "#2e2e2e2e2e"] {
            assert_eq!(of(value, KeyKind::Token), None, "{value}");
        }
    }
}
