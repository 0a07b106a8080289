//! The manager that the usual environment variables point at, for programs that are given nothing else.

use std::sync::Arc;

use crate::http::TlsError;
use crate::provider::environment::EnvironmentProvider;
use crate::provider::vault::{VaultConfig, VaultConfigError, VaultProvider};
use crate::provider::{Fault, SecretProvider};

/// A kind of manager that can be set up from the environment alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manager {
    /// Vault or OpenBao: `BAO_ADDR`, `BAO_TOKEN` and their `VAULT_` twins; see [`VaultConfig::from_env`].
    Vault,
    /// AWS Secrets Manager: the SDK's own chain (`AWS_REGION`, `AWS_PROFILE`, web identity and so on).
    Aws,
    /// Azure Key Vault at `AZURE_KEYVAULT_URL`; the login from `AZURE_CLIENT_ID` and its like.
    Azure,
    /// Google Secret Manager of `GOOGLE_CLOUD_PROJECT`; the login from `GOOGLE_APPLICATION_CREDENTIALS` and its like.
    Google,
    /// Variables of the process itself: `db/main` is `DB_MAIN`.
    Environment,
}

/// The environment points at no manager that can be used. Whoever set it must fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurroundingsError {
    /// No variable names a manager.
    #[error("the environment names no secrets manager")]
    None,
    /// A variable without which the manager cannot be found is not set.
    #[error("{0} is not set")]
    Variable(&'static str),
    /// This program was built without it.
    #[error("this program was built without the feature {0}")]
    Feature(&'static str),
    /// Vault's variables do not make a configuration.
    #[error(transparent)]
    Vault(#[from] VaultConfigError),
    /// The TLS settings cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The cloud's client could not be made.
    #[error("{0}")]
    Fault(#[from] Fault),
}

/// Which variables, when set, point at which manager; the first that fits is taken.
const SIGNS: &[(Manager, &[&str])] = &[
    (Manager::Vault, &["BAO_ADDR", "VAULT_ADDR", "BAO_AGENT_ADDR", "VAULT_AGENT_ADDR"]),
    (
        Manager::Aws,
        &[
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_ACCESS_KEY_ID",
        ],
    ),
    (Manager::Azure, &["AZURE_KEYVAULT_URL"]),
    (Manager::Google, &["GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"]),
];

impl Manager {
    /// The manager that `path` can only belong to (an ARN), else the first of Vault, AWS, Azure and Google that a
    /// variable points at.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(
        path: Option<&str>,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SurroundingsError> {
        if path.is_some_and(|path| path.starts_with("arn:")) {
            return Ok(Self::Aws);
        }
        let set = |name: &&str| read(name).is_some_and(|value| !value.is_empty());
        let found = SIGNS.iter().find(|(_, names)| names.iter().any(&set));
        found.map(|(manager, _)| *manager).ok_or(SurroundingsError::None)
    }

    /// A provider of this kind as the process's environment describes it. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// See [`SurroundingsError`].
    pub async fn provider(self) -> Result<Arc<dyn SecretProvider>, SurroundingsError> {
        Ok(match self {
            Self::Vault => Arc::new(VaultProvider::new(VaultConfig::from_env()?)?),
            Self::Environment => Arc::new(EnvironmentProvider::new()),
            Self::Aws => aws().await?,
            Self::Azure => azure()?,
            Self::Google => google().await?,
        })
    }
}

#[cfg(feature = "aws")]
async fn aws() -> Result<Arc<dyn SecretProvider>, SurroundingsError> {
    Ok(Arc::new(crate::provider::aws::AwsProvider::from_env(None).await))
}

#[cfg(not(feature = "aws"))]
async fn aws() -> Result<Arc<dyn SecretProvider>, SurroundingsError> {
    Err(SurroundingsError::Feature("aws"))
}

#[cfg(feature = "azure")]
fn azure() -> Result<Arc<dyn SecretProvider>, SurroundingsError> {
    use crate::provider::azure::{AzureLogin, AzureProvider};
    let address = variable("AZURE_KEYVAULT_URL")?;
    Ok(Arc::new(AzureProvider::new(&address, AzureLogin::from_env())?))
}

#[cfg(not(feature = "azure"))]
fn azure() -> Result<Arc<dyn SecretProvider>, SurroundingsError> {
    Err(SurroundingsError::Feature("azure"))
}

#[cfg(feature = "gcp")]
async fn google() -> Result<Arc<dyn SecretProvider>, SurroundingsError> {
    let project = variable("GOOGLE_CLOUD_PROJECT")?;
    Ok(Arc::new(crate::provider::gcp::GcpProvider::new(&project, None, false).await?))
}

#[cfg(not(feature = "gcp"))]
async fn google() -> Result<Arc<dyn SecretProvider>, SurroundingsError> {
    Err(SurroundingsError::Feature("gcp"))
}

#[cfg(any(feature = "azure", feature = "gcp"))]
fn variable(name: &'static str) -> Result<String, SurroundingsError> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(SurroundingsError::Variable(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: Option<&str>, set: &[&str]) -> Result<Manager, SurroundingsError> {
        Manager::find(path, &|name| set.contains(&name).then(|| "x".to_owned()))
    }

    #[test]
    fn the_first_manager_that_is_set_up_is_asked() {
        assert_eq!(found(None, &["AWS_REGION", "VAULT_ADDR"]).unwrap(), Manager::Vault);
        assert_eq!(found(None, &["AWS_REGION", "GOOGLE_CLOUD_PROJECT"]).unwrap(), Manager::Aws);
        assert!(matches!(found(None, &["HOME"]), Err(SurroundingsError::None)));
    }

    #[test]
    fn an_arn_is_for_aws_whatever_else_is_set() {
        assert_eq!(found(Some("arn:aws:secretsmanager:x"), &["VAULT_ADDR"]).unwrap(), Manager::Aws);
    }
}
