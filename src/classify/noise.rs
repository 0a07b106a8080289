//! Reasons why a value is certainly no secret, tried before anything is weighed.

use super::code::{is_flag, is_macro_call, is_number_literal, is_type, is_variable_name};
use super::example::{example_pair, sample};
use super::placeholder::{is_constant_name, placeholder, wording};
use super::reference::{is_constant, is_expression, points_elsewhere};
use super::shape::{
    distinct, holds_uuid, is_alphabet, is_counting, is_grouped, is_hex_number, is_location, is_numeric,
    is_object_id, is_repeat, is_sequence, is_uuid, words,
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
    /// What a program prints or reads, not what someone chose: zeros stand around it.
    Program,
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
        if in_program(subject) {
            return Some(Self::Program);
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
            && (is_expression(value)
                || is_type(value)
                || is_macro_call(value)
                || value.starts_with(b"__")
                || is_declared(subject) && is_variable_name(value)
                || is_parameter(subject))
            || subject.syntax == Syntax::Statement && is_type(value)
            || memchr::memmem::find(value, b"(%r").is_some()
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
        let key = KeyName::new(subject.key);
        if is_about(&key) || is_check(subject) {
            return Some(Self::About);
        }
        if echoes(subject) {
            return Some(Self::Placeholder("named after its key"));
        }
        if (subject.kind != KeyKind::Password || value.contains(&b' ')) && wording(value) {
            return Some(Self::Placeholder("the name of a credential"));
        }
        Self::of_shape(subject).or_else(|| example_pair(subject).then_some(Self::ExamplePair))
    }

    fn of_shape(subject: &Subject<'_>) -> Option<Self> {
        let value = subject.value;
        if is_constant_name(value) {
            return Some(Self::ConstantName);
        }
        if is_sequence(value) || is_repeat(value) || is_counting(value) || is_alphabet(value) {
            return Some(Self::Sequence);
        }
        if is_hex_number(value)
            || is_number_literal(value)
            || is_object_id(value)
            || is_numeric(value) && (subject.kind != KeyKind::Password || value.len() < 6)
        {
            return Some(Self::Number);
        }
        if is_location(value) {
            return Some(Self::Location);
        }
        if is_uuid(value) && subject.kind == KeyKind::Key || value.len() > 38 && holds_uuid(value) {
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
            Self::Program => "text of a program",
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

/// Whether the line is one of a program, where zeros end texts and lengths and addresses stand between them. A value
/// beside a key there is mostly the next text, not the key's.
fn in_program(subject: &Subject<'_>) -> bool {
    let odd = |b: &u8| *b == 0 || (1..7).contains(b) || (14..27).contains(b);
    let around = subject.before.iter().chain(subject.after);
    around.filter(|b| odd(b)).count() > 1 || subject.value.iter().any(odd)
}

/// Whether a bare value is what a program declares a name to be: `passwd: CString,`, `key_t = c_ulong;`.
fn is_declared(subject: &Subject<'_>) -> bool {
    const WORDS: &[&str] = &[
        "pub",
        "public",
        "private",
        "protected",
        "internal",
        "readonly",
        "static",
        "final",
        "const",
        "let",
        "var",
        "val",
        "type",
        "struct",
        "trait",
        "class",
        "interface",
        "enum",
        "mut",
    ];
    let after = subject.after.trim_ascii_start();
    let word =
        subject.before.trim_ascii_end().rsplit(|b| !b.is_ascii_alphanumeric()).next().unwrap_or_default();
    match subject.syntax {
        Syntax::Line => matches!(after.first(), Some(b';' | b',')),
        Syntax::Inline => WORDS.iter().any(|w| word == w.as_bytes()),
        _ => false,
    }
}

/// Whether a bare value is the type of a function's parameter: `fn open(token: Avx512, …)`.
fn is_parameter(subject: &Subject<'_>) -> bool {
    const WORDS: &[&[u8]] = &[b"fn ", b"func ", b"fun ", b"def ", b"function "];
    let declares = WORDS.iter().any(|word| memchr::memmem::find(subject.before, word).is_some());
    subject.syntax == Syntax::Inline && declares && subject.before.contains(&b'(')
}

/// Whether the key is what tests call when something passes: `pass("a", "b")`.
fn is_check(subject: &Subject<'_>) -> bool {
    subject.syntax == Syntax::Call && subject.key.ends_with(b"pass") && subject.after.starts_with(b",")
}

/// Whether the value says no more than the key does: `VAL_ALPHANUMPWDS = "AlphanumPwds"`.
fn echoes(subject: &Subject<'_>) -> bool {
    let plain = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let value = plain(subject.value);
    let named = subject.kind == KeyKind::Key || KeyName::new(subject.value).kind().is_some();
    named && value.len() >= 6 && memchr::memmem::find(&plain(subject.key), &value).is_some()
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
        "t",
        "ptr",
        "nid",
        "oid",
        "guid",
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
        "guid",
        "oid",
        "clsid",
    ];
    let about = |word: &[u8], list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    last.is_some_and(|w| about(w, TAILS)) || head.is_some_and(|w| about(w, HEADS)) || key.has("public")
}
