//! One request and its answer: no redirect, no endless body, no private address. Nothing of a request is ever part of
//! an error: addresses hold secrets, too.

use std::fmt;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use zeroize::Zeroizing;

use super::address::is_private;
use super::request::Request;
use super::settings::Override;
use crate::rule::Method;

/// Who sends requests.
pub(super) trait Send: std::marker::Send + Sync + fmt::Debug {
    /// Sends `request` and returns the answer, whatever its status.
    fn send(&self, request: &Request) -> Result<Reply, Fault>;
}

/// An answer, its body cut at [`LONGEST_BODY`].
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("no answer in time")]
    Slow,
    #[error("its name leads nowhere")]
    Unknown,
    #[error("its name leads to a private address")]
    Private,
    #[error("its certificate is not trusted")]
    Untrusted,
    #[error("no connection")]
    Unreachable,
    #[error("no proper answer")]
    Garbled,
    #[error("it wants no more questions for now")]
    Busy,
}

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The system's certificates.
    #[error("no certificate of an authority was found")]
    NoAuthority,
    /// The proxy that the environment names.
    #[error("HTTPS_PROXY or ALL_PROXY does not name a proxy")]
    Proxy,
}

impl ClientError {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NoAuthority => {
                "install the package ca-certificates, or name a file of them with SSL_CERT_FILE"
            }
            Self::Proxy => "write it as http://HOST:PORT",
        }
    }
}

/// Time for a whole request.
const TOTAL: Duration = Duration::from_secs(10);
/// Time until there is a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer's body that are read.
const LONGEST_BODY: u64 = 64 * 1024;
/// Bytes of an answer's head that are read.
const LONGEST_HEAD: usize = 32 * 1024;

/// A client of the public network.
#[derive(Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
}

impl Client {
    /// A client that trusts the authorities that this system trusts, and uses the proxy that the environment names.
    pub(super) fn new(overrides: &[Override]) -> Result<Self, ClientError> {
        let proxy = ureq::Proxy::try_from_env();
        let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        if proxy.is_none() && named.iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty())) {
            return Err(ClientError::Proxy);
        }
        let authorities: Vec<_> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect();
        if authorities.is_empty() {
            return Err(ClientError::NoAuthority);
        }
        Ok(Self::with(authorities, proxy, overrides))
    }

    fn with(
        authorities: Vec<Certificate<'static>>,
        proxy: Option<ureq::Proxy>,
        overrides: &[Override],
    ) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(authorities)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let resolver = Guarded {
            overrides: overrides.to_vec(),
            proxy: proxy.as_ref().map(|p| p.host().to_ascii_lowercase()),
        };
        let config = Config::builder()
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(LONGEST_HEAD)
            .timeout_global(Some(TOTAL))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("leakward/", env!("CARGO_PKG_VERSION")))
            .proxy(proxy)
            .tls_config(tls)
            .build();
        Self { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver) }
    }
}

impl Send for Client {
    fn send(&self, request: &Request) -> Result<Reply, Fault> {
        let method = match request.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
        };
        let mut builder = http::Request::builder().method(method).uri(request.url.as_str());
        for (name, value) in &request.headers {
            builder = builder.header(name.as_str(), value.as_str());
        }
        let body = request.body.as_ref().map_or("", |body| body.as_str());
        let request = builder.body(body).map_err(|_| Fault::Garbled)?;
        let response = self.agent.run(request).map_err(|e| fault(&e))?;
        let (parts, body) = response.into_parts();
        let mut read = Zeroizing::new(Vec::new());
        body.into_reader().take(LONGEST_BODY).read_to_end(&mut read).map_err(|e| fault_of_io(&e))?;
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        Ok(Reply { status: parts.status.as_u16(), headers: headers.collect(), body: read })
    }
}

impl Reply {
    /// The value of the header called `name`.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A resolver that leads to no private address, but for what the user said and the user's proxy.
#[derive(Debug)]
struct Guarded {
    overrides: Vec<Override>,
    /// Host name of the proxy, in lower case.
    proxy: Option<String>,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        if let Some(own) = self.overrides.iter().find(|own| own.host == host) {
            let mut addresses = self.empty();
            addresses.push(own.address);
            return Ok(addresses);
        }
        let addresses = DefaultResolver::default().resolve(uri, config, timeout)?;
        let is_proxy = self.proxy.as_ref() == Some(&host);
        if !is_proxy && addresses.iter().any(|address| is_private(address.ip())) {
            return Err(ureq::Error::Io(io::ErrorKind::AddrNotAvailable.into()));
        }
        Ok(addresses)
    }
}

fn fault(error: &ureq::Error) -> Fault {
    match error {
        ureq::Error::Timeout(_) => Fault::Slow,
        ureq::Error::HostNotFound => Fault::Unknown,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => Fault::Untrusted,
        ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => Fault::Unreachable,
        ureq::Error::Io(error) => fault_of_io(error),
        _ => Fault::Garbled,
    }
}

fn fault_of_io(error: &io::Error) -> Fault {
    let inner = error.get_ref();
    if inner.is_some_and(|e| e.downcast_ref::<rustls::Error>().is_some()) {
        return Fault::Untrusted;
    }
    if let Some(error) = inner.and_then(|e| e.downcast_ref::<ureq::Error>()) {
        return fault(error);
    }
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => Fault::Private,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Fault::Slow,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Fault::Garbled,
        // What the system's resolver says has no kind of its own.
        io::ErrorKind::Other => Fault::Unknown,
        _ => Fault::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_to_this_machine_is_not_asked() {
        let request = Request {
            host: "localhost".to_owned(),
            method: Method::Get,
            url: "https://localhost:9/".to_owned().into(),
            headers: Vec::new(),
            body: None,
            sent: Vec::new(),
        };
        let guarded = Client::with(Vec::new(), None, &[]);
        assert_eq!(guarded.send(&request).unwrap_err(), Fault::Private);
        let own = Override { host: "localhost".to_owned(), address: "127.0.0.1:9".parse().unwrap() };
        let led = Client::with(Vec::new(), None, &[own]);
        assert_eq!(led.send(&request).unwrap_err(), Fault::Unreachable);
    }
}
