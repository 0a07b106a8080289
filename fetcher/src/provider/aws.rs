//! AWS Secrets Manager, through the official SDK.
//!
//! The SDK brings what is worth having: the credential chain (environment, profile, IRSA web identity, ECS, EC2)
//! and the signatures. Time limits are set on every level, because the SDK has none of its own for reads; its
//! retries are off, because the caller retries. No SDK type that holds a value is ever printed. The SDK keeps
//! copies of response bodies in buffers of its own, which nothing here can wipe: see [`SDK_COPIES`].

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::primitives::{Blob, DateTime};
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};

use super::{
    Answer, Capabilities, Fault, FaultKind, Fetched, History, KnownVersion, Means, SecretKeeper,
    SecretProvider, VersionStanding,
};
use crate::secret::{Secret, SecretPath, SecretRef, Version, VersionSelector};

/// Most copies of one value, in plain or in base64, that the SDK leaves in freed memory after a read; counted without TLS by
/// `tests/cloud/copies.rs`.
/// [`WipingAllocator`](crate::wipe::WipingAllocator) wipes them.
pub const SDK_COPIES: usize = 2;

/// How many secrets one batch call may name. Source: `BatchGetSecretValue` in the API reference.
const BATCH: usize = 20;
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
const PENDING: &str = "AWSPENDING";

/// AWS Secrets Manager in one account and region. A path is a secret's name or ARN.
pub struct AwsProvider {
    client: Client,
}

impl AwsProvider {
    /// Longest time for a connection to open.
    pub const CONNECT: Duration = Duration::from_secs(1);
    /// Longest time for one attempt, the login included.
    pub const ATTEMPT: Duration = Duration::from_secs(3);

