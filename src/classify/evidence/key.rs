//! What is seen of the key.

use super::super::feature::Feature;
use super::super::{KeyName, Subject};
use super::value::INVENTED;
use super::{Seen, group_of, is_one_of};

/// What the words in front of the stem say.
const HEADS: &[&[&str]] = &[
    &["public", "pub", "primary", "foreign", "partition", "sort", "cache", "i18n", "translation"],
    &[
        "old",
        "new",
        "confirm",
        "confirmed",
        "repeat",
        "retype",
        "current",
        "wrong",
        "invalid",
        "bad",
        "incorrect",
    ],
    &[
        "db",
        "database",
        "mysql",
        "postgres",
        "postgresql",
        "pg",
        "mongo",
        "mongodb",
        "redis",
        "sql",
        "oracle",
        "ldap",
        "smtp",
        "mail",
        "email",
        "ftp",
        "ssh",
        "jdbc",
        "datasource",
        "rabbitmq",
        "root",
        "admin",
        "sa",
        "master",
        "superuser",
    ],
    &[
        "api",
        "access",
        "client",
        "consumer",
        "app",
        "application",
        "service",
        "account",
        "aws",
        "azure",
        "gcp",
        "github",
        "gitlab",
        "slack",
        "google",
        "stripe",
        "twilio",
        "twitter",
        "facebook",
    ],
    &[
        "private",
        "secret",
        "encryption",
        "encrypt",
        "signing",
        "sign",
        "hmac",
        "aes",
        "rsa",
        "crypt",
        "cipher",
        "master",
    ],
    &[
        "auth", "oauth", "oauth2", "refresh", "bearer", "id", "session", "cookie", "csrf", "xsrf", "jwt",
        "request", "personal",
    ],
    &[
        "expected", "actual", "mock", "fake", "dummy", "test", "tests", "example", "sample", "default",
        "some", "my",
    ],
    &[
        "is", "has", "get", "check", "validate", "verify", "matches", "compare", "needs", "require", "parse",
        "find",
    ],
    &[
        "show", "hide", "forgot", "reset", "change", "update", "enable", "disable", "missing", "error",
        "err", "no",
    ],
    &[
        "env", "envvar", "const", "field", "label", "param", "config", "setting", "option", "flag", "prop",
        "header", "str",
    ],
    &[
        "sort", "map", "dict", "lookup", "row", "group", "item", "object", "hash", "index", "search",
        "query", "registry", "reg", "event", "press", "hot", "arrow", "func", "meta",
    ],
];

/// What the words behind the stem say.
const TAILS: &[&[&str]] = &[
    &[
        "name", "names", "file", "path", "dir", "url", "uri", "field", "label", "title", "text", "id", "ids",
        "uuid", "endpoint",
    ],
    &[
        "type",
        "length",
        "len",
        "size",
        "count",
        "min",
        "max",
        "expiry",
        "expires",
        "expiration",
        "ttl",
        "timeout",
        "age",
        "date",
        "time",
        "version",
        "algorithm",
        "alg",
        "method",
        "mode",
        "scope",
        "status",
        "state",
        "format",
        "policy",
        "pattern",
        "regex",
    ],
    &[
        "hint",
        "placeholder",
        "message",
        "msg",
        "error",
        "description",
        "desc",
        "help",
        "prompt",
        "input",
        "form",
        "invalid",
        "required",
        "enabled",
        "disabled",
        "failed",
        "reset",
        "confirm",
        "confirmation",
        "changed",
    ],
    &["hash", "hashed", "encrypted", "digest", "salt", "crypt", "fingerprint", "checksum", "thumbprint"],
    &[
        "prefix",
        "suffix",
        "header",
        "param",
        "parameter",
        "attribute",
        "property",
        "provider",
        "manager",
        "store",
        "storage",
        "service",
        "handler",
        "class",
        "template",
        "page",
        "view",
        "link",
        "env",
        "var",
        "variable",
        "key",
        "column",
        "arn",
        "ref",
    ],
    &[
        "value", "val", "data", "string", "str", "plain", "raw", "default", "b64", "base64", "secret",
        "code", "again", "here",
    ],
];

pub(super) fn see(subject: &Subject<'_>, key: &KeyName<'_>, seen: &mut Seen) {
    seen.set(Feature::Kind, subject.kind as u8 + 1);
    let words = key.words().count();
    seen.count(Feature::KeyWords, words);
    seen.set(Feature::KeyCase, case(subject.key));
    seen.flag(Feature::KeyBare, words == 1);
    seen.set(Feature::KeyHead, group_of(key.head(), HEADS));
    seen.set(Feature::KeyTail, group_of(key.tail(), TAILS));
    seen.flag(Feature::KeyNumbered, subject.key.last().is_some_and(u8::is_ascii_digit));
    seen.flag(Feature::KeyInvented, key.words().any(|w| is_one_of(w, INVENTED)));
}

/// See [`Feature::KeyCase`].
fn case(key: &[u8]) -> u8 {
    let lower = key.iter().any(u8::is_ascii_lowercase);
    let upper = key.iter().any(u8::is_ascii_uppercase);
    match (lower, upper) {
        (_, false) => 0,
        (false, true) => 1,
        _ if key.iter().any(|b| matches!(b, b'-' | b'_' | b'.')) => 4,
        _ if key[0].is_ascii_uppercase() => 3,
        _ => 2,
    }
}
