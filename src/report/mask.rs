//! The mask: what stands in a report where a secret stood.
//!
//! | value | shown |
//! |---|---|
//! | shorter than 24 bytes, or not one printable ASCII word | 8 stars, whatever its length |
//! | longer | the prefix that the rule itself names, stars, the last 4 characters |
//!
//! A prefix such as `ghp_` says no more than the rule does. The last four characters let an owner of many keys find
//! the one to revoke; from 24 characters on at least 8 stay hidden. The number of stars is capped, so that it does
//! not count a long value.

use crate::rule::Rule;

/// What stands for a value that must not be described at all.
pub(super) const STARS: &str = "********";

/// Bytes from which on a value's last characters are shown.
const LONG: usize = 24;
/// Characters shown at a long value's end.
const TAIL: usize = 4;
/// Most bytes of a prefix that are shown.
const PREFIX: usize = 12;
/// Most stars of a mask.
const MAX_STARS: usize = 28;

/// What stands for `secret`, found by `rule`.
pub(crate) fn mask(secret: &[u8], rule: &Rule) -> String {
    let is_word = secret.iter().all(u8::is_ascii_graphic);
    if secret.len() < LONG || !is_word {
        return STARS.to_owned();
    }
    let prefix = prefix(secret, rule);
    let tail = &secret[secret.len() - TAIL..];
    let stars = (secret.len() - prefix.len() - TAIL).min(MAX_STARS);
    let ascii = |part: &[u8]| part.iter().map(|&b| char::from(b)).collect::<String>();
    ascii(prefix) + &"*".repeat(stars) + &ascii(tail)
}

/// `secret` without its last `percent` of bytes and with dots there, as gitleaks cuts it (8.30, observed).
pub(super) fn cut(secret: &[u8], percent: u8) -> Vec<u8> {
    if percent >= 100 {
        return b"REDACTED".to_vec();
    }
    if percent == 0 {
        return secret.to_vec();
    }
    let kept = secret.len() as f64 * f64::from(100 - percent) / 100.0;
    let mut shown = secret[..kept.round_ties_even() as usize].to_vec();
    shown.extend_from_slice(b"...");
    shown
}

/// The longest start of `secret` that is one of the rule's keywords.
fn prefix<'s>(secret: &'s [u8], rule: &Rule) -> &'s [u8] {
    let named = |k: &&[u8]| k.len() <= PREFIX && secret[..k.len()].eq_ignore_ascii_case(k);
    let longest = rule.keywords.iter().map(|k| k.as_bytes()).filter(named).max_by_key(|k| k.len());
    &secret[..longest.map_or(0, <[u8]>::len)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_long_value_keeps_prefix_and_tail() {
        let value = format!("tok_{}", "0123456789abcdefghijklmnopqrstuvWXYZ");
        assert_eq!(mask(value.as_bytes(), &sample::rule("tok_")), format!("tok_{}WXYZ", "*".repeat(28)));
        assert_eq!(mask(value.as_bytes(), &sample::rule("api_key")), format!("{}WXYZ", "*".repeat(28)));
    }

    #[test]
    fn cuts_round_to_the_even_byte() {
        let cut = |text: &str, percent| String::from_utf8_lossy(&cut(text.as_bytes(), percent)).into_owned();
        let ten = "abcdefghij";
        for (percent, shown) in
            [(0, ten), (1, "abcdefghij..."), (15, "abcdefgh..."), (45, "abcdef..."), (99, "...")]
        {
            assert_eq!(cut(ten, percent), shown, "{percent}");
        }
        assert_eq!(cut(ten, 100), "REDACTED");
        assert_eq!((cut("a", 50), cut("abc", 50)), ("...".to_owned(), "ab...".to_owned()));
    }

    #[test]
    fn a_short_value_shows_nothing_not_even_its_length() {
        for value in ["x", "hunter2", "tok_456789012345678901a"] {
            assert_eq!(mask(value.as_bytes(), &sample::rule("tok_")), STARS);
        }
    }

    #[test]
    fn text_of_several_words_or_lines_shows_nothing() {
        assert_eq!(mask(b"correct horse battery staple gun", &sample::rule("x")), STARS);
        assert_eq!(mask("äußerst-geheime-zeichenfolge".as_bytes(), &sample::rule("x")), STARS);
    }

    #[test]
    fn at_least_eight_characters_stay_hidden() {
        let rule = sample::rule("abcdefghijkl");
        let shown = mask(b"abcdefghijklmnopqrstuvwx", &rule);
        assert_eq!(shown, "abcdefghijkl********uvwx");
    }
}
