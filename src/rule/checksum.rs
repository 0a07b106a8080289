//! The offline checks that a rule can name. The rules know their names only; `crate::checksum` does the work.

/// An offline check, as a rule names it in kebab-case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Checksum {
    /// Last 6 of 36 characters are the CRC32 of the rest (GitHub, npm).
    Crc32Base62,
    /// GitLab's routable tokens: length and CRC32 in base 36.
    GitlabRoutable,
    /// Azure's identifiable keys: Marvin32 of the bytes before it, under a service's seed.
    AzureMarvin,
    /// Azure's 84 and 88 character keys (CASK).
    AzureCask,
    /// Azure DevOps' personal access tokens of 52 characters.
    AzureDevopsCrc,
    /// Entra client secrets (`8Q~`).
    EntraSecret,
    /// Grafana service account tokens: CRC32 in hex.
    GrafanaCrc32,
    /// AWS key ids: names the account.
    AwsKeyId,
    /// AWS secret keys: not a path, not a hash.
    AwsSecret,
    /// JSON web tokens: header, signature, expiry.
    Jwt,
    /// PEM private keys: a body that is a plausible key.
    Pem,
    /// age identities: bech32.
    AgeBech32,
    /// PyPI tokens: a macaroon.
    PypiMacaroon,
    /// Vault service and batch tokens: a protocol buffer.
    VaultToken,
    /// Base64 of `user:password`.
    BasicAuth,
    /// Base64 of a JSON object.
    Base64Json,
    /// Azure shared access signatures: expiry and length of the signature.
    AzureSas,
}
