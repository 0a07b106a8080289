//! What a provider is made of, and how the usual environment variables say it.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::login::Login;
use crate::clock::{Clock, SystemClock};
use crate::http::{Address, AddressError, Limits, TlsSettings};
use crate::secret::{Secret, SecretPath};

/// What a [`super::VaultProvider`] is made of.
#[non_exhaustive]
pub struct VaultConfig {
    /// Where the server (or an agent) listens.
    pub address: Address,
    /// The namespace, for servers that have them.
    pub namespace: Option<String>,
    /// How to log in.
    pub login: Login,
    /// Whom to trust, and who we are.
    pub tls: TlsSettings,
    /// Bounds of one exchange.
    pub limits: Limits,
    /// JSON bodies for paths that are read by a call: `pki/issue/web` with `{"common_name": "…"}`.
    pub requests: HashMap<SecretPath, String>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

/// The environment does not make a configuration. Whoever set it must fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultConfigError {
    /// No address.
    #[error("neither BAO_ADDR nor VAULT_ADDR is set")]
    NoAddress,
    /// The address cannot be used.
    #[error("{variable}: {cause}")]
    Address {
        /// The variable.
        variable: &'static str,
        /// What is wrong.
        cause: AddressError,
    },
    /// Verification of the server's certificate is switched off.
    #[error("{0} is set: a server that nobody verified is not asked for secrets")]
    Unverified(&'static str),
    /// No token and no token file.
    #[error("no token: neither BAO_TOKEN nor VAULT_TOKEN is set, and there is no ~/.vault-token")]
    NoToken,
}

impl VaultConfig {
    /// A configuration with defaults for everything else.
    pub fn new(address: Address, login: Login) -> Self {
        Self {
            address,
            namespace: None,
            login,
            tls: TlsSettings::default(),
            limits: Limits::default(),
            requests: HashMap::new(),
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// The usual environment: `BAO_ADDR`, `BAO_TOKEN`, `BAO_NAMESPACE`, `BAO_CACERT`, `BAO_CLIENT_CERT` and
    /// `BAO_CLIENT_KEY`, each with its `VAULT_` twin; the token else from `~/.vault-token`. `BAO_AGENT_ADDR` names an
    /// agent that logs in for us.
    ///
    /// # Errors
    /// See [`VaultConfigError`].
    pub fn from_env() -> Result<Self, VaultConfigError> {
        Self::from_variables(&|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    }

    /// The same from variables that `read` knows.
    ///
    /// # Errors
    /// See [`VaultConfigError`].
    pub fn from_variables(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, VaultConfigError> {
        let either = |bao: &'static str, vault: &'static str| {
            read(bao).map(|v| (bao, v)).or_else(|| read(vault).map(|v| (vault, v)))
        };
        for variable in ["BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"] {
            if read(variable).is_some_and(|v| !matches!(v.as_str(), "0" | "f" | "false" | "FALSE" | "False"))
            {
                return Err(VaultConfigError::Unverified(variable));
            }
        }
        let agent = either("BAO_AGENT_ADDR", "VAULT_AGENT_ADDR");
        let behind_agent = agent.is_some();
        let (variable, text) =
            agent.or_else(|| either("BAO_ADDR", "VAULT_ADDR")).ok_or(VaultConfigError::NoAddress)?;
        let address = Address::parse(&text).map_err(|cause| VaultConfigError::Address { variable, cause })?;
        let login = match either("BAO_TOKEN", "VAULT_TOKEN") {
            Some((_, token)) => Login::Token(Secret::from_string(token)),
            None if behind_agent => Login::None,
            None => Login::TokenFile(token_file(read).ok_or(VaultConfigError::NoToken)?),
        };
        let mut config = Self::new(address, login);
        config.namespace = either("BAO_NAMESPACE", "VAULT_NAMESPACE").map(|(_, n)| n);
        config.tls.ca_file = either("BAO_CACERT", "VAULT_CACERT").map(|(_, file)| file.into());
        let certificate = either("BAO_CLIENT_CERT", "VAULT_CLIENT_CERT").map(|(_, f)| PathBuf::from(f));
        let key = either("BAO_CLIENT_KEY", "VAULT_CLIENT_KEY").map(|(_, f)| PathBuf::from(f));
        config.tls.client = certificate.zip(key);
        Ok(config)
    }
}

impl fmt::Debug for VaultConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultConfig")
            .field("address", &self.address)
            .field("namespace", &self.namespace)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

fn token_file(read: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = read("BAO_TOKEN_PATH").or_else(|| read("VAULT_TOKEN_PATH")).map(PathBuf::from);
    named.or_else(|| read("HOME").map(|home| PathBuf::from(home).join(".vault-token"))).filter(|f| f.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Result<VaultConfig, VaultConfigError> {
        VaultConfig::from_variables(&|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn either_family_of_variables_will_do_and_ours_comes_first() {
        let both =
            config(&[("VAULT_ADDR", "https://v"), ("BAO_ADDR", "https://b"), ("VAULT_TOKEN", "t")]).unwrap();
        assert_eq!(both.address.to_string(), "https://b:443");
        assert_eq!(format!("{:?}", both.login), "Login(token)");
    }

    #[test]
    fn an_unverified_server_is_refused() {
        let error = config(&[("VAULT_ADDR", "https://v"), ("VAULT_TOKEN", "t"), ("VAULT_SKIP_VERIFY", "1")]);
        assert!(matches!(error, Err(VaultConfigError::Unverified("VAULT_SKIP_VERIFY"))));
        assert!(
            config(&[("VAULT_ADDR", "https://v"), ("VAULT_TOKEN", "t"), ("VAULT_SKIP_VERIFY", "0")]).is_ok()
        );
    }

    #[test]
    fn an_agent_needs_no_token() {
        let agent = config(&[("VAULT_AGENT_ADDR", "unix:///run/agent.sock")]).unwrap();
        assert_eq!(format!("{:?}", agent.login), "Login(none)");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(matches!(config(&[]), Err(VaultConfigError::NoAddress)));
        assert!(matches!(config(&[("BAO_ADDR", "https://b")]), Err(VaultConfigError::NoToken)));
        let secret = config(&[("BAO_ADDR", "https://u:hunter2@b")]).unwrap_err().to_string(); // leakward:allow
        assert!(secret.starts_with("BAO_ADDR: ") && !secret.contains("hunter2"));
    }
}
