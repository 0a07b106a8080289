//! Finds known secrets in any text about to be shown, also where no rule found them: a comment, a message, a path.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::mask::STARS;
use crate::model::Finding;

/// The known values of some findings, raw and encoded, by the bytes that each form begins with.
///
/// An automaton over all forms was tried: a few hundred private keys made it take more than a gigabyte and three
/// seconds. Texts here are short, so a form is made only where its first bytes stand.
pub(super) struct Redactor {
    values: Vec<Vec<u8>>,
    /// The longest first among those with one start, so that of two values at one place the longer is hidden.
    forms: HashMap<[u8; SHORTEST], Vec<Needle>>,
}

/// One form of one value.
struct Needle {
    /// Index into the values.
    value: usize,
    form: Form,
    /// Bytes of the whole form.
    len: usize,
    /// What the form begins with; tells most places apart before the form is made.
    start: Vec<u8>,
}

/// How a value is written.
#[derive(Clone, Copy)]
enum Form {
    Raw,
    Hex,
    UpperHex,
    Percent,
    LowerPercent,
    PercentAll,
    Json,
    /// Base64 after some bytes of other text in the same group.
    Base64(usize),
    UrlBase64(usize),
}

/// Bytes below which a value is so common that hiding it in all text would hide the text.
const SHORTEST: usize = 4;
/// Bytes below which a value is not looked for in paths, nor in encoded forms: `test` is a folder.
const LONG: usize = 8;
/// Most values whose encoded forms are looked for; bounds the memory for files that are lists of secrets.
const MOST_ENCODED: usize = 1000;
/// Bytes of a form that are kept.
const START: usize = 12;

impl Redactor {
    /// One that hides nothing.
    pub(super) fn open() -> Self {
        Self { values: Vec::new(), forms: HashMap::new() }
    }

    /// One that hides the values of `findings`.
    pub(super) fn new(findings: &[Finding]) -> Self {
        let mut values: BTreeSet<&[u8]> = BTreeSet::new();
        for finding in findings.iter().filter(|f| !f.rule.extractor.is_practice()) {
            // Searched for, to be hidden.
            values.insert(finding.secret.expose());
            values.insert(finding.excerpt.secret.of(finding.excerpt.text.expose()));
        }
        values.retain(|v| v.len() >= SHORTEST);
        let few = values.len() <= MOST_ENCODED;
        let values: Vec<Vec<u8>> = values.into_iter().map(<[u8]>::to_vec).collect();
        let mut forms: HashMap<[u8; SHORTEST], Vec<Needle>> = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            let encoded = if few && value.len() >= LONG { &Form::ENCODED[..] } else { &[] };
            for &form in [Form::Raw].iter().chain(encoded) {
                let whole = form.of(value);
                let Some(key) = whole.first_chunk::<SHORTEST>() else { continue };
                let start = whole[..whole.len().min(START)].to_vec();
                forms.entry(*key).or_default().push(Needle { value: index, form, len: whole.len(), start });
            }
        }
        for needles in forms.values_mut() {
            needles.sort_by_key(|needle| std::cmp::Reverse(needle.len));
        }
        Self { values, forms }
    }

    /// `text` with every known value replaced by stars.
    pub(super) fn text(&self, text: &[u8]) -> Vec<u8> {
        self.replace(text, |value| value.len() >= SHORTEST)
    }

    /// `path` with every known value of some length replaced by stars. A value that is one word in small letters names
    /// folders too: stars there would lead nowhere, and tell what the value is.
    pub(super) fn path(&self, path: &[u8]) -> Vec<u8> {
        self.replace(path, |value| value.len() >= LONG && !value.iter().all(u8::is_ascii_lowercase))
    }

    fn replace(&self, text: &[u8], hides: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut shown = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&first, after)) = rest.split_first() {
            if let Some(len) = self.known_at(rest, &hides) {
                shown.extend_from_slice(STARS.as_bytes());
                rest = &rest[len..];
            } else {
                shown.push(first);
                rest = after;
            }
        }
        shown
    }

    /// Bytes of the longest known form that `text` begins with.
    fn known_at(&self, text: &[u8], hides: &impl Fn(&[u8]) -> bool) -> Option<usize> {
        let needles = self.forms.get(text.first_chunk::<SHORTEST>()?)?;
        let stands = |needle: &&Needle| {
            let value = &self.values[needle.value];
            hides(value)
                && text.len() >= needle.len
                && text.starts_with(&needle.start)
                && text.starts_with(&needle.form.of(value))
        };
        needles.iter().find(stands).map(|needle| needle.len)
    }
}

