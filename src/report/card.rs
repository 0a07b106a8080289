//! A finding as one screen shows it.

use super::view::{same_secrets, views};
use super::{place_words, plain::plain, spread, time, verdict};
use crate::model::Finding;
use crate::rule::{Confidence, Severity};

/// A finding as one screen shows it: masked, and safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The finding's stable name, without its scheme.
    pub fingerprint: String,
    /// The rule's id.
    pub rule: String,
    /// What kind of secret it is.
    pub title: String,
    /// How bad the leak is.
    pub severity: Severity,
    /// How sure the detector is.
    pub confidence: Confidence,
    /// Path, line and column.
    pub place: String,
    /// The kind of place, such as `commit message`.
    pub kind: &'static str,
    /// The text before the secret, what stands for it, and the text after it.
    pub line: [String; 3],
    /// What to do first.
    pub remedy: String,
    /// Why it was reported.
    pub why: String,
    /// What the manager or the provider says, when it was asked.
    pub verdict: Option<String>,
    /// The commit that holds it: id, day, author, first line of the message.
    pub commit: Option<String>,
    /// How far it spread, when a whole history was scanned.
    pub spread: Vec<String>,
    /// The same number for findings of one secret.
    pub same: usize,
}

/// The cards of `findings`, which are sorted by path.
pub fn cards(findings: &[Finding]) -> Vec<Card> {
    views(findings, false)
        .zip(same_secrets(findings))
        .map(|(view, same)| {
            let finding = view.finding;
            let shown = view.excerpt();
            let (before, rest) = shown.text.split_at(shown.secret.start);
            let (secret, after) = rest.split_at(shown.secret.len());
            let start = finding.region.start;
            let commit = view.commit().map(|commit| {
                let id: String = commit.id.chars().take(12).collect();
                let (day, author) = (&time::rfc3339(commit.time)[..10], view.text(&commit.author));
                let message = view.text(&commit.message);
                plain(
                    format!("{id} {day} {author}: {}", message.lines().next().unwrap_or_default()).as_bytes(),
                )
            });
            let why: Vec<_> = finding.why.iter().map(|why| plain(why.as_bytes())).collect();
            Card {
                fingerprint: finding.fingerprint.to_string(),
                rule: finding.rule.id.to_string(),
                title: finding.rule.title.to_string(),
                severity: finding.severity,
                confidence: finding.confidence,
                place: format!("{}:{}:{}", view.path(), start.line, start.column),
                kind: place_words(&finding.origin.place),
                line: [before.to_owned(), secret.to_owned(), after.to_owned()],
                remedy: view.remedy(),
                why: why.join(", "),
                verdict: finding.verdict.as_deref().map(verdict::words),
                commit,
                spread: finding.spread.as_deref().map(|s| spread::words(&view, s)).unwrap_or_default(),
                same,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_card_shows_the_line_and_not_the_secret() {
        let value = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";
        let findings = [sample::finding("a\u{1b}[31m.py", &format!("key = '{value}'"), value)];
        let card = cards(&findings).pop().unwrap();
        assert_eq!((&*card.line[0], &*card.line[2]), ("key = '", "'"));
        assert!(!format!("{card:?}").contains("0123456789abcdef"), "{card:?}");
        assert!(!card.place.contains('\u{1b}'), "{}", card.place);
    }
}
