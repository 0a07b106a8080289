//! Azure shared access signatures: the query of a URL, with `sig` (32 bytes) and `se` (the end of its life).
//!
//! Source: <https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas>

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::{Checked, Outcome, base64};

/// Judges a query such as `sv=…&se=…&sig=…`, or one that was written into XML or HTML.
pub(super) fn check(secret: &[u8]) -> Checked {
    let text = String::from_utf8_lossy(secret).replace("&amp;", "&").replace("\\u0026", "&");
    let field = |name: &str| {
        let value = text.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(unescape(value))
    };
    let signature = field("sig").and_then(|sig| base64::decode(&sig));
    if signature.is_none_or(|bytes| bytes.len() != 32) {
        return Checked::failed();
    }
    let expires = field("se").and_then(|end| seconds(&String::from_utf8_lossy(&end)));
    Checked { expires, ..Checked::of(Outcome::Passed, "signature is 32 bytes") }
}

/// `value` with its `%xx` undone.
fn unescape(value: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.filter(|_| byte == b'%').and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

/// A time in one of the forms that the documentation allows, in seconds since 1970-01-01T00:00:00Z; or that very
/// number, as Service Bus writes it.
fn seconds(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    let local = text.trim_end_matches('Z');
    let time = local.parse::<DateTime>().or_else(|_| local.parse::<Date>().map(DateTime::from)).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::checksum::Outcome::{Failed, Passed};

    #[test]
    fn the_end_of_life_is_read_in_each_form() {
        let sig = ["sig=", &"A".repeat(42), "8%3D"].concat();
        for end in ["2025-01-02T03:04:05Z", "2025-01-02T03%3A04%3A05Z", "1735787045"] {
            let checked = check(format!("sv=2022-11-02&se={end}&{sig}").as_bytes());
            assert_eq!((checked.outcome, checked.expires), (Passed, Some(1_735_787_045)), "{end}");
        }
        assert_eq!(check(format!("se=2025-01-02&amp;{sig}").as_bytes()).expires, Some(1_735_776_000));
    }

    #[test]
    fn a_short_signature_is_none() {
        assert_eq!(check(b"sv=2022-11-02&se=2025-01-02&sig=abc").outcome, Failed);
        assert_eq!(check(b"sv=2022-11-02").outcome, Failed);
    }
}
