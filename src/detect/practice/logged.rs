//! Calls that print or log a secret: `log.info("token %s", access_token)`, `echo $DB_PASSWORD`.
//!
//! Told by the last words of a name, where the value itself is written: not its length, not whether there is one, not
//! what a function makes of it, not text that only talks about passwords.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Remark;
use crate::model::Span;

/// See [`super::Reader::words`].
pub(super) const WORDS: &[&str] = &[
    "print",
    "Print",
    "console.",
    "log",
    "LOG",
    "Log",
    "echo ",
    "dbg!",
    "puts ",
    "debug",
    "info!",
    "warn!",
    "error!",
    "trace!",
    "Console.Write",
    "var_dump",
];

/// The start of a call that writes its arguments, up to its parenthesis.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[^\w.:$])(?:",
        r"console\.(?:log|info|warn|error|debug|trace|dir)",
        r"|(?:self\.|this\.|@)?_?(?i:logger|logging|log|slog|klog|glog|logrus|sugar)(?:\.|::)_?(?i:trace|debug|info|notice|warn|warning|error|fatal|critical|exception|print|printf|println|log|debugf|infof|warnf|warningf|errorf|fatalf|infow|debugw|errorw)!?",
        r"|print|println|printf|pprint|var_dump|print_r|System\.(?:out|err)\.print(?:ln|f)?|fmt\.Print(?:ln|f)?|Console\.Write(?:Line)?",
        r"|(?:e?println|e?print|dbg|trace|debug|info|warn|error)!",
        r")[ \t]?\(",
    ))
    .ok()
});
/// A shell's line that writes variables to its output.
static ECHO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*(?:-[ \t]+)?(?:run:[ \t]+|RUN[ \t]+)?(?:echo|printf)[ \t]+[^\n]*").ok()
});
/// A variable in a shell's line.
static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$\{?(\w+)\}?").ok());

/// How far a call's arguments are read, in bytes.
const FARTHEST: usize = 600;

/// Which secrets the calls of `text` write.
pub(super) fn read(text: &[u8], sink: &mut dyn FnMut(Remark)) {
    for call in CALL.iter().flat_map(|r| r.find_iter(text)) {
        if is_comment(text, call.start()) {
            continue;
        }
        let arguments = Arguments { text, end: text.len().min(call.end() + FARTHEST) };
        if let Some(span) = arguments.secret(call.end()) {
            sink(remark(span));
        }
    }
    for line in ECHO.iter().flat_map(|r| r.find_iter(text)) {
        let line = Span::new(line.start(), line.end());
        // What is piped or redirected goes where it is meant to go.
        if line.of(text).iter().any(|b| b"|>`".contains(b))
            || memchr::memmem::find(line.of(text), b"add-mask").is_some()
        {
            continue;
        }
        for found in VARIABLE.iter().flat_map(|r| r.captures_iter(line.of(text))) {
            let Some(name) = found.get(1) else { continue };
            let span = Span::new(line.start + name.start(), line.start + name.end());
            let escaped = text[..line.start + found.get(0).map_or(0, |m| m.start())].ends_with(b"\\");
            if names_secret(span.of(text)) && !escaped && !in_single_quotes(line.of(text), name.start()) {
                sink(remark(span));
                break;
            }
        }
    }
}

fn remark(span: Span) -> Remark {
    Remark { span, reference: None, why: "its value is written to a log or a terminal".into() }
}

fn is_comment(text: &[u8], at: usize) -> bool {
    let line = text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let before = text[line..at].trim_ascii_start();
    [&b"//"[..], b"#", b"*", b"--", b"/*", b";", b"%"].iter().any(|mark| before.starts_with(mark))
}

fn in_single_quotes(line: &[u8], at: usize) -> bool {
    let quotes = line[..at].iter().filter(|&&b| b == b'\'').count();
    quotes % 2 == 1 && line[..at].iter().filter(|&&b| b == b'"').count() % 2 == 0
}

/// The arguments of one call.
struct Arguments<'t> {
    text: &'t [u8],
    end: usize,
}

/// Calls whose result is the value itself, written in another way.
const SAME: &[&[u8]] = &[
    b"str",
    b"String",
    b"format",
    b"sprintf",
    b"Sprintf",
    b"stringify",
    b"repr",
    b"inspect",
    b"to_string",
    b"toString",
    b"valueOf",
    b"concat",
    b"",
    b"expose_secret",
    b"Sprint",
    b"f",
];

