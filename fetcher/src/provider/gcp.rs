//! Google Secret Manager, through the official client.
//!
//! Login is the client's: application default credentials (workload identity federation, metadata server, service
//! account file). The checksum that comes with every value is checked here. The client's `Debug` prints payloads,
//! so none of its types is ever printed.

use std::time::Duration;

use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::options::RequestOptionsBuilder as _;
use google_cloud_gax::paginator::ItemPaginator as _;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use google_cloud_secretmanager_v1::model::replication::Automatic;
use google_cloud_secretmanager_v1::model::secret_version::State;
use google_cloud_secretmanager_v1::model::{Replication, Secret as Named, SecretPayload};

use super::{
    Answer, Capabilities, Fault, FaultKind, Fetched, History, KnownVersion, Means, SecretKeeper,
    SecretProvider, VersionStanding,
};
use crate::secret::{Secret, SecretPath, SecretRef, Version, VersionSelector};

/// Most copies of one value, in plain or in base64, that the SDK leaves in freed memory after a read; counted without TLS by
/// `tests/cloud/copies.rs`.
/// [`WipingAllocator`](crate::wipe::WipingAllocator) wipes them.
pub const SDK_COPIES: usize = 2;

/// Google Secret Manager in one project. A path is a secret's name, or its full name `projects/P/secrets/S`.
pub struct GcpProvider {
    client: SecretManagerService,
    project: String,
}

impl GcpProvider {
    /// Longest time for one attempt.
    pub const ATTEMPT: Duration = Duration::from_secs(3);

    /// One with application default credentials. `endpoint` replaces Google's own address; `anonymous` sends no
    /// login, for emulators.
    ///
    /// # Errors
    /// There are no credentials, or the address is none.
    pub async fn new(project: &str, endpoint: Option<&str>, anonymous: bool) -> Result<Self, Fault> {
        let mut builder =
            SecretManagerService::builder().with_attempt_timeout(Self::ATTEMPT).with_retry_policy(NeverRetry);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if anonymous {
            builder =
                builder.with_credentials(google_cloud_auth::credentials::anonymous::Builder::new().build());
        }
        let failed = |_| Fault::new(FaultKind::Auth).with_detail("no usable credentials for Google");
        Ok(Self { client: builder.build().await.map_err(failed)?, project: project.to_owned() })
    }

    /// The full name of the secret at `path`.
    fn full_name(&self, path: &SecretPath) -> String {
        match path.as_str() {
            full if full.starts_with("projects/") => full.to_owned(),
            name => format!("projects/{}/secrets/{name}", self.project),
        }
    }

    async fn value(&self, secret: &SecretRef) -> Result<Fetched, Fault> {
        let parent = self.full_name(secret.path());
        let selected = match secret.version() {
            VersionSelector::Current => "latest".to_owned(),
            VersionSelector::Exact(version) => version.as_str().to_owned(),
            VersionSelector::Stage(alias) => alias.to_string(),
            VersionSelector::Previous => self.previous(&parent).await?,
        };
        let name = format!("{parent}/versions/{selected}");
        let answer =
            self.client.access_secret_version().set_name(name).with_attempt_timeout(Self::ATTEMPT).send();
        let answer = answer.await.map_err(|e| fault(&e))?;
        let payload =
            answer.payload.ok_or(Fault::new(FaultKind::Invalid).with_detail("the answer holds no value"))?;
        let secret = Secret::copy_of(&payload.data);
        // The reason to open it: Google asks to check what arrived against the sum that came with it.
        let sum = i64::from(crc32c::crc32c(secret.expose()));
        if payload.data_crc32c.is_some_and(|expected| expected != sum) {
            return Err(Fault::new(FaultKind::Transient).with_detail("the value does not match its checksum"));
        }
        Ok(Fetched::new(secret, Version::new(last_segment(&answer.name))))
    }