impl Form {
    /// Every form but the value itself.
    const ENCODED: [Self; 12] = [
        Self::Hex,
        Self::UpperHex,
        Self::Percent,
        Self::LowerPercent,
        Self::PercentAll,
        Self::Json,
        Self::Base64(0),
        Self::Base64(1),
        Self::Base64(2),
        Self::UrlBase64(0),
        Self::UrlBase64(1),
        Self::UrlBase64(2),
    ];

    /// `value` in this form.
    fn of(self, value: &[u8]) -> Cow<'_, [u8]> {
        let hex = |digits| value.iter().flat_map(|&b| pair(b, digits)).collect::<Vec<_>>();
        let encoded = match self {
            Self::Raw => return value.into(),
            Self::Hex => hex(LOWER),
            Self::UpperHex => hex(UPPER),
            Self::Percent => percent(value),
            Self::LowerPercent => percent(value).to_ascii_lowercase(),
            Self::PercentAll => percent_all(value),
            Self::Json => {
                let json = serde_json::to_string(&String::from_utf8_lossy(value)).unwrap_or_default();
                json.trim_matches('"').as_bytes().to_vec()
            }
            Self::Base64(before) => base64_core(&STANDARD_NO_PAD, value, before),
            Self::UrlBase64(before) => base64_core(&URL_SAFE_NO_PAD, value, before),
        };
        if encoded.len() < LONG { Cow::default() } else { encoded.into() }
    }
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

/// The hexadecimal digits in either case.
const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// `byte` in two of `digits`.
fn pair(byte: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}

/// Percent-encoding of all but unreserved characters.
fn percent(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    for &byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte);
        } else {
            text.push(b'%');
            text.extend(pair(byte, UPPER));
        }
    }
    text
}

/// Percent-encoding of every byte.
fn percent_all(value: &[u8]) -> Vec<u8> {
    let escaped = |&byte: &u8| {
        let [high, low] = pair(byte, UPPER);
        [b'%', high, low]
    };
    value.iter().flat_map(escaped).collect()
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
    fn a_word_does_not_blot_out_the_folders_that_it_names() {
        let findings = ["warehouse", "warehouse7"].map(|v| sample::finding("a.py", &format!("key = {v}"), v));
        let redactor = Redactor::new(&findings);
        assert_eq!(redactor.path(b"warehouse-db/a.py"), b"warehouse-db/a.py");
        assert_eq!(redactor.path(b"warehouse7/a.py"), format!("{STARS}/a.py").as_bytes());
        assert_eq!(redactor.text(b"say warehouse"), format!("say {STARS}").as_bytes());
    }

    #[test]
    fn of_two_values_at_one_place_the_longer_is_hidden() {
        let findings = ["abcdefgh", "abcdefgh12345"].map(|v| sample::finding("a.py", &format!("k = {v}"), v));
        assert_eq!(Redactor::new(&findings).text(b"<abcdefgh12345>"), format!("<{STARS}>").as_bytes());
    }

    #[test]
    fn an_open_redactor_changes_nothing() {
        assert_eq!(Redactor::open().text(VALUE.as_bytes()), VALUE.as_bytes());
    }
}
