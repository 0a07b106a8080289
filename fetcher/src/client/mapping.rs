//! One file that says where secrets live: an application names `db/main`, and the operator decides
//! which provider has it, under which path, and how long it may be held. The file holds no secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::builder::Builder;
use super::manager::SecretsManager;
use crate::cache::{Class, Policy, Sensitivity};
use crate::clock::parse_span;
use crate::http::Address;
use crate::provider::SecretProvider;
use crate::provider::environment::EnvironmentProvider;
use crate::provider::file::FileProvider;
use crate::provider::vault::{Login, SecretId, VaultConfig, VaultProvider};

/// A mapping file, read and checked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Providers by the name that the entries below use.
    #[serde(default)]
    providers: BTreeMap<String, ProviderEntry>,
    /// Policies and classes by path pattern.
    #[serde(default)]
    policies: BTreeMap<String, PolicyEntry>,
    /// Secrets, or all below a path, by the name that applications use.
    #[serde(default)]
    secrets: BTreeMap<String, SecretEntry>,
}

/// Where one secret of a mapping lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// What applications call it.
    pub name: &'a str,
    /// What its manager calls it.
    pub path: &'a str,
    /// The manager.
    pub home: Home<'a>,
}

/// A manager of a mapping, as far as policies depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Home<'a> {
    /// Vault or OpenBao.
    Vault {
        /// The namespace, if the file names one.
        namespace: Option<&'a str>,
    },
    /// AWS Secrets Manager.
    Aws,
    /// Azure Key Vault.
    Azure {
        /// Its address.
        address: &'a str,
    },
    /// Google Secret Manager.
    Google {
        /// The project.
        project: &'a str,
    },
    /// This machine: files, environment. No policy is needed.
    Here,
}

/// The mapping cannot be used. Whoever wrote the file must fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The file cannot be read.
    #[error("{}: {cause}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The text is not TOML, or not a mapping.
    #[error("the mapping is not valid: {0}")]
    Syntax(String),
    /// A secret names a provider that is not there.
    #[error("secret {secret}: there is no provider {provider}")]
    NoProvider {
        /// The secret's name.
        secret: String,
        /// The provider's.
        provider: String,
    },
    /// Two secrets take fields of the same path, which might then be of two versions.
    #[error(
        "secrets {one} and {other} take fields of one path; map the path once and select fields when reading"
    )]
    Torn {
        /// The first.
        one: String,
        /// The second.
        other: String,
    },
    /// A provider cannot be made.
    #[error("provider {provider}: {cause}")]
    Provider {
        /// Its name.
        provider: String,
        /// Why; never with a value.
        cause: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "a cloud's fields are read where its feature is on")]
enum ProviderEntry {
    Vault(VaultEntry),
    File {
        root: PathBuf,
        #[serde(default)]
        trim: bool,
    },
    Environment {
        #[serde(default)]
        prefix: String,
    },
    Aws {
        endpoint: Option<String>,
    },
    Azure {
        address: String,
    },
    Gcp {
        project: String,
        endpoint: Option<String>,
    },
}

/// What is left out comes from the usual environment variables.
#[derive(Clone, Debug, Default, Deserialize)]
struct VaultEntry {
    address: Option<String>,
    namespace: Option<String>,
    ca_file: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    login: Option<LoginEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
enum LoginEntry {
    Agent,
    TokenFile {
        file: PathBuf,
    },
    Approle {
        mount: Option<String>,
        role_id: String,
        secret_id_file: Option<PathBuf>,
        #[serde(default)]
        wrapped: bool,
    },
    Kubernetes {
        mount: Option<String>,
        role: String,
        token_file: Option<PathBuf>,
    },
    Jwt {
        mount: Option<String>,
        #[serde(default)]
        role: String,
        token_file: PathBuf,
    },
    Cert {
        mount: Option<String>,
        #[serde(default)]
        role: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretEntry {
    provider: String,
    path: Option<String>,
    field: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyEntry {
    class: Option<String>,
    sensitivity: Option<Sensitivity>,
    #[serde(default)]
    dynamic: bool,
    #[serde(default, deserialize_with = "span")]
    rotate_within: Option<Duration>,
    #[serde(default, deserialize_with = "span")]
    ttl: Option<Duration>,
    #[serde(default, deserialize_with = "span")]
    max_stale: Option<Duration>,
    #[serde(default, deserialize_with = "span")]
    idle: Option<Duration>,
    #[serde(default, deserialize_with = "span")]
    keep_previous: Option<Duration>,
}

impl Mapping {
    /// Reads and checks the file at `file`.
    ///
    /// # Errors
    /// See [`MappingError`].
    pub fn from_file(file: &Path) -> Result<Self, MappingError> {
        let text = std::fs::read_to_string(file);
        Self::parse(&text.map_err(|cause| MappingError::File { file: file.to_owned(), cause })?)
    }

    /// Reads and checks a text.
    ///
    /// # Errors
    /// See [`MappingError`].
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = toml::from_str(text).map_err(|error| MappingError::Syntax(error.to_string()))?;
        mapping.check()?;
        Ok(mapping)
    }

    /// The provider called `name`, made anew.
    ///
    /// # Errors
    /// When it cannot be made, or there is none of that name.
    pub async fn provider(&self, name: &str) -> Result<Arc<dyn SecretProvider>, MappingError> {
        let wrong = |cause: String| MappingError::Provider { provider: name.to_owned(), cause };
        let entry = self.providers.get(name).ok_or_else(|| wrong("there is none of that name".to_owned()))?;
        entry.make().await.map_err(wrong)
    }

    /// The provider called `name`, made anew, if it is Vault or OpenBao.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn vault(&self, name: &str) -> Result<Option<VaultProvider>, MappingError> {
        let wrong = |cause: String| MappingError::Provider { provider: name.to_owned(), cause };
        let Some(ProviderEntry::Vault(entry)) = self.providers.get(name) else { return Ok(None) };
        let config = entry.config().map_err(wrong)?;
        VaultProvider::new(config).map(Some).map_err(|e| wrong(e.to_string()))
    }

    /// Names of the providers, sorted.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.providers.keys().map(String::as_str)
    }

