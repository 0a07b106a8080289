//! Azure Key Vault, through the official client.
//!
//! Login is a credential of `azure_identity`: workload identity, managed identity, or a client's secret or
//! certificate. Key Vault names have letters, digits and dashes only; a path with anything else is refused before
//! it is sent. The client renews tokens under one lock on the caller's path; time limits here keep that bounded.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, RetryOptions, StatusCode};
use azure_security_keyvault_secrets::models::{SecretClientGetSecretOptions, SetSecretParameters};
use azure_security_keyvault_secrets::{ResourceExt as _, SecretClient, SecretClientOptions};
use futures_util::TryStreamExt as _;

use super::{
    Answer, Capabilities, Fault, FaultKind, Fetched, History, KnownVersion, Lifetime, Means, SecretKeeper,
    SecretProvider, VersionStanding,
};
use crate::secret::{Secret, SecretPath, SecretRef, Version, VersionSelector};

/// Most copies of one value, in plain or in base64, that the SDK leaves in freed memory after a read; counted over TLS by
/// `tests/cloud/copies.rs`.
/// [`WipingAllocator`](crate::wipe::WipingAllocator) wipes them.
pub const SDK_COPIES: usize = 3;

/// One Azure Key Vault. A path is a secret's name.
pub struct AzureProvider {
    client: SecretClient,
}

/// How to log in to Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AzureLogin {
    /// A federated token from a file, as AKS mounts it (`AZURE_FEDERATED_TOKEN_FILE` and its neighbours).
    WorkloadIdentity,
    /// The identity of the machine, container or function; of several, the one that `AZURE_CLIENT_ID` names.
    ManagedIdentity,
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`.
    ClientSecret,
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_CERTIFICATE_PATH` (PKCS#12).
    #[cfg(feature = "azure-certificate")]
    ClientCertificate,
}

impl AzureLogin {
    /// The login that the environment asks for: a federated token file, a client's secret or certificate, else the
    /// managed identity.
    pub fn from_env() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        if set("AZURE_FEDERATED_TOKEN_FILE") {
            Self::WorkloadIdentity
        } else if set("AZURE_CLIENT_SECRET") {
            Self::ClientSecret
        } else {
            #[cfg(feature = "azure-certificate")]
            if set("AZURE_CLIENT_CERTIFICATE_PATH") {
                return Self::ClientCertificate;
            }
            Self::ManagedIdentity
        }
    }

    /// The credential itself, for [`AzureProvider::with`].
    ///
    /// # Errors
    /// The environment does not hold what this login needs.
    pub fn credential(self) -> Result<Arc<dyn TokenCredential>, Fault> {
        use azure_identity::{
            ClientSecretCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
            UserAssignedId, WorkloadIdentityCredential,
        };
        let variable = |name: &'static str| {
            std::env::var(name)
                .map_err(|_| Fault::new(FaultKind::Auth).with_code(name).with_detail("variable not set"))
        };
        let made: azure_core::Result<Arc<dyn TokenCredential>> = match self {
            Self::WorkloadIdentity => WorkloadIdentityCredential::new(None).map(|c| c as _),
            Self::ManagedIdentity => {
                let id = std::env::var("AZURE_CLIENT_ID").ok().filter(|id| !id.is_empty());
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: id.map(UserAssignedId::ClientId),
                    ..Default::default()
                };
                ManagedIdentityCredential::new(Some(options)).map(|c| c as _)
            }
            Self::ClientSecret => {
                let (tenant, client) = (variable("AZURE_TENANT_ID")?, variable("AZURE_CLIENT_ID")?);
                let secret = variable("AZURE_CLIENT_SECRET")?.into();
                ClientSecretCredential::new(&tenant, client, secret, None).map(|c| c as _)
            }
            #[cfg(feature = "azure-certificate")]
            Self::ClientCertificate => {
                let (tenant, client) = (variable("AZURE_TENANT_ID")?, variable("AZURE_CLIENT_ID")?);
                let file = variable("AZURE_CLIENT_CERTIFICATE_PATH")?;
                let bytes = std::fs::read(&file).map_err(|_| {
                    Fault::new(FaultKind::Auth).with_detail("the certificate file cannot be read")
                })?;
                azure_identity::ClientCertificateCredential::new(tenant, client, bytes.into(), None)
                    .map(|c| c as _)
            }
        };
        made.map_err(|_| Fault::new(FaultKind::Auth).with_detail("no usable credentials for Azure"))
    }
}

impl AzureProvider {
    /// Longest time for one attempt, the login included.
    pub const ATTEMPT: Duration = Duration::from_secs(3);

    /// The vault at `address`, such as `https://name.vault.azure.net`.
    ///
    /// # Errors
    /// The address is none, or there are no credentials.
    pub fn new(address: &str, login: AzureLogin) -> Result<Self, Fault> {
        Self::with(address, login.credential()?, ClientOptions::default(), true)
    }

