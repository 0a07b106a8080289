//! A client of one address, with a few idle connections at hand.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::address::{Address, Place};
use super::buffer::Buffer;
use super::connection::{Stream, exchange};
use super::message::{Request, Response};
use super::tls::{TlsError, TlsSettings, TlsStream};

/// Bounds of one exchange.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest time for a connection to open, the TLS handshake included.
    pub connect: Duration,
    /// Longest time for one exchange, connecting included: a server that answers a byte a second is cut off.
    pub attempt: Duration,
    /// Largest head of an answer, in bytes.
    pub head: usize,
    /// Largest body of an answer, in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            attempt: Duration::from_secs(3),
            head: 64 * 1024,
            body: 8 * 1024 * 1024,
        }
    }
}

/// A client of one address.
pub struct HttpClient {
    address: Address,
    tls: Option<Arc<rustls::ClientConfig>>,
    limits: Limits,
    idle: Mutex<Vec<Stream>>,
}

/// Why there is no answer. Holds no part of what was sent or received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection: refused, unreachable, unknown host.
    #[error("cannot connect: {}", .0.kind())]
    Connect(io::Error),
    /// The server's certificate is not trusted, or is for another host.
    #[error("the server's certificate is not accepted")]
    Certificate,
    /// The request could not be written.
    #[error("the request could not be sent: {}", .0.kind())]
    Unsent(io::Error),
    /// The connection was closed without an answer.
    #[error("the server closed the connection without an answer")]
    NoAnswer,
    /// The connection broke within an answer.
    #[error("the connection broke: {}", .0.kind())]
    Io(io::Error),
    /// The connection was closed within an answer.
    #[error("the server closed the connection within its answer")]
    Cut,
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// The answer is no HTTP.
    #[error("the answer is not HTTP/1.1")]
    Malformed,
    /// The answer is larger than the limit.
    #[error("the answer is larger than the limit")]
    TooLarge,
    /// A header's value holds a line break.
    #[error("a header holds a character that cannot be sent")]
    Header,
}

/// Connections that may wait for their next use.
const IDLE: usize = 8;

impl HttpClient {
    /// A client of `address`.
    ///
    /// # Errors
    /// The TLS settings name files that cannot be used.
    pub fn new(address: Address, tls: &TlsSettings, limits: Limits) -> Result<Self, TlsError> {
        let encrypted = matches!(address.place(), Place::Tcp { tls: true, .. });
        let tls = if encrypted { Some(tls.config()?) } else { None };
        Ok(Self { address, tls, limits, idle: Mutex::new(Vec::new()) })
    }

    /// Where it sends to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Sends `request` and reads the whole answer. Redirects are answers like any other.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(&self, request: &Request<'_>) -> Result<Response, HttpError> {
        let wire = request.wire(self.address.prefix(), &self.address.authority()).ok_or(HttpError::Header)?;
        timeout(self.limits.attempt, self.attempt(request, &wire)).await.unwrap_or(Err(HttpError::Late))
    }

    async fn attempt(&self, request: &Request<'_>, wire: &Buffer) -> Result<Response, HttpError> {
        if let Some(mut stream) = self.quiet() {
            match exchange(&mut stream, wire, &self.limits).await {
                Ok((response, reusable)) => return Ok(self.done(stream, response, reusable)),
                // The server closed it while it was idle; what it has not read it cannot have done.
                Err(HttpError::NoAnswer | HttpError::Unsent(_) | HttpError::Io(_))
                    if request.is_repeatable() => {}
                Err(error) => return Err(error),
            }
        }
        let mut stream =
            timeout(self.limits.connect, self.connect()).await.unwrap_or(Err(HttpError::Late))?;
        let (response, reusable) = exchange(&mut stream, wire, &self.limits).await?;
        Ok(self.done(stream, response, reusable))
    }

    fn quiet(&self) -> Option<Stream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(stream) = idle.pop() {
            if stream.is_quiet() {
                return Some(stream);
            }
        }
        None
    }

    fn done(&self, stream: Stream, response: Response, reusable: bool) -> Response {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if reusable && idle.len() < IDLE {
            idle.push(stream);
        }
        response
    }

    async fn connect(&self) -> Result<Stream, HttpError> {
        match self.address.place() {
            #[cfg(unix)]
            Place::Unix(path) => {
                UnixStream::connect(path).await.map(Stream::Unix).map_err(HttpError::Connect)
            }
            #[cfg(not(unix))]
            Place::Unix(_) => Err(HttpError::Connect(io::ErrorKind::Unsupported.into())),
            Place::Tcp { host, port, .. } => {
                let tcp = TcpStream::connect((host.as_str(), *port)).await.map_err(HttpError::Connect)?;
                tcp.set_nodelay(true).map_err(HttpError::Connect)?;
                match &self.tls {
                    None => Ok(Stream::Tcp(tcp)),
                    Some(config) => {
                        let tls = TlsStream::handshake(tcp, Arc::clone(config), host).await?;
                        Ok(Stream::Tls(Box::new(tls)))
                    }
                }
            }
        }
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpClient({})", self.address)
    }
}
