//! What is seen of the value itself.

use super::super::feature::Feature;
use super::super::lexicon::Lexicon;
use super::super::placeholder::{filler, inside, is_constant_name, whole};
use super::super::reference::{is_expression, points_elsewhere};
use super::super::shape::{
    distinct, is_digest, is_location, is_numeric, is_repeat, is_sequence, is_uuid, steadiness, words,
};
use super::super::{KeyName, Subject};
use super::{Seen, holds, is_one_of};
use crate::entropy::shannon;

pub(super) fn see(subject: &Subject<'_>, key: &KeyName<'_>, lexicon: &Lexicon<'_>, seen: &mut Seen) {
    let value = subject.value;
    see_classes(value, seen);
    see_words(value, key, lexicon, seen);
    see_alphabet(value, seen);
    see_noise(subject, seen);
    seen.set(Feature::First, class(value.first().copied()));
    seen.set(Feature::Last, class(value.last().copied()));
    let user = subject.user;
    let like = if user.len() < 3 {
        0
    } else if value.eq_ignore_ascii_case(user) {
        1
    } else {
        2 * u8::from(std::str::from_utf8(user).is_ok_and(|u| holds(value, u)))
    };
    seen.set(Feature::LikeUser, like);
}

/// Length, entropy and classes of characters.
fn see_classes(value: &[u8], seen: &mut Seen) {
    let count = |belongs: fn(&u8) -> bool| value.iter().filter(|b| belongs(b)).count();
    seen.count(Feature::Length, value.len());
    seen.set(Feature::Entropy, (shannon(value) * 32.0) as u8);
    seen.percent(Feature::Distinct, distinct(value), value.len());
    seen.percent(Feature::Digits, count(u8::is_ascii_digit), value.len());
    seen.percent(Feature::Capitals, count(u8::is_ascii_uppercase), value.len());
    seen.percent(Feature::Smalls, count(u8::is_ascii_lowercase), value.len());
    seen.percent(Feature::Marks, count(u8::is_ascii_punctuation), value.len());
    seen.percent(Feature::Foreign, count(|b| !b.is_ascii()), value.len());
    let mut marks: Vec<u8> = value.iter().copied().filter(u8::is_ascii_punctuation).collect();
    marks.sort_unstable();
    marks.dedup();
    seen.count(Feature::MarkKinds, marks.len());
    seen.count(Feature::Words, words(value));
    let changes = value.windows(2).filter(|p| class(Some(p[0])) != class(Some(p[1]))).count();
    seen.percent(Feature::Changes, changes, value.len().saturating_sub(1));
    seen.count(Feature::LongestRun, longest_run(value));
    seen.set(Feature::Steadiness, (steadiness(value) * 100.0) as u8);
    let group = |p: &[u8]| p[0].is_ascii_digit() && !p[1].is_ascii_digit();
    let groups = value.windows(2).filter(|p| group(p)).count()
        + usize::from(value.last().is_some_and(u8::is_ascii_digit));
    seen.count(Feature::DigitGroups, groups);
}

/// Likeness to words and names.
fn see_words(value: &[u8], key: &KeyName<'_>, lexicon: &Lexicon<'_>, seen: &mut Seen) {
    let parts = KeyName::new(value);
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let (mut known, mut longest, mut count) = (0, 0, 0);
    let (mut echo, mut fillers, mut invented) = (0, 0, 0);
    for word in parts.words() {
        count += 1;
        if word.len() >= 3 && word[0].is_ascii_alphabetic() && lexicon.knows(word) {
            known += word.len();
            longest = longest.max(word.len());
        }
        echo += usize::from(key.words().any(|k| k.eq_ignore_ascii_case(word)));
        fillers += usize::from(filler(word) || word[0].is_ascii_digit());
        invented += usize::from(is_one_of(word, INVENTED));
    }
    seen.set(Feature::Strangeness, lexicon.strangeness(value));
    seen.percent(Feature::Dictionary, known, letters);
    seen.count(Feature::LongestWord, longest);
    seen.count(Feature::Parts, count);
    seen.percent(Feature::KeyEcho, echo, count);
    seen.percent(Feature::Fillers, fillers, count);
    seen.count(
        Feature::Invented,
        if invented == 0 {
            INVENTED.iter().filter(|w| w.len() > 3 && holds(value, w)).count()
        } else {
            invented
        }
        .min(2),
    );
    seen.flag(Feature::NamesCredential, parts.kind().is_some());
    seen.set(Feature::Spelling, spelling(value));
    seen.set(Feature::EndsInDigits, ends_in_digits(value));
    seen.flag(Feature::CommonPassword, is_common(value));
}

/// Alphabets of encodings.
fn see_alphabet(value: &[u8], seen: &mut Seen) {
    let all = |belongs: fn(&u8) -> bool| value.iter().all(belongs);
    let digit = value.iter().any(u8::is_ascii_digit);
    let hex = value.len() >= 8 && digit && all(u8::is_ascii_hexdigit);
    seen.set(Feature::Hex, if is_digest(value) { 2 } else { u8::from(hex) });
    seen.flag(Feature::Uuid, is_uuid(value));
    let base32 = value.len() >= 12 && all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(b));
    seen.set(Feature::Base32, u8::from(base32) + u8::from(base32 && value.len() >= 16));
    let body = value.strip_suffix(b"=").map_or(value, |v| v.strip_suffix(b"=").unwrap_or(v));
    let base64 = value.len() >= 12
        && body.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
        && body.iter().any(u8::is_ascii_uppercase)
        && body.iter().any(u8::is_ascii_lowercase);
    seen.set(Feature::Base64, u8::from(base64) + u8::from(base64 && body.len() < value.len()));
}