    /// Each secret's name with the provider and the path that it stands for, sorted by name.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.secrets.iter().map(|(name, entry)| (name.as_str(), entry.provider.as_str(), entry.remote(name)))
    }

    /// Where each secret lives, sorted by name.
    pub fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.secrets.iter().filter_map(|(name, entry)| {
            let home = match self.providers.get(&entry.provider)? {
                ProviderEntry::Vault(vault) => Home::Vault { namespace: vault.namespace.as_deref() },
                ProviderEntry::Aws { .. } => Home::Aws,
                ProviderEntry::Azure { address } => Home::Azure { address },
                ProviderEntry::Gcp { project, .. } => Home::Google { project },
                ProviderEntry::File { .. } | ProviderEntry::Environment { .. } => Home::Here,
            };
            Some(Place { name, path: entry.remote(name), home })
        })
    }

    /// A client's builder with all that the file says; what a cloud provider needs to log in is looked for.
    ///
    /// # Errors
    /// When a provider cannot be made.
    pub async fn builder(&self) -> Result<Builder, MappingError> {
        let mut builder = SecretsManager::builder();
        for (name, entry) in &self.providers {
            let provider = entry.make().await;
            let provider =
                provider.map_err(|cause| MappingError::Provider { provider: name.clone(), cause })?;
            builder = builder.shared_provider(&[], provider);
            for (secret, entry) in self.secrets.iter().filter(|(_, entry)| entry.provider == *name) {
                builder = builder.map(secret, entry.remote(secret), entry.field.as_deref());
            }
        }
        for (pattern, entry) in &self.policies {
            builder = builder.policy_for(pattern, entry.policy());
        }
        Ok(builder)
    }

    fn check(&self) -> Result<(), MappingError> {
        let mut fields: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for (secret, entry) in &self.secrets {
            if !self.providers.contains_key(&entry.provider) {
                let (secret, provider) = (secret.clone(), entry.provider.clone());
                return Err(MappingError::NoProvider { secret, provider });
            }
            if entry.field.is_some()
                && let Some(one) = fields.insert((&entry.provider, entry.remote(secret)), secret)
            {
                return Err(MappingError::Torn { one: one.to_owned(), other: secret.clone() });
            }
        }
        Ok(())
    }
}

impl SecretEntry {
    fn remote<'a>(&'a self, name: &'a str) -> &'a str {
        self.path.as_deref().unwrap_or(name)
    }
}

impl PolicyEntry {
    fn policy(&self) -> Policy {
        let mut policy = Policy::default();
        if let Some(ttl) = self.ttl {
            policy = policy.with_ttl(ttl);
        }
        policy.max_stale = self.max_stale.unwrap_or(policy.max_stale);
        policy.idle = self.idle.unwrap_or(policy.idle);
        policy.keep_previous = self.keep_previous.unwrap_or(policy.keep_previous);
        policy.class = self.class.as_ref().map(|name| Class {
            name: name.as_str().into(),
            sensitivity: self.sensitivity.unwrap_or_default(),
            rotate_within: self.rotate_within,
            dynamic: self.dynamic,
        });
        policy
    }
}

impl ProviderEntry {
    async fn make(&self) -> Result<Arc<dyn SecretProvider>, String> {
        Ok(match self {
            Self::Vault(entry) => Arc::new(VaultProvider::new(entry.config()?).map_err(|e| e.to_string())?),
            Self::File { root, trim: false } => Arc::new(FileProvider::new(root)),
            Self::File { root, trim: true } => Arc::new(FileProvider::new(root).trimming()),
            Self::Environment { prefix } => Arc::new(EnvironmentProvider::with_prefix(prefix)),
            #[cfg(feature = "aws")]
            Self::Aws { endpoint } => {
                Arc::new(crate::provider::aws::AwsProvider::from_env(endpoint.as_deref()).await)
            }
            #[cfg(feature = "azure")]
            Self::Azure { address } => {
                use crate::provider::azure::{AzureLogin, AzureProvider};
                Arc::new(AzureProvider::new(address, AzureLogin::from_env()).map_err(|e| e.to_string())?)
            }
            #[cfg(feature = "gcp")]
            Self::Gcp { project, endpoint } => {
                use crate::provider::gcp::GcpProvider;
                let provider = GcpProvider::new(project, endpoint.as_deref(), false).await;
                Arc::new(provider.map_err(|e| e.to_string())?)
            }
            #[allow(unreachable_patterns, reason = "with all cloud features there is nothing left")]
            Self::Aws { .. } | Self::Azure { .. } | Self::Gcp { .. } => {
                return Err("this program was built without that cloud's feature".to_owned());
            }
        })
    }
}

