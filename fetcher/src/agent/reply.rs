//! Answers, built in buffers that are wiped.

use std::io::Write;

use crate::http::Buffer;

/// What one request is answered with. Used again for the next one.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Buffer,
    kind: &'static str,
    /// The version of the value in the body, and whether it is stale.
    tell: Option<(String, bool)>,
}

const JSON: &str = "application/json";

impl Reply {
    /// Makes it an answer with a JSON body to be written.
    pub(super) fn json(&mut self, status: u16) -> &mut Buffer {
        self.begin(status, JSON)
    }

    /// Makes it an answer of plain text.
    pub(super) fn text(&mut self, status: u16, text: &str) {
        self.begin(status, "text/plain; charset=utf-8").extend(text.as_bytes());
    }

    /// Says of which version the value is, and whether it is stale.
    pub(super) fn tell(&mut self, version: &str, stale: bool) {
        let printable = |c: &char| c.is_ascii_graphic();
        self.tell = Some((version.chars().filter(printable).collect(), stale));
    }

    fn begin(&mut self, status: u16, kind: &'static str) -> &mut Buffer {
        self.status = status;
        self.kind = kind;
        self.tell = None;
        let held = self.body.len();
        self.body.discard(held);
        &mut self.body
    }

    /// Appends the whole answer to `out` and wipes the body.
    pub(super) fn write(&mut self, last: bool, out: &mut Buffer) {
        // 512 bytes hold every head below: a version name is cut to 128.
        let mut head = [0_u8; 512];
        let mut rest = &mut head[..];
        let room = rest.len();
        let _ = write!(
            rest,
            "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
             x-content-type-options: nosniff\r\n",
            self.status,
            reason(self.status),
            self.kind,
            self.body.len(),
        );
        if let Some((version, stale)) = &self.tell {
            let version = version.get(..128).unwrap_or(version);
            let freshness = if *stale { "stale" } else { "fresh" };
            let _ = write!(rest, "x-leakward-version: {version}\r\nx-leakward-freshness: {freshness}\r\n");
        }
        if last {
            let _ = rest.write_all(b"connection: close\r\n");
        }
        let _ = rest.write_all(b"\r\n");
        let written = room - rest.len();
        out.extend(&head[..written]);
        out.extend(self.body.filled());
        let held = self.body.len();
        self.body.discard(held);
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

/// Appends `text` as a JSON string, in room that is made for it first.
pub(super) fn put_text(body: &mut Buffer, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    body.spare(text.len() + 2);
    body.extend(b"\"");
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        body.extend(&text.as_bytes()[plain..at]);
        plain = at + 1;
        match byte {
            b'"' | b'\\' => body.extend(&[b'\\', byte]),
            _ => {
                body.extend(b"\\u00");
                body.extend(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
    }
    body.extend(&text.as_bytes()[plain..]);
    body.extend(b"\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_json() {
        let mut body = Buffer::default();
        put_text(&mut body, "a\"b\\\n\u{1f}é");
        assert_eq!(body.filled(), "\"a\\\"b\\\\\\u000a\\u001fé\"".as_bytes());
    }

    #[test]
    fn no_answer_may_be_kept_and_versions_cannot_break_the_head() {
        let mut reply = Reply::default();
        reply.json(200).extend(b"{}");
        reply.tell("7\r\nx: y", true);
        let mut out = Buffer::default();
        reply.write(true, &mut out);
        let text = String::from_utf8(out.filled().to_vec()).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n{}"));
        assert!(text.contains("cache-control: no-store\r\n") && text.contains("content-length: 2\r\n"));
        assert!(text.contains("x-leakward-version: 7x:y\r\nx-leakward-freshness: stale\r\n"), "{text}");
        assert!(reply.body.is_empty());
    }
}
