//! One request's head, read from the bytes that have come so far.

use std::fmt;

use crate::webhook::Webhook;

/// Longest head, in bytes.
pub(super) const MAX_HEAD: usize = 16 * 1024;
/// Most header fields.
const MAX_FIELDS: usize = 64;

/// What of a request's head counts.
#[derive(Default)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Path and query, as sent.
    pub(super) target: &'a str,
    /// Bytes of the head.
    pub(super) length: usize,
    /// Whether the connection ends with this request.
    pub(super) last: bool,
    /// Whether it carries a body.
    pub(super) has_body: bool,
    /// Whether a field has told how the body is framed.
    is_framed: bool,
    /// Length of the body in bytes, if it is told once and no other framing is.
    pub(super) body: Option<usize>,
    /// `Host`; `None` when it is absent or there are several.
    pub(super) host: Option<&'a str>,
    /// Whether a field says that somebody else's request is passed on, or that a web page sent it.
    pub(super) relayed: bool,
    /// Proofs that the caller knows the token, in whichever field it came.
    pub(super) tokens: [Option<&'a [u8]>; 3],
    pub(super) namespace: Option<&'a str>,
    /// Whether the caller speaks as a client of the AWS agent.
    pub(super) is_aws: bool,
    /// When a message was sent, and its signature.
    pub(super) signed: [Option<&'a str>; 2],
}

/// Why a head cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    /// It is not HTTP/1.
    Malformed,
    /// It is too long, or has too many fields.
    TooLarge,
}

impl<'a> Request<'a> {
    /// The head at the front of `bytes`; `None` when it is not complete.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Option<Self>, HeadError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut head = httparse::Request::new(&mut fields);
        let length = match head.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if bytes.len() > MAX_HEAD => return Err(HeadError::TooLarge),
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLarge),
            Err(_) => return Err(HeadError::Malformed),
        };
        if length > MAX_HEAD {
            return Err(HeadError::TooLarge);
        }
        let mut request = Request {
            method: head.method.unwrap_or_default(),
            target: head.path.unwrap_or_default(),
            length,
            last: head.version == Some(0),
            ..Request::default()
        };
        let mut hosts = 0;
        for field in head.headers.iter() {
            request.note(field.name, field.value, &mut hosts);
        }
        if hosts != 1 {
            request.host = None;
        }
        Ok(Some(request))
    }

    fn note(&mut self, name: &'a str, value: &'a [u8], hosts: &mut usize) {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        let text = || std::str::from_utf8(value).unwrap_or_default().trim();
        if is("host") {
            *hosts += 1;
            self.host = Some(text());
        } else if is("x-vault-token") {
            self.tokens[0] = Some(value.trim_ascii());
        } else if is("x-aws-parameters-secrets-token") {
            self.is_aws = true;
            self.tokens[1] = Some(value.trim_ascii());
        } else if is("authorization") {
            self.tokens[2] = value.trim_ascii().strip_prefix(b"Bearer ").map(<[u8]>::trim_ascii);
        } else if is("connection") {
            let says = |word: &str| text().split(',').any(|t| t.trim().eq_ignore_ascii_case(word));
            self.last = says("close") || self.last && !says("keep-alive");
        } else if is("content-length") {
            // A second one, of whatever length, is one too many.
            let number = text().bytes().all(|b| b.is_ascii_digit()).then(|| text().parse().ok()).flatten();
            self.body = number.filter(|_| !self.is_framed);
            self.has_body |= self.is_framed || number != Some(0);
            self.is_framed = true;
        } else if is("transfer-encoding") || is("upgrade") {
            (self.body, self.has_body, self.is_framed) = (None, true, true);
        } else if is(Webhook::TIMESTAMP) {
            self.signed[0] = Some(text());
        } else if is(Webhook::SIGNATURE) {
            self.signed[1] = Some(text());
        } else if is("x-vault-namespace") {
            self.namespace = Some(text());
        } else if is("origin")
            || is("forwarded")
            || is("via")
            || is("x-real-ip")
            || name.get(..11).is_some_and(|n| n.eq_ignore_ascii_case("x-forwarded"))
        {
            self.relayed = true;
        }
    }

    /// The target's path, without the query.
    pub(super) fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The query's value called `name`, decoded; of several the last.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.rfind(|(key, _)| *key == name).and_then(|(_, value)| decode(value, true))
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the fields: they hold the token.
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// `text` with its percent escapes undone; `None` when they are wrong, or not UTF-8.
pub(super) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                rest = tail;
            }
            (b'%', _) => return None,
            (b'+', _) if plus_is_space => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Option<Request<'_>>, HeadError> {
        Request::parse(head.as_bytes())
    }

    #[test]
    fn a_head_is_read_when_it_is_complete() {
        assert!(parse("GET /x HTTP/1.1\r\nHost: a\r\n").unwrap().is_none());
        let request = parse("GET /x?a=1&b=%2f+c HTTP/1.1\r\nHost: h\r\n\r\nrest").unwrap().unwrap();
        assert_eq!((request.method, request.path(), request.host), ("GET", "/x", Some("h")));
        assert_eq!(request.query("b").as_deref(), Some("/ c"));
        assert_eq!(request.query("c"), None);
        assert!(!request.last && !request.has_body && !request.relayed);
    }

    #[test]
    fn a_body_has_one_length_or_is_not_read() {
        let body = |fields: &str| {
            let head = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n");
            let request = Request::parse(head.as_bytes()).unwrap().unwrap();
            (request.has_body, request.body)
        };
        assert_eq!(body("Content-Length: 5"), (true, Some(5)));
        assert_eq!(body("Content-Length: 0"), (false, Some(0)));
        for odd in [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 0\r\nContent-Length: 0",
            "Content-Length: +5",
            "Content-Length: 99999999999999999999999",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
        ] {
            assert_eq!(body(odd), (true, None), "{odd}");
        }
    }

    #[test]
    fn two_hosts_are_none() {
        assert_eq!(parse("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").unwrap().unwrap().host, None);
    }

    #[test]
    fn whatever_says_that_it_was_passed_on_is_noticed() {
        for field in
            ["X-Forwarded-For: 1", "x-forwarded-host: x", "Forwarded: for=x", "Origin: null", "Via: p"]
        {
            let head = format!("GET / HTTP/1.1\r\n{field}\r\n\r\n");
            assert!(parse(&head).unwrap().unwrap().relayed, "{field}");
        }
    }

    #[test]
    fn old_and_closing_connections_end() {
        assert!(parse("GET / HTTP/1.0\r\n\r\n").unwrap().unwrap().last);
        assert!(parse("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n").unwrap().unwrap().last);
        assert!(!parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap().unwrap().last);
    }

    #[test]
    fn long_and_strange_heads_are_refused() {
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(MAX_HEAD));
        assert_eq!(parse(&long).unwrap_err(), HeadError::TooLarge);
        assert_eq!(parse(&long[..MAX_HEAD + 2]).unwrap_err(), HeadError::TooLarge);
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(65));
        assert_eq!(parse(&many).unwrap_err(), HeadError::TooLarge);
        assert_eq!(parse("\u{16}\u{3}\u{1}\0hello").unwrap_err(), HeadError::Malformed);
    }

    #[test]
    fn wrong_escapes_are_no_text() {
        assert_eq!(decode("a%2Fb+c", false).as_deref(), Some("a/b+c"));
        assert!(
            decode("%", true).is_none() && decode("%zz", true).is_none() && decode("%ff", true).is_none()
        );
    }
}