/// What the certain rules of noise also look at, as far as it is not certain.
fn see_noise(subject: &Subject<'_>, seen: &mut Seen) {
    let value = subject.value;
    let lower = value.to_ascii_lowercase();
    seen.set(Feature::Placeholder, if whole(&lower) { 2 } else { u8::from(inside(value)) });
    let url = memchr::memmem::find(value, b"://").is_some();
    seen.set(Feature::Location, if url { 2 } else { u8::from(is_location(value)) });
    seen.flag(Feature::Numeric, is_numeric(value));
    seen.flag(Feature::Sequence, is_sequence(value) || is_repeat(value));
    seen.flag(Feature::Reference, points_elsewhere(value));
    seen.flag(Feature::Expression, is_expression(value));
}

/// Words that people put where any word will do.
pub(super) const INVENTED: &[&str] = &[
    "test",
    "tests",
    "testing",
    "fake",
    "mock",
    "dummy",
    "example",
    "sample",
    "demo",
    "foo",
    "bar",
    "baz",
    "stub",
    "invalid",
    "wrong",
    "bad",
    "incorrect",
    "bogus",
    "random",
    "some",
    "any",
    "my",
    "your",
    "default",
    "temp",
    "tmp",
    "nope",
    "blah",
    "doe",
    "qux",
    "spam",
    "eggs",
    "lorem",
    "hello",
    "world",
    "expected",
    "actual",
    "valid",
    "unknown",
    "none",
    "xxx",
];

/// Passwords that lists of leaks begin with, read without their digits and marks.
const COMMON: &[&str] = &[
    "password",
    "passwort", // leakward:allow
    "passw",    // leakward:allow
    "pass",
    "admin",
    "administrator",
    "letmein",
    "welcome",
    "qwerty",
    "monkey",
    "dragon",
    "master",
    "secret",
    "hunter",
    "changeme",
    "changeit",
    "abc",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "shadow",
    "superman",
    "batman",
    "trustno",
    "login",
    "root",
    "toor",
    "guest",
    "user",
    "test",
    "secure",
    "opensesame",
    "correcthorsebatterystaple",
    "asdf",
    "zxcvbn",
    "zxcvbnm",
    "qwertyuiop",
    "starwars",
    "hello",
    "freedom",
    "whatever",
    "ninja",
    "mustang",
    "michael",
];

/// Whether `value`, with digits and marks read as the letters they stand for and the rest left out, is common.
fn is_common(value: &[u8]) -> bool {
    if value.len() > 24 {
        return false;
    }
    let letter = |b: &u8| match b.to_ascii_lowercase() {
        b'0' => Some(b'o'),
        b'1' | b'!' => Some(b'i'),
        b'3' => Some(b'e'),
        b'4' | b'@' => Some(b'a'),
        b'5' | b'$' => Some(b's'),
        b'7' => Some(b't'),
        b if b.is_ascii_lowercase() => Some(b),
        _ => None,
    };
    let end = value.iter().rposition(u8::is_ascii_alphabetic).map_or(0, |i| i + 1);
    let read: Vec<u8> = value[..end].iter().filter_map(letter).collect();
    COMMON.iter().any(|w| w.as_bytes() == read)
}

/// The class of a byte: 0 none, 1 small, 2 capital, 3 digit, 4 blank, 5 beyond ASCII, 6 and up marks.
fn class(byte: Option<u8>) -> u8 {
    match byte {
        None => 0,
        Some(b'a'..=b'z') => 1,
        Some(b'A'..=b'Z') => 2,
        Some(b'0'..=b'9') => 3,
        Some(b' ' | b'\t') => 4,
        Some(b) if !b.is_ascii() => 5,
        Some(b'=') => 7,
        Some(b'-' | b'_' | b'.') => 8,
        Some(b'$' | b'{' | b'<' | b'%' | b'[' | b'(') => 9,
        Some(b'/' | b':') => 10,
        Some(b')' | b'}' | b'>' | b']' | b';' | b',') => 11,
        Some(_) => 6,
    }
}

fn longest_run(value: &[u8]) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, 0);
    for &b in value {
        let class = class(Some(b));
        run = if class == last { run + 1 } else { 1 };
        longest = longest.max(run);
        last = class;
    }
    longest
}

/// See [`Feature::Spelling`].
fn spelling(value: &[u8]) -> u8 {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    if digits * 4 > value.len() {
        return 0;
    }
    if value.contains(&b' ') {
        let words = value.iter().all(|b| b.is_ascii_alphanumeric() || b" .,'!?-".contains(b));
        return 8 * u8::from(words);
    }
    if !value.iter().all(name) || !value.first().is_some_and(u8::is_ascii_alphabetic) {
        return 0;
    }
    let has = |b: u8| value.contains(&b);
    let (lower, upper) = (value.iter().any(u8::is_ascii_lowercase), value.iter().any(u8::is_ascii_uppercase));
    match () {
        () if is_constant_name(value) => 7,
        () if has(b'.') => 4,
        () if has(b'_') => 1,
        () if has(b'-') => 2,
        () if lower && !upper => 5,
        () if upper && !lower => 7,
        () if value[0].is_ascii_uppercase() && !value[1..].iter().any(u8::is_ascii_uppercase) => 6,
        () => 3,
    }
}

/// See [`Feature::EndsInDigits`].
fn ends_in_digits(value: &[u8]) -> u8 {
    let digits = value.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let word = digits > 0
        && digits < value.len()
        && value[..value.len() - digits].iter().all(u8::is_ascii_alphabetic);
    u8::from(digits > 0) + u8::from(word)
}
