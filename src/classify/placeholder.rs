//! Values that stand where a secret will go: masks, `changeme`, `<your token>`, documentation's examples.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::KeyName;

/// Whole values that are never a secret of anyone, lower-case.
const WHOLE: &[&str] = &[
    "foo",
    "bar",
    "baz",
    "foobar",
    "foobarbaz",
    "foo-bar",
    "foo_bar",
    "test",
    "testing",
    "test1",
    "test123",
    "tests",
    "tester",
    "example",
    "sample",
    "dummy",
    "fake",
    "mock",
    "demo",
    "changeme",
    "changeit",
    "change_me",
    "change-me",
    "change_it",
    "replaceme",
    "replace_me",
    "password",
    "passwd",
    "pass",
    "pwd",
    "pw",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "tokens",
    "key",
    "keys",
    "apikey",
    "api_key",
    "api-key",
    "user",
    "username",
    "login",
    "value",
    "string",
    "text",
    "none",
    "null",
    "todo",
    "tbd",
    "redacted",
    "removed",
    "hidden",
    "masked",
    "default",
    "empty",
    "undefined",
    "unknown",
    "abc",
    "abcd",
    "xyz",
    "asdf",
    "qwerty",
    "hello",
    "world",
    "something",
    "anything",
    "nothing",
    "whatever",
    "placeholder",
    "insert",
    "xxx",
    "xx",
    "auth",
    "basic",
    "bearer",
    "credential",
    "credentials",
    "id",
    "name",
    "data",
    "yes",
    "no",
    "a",
    "b",
    "c",
    "p",
    "pwd1",
    "pass1",
    "password1",
    "password2",
    "password123",
    "secret1",
    "secret2",
    "secret123",
    "token1",
    "token2",
    "key1",
    "key2",
    "mypassword",
    "hunter2", // leakward:allow
    "mypass",
    "mysecret", // leakward:allow
    "mytoken",
    "mykey",
    "myapikey",
    "my-secret",
    "my_secret",
    "my-token",
    "my_token",
    "my_password",
    "my-password",
    "yourpassword",
    "yoursecret",
    "yourtoken",
    "yourkey",
    "some-secret",
    "some_secret",
    "some-token",
    "some_token",
    "not-a-secret",
    "notasecret",
    "no-secret",
    "invalid",
    "valid",
    "wrong",
    "incorrect",
    "correct",
    "bad",
    "good",
    "old",
    "new",
    "expired",
    "stringvalue",
    "accesstoken",
    "refreshtoken",
    "access_token",
    "refresh_token",
    "session",
];

/// Words that mark a placeholder wherever they stand in a value, lower-case.
const INSIDE: &[&str] = &[
    "your",
    "changeme",
    "change_me",
    "change-me",
    "changethis",
    "change_this",
    "change-this",
    "placeholder",
    "replace",
    "insert",
    "redacted",
    "removed",
    "example",
    "dummy",
    "xxxx",
    "****",
    "....",
    "<secret",
    "<password",
    "<token",
    "todo",
    "fixme",
    "goes_here",
    "goes-here",
    "goeshere",
    "_here",
    "-here",
    "enter_",
    "enter-",
    "put_",
    "fill_in",
    "fill-in",
    "tobereplaced",
    "not_real",
    "notreal",
    "not-real",
    "notareal",
    "not-a-real",
    "fakepass",
    "hidden",
    "obfuscated",
    "sanitized",
    "masked",
    "some_",
    "some-",
    "sample",
    "yyyy",
    "zzzz",
    "\u{2026}",
    "\u{2022}\u{2022}",
];

/// What makes a value a placeholder.
pub(super) fn placeholder(value: &[u8]) -> Option<&'static str> {
    let value = value.trim_ascii();
    if masked(value) {
        return Some("a mask");
    }
    if pattern(value) {
        return Some("a pattern");
    }
    if [&b"notreal"[..], b"not-real", b"not_real"].iter().any(|w| memchr::memmem::find(value, w).is_some()) {
        return Some("said not to be real");
    }
    bracketed(value).then_some("text in brackets")
}

/// Whether all of `lower` (in small letters) is a placeholder word.
pub(super) fn whole(lower: &[u8]) -> bool {
    WHOLE.iter().any(|w| w.as_bytes() == lower)
}

/// Whether `value` holds placeholder wording.
pub(super) fn inside(value: &[u8]) -> bool {
    static WORDING: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let build = || {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(INSIDE)
            .ok()
    };
    WORDING.get_or_init(build).as_ref().is_some_and(|wording| wording.is_match(value))
}

