//! Offline checks of single values: CRCs, keyed hashes and structures that providers build into their tokens.
//! Pure; one file per family, registered in [`check`].
//!
//! A family that checks also seals: the examples of rules carry checksums that hold (see [`example`]).

mod age;
mod aws;
mod azure;
mod azure_devops;
mod azure_sas;
mod base64;
mod cask;
mod crc;
pub(crate) mod der;
mod encoded;
mod entra;
pub mod example;
mod gitlab;
mod jwt;
mod macaroon;
mod marvin;
mod pem;
mod radix;
mod refused;
mod varint;
mod vault;

pub(crate) use refused::is_refused;

use crate::model::Reason;
use crate::rule::{Checksum, Confidence, Severity};

/// What a check says of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whether the value stands.
    pub outcome: Outcome,
    /// What was learnt, for people, such as `checksum passed` or `account 123456789012`. Never holds found text.
    pub note: Option<Reason>,
    /// Replaces the rule's severity.
    pub severity: Option<Severity>,
    /// Replaces the rule's confidence.
    pub confidence: Option<Confidence>,
    /// When the value ends by its own account, in seconds since 1970-01-01T00:00:00Z.
    pub expires: Option<i64>,
}

/// Whether a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The value carries a correct checksum or parses as what it claims to be.
    Passed,
    /// The value claims the format and breaks it: the candidate is dropped.
    Failed,
    /// The check does not apply to this shape of the value (an older or longer form).
    Unknown,
}

/// The note of a checksum in the strict sense.
const PASSED: &str = "checksum passed";

/// Runs `checksum` on `secret`, the bytes of a rule's secret group.
pub fn check(checksum: Checksum, secret: &[u8]) -> Checked {
    match checksum {
        Checksum::Crc32Base62 => crc::base62(secret),
        Checksum::GithubStateless => jwt::github(secret),
        Checksum::GitlabRoutable => gitlab::check(secret),
        Checksum::AzureMarvin => azure::check(secret),
        Checksum::AzureCask => cask::check(secret),
        Checksum::AzureDevopsCrc32 => azure_devops::check(secret),
        Checksum::EntraSecret => entra::check(secret),
        Checksum::AzureSas => azure_sas::check(secret),
        Checksum::GrafanaCrc32 => crc::grafana(secret),
        Checksum::CloudflareCrc32 => crc::cloudflare(secret),
        Checksum::AtlassianCrc32 => crc::atlassian(secret),
        Checksum::AwsKeyId => aws::key_id(secret),
        Checksum::AwsSecret => aws::secret(secret),
        Checksum::AwsBedrock => aws::bedrock(secret),
        Checksum::Jwt => jwt::check(secret),
        Checksum::Pem => pem::check(secret),
        Checksum::PemBase64 => pem::check_base64(secret),
        Checksum::AgeBech32 => age::check(secret),
        Checksum::PypiMacaroon => macaroon::check(secret),
        Checksum::VaultToken => vault::check(secret),
        Checksum::BasicAuth => encoded::basic_auth(secret),
        Checksum::Base64Json => encoded::json(secret),
        Checksum::DiscordBot => encoded::discord(secret),
        Checksum::JfrogReference => encoded::jfrog(secret),
        Checksum::NatsSeed => encoded::nats(secret),
        Checksum::Key32 => encoded::key32(secret),
    }
}

impl Checked {
    /// The value does not stand.
    pub const fn failed() -> Self {
        Self::new(Outcome::Failed)
    }

    /// Nothing can be said.
    pub const fn unknown() -> Self {
        Self::new(Outcome::Unknown)
    }

    /// The value stands; a rule is as sure of it as can be.
    pub fn passed(note: &'static str) -> Self {
        Self { confidence: Some(Confidence::High), ..Self::of(Outcome::Passed, note) }
    }

    /// A checksum in the strict sense, which either holds or does not.
    fn strict(holds: bool) -> Self {
        if holds { Self::passed(PASSED) } else { Self::failed() }
    }

    fn of(outcome: Outcome, note: &'static str) -> Self {
        Self { note: Some(Reason::Borrowed(note)), ..Self::new(outcome) }
    }

    const fn new(outcome: Outcome) -> Self {
        Self { outcome, note: None, severity: None, confidence: None, expires: None }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::rule::Checksum;

    #[test]
    fn no_check_minds_what_it_is_given() {
        let all: Vec<Checksum> = serde_json::from_value(serde_json::json!([
            "crc32-base62",
            "github-stateless",
            "gitlab-routable",
            "azure-marvin",
            "azure-cask",
            "azure-devops-crc32",
            "entra-secret",
            "azure-sas",
            "grafana-crc32",
            "cloudflare-crc32",
            "atlassian-crc32",
            "aws-key-id",
            "aws-secret",
            "aws-bedrock",
            "jwt",
            "pem",
            "pem-base64",
            "age-bech32",
            "pypi-macaroon",
            "vault-token",
            "basic-auth",
            "base64-json",
            "discord-bot",
            "jfrog-reference",
            "nats-seed",
            "key32"
        ]))
        .unwrap();
        let long = [b'A'; 5000];
        for checksum in all {
            for text in [b"".as_slice(), b".", b"_", b"=", b"..", b"-----BEGIN -----", b"\xff\xfe\x00", &long]
            {
                check(checksum, text);
            }
            (0..100).for_each(|n| drop(check(checksum, &long[..n])));
        }
    }
}
