//! What is seen around key and value: the line, the function called, the account beside it.

use super::super::feature::Feature;
use super::super::{KeyName, Subject};
use super::{Seen, group_of, holds, is_one_of};

/// What functions do with the value that they are handed.
const CALLEES: &[&[&str]] = &[
    &[
        "env", "getenv", "get", "fetch", "lookup", "read", "find", "load", "option", "param", "setting",
        "config",
    ],
    &[
        "encode",
        "decode",
        "b64decode",
        "b64encode",
        "from",
        "bytes",
        "byte",
        "buffer",
        "hex",
        "utf8",
        "unhexlify",
        "base64",
    ],
    &[
        "hash", "md5", "sha1", "sha256", "sha512", "bcrypt", "digest", "encrypt", "hmac", "derive",
        "generate", "make", "create",
    ],
    &[
        "t",
        "tr",
        "translate",
        "gettext",
        "lazy",
        "label",
        "text",
        "i18n",
        "localize",
        "message",
        "format",
        "sprintf",
        "printf",
    ],
    &["new", "some", "string", "str", "secret", "secure", "value", "of", "just", "password", "token", "key"],
];

pub(super) fn see(subject: &Subject<'_>, seen: &mut Seen) {
    let Subject { before, after, .. } = *subject;
    seen.set(Feature::Syntax, subject.syntax as u8 + 1);
    let callee = group_of(KeyName::new(subject.callee).words(), CALLEES);
    seen.set(Feature::Callee, if subject.callee.is_empty() { 0 } else { callee + 1 });
    seen.set(Feature::Next, next(after));
    seen.count(Feature::Line, before.len() + subject.value.len() + after.len());
    seen.set(Feature::Lead, lead(before));
    let around = |words: &[&str]| words.iter().any(|w| holds(before, w) || holds(after, w));
    seen.flag(Feature::Asserts, around(&["assert", "expect", "should", "equal", "verify(", "when("]));
    seen.flag(
        Feature::Speaks,
        around(&["print", "log.", "logger", "log(", "raise", "throw", "error", "echo", "message", "warn"]),
    );
    seen.flag(
        Feature::Declares,
        around(&["const", "static", "final", "readonly", "define", "let ", "var ", "val ", "String "]),
    );
    seen.flag(
        Feature::Account,
        !subject.user.is_empty() || around(&["user", "login", "email", "account", "@"]),
    );
    seen.flag(
        Feature::FormField,
        around(&["<input", "<label", "type=", "placeholder", "<form", "<td", "<option", "class=", "href="]),
    );
    seen.set(Feature::Host, host(subject.host));
    seen.set(Feature::User, user(subject.user));
}

/// See [`Feature::Next`]: 0 end of line, else by the first byte that is no blank.
fn next(after: &[u8]) -> u8 {
    match after.trim_ascii_start().first() {
        None => 0,
        Some(b',') => 1,
        Some(b';') => 2,
        Some(b')') => 3,
        Some(b'}' | b']') => 4,
        Some(b'+' | b'.' | b'%') => 5,
        Some(b'"' | b'\'' | b'`') => 6,
        Some(b'<' | b'>' | b'/') => 7,
        Some(b'\\') => 8,
        Some(b'#') => 9,
        Some(b'&' | b'|' | b'=') => 10,
        Some(b'(' | b'[' | b'{') => 11,
        Some(b) if b.is_ascii_alphanumeric() => 12,
        Some(_) => 13,
    }
}

/// See [`Feature::Lead`].
fn lead(before: &[u8]) -> u8 {
    let line = before.trim_ascii_start();
    match line {
        [b'/', b'/' | b'*', ..] | [b'#' | b'*' | b';', ..] => 1,
        [b'$' | b'>' | b'-' | b'|', b' ', ..] => 2,
        [b'+' | b'-', ..] if !before.first().is_some_and(u8::is_ascii_whitespace) => 3,
        [] => 4,
        _ => 0,
    }
}

/// See [`Feature::Host`].
fn host(host: &[u8]) -> u8 {
    if host.is_empty() {
        return 0;
    }
    let local = is_one_of(host, &["localhost", "127.0.0.1", "0.0.0.0", "::1", "host.docker.internal"]);
    let example = host.split(|&b| b == b'.').any(|part| {
        is_one_of(part, &["example", "host", "hostname", "server", "domain", "my", "your", "some"])
    });
    if local { 3 } else { 1 + u8::from(example) }
}

/// See [`Feature::User`].
fn user(user: &[u8]) -> u8 {
    const EXAMPLES: &[&str] = &[
        "user", "username", "usr", "login", "u", "name", "id", "userid", "foo", "me", "myuser", "myname",
        "example", "test", "usuario",
    ];
    if user.is_empty() { 0 } else { 1 + u8::from(is_one_of(user, EXAMPLES)) }
}
