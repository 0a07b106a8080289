//! Reasons why a value is certainly no secret, tried before anything is weighed.

use super::code::{is_escaped_bytes, is_flag, is_macro_call, is_number_literal, is_type};
use super::placeholder::{is_constant_name, placeholder};
use super::reference::{is_constant, is_expression, points_elsewhere};
use super::shape::{
    distinct, is_counting, is_grouped, is_hex_number, is_location, is_numeric, is_repeat, is_sequence,
    is_uuid, words,
};
use super::wrapped::{harmless, has_own_rule, is_password_hash};
use super::{KeyKind, KeyName, Subject, Syntax};

/// Why a value is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Noise {
    /// Too short, or too plain for what its key claims.
    Weak,
    /// A variable, a template or the name of a place where the secret is kept.
    Reference,
    /// Code, not text.
    Expression,
    /// A mask or text in brackets; what exactly.
    Placeholder(&'static str),
    /// A name in capitals that is looked up elsewhere.
    ConstantName,
    /// Characters in a row, or over and over.
    Sequence,
    /// A number, a date, a version or an address.
    Number,
    /// A path, a file name, a URL or a mail address.
    Location,
    /// A sentence.
    Prose,
    /// A UUID under a name that does not say token or key.
    Uuid,
    /// Material that anyone may read; what exactly.
    Harmless(&'static str),
    /// A hash of a password: other rules say what that is worth.
    PasswordHash,
    /// A token or key that a rule of its own judges.
    OwnRule,
    /// The key names something about a secret: its length, its file, its field.
    About,
    /// Written for others to read: a test of a cipher, a badge, a sample of a standard; what exactly.
    Sample(&'static str),
    /// User and password of an example, or of a machine of one's own with the default password.
    ExamplePair,
}

impl Noise {
    /// Why `subject` is certainly no secret.
    pub(super) fn of(subject: &Subject<'_>) -> Option<Self> {
        let value = subject.value;
        if value.len() < shortest(subject.kind) || distinct(value) < 3 {
            return Some(Self::Weak);
        }
        if !value.is_ascii() && std::str::from_utf8(value).is_err() {
            return Some(Self::Weak);
        }
        if let Some(what) = harmless(value) {
            return Some(Self::Harmless(what));
        }
        if is_password_hash(value) {
            return Some(Self::PasswordHash);
        }
        if has_own_rule(value) {
            return Some(Self::OwnRule);
        }
        if points_elsewhere(value) || subject.syntax == Syntax::Template {
            return Some(Self::Reference);
        }
        let bare = matches!(subject.syntax, Syntax::Line | Syntax::Inline | Syntax::Prose | Syntax::Flag);
        if bare
            && (is_expression(value) || is_type(value) || is_macro_call(value) || value.starts_with(b"__"))
            || is_constant(value)
            || is_flag(value)
        {
            return Some(Self::Expression);
        }
        if let Some(what) = sample(subject) {
            return Some(Self::Sample(what));
        }
        if let Some(what) = placeholder(value) {
            return Some(Self::Placeholder(what));
        }
        if is_about(&KeyName::new(subject.key)) {
            return Some(Self::About);
        }
        Self::of_shape(subject).or_else(|| example_pair(subject).then_some(Self::ExamplePair))
    }

    fn of_shape(subject: &Subject<'_>) -> Option<Self> {
        let value = subject.value;
        if is_constant_name(value) {
            return Some(Self::ConstantName);
        }
        if is_sequence(value) || is_repeat(value) || is_counting(value) {
            return Some(Self::Sequence);
        }
        if is_hex_number(value)
            || is_number_literal(value)
            || is_numeric(value) && (subject.kind != KeyKind::Password || value.len() < 6)
        {
            return Some(Self::Number);
        }
        if is_location(value) {
            return Some(Self::Location);
        }
        if is_uuid(value) && subject.kind == KeyKind::Key {
            return Some(Self::Uuid);
        }
        let most = if subject.kind == KeyKind::Password { 4 } else { 1 };
        (words(value) > most && !is_grouped(value)).then_some(Self::Prose)
    }

    /// What to tell people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weak => "too short or too plain",
            Self::Reference => "refers to a value kept elsewhere",
            Self::Expression => "code, not text",
            Self::Placeholder(what) | Self::Harmless(what) | Self::Sample(what) => what,
            Self::ConstantName => "a name in capitals",
            Self::Sequence => "characters in a row or over and over",
            Self::Number => "a number, date or version",
            Self::Location => "a path, file name, URL or address",
            Self::Prose => "a sentence",
            Self::Uuid => "a UUID under a name that is no token's",
            Self::PasswordHash => "a hash of a password",
            Self::OwnRule => "judged by a rule of its own",
            Self::About => "the key names something about a secret",
            Self::ExamplePair => "user and password of an example",
        }
    }
}

