//! TLS over buffers that are wiped.
//!
//! The unbuffered rustls connection decrypts in the buffer that it is given, which is ours. It hands the plain text on
//! as a vector of its own, though, and frees that as it is: one copy of each record stays until its memory is used
//! again (measured). Programs that cannot have that install [`crate::wipe::WipingAllocator`].

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::buffer::Buffer;
use super::client::HttpError;

/// Whom to trust, and who we are.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// PEM file of the authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM files of our certificate chain and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// The TLS settings cannot be used. Whoever configured them must fix them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or holds nothing usable.
    #[error("{}: {why}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The system has no authorities to trust.
    #[error("the system has no certificate authorities to trust; name a file of them")]
    NoRoots,
    /// The certificate and its key do not fit each other.
    #[error("the client certificate and its key do not fit")]
    Pair,
}

impl TlsSettings {
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| TlsError::Pair)?.with_root_certificates(self.roots()?);
        let mut config = match &self.client {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let key =
                    PrivateKeyDer::from_pem_file(key).map_err(|_| unusable(key, "no private key in it"))?;
                builder.with_client_auth_cert(certificates(chain)?, key).map_err(|_| TlsError::Pair)?
            }
        };
        // Early data could be replayed; tickets would outlive the connection.
        config.enable_early_data = false;
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        match &self.ca_file {
            Some(file) => {
                let (good, _) = roots.add_parsable_certificates(certificates(file)?);
                if good == 0 { Err(unusable(file, "no usable certificate in it")) } else { Ok(roots) }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if roots.is_empty() { Err(TlsError::NoRoots) } else { Ok(roots) }
            }
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = fs::read(file).map_err(|_| unusable(file, "cannot be read"))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    all.ok().filter(|c| !c.is_empty()).ok_or_else(|| unusable(file, "no certificate in it"))
}

fn unusable(path: &Path, why: &'static str) -> TlsError {
    TlsError::File { path: path.to_owned(), why }
}

/// An encrypted connection.
pub(super) struct TlsStream {
    tcp: TcpStream,
    session: UnbufferedClientConnection,
    /// What came in and is not decrypted, or not consumed, yet.
    incoming: Buffer,
    outgoing: Buffer,
}

/// What to do next.
enum Step {
    /// Send what is in `outgoing`.
    Send,
    /// Nothing more can be done without more bytes from the other side.
    Receive,
    /// So many bytes of plain text were appended.
    Plain(usize),
    /// The handshake is over and nothing is waiting.
    Idle,
    /// The other side has closed.
    Closed,
    /// Ask again.
    Again,
}

/// Largest amount of undecrypted input: a record and what may follow it at once.
const MAX_INCOMING: usize = 128 * 1024;

