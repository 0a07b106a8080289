//! Vault and OpenBao: key/value engines of both versions, dynamic and static database roles, certificates.
//!
//! A path is what people say, `secret/myapp/api_key`: the mount and its version are looked up once, and `/data/` is
//! put in where the engine wants it. Paths that name it already (`secret/data/myapp/api_key`) work too.

mod answer;
mod config;
mod exposed;
mod keeping;
mod login;
mod mounts;
mod reading;
mod session;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

pub use config::{VaultConfig, VaultConfigError};
pub use login::{Login, SecretId};

use super::{
    Answer, Capabilities, Fault, FaultKind, Fetched, History, Lease, Listing, Renewal, SecretKeeper,
    SecretProvider,
};
use crate::http::{Buffer, HttpClient, Method, Request, TlsError};
use crate::secret::{Secret, SecretPath, SecretRef, Version, VersionSelector, escape_json};

use answer::Envelope;
use mounts::Mounts;
use session::Session;

/// One Vault or OpenBao server, one namespace, one login.
pub struct VaultProvider {
    client: HttpClient,
    session: Session,
    mounts: Mounts,
    namespace: Option<String>,
    requests: HashMap<SecretPath, String>,
}

impl VaultProvider {
    /// Makes a provider; nothing is sent before the first call.
    ///
    /// # Errors
    /// The TLS settings cannot be used.
    pub fn new(config: VaultConfig) -> Result<Self, TlsError> {
        let VaultConfig { address, namespace, login, tls, limits, requests, clock } = config;
        let client = HttpClient::new(address, &tls, limits)?;
        Ok(Self {
            client,
            session: Session::new(login, clock),
            mounts: Mounts::default(),
            namespace,
            requests,
        })
    }

    /// One call under the current login. `path` begins after `/v1/` and is not encoded yet.
    async fn call(&self, method: Method, path: &str, body: Option<Buffer>) -> Result<Envelope, Fault> {
        let token = self.session.token(&self.client, self.namespace.as_deref()).await?;
        let mut request = Request::new(method, target(path)).header("x-vault-request", b"true");
        if let Some(token) = &token {
            request = request.secret_header("x-vault-token", token);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("x-vault-namespace", namespace.as_bytes());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.client.send(&request).await.map_err(|e| answer::unreached(&e))?;
        Envelope::read(response)
    }

    async fn get(&self, path: &str) -> Result<Envelope, Fault> {
        self.call(Method::Get, path, None).await
    }

    /// One call of the server's API under the current login, for what [`SecretProvider`] has no word for: looking up
    /// tokens, rotating roles. `path` begins after `/v1/` and is not encoded yet; the answer is the body, wiped with
    /// the [`Secret`] that holds it.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Buffer>) -> Result<Secret, Fault> {
        let answer = self.call(method, path, body).await?;
        Ok(Secret::copy_of(answer.json().raw()))
    }

    /// Life left in our login, when that has an end.
    fn login_left(&self) -> Option<Duration> {
        self.session.left()
    }
}

impl SecretProvider for VaultProvider {
    fn name(&self) -> &str {
        "vault"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PLAIN.with_versions().with_list().with_version_check().with_leases()
    }

    fn domain<'a>(&'a self, path: &'a SecretPath) -> &'a str {
        path.as_str().split('/').next().unwrap_or_default()
    }

    fn repeatable(&self, path: &SecretPath) -> bool {
        let makes = |segment: &str| matches!(segment, "creds" | "issue" | "sign");
        !self.requests.contains_key(path) && !path.segments().skip(1).any(makes)
    }

    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched> {
        Box::pin(self.read(secret))
    }

    fn list<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Vec<SecretPath>> {
        Box::pin(self.paths(prefix))
    }

    fn survey<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Listing> {
        Box::pin(self.surveyed(prefix))
    }

    fn version<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Version> {
        Box::pin(self.current_version(secret))
    }

