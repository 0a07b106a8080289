//! Finds known secrets in any text about to be shown, also where no rule found them: a comment, a message, a path.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::mask::STARS;
use crate::model::Finding;

/// The known values of some findings, raw and encoded.
pub(super) struct Redactor {
    /// `None` when there is nothing to hide.
    values: Option<AhoCorasick>,
    /// The values that are long enough to be looked for in paths too.
    long_values: Option<AhoCorasick>,
}

/// Bytes below which a value is so common that hiding it in all text would hide the text.
const SHORTEST: usize = 4;
/// Bytes below which a value is not looked for in paths, nor in encoded forms: `test` is a folder.
const LONG: usize = 8;
/// Most values whose encoded forms are looked for; bounds the memory for files that are lists of secrets.
const MOST_ENCODED: usize = 1000;

impl Redactor {
    /// One that hides nothing.
    pub(super) const fn open() -> Self {
        Self { values: None, long_values: None }
    }

    /// One that hides the values of `findings`.
    pub(super) fn new(findings: &[Finding]) -> Self {
        let mut values: BTreeSet<&[u8]> = BTreeSet::new();
        for finding in findings {
            // Searched for, to be hidden.
            values.insert(finding.secret.expose());
            values.insert(finding.excerpt.secret.of(finding.excerpt.text.expose()));
        }
        values.retain(|v| v.len() >= SHORTEST);
        let few = values.len() <= MOST_ENCODED;
        let with_forms = |shortest: usize| {
            let mut needles: BTreeSet<Vec<u8>> = BTreeSet::new();
            for value in values.iter().filter(|v| v.len() >= shortest) {
                needles.insert(value.to_vec());
                if few && value.len() >= LONG {
                    needles.extend(forms(value));
                }
            }
            automaton(needles)
        };
        Self { values: with_forms(SHORTEST), long_values: with_forms(LONG) }
    }

    /// `text` with every known value replaced by stars.
    pub(super) fn text(&self, text: &[u8]) -> Vec<u8> {
        replace(self.values.as_ref(), text)
    }

    /// `path` with every known value of some length replaced by stars.
    pub(super) fn path(&self, path: &[u8]) -> Vec<u8> {
        replace(self.long_values.as_ref(), path)
    }
}

fn automaton(needles: BTreeSet<Vec<u8>>) -> Option<AhoCorasick> {
    if needles.is_empty() {
        return None;
    }
    let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(needles);
    Some(built.expect("as many values as a file holds fit an automaton"))
}

fn replace(values: Option<&AhoCorasick>, text: &[u8]) -> Vec<u8> {
    let Some(values) = values else { return text.to_vec() };
    let mut shown = Vec::with_capacity(text.len());
    values.replace_all_with_bytes(text, &mut shown, |_, _, shown| {
        shown.extend_from_slice(STARS.as_bytes());
        true
    });
    shown
}

/// Forms in which text around a finding may hold `value` once more.
fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let hex = |upper: bool| -> Vec<u8> {
        let digits = value.iter().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
        digits.collect::<String>().into_bytes()
    };
    let mut forms = vec![hex(false), hex(true), percent(value), percent(value).to_ascii_lowercase()];
    forms.push(percent_all(value));
    let json = serde_json::to_string(&String::from_utf8_lossy(value)).unwrap_or_default();
    forms.push(json.trim_matches('"').as_bytes().to_vec());
    for before in 0..3 {
        forms.push(base64_core(&STANDARD_NO_PAD, value, before));
        forms.push(base64_core(&URL_SAFE_NO_PAD, value, before));
    }
    forms.retain(|f| f.len() >= LONG);
    forms
}

/// The digits of base64 text that `value` alone decides, when `before` bytes of other text precede it in its group.
fn base64_core(engine: &impl Engine, value: &[u8], before: usize) -> Vec<u8> {
    let padded = [vec![0; before], value.to_vec()].concat();
    let digits = engine.encode(&padded).into_bytes();
    // The first digits mix with what precedes, the last with what follows.
    let from = [0, 2, 3][before];
    let to = padded.len() * 8 / 6;
    digits[from.min(to)..to.min(digits.len())].to_vec()
}

/// Percent-encoding of all but unreserved characters.
fn percent(value: &[u8]) -> Vec<u8> {
    let digit = |b: &u8| -> String {
        if b.is_ascii_alphanumeric() || b"-._~".contains(b) {
            char::from(*b).into()
        } else {
            format!("%{b:02X}")
        }
    };
    value.iter().map(digit).collect::<String>().into_bytes()
}

/// Percent-encoding of every byte.
fn percent_all(value: &[u8]) -> Vec<u8> {
    value.iter().map(|b| format!("%{b:02X}")).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::report::sample;

    const VALUE: &str = "s3cr3t/with+odd=chars";

    fn redact(text: &str) -> String {
        let redactor = Redactor::new(&[sample::finding("a.py", &format!("key = {VALUE}"), VALUE)]);
        String::from_utf8(redactor.text(text.as_bytes())).unwrap()
    }

    #[test]
    fn a_value_is_hidden_wherever_it_stands() {
        assert_eq!(redact(&format!("see {VALUE}, again {VALUE}")), format!("see {STARS}, again {STARS}"));
        assert_eq!(redact("nothing"), "nothing");
    }

    #[test]
    fn encoded_forms_are_hidden_too() {
        for around in ["", "x", "xy", "xyz"] {
            let text = STANDARD.encode(format!("{around}{VALUE}{around}"));
            assert!(redact(&text).contains(STARS), "base64 after {around:?}");
        }
        assert_eq!(redact("a=s3cr3t%2Fwith%2Bodd%3Dchars"), format!("a={STARS}"));
        let hex: String = VALUE.bytes().map(|b| format!("{b:02x}")).collect();
        assert_eq!(redact(&hex), STARS);
    }

    #[test]
    fn a_short_value_does_not_blot_out_paths() {
        let redactor = Redactor::new(&[sample::finding("a.py", "key = test1", "test1")]);
        assert_eq!(redactor.path(b"test1/a.py"), b"test1/a.py");
        assert_eq!(redactor.text(b"say test1"), format!("say {STARS}").as_bytes());
    }

    #[test]
    fn an_open_redactor_changes_nothing() {
        assert_eq!(Redactor::open().text(VALUE.as_bytes()), VALUE.as_bytes());
    }
}