    /// One with the SDK's default credential chain: environment, profile, web identity (IRSA), ECS, EC2.
    /// `endpoint` replaces the region's own address.
    pub async fn from_env(endpoint: Option<&str>) -> Self {
        let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Self::CONNECT)
                    .read_timeout(Self::ATTEMPT)
                    .operation_attempt_timeout(Self::ATTEMPT)
                    .operation_timeout(Self::ATTEMPT)
                    .build(),
            );
        if let Some(endpoint) = endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        Self { client: Client::new(&loader.load().await) }
    }

    /// One that uses a client made elsewhere. Its time limits should be as short as [`Self::ATTEMPT`], its retries off.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    async fn one(&self, secret: &SecretRef) -> Result<Fetched, Fault> {
        let call = self.client.get_secret_value().secret_id(secret.path().as_str());
        // The stage is always named: one emulator answers with an older version where it is not.
        let call = match secret.version() {
            VersionSelector::Current => call.version_stage(CURRENT),
            VersionSelector::Previous => call.version_stage(PREVIOUS),
            VersionSelector::Stage(stage) => call.version_stage(&**stage),
            VersionSelector::Exact(version) => call.version_id(version.as_str()),
        };
        let answer = call.send().await.map_err(fault)?;
        let version = answer.version_id.unwrap_or_default();
        fetched(answer.secret_string, answer.secret_binary, version, answer.created_date)
    }

    async fn batch(&self, secrets: &[SecretRef]) -> Result<Vec<Result<Fetched, Fault>>, Fault> {
        let ids = secrets.iter().map(|s| s.path().as_str().to_owned()).collect();
        let answer =
            self.client.batch_get_secret_value().set_secret_id_list(Some(ids)).send().await.map_err(fault)?;
        let mut found: Vec<_> = answer.secret_values.unwrap_or_default();
        let errors = answer.errors.unwrap_or_default();
        let one = |secret: &SecretRef| {
            let path = secret.path().as_str();
            let named = |name: &Option<String>, arn: &Option<String>| {
                name.as_deref() == Some(path) || arn.as_deref() == Some(path)
            };
            if let Some(i) = found.iter().position(|v| named(&v.name, &v.arn)) {
                let value = found.swap_remove(i);
                let version = value.version_id.unwrap_or_default();
                return fetched(value.secret_string, value.secret_binary, version, value.created_date);
            }
            let code = errors
                .iter()
                .find(|e| e.secret_id.as_deref() == Some(path))
                .and_then(|e| e.error_code.as_deref());
            Err(code
                .map_or(Fault::new(FaultKind::NotFound), |code| Fault::new(kind(code, None)).with_code(code)))
        };
        Ok(secrets.iter().map(one).collect())
    }

    async fn names(&self, prefix: Option<&SecretPath>) -> Result<Vec<SecretPath>, Fault> {
        let filter =
            prefix.map(|p| Filter::builder().key(FilterNameStringType::Name).values(p.as_str()).build());
        let mut pages =
            self.client.list_secrets().set_filters(filter.map(|f| vec![f])).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let entries = page.map_err(fault)?.secret_list.unwrap_or_default();
            let found = entries.into_iter().filter_map(|entry| entry.name);
            // The filter also matches words inside a name.
            let wanted = found.filter(|name| prefix.is_none_or(|p| name.starts_with(p.as_str())));
            names.extend(wanted.filter_map(|name| SecretPath::parse(&name).ok()));
        }
        names.sort();
        Ok(names)
    }

    /// Every version that is or was in force, those without a stage included. What AWS has dropped it does not tell.
    async fn known_versions(&self, path: &SecretPath) -> Result<History, Fault> {
        let call = self.client.list_secret_version_ids().secret_id(path.as_str()).include_deprecated(true);
        let mut pages = call.into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            for entry in page.map_err(fault)?.versions.unwrap_or_default() {
                let stages = entry.version_stages.unwrap_or_default();
                let is = |name: &str| stages.iter().any(|stage| stage == name);
                if is(PENDING) && !is(CURRENT) {
                    continue;
                }
                let made = entry.created_date.map(|t| (t.secs(), t.subsec_nanos()));
                versions.extend(entry.version_id.map(|id| (is(CURRENT), made, id)));
            }
        }
        // A version may come into force again long after it was made.
        versions.sort_by_key(|(current, made, _)| std::cmp::Reverse((*current, *made)));
        let known = |(_, _, id)| KnownVersion { version: Version::new(id), standing: VersionStanding::Kept };
        Ok(History { versions: versions.into_iter().map(known).collect(), dropped: 0 })
    }

    async fn stage_version(&self, secret: &SecretRef) -> Result<Version, Fault> {
        let stage = match secret.version() {
            VersionSelector::Exact(version) => return Ok(version.clone()),
            VersionSelector::Current => CURRENT,
            VersionSelector::Previous => PREVIOUS,
            VersionSelector::Stage(stage) => stage,
        };
        let versions = self.stages(secret.path()).await?;
        let id = holder(&versions, stage);
        id.map(Version::new).ok_or(Fault::new(FaultKind::NotFound).with_detail("no version has this stage"))
    }

    /// The stages of each version.
    async fn stages(&self, path: &SecretPath) -> Result<HashMap<String, Vec<String>>, Fault> {
        let answer = self.client.describe_secret().secret_id(path.as_str()).send().await.map_err(fault)?;
        if answer.deleted_date.is_some() {
            return Err(Fault::new(FaultKind::Deleted));
        }
        Ok(answer.version_ids_to_stages.unwrap_or_default())
    }
}

/// The version that holds `stage`.
fn holder<'v>(versions: &'v HashMap<String, Vec<String>>, stage: &str) -> Option<&'v str> {
    let holds = |stages: &Vec<String>| stages.iter().any(|s| s == stage);
    versions.iter().find(|(_, stages)| holds(stages)).map(|(id, _)| id.as_str())
}

impl std::fmt::Debug for AwsProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AwsProvider")
    }
}

impl SecretProvider for AwsProvider {
    fn name(&self) -> &str {
        "aws"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PLAIN.with_versions().with_list().with_version_check().with_batch(BATCH)
    }

    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched> {
        Box::pin(self.one(secret))
    }

    fn fetch_many<'a>(&'a self, secrets: &'a [SecretRef]) -> Answer<'a, Vec<Result<Fetched, Fault>>> {
        Box::pin(async move {
            let current = secrets.iter().all(|s| matches!(s.version(), VersionSelector::Current));
            if current && secrets.len() > 1 && secrets.len() <= BATCH {
                match self.batch(secrets).await {
                    // One secret without a current version spoils the whole call with some servers.
                    Err(fault) if fault.kind() == FaultKind::Invalid || fault.kind().is_absence() => {}
                    answer => return answer,
                }
            }
            let mut all = Vec::with_capacity(secrets.len());
            for secret in secrets {
                all.push(self.one(secret).await);
            }
            Ok(all)
        })
    }

    fn list<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Vec<SecretPath>> {
        Box::pin(self.names(prefix))
    }

