//! A server's certificate that changes without a restart: read from a secret, checked before it is put to use.
//!
//! The secret is one of PKI (`certificate`, `ca_chain`, `private_key`) or a Kubernetes TLS secret (`tls.crt`,
//! `tls.key`), from any provider. A new version whose key does not fit its certificate is refused like by any other
//! rotation hook: the old one stays in use while it is valid. Sessions that are open keep the certificate that
//! they began with. rustls keeps the key in memory of its own, which is not wiped.
//!
//! ```no_run
//! # async fn doc(manager: leakward_fetcher::SecretsManager) -> Result<(), Box<dyn std::error::Error>> {
//! use leakward_fetcher::certificate::CertificateResolver;
//!
//! let (resolver, following) = CertificateResolver::follow(&manager.secret_at("pki/issue/web")?).await?;
//! let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
//!     .with_safe_default_protocol_versions()?
//!     .with_no_client_auth()
//!     .with_cert_resolver(resolver);
//! // While `following` lives, the certificate is renewed and put to use.
//! # drop((config, following)); Ok(()) }
//! ```

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::cache::ReadError;
use crate::client::{HookError, HookGuard, Rotation, RotationHook, SecretHandle, Step};
use crate::secret::Secret;

/// Names of the fields that hold the certificate, what is sent after it, and the key; tried in this order.
const FIELDS: [(&str, Option<&str>, &str); 3] = [
    ("certificate", Some("ca_chain"), "private_key"),
    ("tls.crt", None, "tls.key"),
    ("certificate", None, "key"),
];

/// Gives every new TLS session the certificate in force.
pub struct CertificateResolver {
    current: ArcSwap<CertifiedKey>,
}

/// There is no certificate to begin with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] ReadError),
    /// The secret holds no certificate with its key. Whoever stored it must fix it.
    #[error("{0}")]
    Unusable(HookError),
}

impl CertificateResolver {
    /// Reads the certificate and follows its changes for as long as the guard lives.
    ///
    /// # Errors
    /// When the secret cannot be read or holds no certificate that fits its key.
    pub async fn follow(handle: &SecretHandle) -> Result<(Arc<Self>, HookGuard), CertificateError> {
        let reading = handle.read().await?;
        let first = certified(reading.secret()).map_err(CertificateError::Unusable)?;
        let resolver = Arc::new(Self { current: ArcSwap::from_pointee(first) });
        let guard = handle.hook(Follower(resolver.clone()));
        // What came between the reading and the hook was told to nobody.
        if let Some(held) = handle.held().filter(|held| held.version() != reading.version())
            && let Ok(key) = certified(held.secret())
        {
            resolver.current.store(Arc::new(key));
        }
        Ok((resolver, guard))
    }

    /// The certificate in force, the server's own first, in DER.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.current.load().cert.clone()
    }
}

impl ResolvesServerCert for CertificateResolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl fmt::Debug for CertificateResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = self.current.load().cert.len();
        f.debug_struct("CertificateResolver").field("chain", &chain).finish_non_exhaustive()
    }
}

/// Takes part in the secret's changes.
struct Follower(Arc<CertificateResolver>);

impl RotationHook for Follower {
    fn name(&self) -> &str {
        "certificate"
    }

    fn prepare<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        Box::pin(async move { certified(rotation.new.secret()).map(drop) })
    }

    fn committed<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        Box::pin(async move {
            self.0.current.store(Arc::new(certified(rotation.new.secret())?));
            Ok(())
        })
    }
}

/// The certificate of `secret` with its chain and key, which must fit.
fn certified(secret: &Secret) -> Result<CertifiedKey, HookError> {
    let found = FIELDS.iter().find_map(|(certificate, chain, key)| {
        let certificate = secret.field(certificate).ok()?;
        let chain = chain.map(|chain| texts(secret, chain)).unwrap_or_default();
        Some((certificate, chain, secret.field(key).ok()?))
    });
    let (certificate, chain, key) = found.ok_or(HookError("the secret has no certificate and key in it"))?;
    let mut all = Vec::new();
    for pem in std::iter::once(&certificate).chain(&chain) {
        // The reason to open it: a certificate is public.
        for one in CertificateDer::pem_slice_iter(pem.expose()) {
            let one = one.map_err(|_| HookError("the certificate is no PEM"))?;
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    if all.is_empty() {
        return Err(HookError("there is no certificate in the secret"));
    }
    // The reason to open it: TLS needs the key.
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| HookError("the key is no PEM"))?;
    let provider = rustls::crypto::ring::default_provider();
    let made = CertifiedKey::from_der(all, key, &provider);
    made.map_err(|_| HookError("the certificate and its key do not fit"))
}

/// The texts of an array, or the one text in its place.
fn texts(secret: &Secret, name: &str) -> Vec<Secret> {
    let of_array: Vec<_> = (0..10).map_while(|i| secret.field(&format!("{name}.{i}")).ok()).collect();
    if of_array.is_empty() { secret.field(name).ok().into_iter().collect() } else { of_array }
}
