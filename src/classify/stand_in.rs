//! What stands in a value's place for certain, whatever the model has learnt of such words.
//!
//! Asked when the model has judged, and not of what the model learns from: corpora put such words where secrets were.

use super::example::is_reserved;
use super::{KeyKind, Subject, Syntax};

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

/// Passwords that are known from jokes and comics, letters and digits alone, in small letters.
const QUOTED: &[&str] = &["hunter2", "correcthorsebatterystaple", "tr0ub4dor3", "troubador3"]; // leakward:allow

/// What `subject`'s value is instead of a secret; `None` where it may be one.
pub fn stand_in(subject: &Subject<'_>) -> Option<&'static str> {
    let value = subject.value.trim_ascii();
    if TAKEN_OUT.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes())) {
        return Some("a word for what was taken out");
    }
    if memchr::memmem::find(value, "…".as_bytes()).is_some() {
        return Some("a value that is cut short");
    }
    if is_control(value) {
        return Some("what steers a terminal");
    }
    if is_form(value) {
        return Some("the form of a text, without the text");
    }
    if is_pattern(value) {
        return Some("a pattern");
    }
    if is_code(subject, value) {
        return Some("a name in code");
    }
    if is_quoted(value) {
        return Some("a password that everybody quotes");
    }
    if is_documented_url(subject) {
        return Some("a URL of documentation");
    }
    if is_name_of_registry(subject.key) {
        return Some("a name in the registry");
    }
    match subject.kind {
        KeyKind::Password => None,
        _ if is_colour(value) => Some("a colour"),
        _ if is_registry_path(value) => Some("a path of the registry"),
        _ if is_encoded_path(value) => Some("a path"),
        _ if is_release(value) => Some("a version"),
        _ => None,
    }
}

/// Escape sequences, raw or as source code writes them.
fn is_control(value: &[u8]) -> bool {
    const ESCAPES: &[&[u8]] = &[b"\x1b", b"\\x1b", b"\\u{1b}", b"\\u001b", b"\\033", b"\\e["];
    let starts = |escape: &&[u8]| value.get(..escape.len()).is_some_and(|v| v.eq_ignore_ascii_case(escape));
    ESCAPES.iter().any(starts)
}

/// Nothing but escapes, or escapes around one hole: `\t{:?}\n`.
fn is_form(value: &[u8]) -> bool {
    let mut rest = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    let mut escapes = 0;
    while let Some(&byte) = bytes.next() {
        if byte == b'\\' {
            bytes.next();
            escapes += 1;
        } else {
            rest.push(byte);
        }
    }
    let inside = rest.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
    let of_hole = |b: &u8| b.is_ascii_alphanumeric() || b":?#_.<>^*".contains(b);
    let is_hole =
        inside.is_some_and(|hole| (hole.is_empty() || hole.contains(&b':')) && hole.iter().all(of_hole));
    is_hole || escapes >= 3 && rest.len() <= escapes
}

/// A pattern between slashes that says where it begins or ends: `/^x[0-9]+$/i`.
fn is_pattern(value: &[u8]) -> bool {
    value.strip_prefix(b"/").is_some_and(|rest| {
        rest.starts_with(b"^") || {
            let flags = rest.iter().rev().take_while(|b| b.is_ascii_lowercase()).count();
            rest[..rest.len() - flags].ends_with(b"$/")
        }
    })
}

/// A kind of Rust's macros (`$password: expr`), or a type that a comment sets in back-quotes with its name
/// (`` `token: Avx512` ``).
fn is_code(subject: &Subject<'_>, value: &[u8]) -> bool {
    const FRAGMENTS: &[&[u8]] = &[
        b"block",
        b"expr",
        b"expr_2021",
        b"ident",
        b"item",
        b"lifetime",
        b"literal",
        b"meta",
        b"pat",
        b"pat_param",
        b"path",
        b"stmt",
        b"ty",
        b"tt",
        b"vis",
    ];
    let bare = matches!(subject.syntax, Syntax::Line | Syntax::Inline | Syntax::Prose);
    let of_macro = value.strip_prefix(b"$").and_then(|value| value.split(|&b| b == b':').nth(1));
    if of_macro.is_some_and(|kind| FRAGMENTS.contains(&kind.trim_ascii())) {
        return true;
    }
    let is_name = value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let is_type = value.len() <= 16 && is_name && value.first().is_some_and(u8::is_ascii_uppercase);
    bare && (subject.before.ends_with(b"$") && FRAGMENTS.contains(&value)
        || is_type && subject.before.ends_with(b"`") && subject.after.starts_with(b"`"))
}

fn is_quoted(value: &[u8]) -> bool {
    let bare = String::from_utf8_lossy(value).to_ascii_lowercase().replace("%20", "");
    let bare: String = bare.chars().filter(char::is_ascii_alphanumeric).collect();
    QUOTED.contains(&bare.as_str())
}

/// A URL in a comment that documentation is made from, to a machine that cannot be.
fn is_documented_url(subject: &Subject<'_>) -> bool {
    let lead = subject.before.trim_ascii_start();
    subject.syntax == Syntax::Url
        && is_reserved(subject.host)
        && [&b"///"[..], b"//!"].iter().any(|mark| lead.starts_with(mark))
}

