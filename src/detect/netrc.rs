//! Records of password files: `.netrc` and `.pgpass`.

use super::assignment::{line_end, line_start, skip_space};
use crate::model::Span;

/// One record of a password file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    /// The account's name.
    pub user: Span,
    /// Its password.
    pub password: Span,
    /// The machine.
    pub host: Span,
}

/// Tokens behind `machine` that belong to one record.
const MOST_TOKENS: usize = 12;

impl Record {
    /// The `.netrc` record that begins with the word `machine` (or `default`) at `trigger`.
    pub(crate) fn of_netrc(text: &[u8], trigger: Span) -> Option<Self> {
        let alone = trigger.start == 0 || !text[trigger.start - 1].is_ascii_alphanumeric();
        if !alone || !text.get(trigger.end).is_some_and(u8::is_ascii_whitespace) {
            return None;
        }
        let mut tokens = tokens(text, trigger.end);
        let host = tokens.next()?;
        let (mut user, mut password) = (None, None);
        while let Some(word) = tokens.next() {
            match word.of(text) {
                b"login" => user = tokens.next(),
                b"password" => password = tokens.next(),
                b"account" => drop(tokens.next()),
                _ => break,
            }
        }
        Some(Self { user: user?, password: password?, host })
    }

    /// The `.pgpass` line `host:port:database:user:password` that holds the port at `trigger`.
    pub(crate) fn of_pgpass(text: &[u8], trigger: Span) -> Option<Self> {
        let line = Span::new(line_start(text, trigger.start), line_end(text, trigger.end));
        if line.len() > 300 || line.of(text).contains(&b' ') {
            return None;
        }
        let mut fields = [Span::new(0, 0); 5];
        let (mut field, mut start, mut at) = (0, line.start, line.start);
        while at <= line.end {
            if at == line.end || text[at] == b':' {
                *fields.get_mut(field)? = Span::new(start, at);
                field += 1;
                start = at + 1;
            } else if text[at] == b'\\' {
                at += 1;
            }
            at += 1;
        }
        let [host, port, database, user, password] = fields; // leakward:allow
        let named = |s: Span| s.of(text).iter().all(|b| b.is_ascii_alphanumeric() || b"*._-[]".contains(b));
        let numbered = port.of(text) == b"*" || port.of(text).iter().all(u8::is_ascii_digit);
        let whole = field == 5 && [host, database, user, password].iter().all(|s| !s.is_empty());
        (whole && numbered && [host, database, user].into_iter().all(named)).then_some(Self {
            user,
            password,
            host,
        })
    }
}

fn tokens(text: &[u8], from: usize) -> impl Iterator<Item = Span> {
    let mut at = from;
    let tokens = std::iter::from_fn(move || {
        let start = skip_space(text, at);
        let length = text[start..].iter().take(256).take_while(|b| !b.is_ascii_whitespace()).count();
        at = start + length;
        (length > 0).then(|| Span::new(start, at))
    });
    tokens.take(MOST_TOKENS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, record: Option<Record>) -> Option<[&str; 3]> {
        record.map(|r| [r.host, r.user, r.password].map(|s| &text[s.start..s.end]))
    }

    #[test]
    fn a_netrc_record_may_span_lines() {
        for blank in [" ", "\n  "] {
            let text = ["machine h.io", "login joe", "password vQ2m\n"].join(blank);
            let record = Record::of_netrc(text.as_bytes(), Span::new(0, 7));
            assert_eq!(parts(&text, record), Some(["h.io", "joe", "vQ2m"]));
        }
        assert_eq!(Record::of_netrc(b"machine learning is hard", Span::new(0, 7)), None);
    }

    #[test]
    fn a_pgpass_line_has_five_fields() {
        let text = "x\nlocalhost:5432:db:root:vQ2m\n";
        let at = text.find(":5432:").unwrap();
        let record = Record::of_pgpass(text.as_bytes(), Span::new(at, at + 6));
        assert_eq!(parts(text, record), Some(["localhost", "root", "vQ2m"]));
        for text in ["localhost:5432:db", "http://h:5432:a:b:c", "a:5432:b:c:d:e"] {
            let at = text.find(":5432:").unwrap();
            assert_eq!(Record::of_pgpass(text.as_bytes(), Span::new(at, at + 6)), None, "{text}");
        }
    }
}
