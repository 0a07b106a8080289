//! The built-in readers of generic credentials: each finds the values that its trigger leads to. What they are is
//! asked of [`crate::classify`] by [`super::reader`].

use super::assignment::{Reading, skip_blanks};
use super::builtin::Window;
use super::cli::{self, Login};
use super::header::{self, Pair};
use super::kubernetes;
use super::netrc::Record;
use super::reader::{Found, Reader};
use super::sql;
use super::url::UserInfo;
use crate::classify::{KeyKind, KeyName, Subject, Syntax};
use crate::model::{Secret, Span};

/// How far a reader looks to each side of its trigger, in bytes: past the longest value it reads.
const REACH: usize = 1024;

/// Values that a name announces, one reader for each kind of name.
pub(super) struct Assignment {
    name: &'static str,
    kind: KeyKind,
    triggers: &'static [&'static str],
}

/// Passwords.
pub(super) static PASSWORD: Assignment = Assignment {
    name: "assignment-password",
    kind: KeyKind::Password,
    triggers: &[
        "pass",
        "pwd",
        "psw",
        "_pw",
        "pw=",
        "pw:",
        "pw\"",
        "contrasena",
        "senha",      // leakward:allow
        "kennwort",   // leakward:allow
        "wachtwoord", // leakward:allow
    ],
};
/// Secrets and salts.
pub(super) static SECRET: Assignment =
    Assignment { name: "assignment-secret", kind: KeyKind::Secret, triggers: &["secret", "salt"] };
/// Tokens.
pub(super) static TOKEN: Assignment =
    Assignment { name: "assignment-token", kind: KeyKind::Token, triggers: &["token", "jwt"] };
/// Keys.
pub(super) static KEY: Assignment =
    Assignment { name: "assignment-key", kind: KeyKind::Key, triggers: &["key"] };
/// What is called auth or credential.
pub(super) static CREDENTIAL: Assignment =
    Assignment { name: "assignment-credential", kind: KeyKind::Credential, triggers: &["auth", "cred"] };

/// Every reader of this file, for those who want to see what is found before it is judged.
pub static READERS: &[&dyn Reader] = &[
    &PASSWORD,
    &SECRET,
    &TOKEN,
    &KEY,
    &CREDENTIAL,
    &BasicAuth,
    &Bearer,
    &CommandLine,
    &Kubernetes,
    &PasswordFile,
    &Statement,
    &Url,
];

/// Passwords of URLs and connection strings.
pub(super) struct Url;
/// `user:password` in base64: headers, `.npmrc`, Docker's configuration.
pub(super) struct BasicAuth;
/// Opaque credentials of headers.
pub(super) struct Bearer;
/// `IDENTIFIED BY`, `ConvertTo-SecureString`.
pub(super) struct Statement;
/// `.netrc` and `.pgpass`.
pub(super) struct PasswordFile;
/// Short flags of known commands.
pub(super) struct CommandLine;
/// Kubernetes Secrets.
pub(super) struct Kubernetes;

impl Reader for Assignment {
    fn name(&self) -> &'static str {
        self.name
    }

    fn triggers(&self) -> &'static [&'static str] {
        self.triggers
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        let Some(reading) = Reading::at(text, window.trigger) else { return };
        let key = reading.key.of(text);
        if KeyName::new(key).kind() != Some(self.kind) {
            return;
        }
        let decoded = reading.joined.or_else(|| announced_base64(text, reading.key, reading.value));
        // Judged here, in this process.
        let value = decoded.as_ref().map_or(reading.value.of(text), Secret::expose);
        let subject = Subject {
            callee: reading.callee.of(text),
            ..Subject::new(key, self.kind, value, reading.syntax)
        };
        sink(&Found {
            decoded: decoded.as_ref(),
            ..Found::new(text, subject, reading.value, reading.matched)
        })
    }
}

impl Reader for Url {
    fn name(&self) -> &'static str {
        "url"
    }

    fn triggers(&self) -> &'static [&'static str] {
        &["://", "@tcp(", "@unix(", "jdbc:oracle:thin:"]
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        let info = match text[window.trigger.start] {
            b':' => UserInfo::of_url(text, window.trigger),
            b'@' => UserInfo::of_dsn(text, window.trigger),
            _ => UserInfo::of_oracle(text, window.trigger),
        };
        let Some(info) = info else { return };
        let subject = Subject {
            user: info.user.of(text),
            host: info.host.of(text),
            ..Subject::password(info.password.of(text), Syntax::Url)
        };
        sink(&Found::new(text, subject, info.password, info.whole))
    }
}

impl Reader for BasicAuth {
    fn name(&self) -> &'static str {
        "basic-auth"
    }

    fn triggers(&self) -> &'static [&'static str] {
        &["basic ", "auth"]
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        let pair = if window.trigger.of(text).ends_with(b" ") {
            Pair::read(text, skip_blanks(text, window.trigger.end))
        } else {
            // The whole value is the pair: `_auth=…`, `"auth": "…"`.
            Reading::of_credential(text, window.trigger)
                .and_then(|r| Pair::read(text, r.value.start).filter(|pair| pair.span == r.value))
        };
        let Some(pair) = pair else { return };
        // Judged here, in this process.
        let decoded = pair.text.expose();
        let subject = Subject {
            user: &decoded[..pair.password - 1],
            pair: true,
            ..Subject::password(&decoded[pair.password..], Syntax::Header)
        };
        let matched = Span::new(window.trigger.start.min(pair.span.start), pair.span.end);
        sink(&Found::new(text, subject, pair.span, matched))
    }
}

