//! Why the managers cannot be asked at all.

/// Why the managers cannot be asked at all. Never holds a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A `[managers.NAME]` entry makes no sense. Its author must fix it.
    #[error("managers.{name}: {cause}")]
    Settings {
        /// The manager's name.
        name: String,
        /// What is wrong.
        cause: String,
    },
    /// Nothing says which manager to ask. The user must.
    #[error("no secrets manager is configured: {0}")]
    None(String),
    /// The scanned folder's own configuration names an address that the user did not.
    #[error("managers.{name}: {address} is named by the scanned files alone")]
    Untrusted {
        /// The manager's name.
        name: String,
        /// The address.
        address: String,
    },
    /// The system has no random numbers, or cannot run the client.
    #[error("cannot ask the secrets manager: {0}")]
    System(String),
}

impl VerifyError {
    /// What the user can do.
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::None(_) => Some("set VAULT_ADDR and VAULT_TOKEN, or describe a manager in [managers.NAME]"),
            Self::Untrusted { .. } => Some(
                "credentials are not sent where scanned files point: set VAULT_ADDR to the same address, or name the \
                 configuration with --config",
            ),
            Self::Settings { .. } | Self::System(_) => None,
        }
    }
}
