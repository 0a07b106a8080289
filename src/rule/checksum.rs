//! The offline checks that a rule can name. The rules know their names only; `crate::checksum` does the work.

/// An offline check, as a rule names it in kebab-case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Checksum {
    /// Last 6 of 36 characters are the CRC32 of the rest in base 62 (GitHub, npm).
    Crc32Base62,
    /// GitHub's stateless installation tokens: an application id and a JSON web token.
    GithubStateless,
    /// GitLab's routable tokens: length and CRC32 in base 36.
    GitlabRoutable,
    /// Azure's identifiable keys: Marvin32 of the bytes before it, under a service's seed.
    AzureMarvin,
    /// Azure's keys of 84 and 88 characters with a creation date (CASK).
    AzureCask,
    /// Azure DevOps' personal access tokens of 52 characters: CRC32 spread over the token.
    AzureDevopsCrc32,
    /// Entra client secrets: three characters of a Marvin32.
    EntraSecret,
    /// Azure shared access signatures: length of the signature, expiry.
    AzureSas,
    /// Grafana service account tokens: CRC32 in hex, lowest byte first.
    GrafanaCrc32,
    /// Cloudflare tokens: CRC32 in hex. Not documented: can pass, cannot fail.
    CloudflareCrc32,
    /// Atlassian API tokens: CRC32 in hex. Not documented: can pass, cannot fail.
    AtlassianCrc32,
    /// AWS key ids: names the account.
    AwsKeyId,
    /// AWS secret keys: neither a path nor a hash.
    AwsSecret,
    /// Amazon Bedrock API keys: base64 of a name or of a presigned URL.
    AwsBedrock,
    /// JSON web tokens: header, signature, expiry.
    Jwt,
    /// Private keys in PEM, whatever surrounds their lines.
    Pem,
    /// Base64 of a private key in PEM.
    PemBase64,
    /// age identities: bech32.
    AgeBech32,
    /// PyPI tokens: a macaroon.
    PypiMacaroon,
    /// Vault service and batch tokens: a protocol buffer.
    VaultToken,
    /// Base64 of `user:password`.
    BasicAuth,
    /// Prefix, then base64 of a JSON object.
    Base64Json,
    /// Discord bot tokens: base64 of a user id.
    DiscordBot,
    /// JFrog reference tokens: base64 of `reftkn:` and its fields.
    JfrogReference,
    /// NATS seeds: base32 with CRC16.
    NatsSeed,
    /// 32 bytes in base64 that are no text (WireGuard and other Curve25519 keys).
    Key32,
}
