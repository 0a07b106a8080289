//! Where a manager listens.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a manager listens: `https://host:port/prefix`, `http://…` or `unix:///path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    place: Place,
    prefix: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Tcp { tls: bool, host: String, port: u16 },
    Unix(PathBuf),
}

/// What is wrong with an address. Whoever configured it must fix it. The address is not repeated: it may hold
/// credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It begins with none of the known schemes.
    #[error("the address begins with none of https://, http:// and unix://")]
    Scheme,
    /// It has a user or a password in it.
    #[error("the address holds credentials; give them to the login instead")]
    Credentials,
    /// The host is missing or has characters that no host has.
    #[error("the address has no valid host")]
    Host,
    /// The port is not between 1 and 65535.
    #[error("the address has no valid port")]
    Port,
    /// It has a query or a fragment.
    #[error("the address has a query or a fragment")]
    Query,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix://") {
            let absolute = path.starts_with('/');
            let place = Place::Unix(PathBuf::from(path));
            return absolute.then_some(Self { place, prefix: String::new() }).ok_or(AddressError::Host);
        }
        let (tls, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(AddressError::Scheme),
        };
        if rest.contains(['?', '#']) {
            return Err(AddressError::Query);
        }
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(AddressError::Credentials);
        }
        let (host, port) = host_and_port(authority, if tls { 443 } else { 80 })?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        Ok(Self { place: Place::Tcp { tls, host, port }, prefix })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// What stands before every request's path: empty, or `/prefix`.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the connection is encrypted or does not leave the machine.
    pub fn is_private(&self) -> bool {
        match &self.place {
            Place::Unix(_) => true,
            Place::Tcp { tls, host, .. } => {
                let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
                *tls || loopback || host == "localhost"
            }
        }
    }

    /// The socket's file, for unix addresses.
    pub fn socket(&self) -> Option<&Path> {
        match &self.place {
            Place::Unix(path) => Some(path),
            Place::Tcp { .. } => None,
        }
    }

    /// The `Host` header.
    pub(super) fn authority(&self) -> String {
        match &self.place {
            Place::Unix(_) => "localhost".to_owned(),
            Place::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Place::Tcp { host, port, .. } => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Unix(path) => write!(f, "unix://{}", path.display()),
            Place::Tcp { tls, .. } => {
                write!(f, "{}://{}{}", if *tls { "https" } else { "http" }, self.authority(), self.prefix)
            }
        }
    }
}

fn host_and_port(authority: &str, default: u16) -> Result<(String, u16), AddressError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']').ok_or(AddressError::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| AddressError::Host)?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(valid) {
        return Err(AddressError::Host);
    }
    let port = match port {
        None => default,
        Some(port) => port.parse().ok().filter(|p| *p > 0).ok_or(AddressError::Port)?,
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        Address::parse(text).map_or_else(|e| e.to_string(), |a| a.to_string())
    }

    #[test]
    fn ports_and_prefixes_are_filled_in() {
        assert_eq!(show("https://bao.example.com"), "https://bao.example.com:443");
        assert_eq!(show("http://127.0.0.1:8200/"), "http://127.0.0.1:8200");
        assert_eq!(show("https://[::1]:8200/vault/"), "https://[::1]:8200/vault");
        assert_eq!(show("unix:///run/bao.sock"), "unix:///run/bao.sock");
    }

    #[test]
    fn credentials_in_an_address_are_refused_and_not_repeated() {
        let error = Address::parse("https://user:hunter2@host").unwrap_err(); // leakward:allow
        assert_eq!(error, AddressError::Credentials);
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn nonsense_is_refused_by_its_kind() {
        assert_eq!(Address::parse("ftp://h"), Err(AddressError::Scheme));
        assert_eq!(Address::parse("https://"), Err(AddressError::Host));
        assert_eq!(Address::parse("https://h:0"), Err(AddressError::Port));
        assert_eq!(Address::parse("https://h:99999"), Err(AddressError::Port));
        assert_eq!(Address::parse("https://h/?x"), Err(AddressError::Query));
        assert_eq!(Address::parse("https://h\r\nx"), Err(AddressError::Host));
    }

    #[test]
    fn only_loopback_sockets_and_tls_are_private() {
        let private = |text| Address::parse(text).unwrap().is_private();
        assert!(private("https://h") && private("http://127.0.0.1:1") && private("unix:///s"));
        assert!(!private("http://10.0.0.1:8200"));
    }
}