/// `xxxxx`, `********`, `...`, `----`, `sk-...`, `abc***`.
fn masked(value: &[u8]) -> bool {
    let mask = |b: &u8| {
        matches!(b, b'x' | b'X' | b'*' | b'.' | b'-' | b'_' | b'#' | b'?' | b'y' | b'Y' | b' ' | b'\\')
    };
    let holds = |text: &[u8]| memchr::memmem::find(value, text).is_some();
    value.iter().all(mask) || value.ends_with(b"...") || value.starts_with(b"...") || holds(b"....")
}

/// Whether `value` is words alone, and names a credential: `cachedrefreshtoken`, `my-secret-key`.
pub(super) fn wording(value: &[u8]) -> bool {
    let letters =
        value.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_' | b'.' | b' ' | b'='));
    letters && KeyName::new(value).kind().is_some()
}

/// `[0-9a-f]{32}`, `[a-z]+`: a class of characters that is repeated.
fn pattern(value: &[u8]) -> bool {
    let repeated = |at: usize| match value.get(at + 1..) {
        Some([b'{', digit, ..]) => digit.is_ascii_digit(),
        Some([b'+' | b'*', ..]) => true,
        _ => false,
    };
    let class = memchr::memmem::find(value, b"0-9").or_else(|| memchr::memmem::find(value, b"a-"));
    class.is_some_and(|from| memchr::memchr_iter(b']', value).any(|at| at > from && repeated(at)))
}

/// `<password>`, `[token]`, `{secret}`, `%password%`, `__TOKEN__`.
fn bracketed(value: &[u8]) -> bool {
    match value {
        [b'<', .., b'>'] | [b'[', .., b']'] | [b'{', .., b'}'] | [b'(', .., b')'] | [b'|', .., b'|'] => true,
        [b'_', b'_', .., b'_', b'_'] | [b'@', .., b'@'] | [b'%', .., b'%'] => value.len() > 4,
        // A bracket that closes elsewhere: `<your` of `<your token>`.
        [b'<', rest @ ..] => rest.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-')),
        _ => false,
    }
}

/// Words that add nothing to a name.
pub(super) fn filler(word: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "the", "a", "an", "of", "to", "for", "my", "your", "user", "users", "name", "value", "new", "old",
        "id", "key", "token", "secret", "password", "pass", "api", "app", "account", "access", "client",
        "auth", "admin", "some", "test", "x", "and", "or", "in", "is", "as", "with", "login", "service",
    ];
    WORDS.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// Whether the value is a name in capitals that a program looks up elsewhere: `GITHUB_PASSWORD`.
pub(super) fn is_constant_name(value: &[u8]) -> bool {
    let upper = value.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    upper
        && value.contains(&b'_')
        && digits * 4 <= value.len()
        && value.first().is_some_and(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_and_brackets_are_seen() {
        for value in [
            "xxxxx",
            "********",
            "sk-...",
            "<your token>",
            "[password]",
            "__TOKEN__",
            "[0-9a-f]{32}",
            "[A-Za-z0-9]+",
        ] {
            assert!(placeholder(value.as_bytes()).is_some(), "{value}");
        }
        for value in ["vQ2m9xkT", "hunter2", "banana", "P@$$w0rd!!", "changeme"] {
            assert!(placeholder(value.as_bytes()).is_none(), "{value}");
        }
    }

    #[test]
    fn placeholder_words_and_wording_are_seen() {
        assert!(whole(b"changeme") && whole(b"foo") && !whole(b"banana"));
        for value in ["YOUR_API_KEY", "insert-token-here", "notarealpassword", "login_and_password_removed"] {
            assert!(inside(value.as_bytes()), "{value}");
        }
        assert!(!inside(b"captain_password"));
    }

    #[test]
    fn words_that_name_a_credential_are_seen() {
        assert!(wording(b"cachedrefreshtoken") && wording(b"my-secret-key") && wording(b"alternatetoken=="));
        assert!(!wording(b"kT9x-secret-key") && !wording(b"correct-horse-battery"));
    }

    #[test]
    fn names_in_capitals_are_seen() {
        assert!(is_constant_name(b"GITHUB_PASSWORD"));
        for value in ["JBSWY3DPEHPK3PXP", "A1_B2C3D4E5F6G7", "Mixed_Case", "KVKFKRCPNZ"] {
            assert!(!is_constant_name(value.as_bytes()), "{value}");
        }
    }
}