    fn history<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, History> {
        Box::pin(self.known_versions(path))
    }

    fn renew<'a>(&'a self, lease: &'a Lease, wanted: Duration) -> Answer<'a, Renewal> {
        Box::pin(async move {
            // The reason to open the id: the manager finds the lease by it.
            let id = lease.id().expose_text().map_err(|_| Fault::new(FaultKind::LeaseGone))?;
            let mut body = Buffer::with_capacity(id.len() * 6 + 64);
            put_fields(&mut body, &[("lease_id", id)], Some(("increment", wanted.as_secs())));
            let answer = self.call(Method::Put, "sys/leases/renew", Some(body)).await?;
            let granted = Duration::from_secs(answer.lease_duration());
            let short = granted.as_secs_f64() < wanted.as_secs_f64() * 0.9;
            Ok(Renewal {
                granted,
                renewable: answer.renewable(),
                capped: short || answer.warns_of("capped"),
                login_left: self.login_left(),
            })
        })
    }

    fn revoke<'a>(&'a self, lease: &'a Lease) -> Answer<'a, ()> {
        Box::pin(async move {
            // The reason to open the id: the manager finds the lease by it.
            let id = lease.id().expose_text().map_err(|_| Fault::new(FaultKind::LeaseGone))?;
            let mut body = Buffer::with_capacity(id.len() * 6 + 64);
            put_fields(&mut body, &[("lease_id", id)], None);
            self.call(Method::Put, "sys/leases/revoke", Some(body)).await.map(|_| ())
        })
    }

    fn relogin(&self) -> Answer<'_, bool> {
        Box::pin(self.session.again(&self.client, self.namespace.as_deref()))
    }

    fn keeper(&self) -> Option<&dyn SecretKeeper> {
        Some(self)
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(self.session.close(&self.client, self.namespace.as_deref()))
    }
}

impl fmt::Debug for VaultProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultProvider")
            .field("address", &self.client.address().to_string())
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// `/v1/` and `path`, percent-encoded but for the slashes.
fn target(path: &str) -> String {
    let mut target = String::with_capacity(path.len() + 8);
    target.push_str("/v1/");
    let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~@:+,=".contains(&byte) {
            target.push(char::from(byte));
        } else {
            target.push_str(&format!("%{byte:02X}"));
        }
    }
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    target
}

/// Appends a JSON object of texts and at most one number.
fn put_fields(body: &mut Buffer, texts: &[(&str, &str)], number: Option<(&str, u64)>) {
    body.extend(b"{");
    for (i, (name, value)) in texts.iter().enumerate() {
        body.extend(if i == 0 { b"" } else { b"," });
        let mut field = zeroize::Zeroizing::new(Vec::with_capacity((name.len() + value.len()) * 6 + 8));
        escape_json(name, &mut field);
        field.push(b':');
        escape_json(value, &mut field);
        body.extend(&field);
    }
    if let Some((name, value)) = number {
        body.extend(format!("{}\"{name}\":{value}", if texts.is_empty() { "" } else { "," }).as_bytes());
    }
    body.extend(b"}");
}

/// Whether a version selector asks for something that Vault does not have.
fn no_stage(version: &VersionSelector) -> Result<(), Fault> {
    match version {
        VersionSelector::Stage(_) => {
            Err(Fault::new(FaultKind::Unsupported).with_detail("Vault has no stages"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_encoded_but_for_its_slashes() {
        assert_eq!(target("secret/data/a b/ü"), "/v1/secret/data/a%20b/%C3%BC");
        assert_eq!(target("secret/data/a?version=2"), "/v1/secret/data/a?version=2");
    }

    #[test]
    fn a_body_escapes_its_texts() {
        let mut body = Buffer::default();
        put_fields(&mut body, &[("a", "x\"y")], Some(("n", 3)));
        assert_eq!(body.filled(), br#"{"a":"x\"y","n":3}"#);
    }
}