/// A constant of Windows for the name of a key or value: `REGSTR_KEY_SYSTEM`.
fn is_name_of_registry(key: &[u8]) -> bool {
    key.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"regstr_"))
}

/// `SOFTWARE\Vendor\Product`, its separators doubled or not.
fn is_registry_path(value: &[u8]) -> bool {
    const ROOTS: &[&str] = &["software", "system", "hkey_local_machine", "hkey_current_user", "hklm", "hkcu"];
    let mut parts = value.split(|&b| b == b'\\').filter(|part| !part.is_empty());
    let root = parts.next().unwrap_or_default();
    ROOTS.iter().any(|name| root.eq_ignore_ascii_case(name.as_bytes())) && parts.next().is_some()
}

/// `.%2Fcerts%2Fclient.key`: a path as part of a URL, up to the file's name.
fn is_encoded_path(value: &[u8]) -> bool {
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest, b"%2F").or_else(|| memchr::memmem::find(rest, b"%2f")) {
        parts.push(&rest[..at]);
        rest = &rest[at + 3..];
    }
    let is_word =
        |part: &&[u8]| part.len() <= 24 && part.iter().all(|b| b.is_ascii_lowercase() || b"._-".contains(b));
    parts.len() >= 2 && rest.contains(&b'.') && parts.iter().all(is_word) && is_word(&rest)
}

/// `1.13.5-alpine`, the tag of an image that is named after what it keeps.
fn is_release(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"v").unwrap_or(value);
    let (numbers, words) = value.split_at(value.iter().position(|&b| b == b'-').unwrap_or(value.len()));
    let mut parts = numbers.split(|&b| b == b'.');
    parts.clone().count() >= 3
        && parts.all(|part| (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_digit))
        && words.len() <= 16
        && words.iter().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(b))
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
    fn what_a_program_prints_is_no_secret() {
        for value in
            ["\u{1b}[31m", r"\x1B[97;5:1u", r"\u{1b}[0m", r"\033[1;32m", r"\t{:?}\n", "{password:>8}"]
        {
            assert!(of(value, KeyKind::Password).is_some(), "{value}");
        }
        assert!(of(r#"\r\n\b\t\"\'\`\z"#, KeyKind::Key).is_some());
        for value in [r"\x41Kq9", r"a\tKq93x", "{Kq93 x}", "{Kq93x}", r"\\server7", "{kq9-}", "e[31m"] {
            assert_eq!(of(value, KeyKind::Password), None, "{value}");
        }
    }

    #[test]
    fn patterns_paths_and_versions_are_no_keys() {
        for value in [
            "/^[a-z0-9]{24}$/",
            "/[A-Z]+$/gi",
            r"SOFTWARE\Vendor\7.0",
            r"HKLM\\x9",
            "1.13.5-alpine",
            "v2.0.11",
            ".%2Ftests%2Fcerts%2Fclient.key",
        ] {
            assert!(of(value, KeyKind::Key).is_some(), "{value}");
        }
        for value in [
            "/9kQ+x/7a==",
            "wJalr/$/x",
            r"soft\ware",
            "1.13-alpine",
            "1.2.3.Kq9",
            "10.x.4",
            "x%2FKq9%2Fz7R.b",
        ] {
            assert_eq!(of(value, KeyKind::Key), None, "{value}");
        }
    }

    #[test]
    fn a_kind_of_a_macro_is_known_by_its_sign_and_a_type_by_its_quotes() {
        let of = |before, value, after| {
            let subject = Subject { before, after, ..Subject::password(value, Syntax::Inline) };
            stand_in(&subject).is_some()
        };
        assert!(of(b"($pwd: ident, $", b"expr", b", $salt"));
        assert!(!of(b"(pwd: ", b"expr", b", salt"));
        assert!(of(b"/// one of `", b"Avx512", b"`, or"));
        assert!(!of(b"log in with `", b"avx512", b"`"));
        assert!(!of(b"log in with ", b"Avx512", b"`"));
        assert!(of(b"pass=", b"$pass:tt", b")") && !of(b"pass=", b"$pass:t7", b")"));
    }

    #[test]
    fn what_everybody_quotes_and_what_documentation_links_to_is_known() {
        for value in
            ["hunter2", "Hunter2", "correct horse battery staple", "correct%20horse%20battery%20staple"]
        {
            assert!(of(value, KeyKind::Password).is_some(), "{value}");
        }
        for value in ["hunter27", "horse-battery", "Tr0ub4dor"] {
            assert_eq!(of(value, KeyKind::Password), None, "{value}");
        }
        let of = |before, host| {
            let subject = Subject { before, host, ..Subject::password(b"kq93zx", Syntax::Url) }; // leakward:allow
            stand_in(&subject).is_some()
        };
        assert!(of(b"    /// let url = Url::parse(\"", b"example.com"));
        assert!(!of(b"    let url = Url::parse(\"", b"example.com"));
        assert!(!of(b"    /// let url = Url::parse(\"", b"db.corp.net"));
    }

    #[test]
    fn a_constant_for_a_name_of_the_registry_is_known_by_its_own() {
        let of = |key| {
            let subject = Subject::new(key, KeyKind::Key, b"*PNP0C05", Syntax::Quoted);
            stand_in(&subject).is_some()
        };
        assert!(of(b"REGSTR_KEY_APM") && !of(b"REG_KEY") && !of(b"MY_REGSTR_KEY"));
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
