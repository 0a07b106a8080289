//! Tries rules on their own examples, through the whole detector as it runs in production.

use std::sync::Arc;

use super::{Detector, RuleFault, Scratch};
use crate::checksum::example::{ExampleError, render};
use crate::model::Blob;
use crate::rule::{Confidence, Extractor, Rule, RulePack, derived_keywords, parse_pattern};

/// What a trial found wrong with a rule. Never holds an example's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrialFault {
    /// An example cannot be written out.
    #[error("{kind} example {number}: {error}")]
    Example {
        /// `positive` or `negative`.
        kind: &'static str,
        /// From 1.
        number: usize,
        /// Why.
        error: ExampleError,
    },
    /// The rule does not find its own positive.
    #[error("positive example {number} is not found{}", instead(.others))]
    Missed {
        /// From 1.
        number: usize,
        /// The rules that fired on it, sorted.
        others: Vec<String>,
    },
    /// The rule fires on its own negative.
    #[error("negative example {number} is found")]
    Fired {
        /// From 1.
        number: usize,
    },
    /// A positive holds none of the keywords, so nothing but its surroundings in the pack could find it.
    #[error("positive example {number} holds no keyword")]
    NoKeyword {
        /// From 1.
        number: usize,
    },
    /// No positive needs the keyword.
    #[error("no positive example needs the keyword {0:?}")]
    Unneeded(String),
    /// The pattern has a literal, but the rule names no keyword.
    #[error("the rule names no keyword, though every match holds one of {0:?}")]
    Unnamed(Vec<String>),
}

impl TrialFault {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Example { .. } => "see docs/rules.md for the generators that examples may call",
            Self::Missed { .. } => "the example and the pattern, entropy, stopwords or checksum disagree",
            Self::Fired { .. } => "tighten the pattern, or add a checksum, entropy floor or stopword",
            Self::NoKeyword { .. } => "keywords are literals of the match; add the one that this shape holds",
            Self::Unneeded(_) => "add a positive that holds only this keyword, or remove the keyword",
            Self::Unnamed(_) => "name it, so that the rule sleeps on text without it",
        }
    }
}

fn instead(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!(", but {} fires", others.join(" and ")) }
}

/// One rule and what is wrong with it.
pub type Verdict = (String, TrialFault);

/// Tries every rule of `pack` for which `chosen` holds among all rules of `pack`.
///
/// # Errors
/// A rule of `pack` cannot be made ready to run.
pub fn try_rules(pack: &Arc<RulePack>, chosen: impl Fn(&Rule) -> bool) -> Result<Vec<Verdict>, RuleFault> {
    let detector = Detector::new(Arc::clone(pack))?;
    let mut verdicts = Vec::new();
    for rule in pack.rules().iter().filter(|rule| chosen(rule)) {
        let faults = Trial { detector: &detector, rule }.faults();
        verdicts.extend(faults.into_iter().map(|fault| (rule.id.to_string(), fault)));
    }
    Ok(verdicts)
}

struct Trial<'t> {
    detector: &'t Detector,
    rule: &'t Rule,
}

impl Trial<'_> {
    fn faults(&self) -> Vec<TrialFault> {
        let mut faults = Vec::new();
        let positives = self.texts("positive", &mut faults);
        let negatives = self.texts("negative", &mut faults);
        for (number, text) in &positives {
            let fired = self.fired(text);
            if !fired.iter().any(|id| *id == self.rule.id) {
                faults.push(TrialFault::Missed { number: *number, others: fired });
            }
        }
        for (number, text) in &negatives {
            if self.fired(text).iter().any(|id| *id == self.rule.id) {
                faults.push(TrialFault::Fired { number: *number });
            }
        }
        if !matches!(self.rule.extractor, Extractor::PathOnly) {
            self.keyword_faults(&positives, &mut faults);
        }
        faults
    }

    /// The examples of one kind written out, with their numbers.
    fn texts(&self, kind: &'static str, faults: &mut Vec<TrialFault>) -> Vec<(usize, String)> {
        let examples = if kind == "positive" { &self.rule.positive } else { &self.rule.negative };
        let mut texts = Vec::new();
        for (number, example) in (1..).zip(examples.iter()) {
            match render(example, &format!("{} {kind} {number}", self.rule.id)) {
                Ok(text) => texts.push((number, text)),
                Err(error) => faults.push(TrialFault::Example { kind, number, error }),
            }
        }
        texts
    }

    /// The rules that fire on `text`, sorted. What the classifier judges fires where a scan would report it.
    fn fired(&self, text: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let blob = Blob::whole(text.as_bytes());
        self.detector.detect(&mut Scratch::default(), &blob, None, &mut |c| {
            if c.evidence.is_none() || c.confidence >= Confidence::Medium {
                ids.push(c.rule.id.to_string());
            }
        });
        ids.sort();
        ids.dedup();
        ids
    }

    fn keyword_faults(&self, positives: &[(usize, String)], faults: &mut Vec<TrialFault>) {
        let keywords = &self.rule.keywords;
        if let (true, Extractor::Pattern(pattern)) = (keywords.is_empty(), &self.rule.extractor) {
            let derived = parse_pattern(pattern).map(|hir| derived_keywords(&hir)).unwrap_or_default();
            if !derived.is_empty() {
                faults.push(TrialFault::Unnamed(derived.iter().map(ToString::to_string).collect()));
            }
            return;
        }
        let held = |text: &str| -> Vec<&str> {
            let text = text.to_ascii_lowercase();
            keywords
                .iter()
                .map(AsRef::as_ref)
                .filter(|k: &&str| text.contains(&k.to_ascii_lowercase()))
                .collect()
        };
        let mut needed = Vec::new();
        for (number, text) in positives {
            match held(text)[..] {
                [] if !keywords.is_empty() => faults.push(TrialFault::NoKeyword { number: *number }),
                [only] => needed.push(only),
                _ => {}
            }
        }
        let unneeded = keywords.iter().filter(|k| !needed.contains(&k.as_ref()));
        faults.extend(unneeded.map(|k| TrialFault::Unneeded(k.to_string())));
    }
}