    /// One with a credential and options made elsewhere. Without `verify_resource`, the vault's own word about the
    /// resource that tokens are for is believed: for emulators.
    ///
    /// # Errors
    /// The address is none.
    pub fn with(
        address: &str,
        credential: Arc<dyn TokenCredential>,
        mut client_options: ClientOptions,
        verify_resource: bool,
    ) -> Result<Self, Fault> {
        client_options.retry = RetryOptions::none();
        let options = SecretClientOptions {
            client_options,
            verify_challenge_resource: Some(verify_resource),
            ..SecretClientOptions::default()
        };
        let client = SecretClient::new(address, credential, Some(options))
            .map_err(|_| Fault::new(FaultKind::Invalid).with_detail("the vault's address is not usable"))?;
        Ok(Self { client })
    }

    async fn value(&self, secret: &SecretRef) -> Result<Fetched, Fault> {
        let name = vault_name(secret.path())?;
        let version = self.selected(name, secret.version()).await?;
        let options = SecretClientGetSecretOptions { secret_version: version, ..Default::default() };
        let answer = self.client.get_secret(name, Some(options)).await.map_err(|e| fault(&e))?;
        let model = answer.into_model().map_err(|e| fault(&e))?;
        let version = model.resource_id().ok().and_then(|id| id.version).unwrap_or_default();
        let attributes = model.attributes.unwrap_or_default();
        if attributes.enabled == Some(false) {
            return Err(Fault::new(FaultKind::Disabled));
        }
        let value =
            model.value.ok_or(Fault::new(FaultKind::Invalid).with_detail("the answer holds no value"))?;
        let mut fetched = Fetched::new(Secret::from_string(value), Version::new(version));
        if let Some(created) = attributes.created {
            fetched = fetched.with_created(SystemTime::from(created));
        }
        if let Some(expires) = attributes.expires {
            fetched = fetched.with_lifetime(Lifetime::Until(SystemTime::from(expires)));
        }
        Ok(fetched)
    }

    /// The version to ask for; `None` asks for the current one.
    async fn selected(&self, name: &str, version: &VersionSelector) -> Result<Option<String>, Fault> {
        match version {
            VersionSelector::Current => Ok(None),
            VersionSelector::Exact(version) => Ok(Some(version.as_str().to_owned())),
            VersionSelector::Previous => {
                let versions = self.versions(name).await?;
                let previous = versions.into_iter().nth(1);
                previous
                    .map(Some)
                    .ok_or(Fault::new(FaultKind::NotFound).with_detail("there is no earlier version"))
            }
            VersionSelector::Stage(_) => {
                Err(Fault::new(FaultKind::Unsupported).with_detail("Key Vault has no stages"))
            }
        }
    }

    /// Enabled versions, newest first.
    async fn versions(&self, name: &str) -> Result<Vec<String>, Fault> {
        let all = self.known_versions(name).await?;
        Ok(all.into_iter().filter(|(_, enabled)| *enabled).map(|(id, _)| id).collect())
    }

    /// Every version and whether it is enabled, newest first.
    async fn known_versions(&self, name: &str) -> Result<Vec<(String, bool)>, Fault> {
        let mut pager = self.client.list_secret_properties_versions(name, None).map_err(|e| fault(&e))?;
        let mut versions = Vec::new();
        while let Some(properties) = pager.try_next().await.map_err(|e| fault(&e))? {
            let id = properties.resource_id().ok().and_then(|id| id.version);
            let attributes = properties.attributes.unwrap_or_default();
            versions.extend(id.map(|id| (attributes.created, id, attributes.enabled != Some(false))));
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.0));
        Ok(versions.into_iter().map(|(_, id, enabled)| (id, enabled)).collect())
    }

    async fn names(&self, prefix: Option<&SecretPath>) -> Result<Vec<SecretPath>, Fault> {
        let mut pager = self.client.list_secret_properties(None).map_err(|e| fault(&e))?;
        let mut names = Vec::new();
        while let Some(properties) = pager.try_next().await.map_err(|e| fault(&e))? {
            let Ok(id) = properties.resource_id() else { continue };
            if prefix.is_none_or(|p| id.name.starts_with(p.as_str())) {
                names.extend(SecretPath::parse(&id.name).ok());
            }
        }
        names.sort();
        Ok(names)
    }
}

impl std::fmt::Debug for AzureProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AzureProvider")
    }
}

impl SecretProvider for AzureProvider {
    fn name(&self) -> &str {
        "azure"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PLAIN.with_versions().with_list().with_version_check()
    }

    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched> {
        Box::pin(within(self.value(secret)))
    }

    fn list<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Vec<SecretPath>> {
        Box::pin(self.names(prefix))
    }

    fn version<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Version> {
        Box::pin(async move {
            let name = vault_name(secret.path())?;
            let versions = within(self.versions(name)).await?;
            let wanted = match secret.version() {
                VersionSelector::Current => versions.first(),
                VersionSelector::Previous => versions.get(1),
                VersionSelector::Exact(version) => versions.iter().find(|v| *v == version.as_str()),
                VersionSelector::Stage(_) => return Err(Fault::new(FaultKind::Unsupported)),
            };
            wanted.map(Version::new).ok_or(Fault::new(FaultKind::NotFound))
        })
    }