impl Reader for Bearer {
    fn name(&self) -> &'static str {
        "bearer"
    }

    fn triggers(&self) -> &'static [&'static str] {
        &["bearer", "authorization"]
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        let scheme = if window.trigger.of(text).eq_ignore_ascii_case(b"bearer") {
            Some(window.trigger)
        } else {
            Reading::of_credential(text, window.trigger).and_then(|r| scheme(text, r.value.start))
        };
        let Some(value) = scheme.and_then(|s| header::bearer(text, s)) else { return };
        let subject = Subject::new(b"bearer_token", KeyKind::Token, value.of(text), Syntax::Header);
        sink(&Found::new(text, subject, value, Span::new(window.trigger.start, value.end)))
    }
}

impl Reader for Statement {
    fn name(&self) -> &'static str {
        "statement"
    }

    fn triggers(&self) -> &'static [&'static str] {
        &["identified ", "convertto-securestring"]
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        let phrase = Span::new(window.trigger.start, window.trigger.end);
        let phrase =
            if text[phrase.end - 1] == b' ' { Span::new(phrase.start, phrase.end - 1) } else { phrase };
        let Some((value, end)) = sql::value(text, phrase) else { return };
        let subject = Subject::password(value.of(text), Syntax::Statement);
        sink(&Found::new(text, subject, value, Span::new(phrase.start, end)))
    }
}

impl Reader for PasswordFile {
    fn name(&self) -> &'static str {
        "password-file"
    }

    fn triggers(&self) -> &'static [&'static str] {
        &["machine", ":5432:", ":5433:", ":*:"]
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        let record = if text[window.trigger.start] == b':' {
            Record::of_pgpass(text, window.trigger)
        } else {
            Record::of_netrc(text, window.trigger)
        };
        let Some(record) = record else { return };
        let subject = Subject {
            user: record.user.of(text),
            host: record.host.of(text),
            ..Subject::password(record.password.of(text), Syntax::Record)
        };
        let start = record.host.start.min(window.trigger.start);
        sink(&Found::new(text, subject, record.password, Span::new(start, record.password.end)))
    }
}

impl Reader for CommandLine {
    fn name(&self) -> &'static str {
        "command-line"
    }

    fn triggers(&self) -> &'static [&'static str] {
        cli::NAMES
    }

    fn reach(&self) -> usize {
        REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        let Some(login) = Login::read(text, window.trigger) else { return };
        let subject =
            Subject { user: login.user.of(text), ..Subject::password(login.password.of(text), Syntax::Flag) };
        sink(&Found::new(text, subject, login.password, Span::new(window.trigger.start, login.password.end)))
    }
}

impl Reader for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes-secret"
    }

    fn triggers(&self) -> &'static [&'static str] {
        &["kind: secret", "kind: \"secret\"", "\"kind\": \"secret\""]
    }

    fn reach(&self) -> usize {
        2 * REACH
    }

    fn read(&self, window: &Window<'_>, sink: &mut dyn FnMut(&Found<'_>)) {
        let text = window.bytes;
        kubernetes::entries(text, window.trigger, &mut |entry| {
            let key = entry.key.of(text);
            // Judged here, in this process.
            let value = entry.decoded.as_ref().map_or(entry.value.of(text), Secret::expose);
            let kind = KeyName::new(key).kind().unwrap_or(KeyKind::Secret);
            let subject = Subject::new(key, kind, value, Syntax::Record);
            let matched = Span::new(entry.key.start, entry.value.end);
            sink(&Found {
                decoded: entry.decoded.as_ref(),
                ..Found::new(text, subject, entry.value, matched)
            })
        });
    }
}

/// The word of a scheme at `at`, such as `token` or `ApiKey`.
fn scheme(text: &[u8], at: usize) -> Option<Span> {
    const SCHEMES: [&str; 6] = ["token", "apikey", "key", "gitlab-token", "splunk", "sharedaccesssignature"];
    SCHEMES.iter().find_map(|s| {
        let end = at + s.len();
        (text.get(at..end)?.eq_ignore_ascii_case(s.as_bytes()) && text.get(end) == Some(&b' '))
            .then(|| Span::new(at, end))
    })
}

/// The decoded value, where the words between key and value say that it is base64 (FileZilla's `<Pass>`).
fn announced_base64(text: &[u8], key: Span, value: Span) -> Option<Secret> {
    let between = text.get(key.end..value.start).filter(|b| b.len() > 8)?;
    memchr::memmem::find(between, b"base64")?;
    header::decode(value.of(text)).filter(|d| header::printable(d)).map(|d| Secret::new(&d))
}