impl TlsStream {
    pub(super) async fn handshake(
        tcp: TcpStream,
        config: Arc<ClientConfig>,
        host: &str,
    ) -> Result<Self, HttpError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| HttpError::Certificate)?;
        let session = UnbufferedClientConnection::new(config, name).map_err(|_| HttpError::Certificate)?;
        let mut stream =
            Self { tcp, session, incoming: Buffer::with_capacity(20 * 1024), outgoing: Buffer::default() };
        loop {
            match stream.step(None) {
                Ok(Step::Idle | Step::Plain(_)) => return Ok(stream),
                Ok(Step::Closed) => return Err(HttpError::NoAnswer),
                Ok(step) => stream.act(step).await.map_err(HttpError::Connect)?,
                Err(error) => {
                    // The other side is told why, as far as it can be.
                    let _ = stream.flush().await;
                    return Err(rejected(&error));
                }
            }
        }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    pub(super) async fn read(&mut self, into: &mut Buffer) -> io::Result<usize> {
        loop {
            match self.step(Some(into)).map_err(io::Error::other)? {
                Step::Plain(0) => {}
                Step::Plain(read) => return Ok(read),
                Step::Closed => return Ok(0),
                Step::Idle => self.act(Step::Receive).await?,
                step => self.act(step).await?,
            }
        }
    }

    pub(super) async fn write_all(&mut self, plain: &[u8]) -> io::Result<()> {
        for part in plain.chunks(16 * 1024) {
            while !self.encrypt(part).map_err(io::Error::other)? {
                let step = self.step(None).map_err(io::Error::other)?;
                self.act(step).await?;
            }
            self.flush().await?;
        }
        Ok(())
    }

    async fn act(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::Send => self.flush().await,
            Step::Receive => self.receive().await,
            Step::Closed => Err(io::ErrorKind::UnexpectedEof.into()),
            Step::Plain(_) | Step::Idle | Step::Again => Ok(()),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.tcp.write_all(self.outgoing.filled()).await?;
        self.outgoing.discard(self.outgoing.len());
        Ok(())
    }

    async fn receive(&mut self) -> io::Result<()> {
        if self.incoming.len() > MAX_INCOMING {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = self.tcp.read(self.incoming.spare(17 * 1024)).await?;
        self.incoming.advance(read);
        if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Takes the session one state further; plain text goes to `plain`.
    fn step(&mut self, plain: Option<&mut Buffer>) -> Result<Step, rustls::Error> {
        let Self { session, incoming, outgoing, .. } = self;
        let UnbufferedStatus { mut discard, state } = session.process_tls_records(incoming.filled_mut());
        let step = match state? {
            ConnectionState::EncodeTlsData(mut data) => {
                grow(outgoing, |room| match data.encode(room) {
                    Err(EncodeError::InsufficientSize(e)) => Err(Short::Room(e)),
                    other => other.map_err(|_| Short::Failed),
                })?;
                Step::Again
            }
            ConnectionState::TransmitTlsData(data) => {
                data.done();
                Step::Send
            }
            ConnectionState::ReadTraffic(mut traffic) => {
                let (mut read, mut sink) = (0, plain);
                while let Some(record) = traffic.next_record() {
                    let record = record?;
                    discard += record.discard;
                    read += record.payload.len();
                    if let Some(sink) = sink.as_deref_mut() {
                        sink.extend(record.payload);
                    }
                }
                Step::Plain(read)
            }
            ConnectionState::BlockedHandshake => Step::Receive,
            ConnectionState::WriteTraffic(_) => Step::Idle,
            ConnectionState::PeerClosed | ConnectionState::Closed => Step::Closed,
            _ => return Err(rustls::Error::HandshakeNotComplete),
        };
        incoming.discard(discard);
        Ok(step)
    }

    /// Encrypts `plain` into `outgoing`; `false` when the session must do something else first.
    fn encrypt(&mut self, plain: &[u8]) -> Result<bool, rustls::Error> {
        let Self { session, incoming, outgoing, .. } = self;
        let UnbufferedStatus { discard, state } = session.process_tls_records(incoming.filled_mut());
        let done = match state? {
            ConnectionState::WriteTraffic(mut traffic) => {
                grow(outgoing, |room| match traffic.encrypt(plain, room) {
                    Err(EncryptError::InsufficientSize(e)) => Err(Short::Room(e)),
                    other => other.map_err(|_| Short::Failed),
                })?;
                true
            }
            _ => false,
        };
        incoming.discard(discard);
        Ok(done)
    }
}

/// Why something was not written.
enum Short {
    Room(InsufficientSizeError),
    Failed,
}

/// Runs `write` with room in `buffer`, and once more with the room that it asks for.
fn grow(
    buffer: &mut Buffer,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Short>,
) -> Result<(), rustls::Error> {
    let mut room = 4 * 1024;
    for _ in 0..2 {
        match write(buffer.spare(room)) {
            Ok(written) => {
                buffer.advance(written);
                return Ok(());
            }
            Err(Short::Room(e)) => room = e.required_size,
            Err(Short::Failed) => break,
        }
    }
    Err(rustls::Error::EncryptError)
}

fn rejected(error: &rustls::Error) -> HttpError {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            HttpError::Certificate
        }
        _ => HttpError::Connect(io::ErrorKind::ConnectionAborted.into()),
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsStream(..)")
    }
}