    fn history<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, History> {
        Box::pin(async move {
            let known = |(id, enabled)| KnownVersion {
                version: Version::new(id),
                standing: if enabled { VersionStanding::Kept } else { VersionStanding::Disabled },
            };
            let all = within(self.known_versions(vault_name(path)?)).await?;
            Ok(History { versions: all.into_iter().map(known).collect(), dropped: 0 })
        })
    }

    fn keeper(&self) -> Option<&dyn SecretKeeper> {
        Some(self)
    }
}

impl AzureProvider {
    /// Stores a new version, which is in force at once.
    async fn store(&self, name: &str, value: &Secret) -> Result<Version, Fault> {
        // The reason to open it: it is to be stored.
        let text = value
            .expose_text()
            .map_err(|_| Fault::new(FaultKind::Invalid).with_detail("Key Vault stores text alone"))?;
        let parameters =
            SetSecretParameters { value: Some(text.to_owned()), ..SetSecretParameters::default() };
        let body = parameters.try_into().map_err(|e| fault(&e))?;
        let answer = self.client.set_secret(name, body, None).await.map_err(|e| fault(&e))?;
        let model = answer.into_model().map_err(|e| fault(&e))?;
        Ok(Version::new(model.resource_id().ok().and_then(|id| id.version).unwrap_or_default()))
    }
}

/// Key Vault has neither stages nor conditions: what is in force is looked at just before a value is stored.
impl SecretKeeper for AzureProvider {
    fn means<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, Means> {
        Box::pin(async move {
            vault_name(path)?;
            Ok(Means::Value { staged_at: None })
        })
    }

    fn commit<'a>(
        &'a self,
        path: &'a SecretPath,
        _token: &'a str,
        value: &'a Secret,
        after: &'a Version,
    ) -> Answer<'a, Version> {
        Box::pin(async move {
            let name = vault_name(path)?;
            let in_force = within(self.value(&SecretRef::current(path.clone()))).await?;
            if in_force.version != *after {
                return Err(Fault::new(FaultKind::Conflict));
            }
            within(self.store(name, value)).await
        })
    }

    fn create<'a>(&'a self, path: &'a SecretPath, value: &'a Secret) -> Answer<'a, Version> {
        Box::pin(async move {
            let name = vault_name(path)?;
            match within(self.value(&SecretRef::current(path.clone()))).await {
                Err(fault) if fault.kind() == FaultKind::NotFound => within(self.store(name, value)).await,
                Err(fault) => Err(fault),
                Ok(_) => Err(Fault::new(FaultKind::Conflict)),
            }
        })
    }
}

/// The client has no time limit of its own for a whole call.
async fn within<T>(call: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let late = Fault::new(FaultKind::Transient).with_detail("no answer in time");
    tokio::time::timeout(AzureProvider::ATTEMPT, call).await.unwrap_or(Err(late))
}

fn vault_name(path: &SecretPath) -> Result<&str, Fault> {
    let name = path.as_str();
    let allowed = name.len() <= 127 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if allowed {
        Ok(name)
    } else {
        Err(Fault::new(FaultKind::Invalid)
            .with_detail("a Key Vault name has only letters, digits and dashes"))
    }
}

fn fault(error: &azure_core::Error) -> Fault {
    match error.kind() {
        ErrorKind::HttpResponse { status, error_code, .. } => {
            let fault = Fault::new(kind(*status, error_code.as_deref()));
            match error_code {
                Some(code) => fault.with_code(code),
                None => fault.with_code(u16::from(*status)),
            }
        }
        ErrorKind::Io | ErrorKind::Connection => Fault::new(FaultKind::Transient),
        ErrorKind::Credential => Fault::new(FaultKind::Auth),
        _ => Fault::new(FaultKind::Invalid).with_detail("the answer cannot be read"),
    }
}

fn kind(status: StatusCode, code: Option<&str>) -> FaultKind {
    match (u16::from(status), code) {
        (_, Some("SecretDisabled")) => FaultKind::Disabled,
        (404, Some("SecretNotFound")) => FaultKind::NotFound,
        (404, _) => FaultKind::NoRoute,
        (409, _) => FaultKind::Deleted,
        (401, _) => FaultKind::Auth,
        (403, _) => FaultKind::Denied,
        (429, _) => FaultKind::Throttled,
        (500.., _) => FaultKind::Transient,
        _ => FaultKind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disabled_secret_is_told_from_a_denial() {
        assert_eq!(kind(StatusCode::Forbidden, Some("SecretDisabled")), FaultKind::Disabled);
        assert_eq!(kind(StatusCode::Forbidden, Some("Forbidden")), FaultKind::Denied);
        assert_eq!(kind(StatusCode::NotFound, Some("SecretNotFound")), FaultKind::NotFound);
        assert_eq!(kind(StatusCode::NotFound, None), FaultKind::NoRoute);
    }

    #[test]
    fn a_name_that_key_vault_cannot_have_is_not_sent() {
        let fault = vault_name(&SecretPath::parse("db/main").unwrap()).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert_eq!(vault_name(&SecretPath::parse("db-main").unwrap()).unwrap(), "db-main");
    }
}