impl Arguments<'_> {
    /// The first secret that is written among the arguments that begin at `at`.
    fn secret(&self, mut at: usize) -> Option<Span> {
        // Whether what stands in each open parenthesis is written as it is.
        let mut open = vec![true];
        let mut name: &[u8] = b"";
        while at < self.end {
            let byte = self.text[at];
            match byte {
                b'"' | b'\'' | b'`' => {
                    let end = self.string_end(at);
                    if open.last() == Some(&true)
                        && let Some(span) = self.interpolated(Span::new(at + 1, end))
                    {
                        return Some(span);
                    }
                    (at, name) = (end + 1, b"");
                }
                b'(' | b'[' | b'{' => {
                    let last = name.rsplit(|b| b".:".contains(b)).next().unwrap_or_default();
                    let same = byte != b'(' || SAME.contains(&last);
                    open.push(open.last() == Some(&true) && same);
                    (at, name) = (at + 1, b"");
                }
                b')' | b']' | b'}' => {
                    open.pop();
                    if open.is_empty() {
                        return None;
                    }
                    (at, name) = (at + 1, b"");
                }
                b if b.is_ascii_alphabetic() || b == b'_' => {
                    let span = self.word(at);
                    if open.last() == Some(&true) && self.is_written(span) {
                        return Some(span);
                    }
                    name = span.of(self.text);
                    at = span.end;
                }
                b';' => return None,
                _ => at += 1,
            }
        }
        None
    }

    /// The name, dots and all, that begins at `at`.
    fn word(&self, at: usize) -> Span {
        let part = |b: &u8| b.is_ascii_alphanumeric() || b"_.$?".contains(b);
        let len = self.text[at..self.end].iter().take_while(|b| part(b)).count();
        let end = at + len;
        Span::new(at, end - self.text[at..end].iter().rev().take_while(|b| b".?".contains(b)).count())
    }

    /// Whether the name at `span` is of a secret, and its value is what is written.
    fn is_written(&self, span: Span) -> bool {
        if !names_secret(span.of(self.text)) {
            return false;
        }
        let after = self.text[span.end..self.end].trim_ascii_start();
        let before = self.text[..span.start].trim_ascii_end();
        let getter = after.starts_with(b"()") && is_getter(span.of(self.text));
        let compared = [
            &b"=="[..],
            b"!=",
            b"is ",
            b"in ",
            b"if ",
            b"and ",
            b"&&",
            b"||",
            b"?",
            b"<",
            b"instanceof",
            b"not ",
        ]
        .iter()
        .any(|sign| after.starts_with(sign));
        // A keyword argument or a key of an object: the value comes after it.
        let key = after.starts_with(b"=") || (after.starts_with(b":") && !after.starts_with(b"::"));
        let called = after.starts_with(b"(")
            || after.starts_with(b"[")
            || after.starts_with(b"::")
            || after.starts_with(b"!");
        let asked = before.ends_with(b"!")
            || before.ends_with(b" not")
            || before.ends_with(b"typeof")
            || before.ends_with(b"::");
        getter || !(compared || key || called || asked)
    }

    /// The first secret that the string in `span` interpolates.
    fn interpolated(&self, span: Span) -> Option<Span> {
        let mut at = span.start;
        while let Some(brace) = memchr::memchr(b'{', &self.text[at..span.end]).map(|i| at + i) {
            let word = self.word_in(brace + 1, span.end);
            let after = self.text.get(word.end).copied().unwrap_or_default();
            // `{password}`, `${password}`, `#{password}`, `{password!r}`, `{password:?}`.
            if b"}!:".contains(&after) && names_secret(word.of(self.text)) {
                return Some(word);
            }
            at = brace + 1;
        }
        None
    }

    fn word_in(&self, at: usize, end: usize) -> Span {
        let word = self.word(at.min(self.end));
        Span::new(word.start.min(end), word.end.min(end))
    }

    fn string_end(&self, open: usize) -> usize {
        let quote = self.text[open];
        let mut at = open + 1;
        while at < self.end {
            match self.text[at] {
                b'\\' => at += 2,
                b if b == quote => return at,
                b'\n' if quote != b'`' => return at,
                _ => at += 1,
            }
        }
        self.end
    }
}

fn is_getter(name: &[u8]) -> bool {
    let last = name.rsplit(|&b| b == b'.').next().unwrap_or_default();
    last.starts_with(b"get") || last.starts_with(b"expose")
}

