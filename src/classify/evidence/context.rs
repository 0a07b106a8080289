//! What is seen around key and value: the line, the function called, the account beside it.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::super::feature::Feature;
use super::super::{KeyName, Subject};
use super::{Seen, group_of, is_one_of};

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

/// What a word beside key and value says of the line; a set of these is a byte.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Around {
    Asserts = 1,
    Speaks = 2,
    Declares = 4,
    Account = 8,
    FormField = 16,
}

#[rustfmt::skip]
const WORDS: &[(Around, &[&str])] = &[
    (Around::Asserts, &["assert", "expect", "should", "equal", "verify(", "when("]),
    (Around::Speaks, &["print", "log.", "logger", "log(", "raise", "throw", "error", "echo", "message", "warn"]),
    (Around::Declares, &["const", "static", "final", "readonly", "define", "let ", "var ", "val ", "string "]),
    (Around::Account, &["user", "login", "email", "account", "@"]),
    (Around::FormField, &["<input", "<label", "type=", "placeholder", "<form", "<td", "<option", "class=", "href="]),
];

/// The set of what the words in `text` say.
fn words_in(text: &[u8]) -> u8 {
    static WORDS_FOUND: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    if text.is_empty() {
        return 0;
    }
    let build = || {
        let words = WORDS.iter().flat_map(|(_, words)| *words);
        AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words).ok()
    };
    let Some(automaton) = WORDS_FOUND.get_or_init(build) else { return 0 };
    let kind_of = |mut i: usize| {
        let group = WORDS.iter().find(|(_, words)| {
            let inside = i < words.len();
            i = i.wrapping_sub(if inside { 0 } else { words.len() });
            inside
        });
        group.map_or(0, |(kind, _)| *kind as u8)
    };
    automaton.find_overlapping_iter(text).fold(0, |set, hit| set | kind_of(hit.pattern().as_usize()))
}

pub(super) fn see(subject: &Subject<'_>, seen: &mut Seen) {
    let Subject { before, after, .. } = *subject;
    seen.set(Feature::Syntax, subject.syntax as u8 + 1);
    let callee = group_of(KeyName::new(subject.callee).words(), CALLEES);
    seen.set(Feature::Callee, if subject.callee.is_empty() { 0 } else { callee + 1 });
    seen.set(Feature::Next, next(after));
    seen.count(Feature::Line, before.len() + subject.value.len() + after.len());
    seen.set(Feature::Lead, lead(before));
    seen.set(Feature::Decodes, 2 * u8::from(subject.pair));
    let around = words_in(before) | words_in(after);
    let says = |kind: Around| around & kind as u8 != 0;
    seen.flag(Feature::Asserts, says(Around::Asserts));
    seen.flag(Feature::Speaks, says(Around::Speaks));
    seen.flag(Feature::Declares, says(Around::Declares));
    seen.flag(Feature::Account, !subject.user.is_empty() || says(Around::Account));
    seen.flag(Feature::FormField, says(Around::FormField));
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