impl VaultEntry {
    fn config(&self) -> Result<VaultConfig, String> {
        let login = self.login.as_ref().map(LoginEntry::login);
        let mut config = match (&self.address, login) {
            (Some(address), Some(login)) => VaultConfig::new(parse_address(address)?, login),
            (address, login) => {
                let mut config = self.environment(address.as_deref(), login.is_some())?;
                if let Some(login) = login {
                    config.login = login;
                }
                config
            }
        };
        config.namespace = self.namespace.clone().or(config.namespace);
        config.tls.ca_file = self.ca_file.clone().or(config.tls.ca_file);
        config.tls.client = self.client_cert.clone().zip(self.client_key.clone()).or(config.tls.client);
        Ok(config)
    }

    /// The usual variables, with what the file says in their place.
    fn environment(&self, address: Option<&str>, has_login: bool) -> Result<VaultConfig, String> {
        let read = |name: &str| match name {
            "BAO_ADDR" if address.is_some() => address.map(str::to_owned),
            "BAO_AGENT_ADDR" | "VAULT_AGENT_ADDR" if address.is_some() => None,
            // Replaced by the file's login at once: it only keeps the search for a token from failing.
            "BAO_TOKEN" if has_login => Some("-".to_owned()),
            _ => std::env::var(name).ok().filter(|value| !value.is_empty()),
        };
        VaultConfig::from_variables(&read).map_err(|error| error.to_string())
    }
}

impl LoginEntry {
    fn login(&self) -> Login {
        let at = |mount: &Option<String>, usual: &str| mount.clone().unwrap_or_else(|| usual.to_owned());
        match self {
            Self::Agent => Login::None,
            Self::TokenFile { file } => Login::TokenFile(file.clone()),
            Self::Approle { mount, role_id, secret_id_file, wrapped } => Login::AppRole {
                mount: at(mount, "approle"),
                role_id: role_id.clone(),
                secret_id: match (secret_id_file, wrapped) {
                    (None, _) => SecretId::None,
                    (Some(file), false) => SecretId::File(file.clone()),
                    (Some(file), true) => SecretId::WrappedFile(file.clone()),
                },
            },
            Self::Kubernetes { mount, role, token_file } => Login::Kubernetes {
                mount: at(mount, "kubernetes"),
                role: role.clone(),
                token_file: token_file
                    .clone()
                    .unwrap_or_else(|| "/var/run/secrets/kubernetes.io/serviceaccount/token".into()),
            },
            Self::Jwt { mount, role, token_file } => {
                Login::Jwt { mount: at(mount, "jwt"), role: role.clone(), token_file: token_file.clone() }
            }
            Self::Cert { mount, role } => Login::Certificate { mount: at(mount, "cert"), role: role.clone() },
        }
    }
}

fn parse_address(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|error| error.to_string())
}

/// `90s`, `5m`, `12h`, `90d`, or several of them: `1h30m`.
fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_span(&text)
        .map(Some)
        .ok_or_else(|| de::Error::custom(format!("{text}: not a time like 90s, 5m, 12h or 90d")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| Mapping::parse(text).unwrap_err().to_string();
        let provider = "[providers.f]\nkind = 'file'\nroot = '/x'\n";
        assert_eq!(error("[secrets.a]\nprovider = 'p'"), "secret a: there is no provider p");
        let torn = format!(
            "{provider}[secrets.u]\nprovider='f'\npath='db'\nfield='user'\n[secrets.w]\nprovider='f'\npath='db'\nfield='pw'"
        );
        assert!(error(&torn).starts_with("secrets u and w take fields of one path"));
        assert!(error("[policies.a]\nttl = '5'").contains("not a time like"));
        assert!(error("[providers.f]\nkind = 'file'\nroot = '/x'\ntoken = 'x'").contains("unknown field"));
    }

    #[test]
    fn every_kind_of_login_is_understood() {
        for login in [
            "method = 'agent'",
            "method = 'token-file'\nfile = '/t'",
            "method = 'approle'\nrole_id = 'r'\nsecret_id_file = '/s'\nwrapped = true",
            "method = 'kubernetes'\nrole = 'r'",
            "method = 'jwt'\ntoken_file = '/t'",
            "method = 'cert'",
        ] {
            let text =
                format!("[providers.v]\nkind = 'vault'\naddress = 'https://v'\n[providers.v.login]\n{login}");
            let mapping = Mapping::parse(&text).unwrap();
            let ProviderEntry::Vault(entry) = &mapping.providers["v"] else { panic!() };
            entry.config().unwrap();
        }
    }
}