/// Names of one word.
const SINGLE: &[&str] = &["password", "passwd", "passphrase", "secret"]; // leakward:allow
/// Names of two words.
const PAIRS: &[(&str, &[&str])] = &[
    ("key", &["api", "secret", "private", "access", "encryption", "signing", "master"]),
    (
        "token",
        &["access", "auth", "api", "refresh", "bearer", "secret", "vault", "github", "gitlab", "personal"],
    ),
    ("password", &["db"]),
    ("apikey", &[""]),
];
/// First words of names that are of no secret.
const NOT: &[&str] = &[
    "is",
    "has",
    "no",
    "use",
    "uses",
    "show",
    "hide",
    "reset",
    "forgot",
    "change",
    "need",
    "needs",
    "require",
    "requires",
    "with",
    "without",
    "missing",
    "invalid",
    "want",
    "hashed",
    "masked",
    "redacted",
    "encrypted",
    "public",
    "num",
    "max",
    "min",
    "can",
    "should",
    "wrong",
    "empty",
    "expected",
    "unexpected",
    "any",
    "shared",
];

/// Whether the last part of `name` is one that secrets have.
fn names_secret(name: &[u8]) -> bool {
    let last = name.rsplit(|b| b".$?".contains(b)).next().unwrap_or_default();
    let words = words(last);
    let Some((end, before)) = words.split_last() else { return false };
    if words.len() > 4 || NOT.contains(&words[0].as_str()) {
        return false;
    }
    let single = SINGLE.contains(&end.as_str());
    let pair = || {
        let named = before.last().map_or("", String::as_str);
        PAIRS.iter().any(|(second, firsts)| end == second && (firsts.contains(&named) || firsts == &[""]))
    };
    single || pair()
}

/// The words of a name in snake or camel case, lower case.
fn words(name: &[u8]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut lower = false;
    for &b in name {
        if b == b'_' || b == b'-' {
            lower = false;
            all.push(String::new());
            continue;
        }
        if all.is_empty() || (b.is_ascii_uppercase() && lower) {
            all.push(String::new());
        }
        lower = b.is_ascii_lowercase() || b.is_ascii_digit();
        if let Some(word) = all.last_mut() {
            word.push(char::from(b.to_ascii_lowercase()));
        }
    }
    all.retain(|word| !word.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        read(text.as_bytes(), &mut |r| all.push(&text[r.span.start..r.span.end]));
        all
    }

    #[test]
    fn values_that_are_written_are_told() {
        for (text, name) in [
            ("print(password)", "password"),
            ("print(f'login as {user} with {db_password}')", "db_password"),
            ("logger.info(\"token %s\", access_token)", "access_token"),
            ("logging.debug('pw=' + config.db.password)", "config.db.password"),
            ("console.log('key', apiKey);", "apiKey"),
            ("console.log(`secret ${clientSecret}`)", "clientSecret"),
            ("log.Printf(\"%s\", cfg.Password)", "cfg.Password"),
            ("fmt.Println(os.Getenv(\"X\"), secret)", "secret"),
            ("println!(\"{}\", private_key);", "private_key"),
            ("info!(\"logging in with {password}\");", "password"),
            ("tracing::debug!(x); debug!(?client_secret)", "client_secret"),
            ("System.out.println(\"pw: \" + user.getPassword());", "user.getPassword"),
            ("log.info(\"x\", extra={'a': api_key})", "api_key"),
            ("print(str(password))", "password"),
            ("  echo \"password is $DB_PASSWORD\"\n", "DB_PASSWORD"),
            ("- run: echo ${API_TOKEN}\n", "API_TOKEN"),
        ] {
            assert_eq!(found(text), [name], "{text}");
        }
    }

    #[test]
    fn what_only_talks_about_secrets_is_not() {
        for text in [
            "print('enter your password')",
            "print(len(password))",
            "logger.info('has password: %s', password is not None)",
            "console.log('ok', !password)",
            "console.log(password ? 'set' : 'unset')",
            "logger.info(mask(password))",
            "log.info('x', password_length)",
            "log.debug('x', secret_name, token_url, has_password)",
            "print(token)",
            "print(hashed_password)",
            "log.info(f\"secret {secret.name}\")",
            "println!(\"{}\", password.len());",
            "// println!(\"{password}\");",
            "# print(password)",
            "fingerprint(password)",
            "catalog.info(password)",
            "print(\"usage: --password PASSWORD\")",
            "echo \"$PASSWORD\" | docker login --password-stdin\n",
            "echo \"password=$PASSWORD\" >> config\n",
            "echo '$PASSWORD'\n",
            "echo \"set \\$PASSWORD first\"\n",
            "echo $PWD $SECRET_NAME\n",
            "echo \"::add-mask::$SECRET\"\n",
            "log.info('x'); save(password)",
            "logger.info(\"x\", password=redact(password))",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn broken_text_ends() {
        for text in ["print(", "print(\"", "print('\\", "log.info((((", "print(}", "echo $", "print(`${"] {
            found(text);
        }
    }
}
