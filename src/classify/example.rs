//! What is written for others to read: samples of standards, tests of ciphers, accounts of examples.

use super::code::is_escaped_bytes;
use super::{KeyKind, Subject, Syntax};

/// Values that standards compute with: RFC 7914 (scrypt), RFC 6070 (PBKDF2), RFC 4231 (HMAC), FIPS 46-3.
const STANDARD: &[&str] = &[
    "pleaseletmein",
    "SodiumChloride",
    "passwordPASSWORDpassword",
    "saltSALTsaltSALTsaltSALTsaltSALTsalt",
    "DEADBEEFDEADBEEF",
];

/// What `subject` is a sample of, if it was written for others to read.
pub(super) fn sample(subject: &Subject<'_>) -> Option<&'static str> {
    let value = subject.value;
    let holds = |text: &[u8], word: &[u8]| memchr::memmem::find(text, word).is_some();
    if value.len() >= 16 && holds(value, b"EXAMPLE") {
        return Some("an example of documentation");
    }
    if holds(value, b"aws4_request") {
        return Some("the scope of a signature");
    }
    if subject.kind == KeyKind::Token
        && (holds(subject.before, b"badge") || holds(subject.before, b"flat-square"))
    {
        return Some("a badge's address");
    }
    if subject.user == b"Aladdin" {
        return Some("a sample of a standard");
    }
    if STANDARD.iter().any(|sample| value == sample.as_bytes()) {
        return Some("a sample of a standard");
    }
    if is_curve(value) {
        return Some("the name of a curve");
    }
    if is_escaped_bytes(value) {
        return Some("bytes of a program");
    }
    if is_record_key(subject) {
        return Some("the key of a record");
    }
    is_cipher_test(subject).then_some("a test of a cipher")
}

/// Whether the value is what a record goes by: `{"key": "mit", "name": "MIT License"}`.
fn is_record_key(subject: &Subject<'_>) -> bool {
    const NEXT: &[&str] = &["name", "value", "title", "label", "text", "description"];
    let next = subject.after.trim_ascii_start().strip_prefix(b",").unwrap_or_default();
    let next = next.trim_ascii_start();
    let next = next.strip_prefix(b"\"").or_else(|| next.strip_prefix(b"'")).unwrap_or(next);
    let word = &next[..next.iter().take_while(|b| b.is_ascii_alphanumeric()).count()];
    subject.key.eq_ignore_ascii_case(b"key")
        && subject.value.len() < 20
        && NEXT.iter().any(|n| word.eq_ignore_ascii_case(n.as_bytes()))
}

/// Whether a key that is called nothing but key, or that is read from hex at once, is the input of a cipher.
fn is_cipher_test(subject: &Subject<'_>) -> bool {
    let hex = subject.value.len() >= 16 && subject.value.iter().all(u8::is_ascii_hexdigit);
    let bare = subject.key.eq_ignore_ascii_case(b"key");
    let reads_hex = memchr::memmem::find(&subject.callee.to_ascii_lowercase(), b"hex").is_some();
    hex && (bare && subject.kind == KeyKind::Key || reads_hex)
}

/// Whether user, password and host are those of an example: `user:pass@…`, `root:root@localhost`.
pub(super) fn example_pair(subject: &Subject<'_>) -> bool {
    const USERS: &[&str] = &[
        "user", "username", "usr", "login", "u", "name", "id", "userid", "foo", "me", "myuser", "myname",
        "example",
    ];
    const WORDS: &[&str] =
        &["pass", "password", "pwd", "passwd", "pw", "p", "secret", "bar", "mypass", "mypassword"];
    let is = |word: &[u8], list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    if subject.syntax != Syntax::Url {
        return false;
    }
    let digits = subject.value.iter().any(u8::is_ascii_digit);
    let local =
        is(subject.host, &["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host", "hostname", "server"]);
    let example = is_reserved(subject.host) || subject.host.len() <= 2;
    example && !digits
        || is(subject.user, USERS) && subject.value.len() < 12 && (!digits || local || example)
        || is(subject.value, WORDS)
        || (local || example) && subject.value.eq_ignore_ascii_case(subject.user)
}

/// A name that no machine has, by RFC 2606 and RFC 6761.
pub(super) fn is_reserved(host: &[u8]) -> bool {
    const ENDS: &[&str] = &["example.com", "example.org", "example.net", ".example", ".invalid", ".test"];
    ENDS.iter().any(|end| host.to_ascii_lowercase().ends_with(end.as_bytes()))
}

/// The name of an elliptic curve: `prime256v1`.
fn is_curve(value: &[u8]) -> bool {
    const STEMS: &[&str] =
        &["prime", "secp", "sect", "brainpool", "curve", "ed", "x", "wtls", "ffdhe", "modp"];
    if value.len() > 24 || !value.is_ascii() {
        return false;
    }
    let lower = value.to_ascii_lowercase();
    let rest = STEMS.iter().find_map(|stem| lower.strip_prefix(stem.as_bytes()));
    rest.is_some_and(|rest| {
        let digits = rest.iter().skip_while(|b| matches!(b, b'p')).take_while(|b| b.is_ascii_digit()).count();
        let behind = &rest[rest.iter().position(u8::is_ascii_digit).map_or(0, |at| at + digits)..];
        digits >= 3 && (behind.len() <= 2 || matches!(behind[0], b'_' | b'-'))
            || digits >= 5 && behind.is_empty()
    })
}