/// What `subject` is a sample of, if it was written for others to read.
fn sample(subject: &Subject<'_>) -> Option<&'static str> {
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
    if subject.pair && subject.user == b"Aladdin" {
        return Some("a sample of a standard");
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
    hex && (bare && subject.kind == KeyKind::Key && subject.value.len() >= 32 || reads_hex)
}

/// Shortest value worth judging, in bytes.
const fn shortest(kind: KeyKind) -> usize {
    match kind {
        KeyKind::Password => 3,
        _ => 5,
    }
}

/// Whether the key's last words say that the value is about a secret rather than one.
fn is_about(key: &KeyName<'_>) -> bool {
    const TAILS: &[&str] = &[
        "name",
        "names",
        "file",
        "path",
        "dir",
        "url",
        "uri",
        "field",
        "label",
        "type",
        "length",
        "len",
        "size",
        "count",
        "min",
        "max",
        "hint",
        "placeholder",
        "message",
        "msg",
        "error",
        "title",
        "description",
        "desc",
        "policy",
        "regex",
        "pattern",
        "format",
        "expiry",
        "expires",
        "expiration",
        "ttl",
        "timeout",
        "age",
        "date",
        "time",
        "required",
        "enabled",
        "disabled",
        "valid",
        "invalid",
        "strength",
        "prompt",
        "input",
        "form",
        "box",
        "selector",
        "column",
        "table",
        "index",
        "prefix",
        "suffix",
        "header",
        "endpoint",
        "host",
        "provider",
        "manager",
        "store",
        "storage",
        "version",
        "algorithm",
        "alg",
        "method",
        "mode",
        "scope",
        "scopes",
        "arn",
        "status",
        "state",
        "exists",
        "class",
        "id",
        "ids",
        "template",
        "view",
        "page",
        "link",
        "icon",
        "text",
        "usage",
        "help",
        "tooltip",
        "issuer",
        "audience",
        "params",
        "parameter",
        "attribute",
        "attr",
        "property",
        "option",
        "flag",
        "kind",
        "curve",
        "bits",
        "rotation",
        "hash",
        "fingerprint",
        "checksum",
        "event",
        "action",
        "handler",
        "callback",
        "callbacks",
        "function",
        "test",
        "tests",
        "spec",
        "uuid",
        "interval",
        "limit",
        "rule",
        "rules",
        "error",
        "errors",
        "failed",
        "success",
        "changed",
        "reset",
        "confirm",
        "subject",
        "usages",
        "ref",
        "refs",
        "env",
    ];
    let last = key.tail().next_back();
    let head = key.words().next();
    const HEADS: &[&str] = &[
        "public",
        "pub",
        "primary",
        "foreign",
        "is",
        "has",
        "no",
        "num",
        "partition",
        "sort",
        "cache",
        "i18n",
    ];
    let about = |word: &[u8], list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    last.is_some_and(|w| about(w, TAILS)) || head.is_some_and(|w| about(w, HEADS)) || key.has("public")
}

/// Whether user, password and host are those of an example: `user:pass@…`, `root:root@localhost`.
fn example_pair(subject: &Subject<'_>) -> bool {
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
    let host = subject.host;
    let reserved = [&b"example.com"[..], b"example.org", b"example.net", b".example", b".invalid"];
    let example = reserved.iter().any(|end| host.ends_with(end)) || host.len() <= 2;
    let local =
        is(subject.host, &["localhost", "127.0.0.1", "0.0.0.0", "host", "hostname", "example.com", "server"])
            || subject.host.ends_with(b".example.com")
            || subject.host.ends_with(b".example.org");
    example && !subject.value.iter().any(u8::is_ascii_digit)
        || is(subject.user, USERS)
            && subject.value.len() < 12
            && !subject.value.iter().any(u8::is_ascii_digit)
        || is(subject.value, WORDS)
        || local && subject.value.eq_ignore_ascii_case(subject.user)
}