    /// Every version and its state, newest first.
    async fn states(&self, parent: &str) -> Result<Vec<(u64, State)>, Fault> {
        let mut items = self.client.list_secret_versions().set_parent(parent).by_item();
        let mut all = Vec::new();
        while let Some(version) = items.next().await {
            let version = version.map_err(|e| fault(&e))?;
            let number = last_segment(&version.name).parse::<u64>();
            all.extend(number.map(|number| (number, version.state)));
        }
        all.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        Ok(all)
    }

    /// The newest enabled version before the latest one.
    async fn previous(&self, parent: &str) -> Result<String, Fault> {
        let all = self.states(parent).await?;
        let enabled = all.into_iter().filter(|(_, state)| *state == State::Enabled);
        let previous = enabled.map(|(number, _)| number.to_string()).nth(1);
        previous.ok_or(Fault::new(FaultKind::NotFound).with_detail("there is no earlier enabled version"))
    }

    async fn names(&self, prefix: Option<&SecretPath>) -> Result<Vec<SecretPath>, Fault> {
        let parent = format!("projects/{}", self.project);
        let mut items = self.client.list_secrets().set_parent(parent).by_item();
        let mut names = Vec::new();
        while let Some(secret) = items.next().await {
            let name = secret.map_err(|e| fault(&e))?.name;
            let name = last_segment(&name);
            if prefix.is_none_or(|p| name.starts_with(p.as_str())) {
                names.extend(SecretPath::parse(name).ok());
            }
        }
        names.sort();
        Ok(names)
    }

    async fn number(&self, secret: &SecretRef) -> Result<Version, Fault> {
        let parent = self.full_name(secret.path());
        let selected = match secret.version() {
            VersionSelector::Current => "latest".to_owned(),
            VersionSelector::Exact(version) => version.as_str().to_owned(),
            VersionSelector::Stage(alias) => alias.to_string(),
            VersionSelector::Previous => self.previous(&parent).await?,
        };
        let name = format!("{parent}/versions/{selected}");
        let version = self.client.get_secret_version().set_name(name).send().await.map_err(|e| fault(&e))?;
        match version.state {
            State::Enabled => Ok(Version::new(last_segment(&version.name))),
            _ => Err(Fault::new(FaultKind::Disabled)),
        }
    }
}

impl std::fmt::Debug for GcpProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GcpProvider").field("project", &self.project).finish_non_exhaustive()
    }
}

impl SecretProvider for GcpProvider {
    fn name(&self) -> &str {
        "gcp"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PLAIN.with_versions().with_list().with_version_check()
    }

    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched> {
        Box::pin(self.value(secret))
    }

    fn list<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Vec<SecretPath>> {
        Box::pin(self.names(prefix))
    }

    fn version<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Version> {
        Box::pin(self.number(secret))
    }

    fn history<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, History> {
        Box::pin(async move {
            let known = |(number, state): (u64, State)| KnownVersion {
                version: Version::new(number.to_string()),
                standing: match state {
                    State::Enabled => VersionStanding::Kept,
                    State::Destroyed => VersionStanding::Destroyed,
                    _ => VersionStanding::Disabled,
                },
            };
            let all = self.states(&self.full_name(path)).await?;
            Ok(History { versions: all.into_iter().map(known).collect(), dropped: 0 })
        })
    }

    fn keeper(&self) -> Option<&dyn SecretKeeper> {
        Some(self)
    }
}

impl GcpProvider {
    /// Adds a version to the secret with this full name; it is the latest at once.
    async fn add(&self, parent: &str, value: &Secret) -> Result<Version, Fault> {
        // The reason to open it: it is to be stored, with the sum by which Google checks what arrived.
        let bytes = value.expose();
        let sum = i64::from(crc32c::crc32c(bytes));
        let payload = SecretPayload::new().set_data(bytes.to_vec()).set_data_crc32c(sum);
        let call = self.client.add_secret_version().set_parent(parent).set_payload(payload);
        let answer = call.with_attempt_timeout(Self::ATTEMPT).send().await.map_err(|e| fault(&e))?;
        Ok(Version::new(last_segment(&answer.name)))
    }
}

