//! One connection: bytes in, bytes out, and the shape of an answer.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::buffer::Buffer;
use super::client::{HttpError, Limits};
use super::message::{KEPT, Response};
use super::tls::TlsStream;

/// Bytes in, bytes out.
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Reads what there is; 0 at the end.
    async fn read(&mut self, into: &mut Buffer) -> io::Result<usize> {
        const STEP: usize = 8 * 1024;
        let read = match self {
            Self::Tls(tls) => return tls.read(into).await,
            Self::Tcp(tcp) => tcp.read(into.spare(STEP)).await?,
            #[cfg(unix)]
            Self::Unix(unix) => unix.read(into.spare(STEP)).await?,
        };
        into.advance(read);
        Ok(read)
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tls(tls) => tls.write_all(bytes).await,
            Self::Tcp(tcp) => tcp.write_all(bytes).await,
            #[cfg(unix)]
            Self::Unix(unix) => unix.write_all(bytes).await,
        }
    }

    /// Whether the other side has neither closed nor said anything unasked.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [0];
        let seen = match self {
            Self::Tcp(tcp) => tcp.try_read(&mut byte),
            Self::Tls(tls) => tls.tcp().try_read(&mut byte),
            #[cfg(unix)]
            Self::Unix(unix) => unix.try_read(&mut byte),
        };
        seen.is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
    }
}

/// How an answer's body ends.
enum Framing {
    Length(usize),
    Chunked,
    Close,
}

struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    framing: Framing,
    keep: bool,
}

/// Sends `wire` and reads the answer. The second part tells whether the connection may serve again.
pub(super) async fn exchange(
    stream: &mut Stream,
    wire: &Buffer,
    limits: &Limits,
) -> Result<(Response, bool), HttpError> {
    stream.write_all(wire.filled()).await.map_err(HttpError::Unsent)?;
    let mut input = Buffer::with_capacity(4096);
    let head = loop {
        if let Some((head, length)) = parse_head(input.filled())? {
            input.discard(length);
            // An interim answer (1xx) announces another head.
            if head.status >= 200 {
                break head;
            }
            continue;
        }
        if input.len() > limits.head {
            return Err(HttpError::TooLarge);
        }
        if stream.read(&mut input).await.map_err(HttpError::Io)? == 0 {
            return Err(if input.is_empty() { HttpError::NoAnswer } else { HttpError::Cut });
        }
    };
    let (body, clean) = match head.framing {
        _ if matches!(head.status, 204 | 304) => (Buffer::default(), input.is_empty()),
        Framing::Length(length) => body_of_length(stream, input, length, limits).await?,
        Framing::Chunked => chunked_body(stream, input, limits).await?,
        Framing::Close => (body_to_the_end(stream, input, limits).await?, false),
    };
    Ok((Response::new(head.status, head.headers, body), head.keep && clean))
}

fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, HttpError> {
    let mut space = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Response::new(&mut space);
    let length = match parsed.parse(bytes).map_err(|_| HttpError::Malformed)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let (mut declared, mut chunked, mut keep) = (None, false, parsed.version == Some(1));
    let mut headers = Vec::new();
    for header in parsed.headers.iter() {
        let name = header.name.to_ascii_lowercase();
        let value = std::str::from_utf8(header.value).map_err(|_| HttpError::Malformed)?.trim();
        match name.as_str() {
            "content-length" => {
                let length: usize = value.parse().map_err(|_| HttpError::Malformed)?;
                if declared.is_some_and(|d| d != length) {
                    return Err(HttpError::Malformed);
                }
                declared = Some(length);
            }
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => keep = keep && !value.eq_ignore_ascii_case("close"),
            kept if KEPT.contains(&kept) => headers.push((name, value.to_owned())),
            _ => {}
        }
    }
    let framing = match (chunked, declared) {
        (true, _) => Framing::Chunked,
        (false, Some(length)) => Framing::Length(length),
        (false, None) => Framing::Close,
    };
    Ok(Some((Head { status: parsed.code.unwrap_or_default(), headers, framing, keep }, length)))
}

async fn body_of_length(
    stream: &mut Stream,
    mut body: Buffer,
    length: usize,
    limits: &Limits,
) -> Result<(Buffer, bool), HttpError> {
    if length > limits.body {
        return Err(HttpError::TooLarge);
    }
    while body.len() < length {
        more(stream, &mut body).await?;
    }
    // Bytes after the body were never asked for: such a connection is not used again.
    Ok(if body.len() == length { (body, true) } else { (prefix_of(&body, length), false) })
}

async fn chunked_body(
    stream: &mut Stream,
    mut input: Buffer,
    limits: &Limits,
) -> Result<(Buffer, bool), HttpError> {
    let mut body = Buffer::default();
    loop {
        let (head, size) = loop {
            match httparse::parse_chunk_size(input.filled()).map_err(|_| HttpError::Malformed)? {
                httparse::Status::Complete(found) => break found,
                httparse::Status::Partial if input.len() > limits.head => return Err(HttpError::TooLarge),
                httparse::Status::Partial => more(stream, &mut input).await?,
            }
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > limits.body - body.len() {
            return Err(HttpError::TooLarge);
        }
        // A chunk ends with CRLF; the last one is empty (trailers, which no manager sends, are refused).
        let end = head + size + 2;
        while input.len() < end {
            more(stream, &mut input).await?;
        }
        if &input.filled()[end - 2..end] != b"\r\n" {
            return Err(HttpError::Malformed);
        }
        body.extend(&input.filled()[head..head + size]);
        input.discard(end);
        if size == 0 {
            return Ok((body, input.is_empty()));
        }
    }
}

async fn body_to_the_end(
    stream: &mut Stream,
    mut body: Buffer,
    limits: &Limits,
) -> Result<Buffer, HttpError> {
    while stream.read(&mut body).await.map_err(HttpError::Io)? > 0 {
        if body.len() > limits.body {
            return Err(HttpError::TooLarge);
        }
    }
    Ok(body)
}

async fn more(stream: &mut Stream, into: &mut Buffer) -> Result<(), HttpError> {
    match stream.read(into).await.map_err(HttpError::Io)? {
        0 => Err(HttpError::Cut),
        _ => Ok(()),
    }
}

fn prefix_of(buffer: &Buffer, length: usize) -> Buffer {
    let mut prefix = Buffer::with_capacity(length);
    prefix.extend(&buffer.filled()[..length]);
    prefix
}
