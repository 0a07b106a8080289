//! Requests and answers.

use std::fmt;

use super::Buffer;
use crate::secret::Secret;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads; may be repeated.
    Get,
    /// Writes or calls.
    Post,
    /// Writes or calls.
    Put,
    /// Deletes.
    Delete,
}

/// One request. Headers and body may hold secrets, so it prints as method and path only.
pub struct Request<'a> {
    method: Method,
    path: String,
    headers: Vec<(&'static str, &'a [u8])>,
    body: Option<Buffer>,
}

/// One answer, with the headers that were asked for.
pub struct Response {
    /// HTTP status, 100 to 999.
    pub status: u16,
    /// The whole body.
    pub body: Buffer,
    headers: Vec<(String, String)>,
}

impl Method {
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl<'a> Request<'a> {
    /// A request for `path`, which begins with `/` and is percent-encoded already.
    pub fn new(method: Method, path: String) -> Self {
        Self { method, path, headers: Vec::new(), body: None }
    }

    /// With a header. A value with a line break or a NUL in it makes the request fail.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'a [u8]) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a header that holds a secret.
    #[must_use]
    pub fn secret_header(self, name: &'static str, value: &'a Secret) -> Self {
        // The reason to open it: the manager asks for it in this header.
        self.header(name, value.expose())
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: Buffer) -> Self {
        self.body = Some(body);
        self
    }

    /// Whether sending it twice does no more than sending it once.
    pub(super) fn is_repeatable(&self) -> bool {
        self.method == Method::Get
    }

    /// The request as it goes over the wire; `None` when a header's value cannot be sent.
    pub(super) fn wire(&self, prefix: &str, authority: &str) -> Option<Buffer> {
        let sendable = |value: &[u8]| !value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0));
        if !self.headers.iter().all(|(_, value)| sendable(value)) {
            return None;
        }
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len() + 4).sum();
        let body = self.body.as_ref().map_or(0, Buffer::len);
        let mut out =
            Buffer::with_capacity(self.path.len() + prefix.len() + authority.len() + headers + body + 256);
        for part in [self.method.name(), " ", prefix, &self.path, " HTTP/1.1\r\nhost: ", authority] {
            out.extend(part.as_bytes());
        }
        out.extend(b"\r\naccept: application/json\r\nuser-agent: leakward-fetcher\r\n");
        for (name, value) in &self.headers {
            out.extend(name.as_bytes());
            out.extend(b": ");
            out.extend(value);
            out.extend(b"\r\n");
        }
        match &self.body {
            Some(body) => {
                out.extend(
                    format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len())
                        .as_bytes(),
                );
                out.extend(body.filled());
            }
            None if self.method == Method::Get => out.extend(b"\r\n"),
            None => out.extend(b"content-length: 0\r\n\r\n"),
        }
        Some(out)
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method.name(), self.path)
    }
}

impl Response {
    pub(crate) fn new(status: u16, headers: Vec<(String, String)>, body: Buffer) -> Self {
        Self { status, body, headers }
    }

    /// A header of the answer; `name` in lower case. Known are those of [`KEPT`].
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// Headers that are kept of an answer, in lower case; none of them is ever secret.
pub(super) const KEPT: &[&str] =
    &["age", "x-cache", "retry-after", "date", "x-vault-request-id", "x-request-id", "content-type"];