/// Secret Manager has neither stages nor conditions: what is in force is looked at just before a value is stored.
impl SecretKeeper for GcpProvider {
    fn means<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, Means> {
        let _ = path;
        Box::pin(async { Ok(Means::Value { staged_at: None }) })
    }

    fn commit<'a>(
        &'a self,
        path: &'a SecretPath,
        _token: &'a str,
        value: &'a Secret,
        after: &'a Version,
    ) -> Answer<'a, Version> {
        Box::pin(async move {
            if self.number(&SecretRef::current(path.clone())).await? != *after {
                return Err(Fault::new(FaultKind::Conflict));
            }
            self.add(&self.full_name(path), value).await
        })
    }

    fn create<'a>(&'a self, path: &'a SecretPath, value: &'a Secret) -> Answer<'a, Version> {
        Box::pin(async move {
            let full = self.full_name(path);
            let (parent, id) = full.rsplit_once("/secrets/").ok_or(Fault::new(FaultKind::Invalid))?;
            let new = Named::new().set_replication(Replication::new().set_automatic(Automatic::new()));
            let call = self.client.create_secret().set_parent(parent).set_secret_id(id).set_secret(new);
            call.with_attempt_timeout(Self::ATTEMPT).send().await.map_err(|e| fault(&e))?;
            self.add(&full, value).await
        })
    }

    fn destroy<'a>(&'a self, path: &'a SecretPath, version: &'a Version) -> Answer<'a, ()> {
        Box::pin(async move {
            let name = format!("{}/versions/{}", self.full_name(path), version.as_str());
            let call = self.client.destroy_secret_version().set_name(name);
            call.with_attempt_timeout(Self::ATTEMPT).send().await.map_err(|e| fault(&e)).map(drop)
        })
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn fault(error: &Error) -> Fault {
    if error.is_authentication() {
        return Fault::new(FaultKind::Auth);
    }
    if error.is_timeout() || error.is_io() || error.is_connect() || error.is_exhausted() {
        return Fault::new(FaultKind::Transient).with_detail("no answer in time");
    }
    if let Some(status) = error.status() {
        return Fault::new(kind(status.code)).with_code(status.code.name());
    }
    match error.http_status_code() {
        Some(status) => Fault::new(kind_of_status(status)).with_code(status),
        None => Fault::new(FaultKind::Invalid).with_detail("the answer cannot be read"),
    }
}

fn kind(code: Code) -> FaultKind {
    match code {
        Code::NotFound => FaultKind::NotFound,
        Code::AlreadyExists => FaultKind::Conflict,
        Code::FailedPrecondition => FaultKind::Disabled,
        Code::PermissionDenied => FaultKind::Denied,
        Code::Unauthenticated => FaultKind::Auth,
        Code::ResourceExhausted => FaultKind::Throttled,
        Code::Unavailable | Code::Internal | Code::DeadlineExceeded | Code::Aborted | Code::Unknown => {
            FaultKind::Transient
        }
        _ => FaultKind::Invalid,
    }
}

/// For answers that do not come from the service itself: a proxy, a load balancer.
fn kind_of_status(status: u16) -> FaultKind {
    match status {
        401 => FaultKind::Auth,
        403 => FaultKind::Denied,
        429 => FaultKind::Throttled,
        500.. => FaultKind::Transient,
        _ => FaultKind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disabled_version_is_not_an_absent_one() {
        assert_eq!(kind(Code::FailedPrecondition), FaultKind::Disabled);
        assert_eq!(kind(Code::NotFound), FaultKind::NotFound);
        assert_eq!(kind(Code::ResourceExhausted), FaultKind::Throttled);
        assert_eq!(kind_of_status(502), FaultKind::Transient);
    }

    #[test]
    fn a_name_ends_with_its_number() {
        assert_eq!(last_segment("projects/p/secrets/s/versions/7"), "7");
    }
}