    fn version<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Version> {
        Box::pin(self.stage_version(secret))
    }

    fn history<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, History> {
        Box::pin(self.known_versions(path))
    }

    fn keeper(&self) -> Option<&dyn SecretKeeper> {
        Some(self)
    }
}

impl SecretKeeper for AwsProvider {
    fn means<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, Means> {
        Box::pin(async move {
            let answer =
                self.client.describe_secret().secret_id(path.as_str()).send().await.map_err(fault)?;
            // Secrets that a service of AWS manages turn without a function of the user's.
            let turns = answer.rotation_lambda_arn.is_some() || answer.rotation_enabled == Some(true);
            Ok(match turns {
                true => Means::Turn { call: "RotateSecret".to_owned(), read_at: Some(path.clone()) },
                false => Means::Value { staged_at: Some(PENDING.to_owned()) },
            })
        })
    }

    fn stage<'a>(&'a self, path: &'a SecretPath, token: &'a str, value: &'a Secret) -> Answer<'a, ()> {
        Box::pin(async move {
            let pending = SecretRef::new(path.clone(), VersionSelector::Stage(PENDING.into()));
            match self.stage_version(&pending).await {
                Ok(version) if version.as_str() != token => return Err(Fault::new(FaultKind::Conflict)),
                Err(fault) if fault.kind() != FaultKind::NotFound => return Err(fault),
                _ => {}
            }
            let call = self.client.put_secret_value().secret_id(path.as_str()).client_request_token(token);
            put_text(value, |text| call.clone().secret_string(text), |blob| call.clone().secret_binary(blob))
                .version_stages(PENDING)
                .send()
                .await
                .map_err(fault)
                .map(drop)
        })
    }

    fn staged<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, Option<Secret>> {
        Box::pin(async move {
            let exact = SecretRef::new(path.clone(), VersionSelector::Exact(Version::new(token)));
            match self.one(&exact).await {
                Ok(fetched) => Ok(Some(fetched.secret)),
                Err(fault) if fault.kind().is_absence() => Ok(None),
                Err(fault) => Err(fault),
            }
        })
    }

    fn discard<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let pending = SecretRef::new(path.clone(), VersionSelector::Stage(PENDING.into()));
            match self.stage_version(&pending).await {
                Ok(version) if version.as_str() == token => {}
                Ok(_) => return Ok(()),
                Err(fault) if fault.kind().is_absence() => return Ok(()),
                Err(fault) => return Err(fault),
            }
            let call = self.client.update_secret_version_stage().secret_id(path.as_str());
            call.version_stage(PENDING).remove_from_version_id(token).send().await.map_err(fault).map(drop)
        })
    }

    fn commit<'a>(
        &'a self,
        path: &'a SecretPath,
        token: &'a str,
        value: &'a Secret,
        after: &'a Version,
    ) -> Answer<'a, Version> {
        Box::pin(async move {
            let in_force = self.stage_version(&SecretRef::current(path.clone())).await?;
            if in_force != *after {
                return Err(Fault::new(FaultKind::Conflict));
            }
            // What was not staged is stored first; it comes into force by one move.
            if self.staged(path, token).await?.is_none() {
                self.stage(path, token, value).await?;
            }
            let call = self.client.update_secret_version_stage().secret_id(path.as_str());
            let call = call.version_stage(CURRENT).move_to_version_id(token);
            call.remove_from_version_id(after.as_str()).send().await.map_err(fault)?;
            Ok(Version::new(token))
        })
    }

    fn turn<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let call = self.client.rotate_secret().secret_id(path.as_str()).client_request_token(token);
            let Err(refusal) = call.send().await else { return Ok(()) };
            let refused = fault(refusal);
            if refused.code() != Some("InvalidRequestException") {
                return Err(refused);
            }
            // Refused while a rotation is under way: ours, if the process was cut off after it had begun it; it may
            // have ended since.
            let versions = self.stages(path).await?;
            let (pending, current) = (holder(&versions, PENDING), holder(&versions, CURRENT));
            if [pending, current].contains(&Some(token)) {
                return Ok(());
            }
            // AWS may leave the stage behind, on the version in force.
            match pending.is_none() || pending == current {
                true => Err(refused),
                false => Err(Fault::new(FaultKind::Conflict).with_detail("another rotation is under way")),
            }
        })
    }

    fn create<'a>(&'a self, path: &'a SecretPath, value: &'a Secret) -> Answer<'a, Version> {
        Box::pin(async move {
            let call = self.client.create_secret().name(path.as_str());
            let call = put_text(
                value,
                |text| call.clone().secret_string(text),
                |blob| call.clone().secret_binary(blob),
            );
            let answer = call.send().await.map_err(fault)?;
            Ok(Version::new(answer.version_id.unwrap_or_default()))
        })
    }
}

