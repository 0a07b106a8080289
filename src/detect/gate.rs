//! What a match must pass to become a candidate: entropy, stopwords, checksum. Looks at the secret alone.

use crate::checksum::{self, Outcome};
use crate::entropy;
use crate::model::Reason;
use crate::rule::{Confidence, Rule, Severity};

/// What the gates say of a secret that passed them.
#[derive(Debug, Clone)]
pub(super) struct Passed {
    pub(super) confidence: Confidence,
    pub(super) severity: Severity,
    pub(super) expires: Option<i64>,
    /// What the checksum told.
    pub(super) note: Option<Reason>,
}

/// Passes `secret` through the gates of `rule`; `None` when one stops it.
pub(super) fn pass(rule: &Rule, secret: &[u8]) -> Option<Passed> {
    if rule.min_entropy.is_some_and(|floor| entropy::shannon(secret) < floor) {
        return None;
    }
    if rule.stopwords.iter().any(|word| holds(secret, word.as_bytes())) {
        return None;
    }
    let mut passed =
        Passed { confidence: rule.confidence, severity: rule.severity, expires: None, note: None };
    if let Some(checksum) = rule.checksum {
        let checked = checksum::check(checksum, secret);
        if checked.outcome == Outcome::Failed {
            return None;
        }
        passed.confidence = checked.confidence.unwrap_or(passed.confidence);
        passed.severity = checked.severity.unwrap_or(passed.severity);
        passed.expires = checked.expires;
        passed.note = checked.note;
    }
    Some(passed)
}

/// Whether `word` stands in `text`, ASCII case ignored.
pub(super) fn holds(text: &[u8], word: &[u8]) -> bool {
    !word.is_empty() && text.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::rule;
    use crate::rule::Text;

    #[test]
    fn low_entropy_stops() {
        let rule = Rule { min_entropy: Some(3.0), ..rule("r", "x", &[]) };
        assert!(pass(&rule, b"aaaaaaaaaaaa").is_none());
        assert!(pass(&rule, b"a8Fk2xQ0plZ7").is_some());
    }

    #[test]
    fn stopwords_stop_in_any_case() {
        let rule = Rule { stopwords: vec![Text::Borrowed("example")].into(), ..rule("r", "x", &[]) };
        assert!(pass(&rule, b"AKIAEXAMPLE1").is_none());
        assert!(pass(&rule, b"AKIAEXEMPLE1").is_some());
    }
}
