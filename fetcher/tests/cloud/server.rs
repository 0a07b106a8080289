//! A small HTTP server that answers from a function and writes down what it was asked, over TLS if wanted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn bearer(&self) -> &str {
        self.header("authorization").strip_prefix("Bearer ").unwrap_or_default()
    }
}

/// What is answered: status, further headers, body.
pub(crate) struct Told(pub(crate) u16, pub(crate) &'static [(&'static str, &'static str)], pub(crate) String);

impl Told {
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        Self(status, &[("content-type", "application/json")], body.into())
    }
}

type Handler = Arc<dyn Fn(&Asked) -> Told + Send + Sync>;

/// Runs until the process ends.
pub(crate) struct Server {
    pub(crate) port: u16,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) fn plain(handler: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(handler))
    }

    pub(crate) fn tls(
        certificates: &Certificates,
        handler: impl Fn(&Asked) -> Told + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(certificates.config()), Arc::new(handler))
    }

    fn start(tls: Option<Arc<ServerConfig>>, handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = log.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, handler, log) = (tls.clone(), handler.clone(), kept.clone());
                std::thread::spawn(move || match tls {
                    Some(config) => {
                        let session = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(session, stream), &handler, &log)
                    }
                    None => serve::<TcpStream>(stream, &handler, &log),
                });
            }
        });
        Self { port, log }
    }

    /// All that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }
}

fn serve<S: Read + Write>(stream: S, handler: &Handler, log: &Mutex<Vec<Asked>>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream) {
        log.lock().unwrap().push(asked.clone());
        let Told(status, headers, body) = handler(&asked);
        let mut text = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
        let sent = stream.get_mut().write_all(format!("{text}\r\n{body}").as_bytes());
        if sent.and_then(|()| stream.get_mut().flush()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut parts = line.split_whitespace();
    let (method, target) = (parts.next()?.to_owned(), parts.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(Asked { method, path, query, headers, body: String::from_utf8(body).ok()? })
}

/// An authority made for one test, and a server's certificate of it.
pub(crate) struct Certificates(tempfile::TempDir);

impl Certificates {
    /// For the address 127.0.0.1 and the name localhost.
    pub(crate) fn new() -> Self {
        Self::of("IP:127.0.0.1,DNS:localhost")
    }

    /// For other names, as OpenSSL writes them.
    pub(crate) fn of(names: &str) -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        std::fs::write(made.file("names"), format!("subjectAltName={names}")).unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        made.openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"));
        made.openssl(&format!("req {key} -subj /CN=127.0.0.1 -keyout leaf.key -out leaf.csr"));
        let signed = "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names";
        made.openssl(&format!("{signed} -out leaf.pem"));
        made
    }

    /// The authority's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// What a server with the certificate needs.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let chain = CertificateDer::pem_file_iter(self.file("leaf.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.file("leaf.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_no_client_auth();
        Arc::new(builder.with_single_cert(chain.map(Result::unwrap).collect(), key).unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, arguments: &str) {
        openssl(self.0.path(), arguments);
    }
}

pub(crate) fn openssl(folder: &Path, arguments: &str) {
    let run = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(run.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&run.stderr));
}