/// A value as text where it is text.
fn put_text<C>(value: &Secret, text: impl Fn(&str) -> C, binary: impl Fn(Blob) -> C) -> C {
    match value.expose_text() {
        // The reason to open it: it is to be stored.
        Ok(value) => text(value),
        Err(_) => binary(Blob::new(value.expose())),
    }
}

fn fetched(
    text: Option<String>,
    binary: Option<Blob>,
    version: String,
    created: Option<DateTime>,
) -> Result<Fetched, Fault> {
    let secret = match (text, binary) {
        (Some(text), _) => Secret::from_string(text),
        (None, Some(binary)) => Secret::from_vec(binary.into_inner()),
        (None, None) => return Err(Fault::new(FaultKind::Invalid).with_detail("the answer holds no value")),
    };
    let fetched = Fetched::new(secret, Version::new(version));
    Ok(match created.and_then(|t| SystemTime::try_from(t).ok()) {
        Some(time) => fetched.with_created(time),
        None => fetched,
    })
}

/// Decides by AWS's own code, never by HTTP status: emulators disagree on the latter.
fn fault<E: ProvideErrorMetadata>(error: SdkError<E>) -> Fault {
    let found = match &error {
        SdkError::TimeoutError(_) => Fault::new(FaultKind::Transient).with_detail("no answer in time"),
        SdkError::DispatchFailure(cause) if cause.is_timeout() || cause.is_io() => {
            Fault::new(FaultKind::Transient)
        }
        SdkError::DispatchFailure(_) => {
            Fault::new(FaultKind::Auth).with_detail("no credentials, or no connection")
        }
        SdkError::ConstructionFailure(_) => {
            Fault::new(FaultKind::Invalid).with_detail("the request cannot be made")
        }
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            match error.code() {
                Some(code) => Fault::new(kind(code, error.message())).with_code(code),
                None if status >= 500 => Fault::new(FaultKind::Transient).with_code(status),
                None => Fault::new(FaultKind::Invalid).with_code(status),
            }
        }
        _ => Fault::new(FaultKind::Invalid).with_detail("the answer cannot be read"),
    };
    let id = error.raw_response().and_then(|raw| raw.headers().get("x-amzn-requestid")).unwrap_or_default();
    found.with_request_id(id)
}

fn kind(code: &str, message: Option<&str>) -> FaultKind {
    match code {
        "ResourceNotFoundException" | "ResourceNotFound" => FaultKind::NotFound,
        // Sent for secrets that wait for their deletion, and for much else.
        "InvalidRequestException" if message.is_some_and(|m| m.contains("delet")) => FaultKind::Deleted,
        "ResourceExistsException" => FaultKind::Conflict,
        "AccessDeniedException" | "AccessDenied" => FaultKind::Denied,
        "DecryptionFailure" | "EncryptionFailure" => FaultKind::Backend,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "LimitExceededException"
        | "RequestLimitExceeded" => FaultKind::Throttled,
        "InternalServiceError"
        | "InternalServiceErrorException"
        | "InternalFailure"
        | "ServiceUnavailable" => FaultKind::Transient,
        "ExpiredTokenException"
        | "ExpiredToken"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
        | "InvalidAccessKeyId" => FaultKind::Auth,
        _ => FaultKind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_what_to_do() {
        assert_eq!(kind("ResourceNotFoundException", None), FaultKind::NotFound);
        assert_eq!(kind("InvalidRequestException", Some("it was marked for deletion")), FaultKind::Deleted);
        assert_eq!(kind("InvalidRequestException", Some("no such stage")), FaultKind::Invalid);
        assert_eq!(kind("ThrottlingException", None), FaultKind::Throttled);
        assert_eq!(kind("ExpiredTokenException", None), FaultKind::Auth);
        assert_eq!(kind("SomethingNew", None), FaultKind::Invalid);
    }

    #[test]
    fn an_answer_without_a_value_is_refused() {
        let fault = fetched(None, None, "v".to_owned(), None).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
    }
}
