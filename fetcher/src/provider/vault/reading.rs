//! Reading, listing and version checks, engine by engine.

use std::time::{Duration, SystemTime};

use super::answer::Envelope;
use super::mounts::{Engine, Located};
use super::{VaultProvider, no_stage};
use crate::http::{Buffer, Method};
use crate::provider::{
    Fault, FaultKind, Fetched, History, KnownVersion, Labels, Lease, Lifetime, Listing, VersionStanding,
};
use crate::secret::{Json, Secret, SecretPath, SecretRef, Version, VersionSelector};

/// How many earlier versions are looked at for the previous one that still exists.
const LOOK_BACK: u64 = 10;
/// How deep folders are listed.
const DEPTH: usize = 32;

impl VaultProvider {
    pub(super) async fn read(&self, secret: &SecretRef) -> Result<Fetched, Fault> {
        no_stage(secret.version())?;
        if let Some(body) = self.requests.get(secret.path()) {
            let mut buffer = Buffer::with_capacity(body.len());
            buffer.extend(body.as_bytes());
            let answer = self.call(Method::Post, secret.path().as_str(), Some(buffer)).await?;
            return self.lent(&answer);
        }
        let located = self.locate(secret.path()).await?;
        match located.engine {
            Engine::Kv2 => self.versioned(&located, secret.version()).await,
            Engine::Kv1 | Engine::Other if *secret.version() != VersionSelector::Current => {
                Err(Fault::new(FaultKind::Unsupported).with_detail("this engine keeps no versions"))
            }
            Engine::Kv1 => plain(&self.get(secret.path().as_str()).await?),
            Engine::Other => self.lent(&self.get(secret.path().as_str()).await?),
        }
    }

    async fn versioned(&self, located: &Located, version: &VersionSelector) -> Result<Fetched, Fault> {
        let Located { mount, rest, .. } = located;
        // Guides and other clients name the API's path; a secret that is really called `data/…` comes second.
        if let Some(logical) = rest.strip_prefix("data/") {
            match self.versioned_at(mount, logical, version).await {
                Err(fault) if fault.kind() == FaultKind::NotFound => {}
                answer => return answer,
            }
        }
        self.versioned_at(mount, rest, version).await
    }

    async fn versioned_at(
        &self,
        mount: &str,
        path: &str,
        version: &VersionSelector,
    ) -> Result<Fetched, Fault> {
        let base = format!("{mount}/data/{path}");
        match version {
            VersionSelector::Exact(version) => {
                let number: u64 = version.as_str().parse().map_err(|_| Fault::new(FaultKind::NotFound))?;
                versioned_value(&self.get(&format!("{base}?version={number}")).await?)
            }
            VersionSelector::Previous => {
                let current = self.current_number(mount, path).await?;
                for number in (1..current).rev().take(LOOK_BACK as usize) {
                    match self.get(&format!("{base}?version={number}")).await {
                        Ok(answer) => return versioned_value(&answer),
                        Err(fault) if fault.kind().is_absence() => {}
                        Err(fault) => return Err(fault),
                    }
                }
                Err(Fault::new(FaultKind::NotFound).with_detail("there is no earlier version"))
            }
            _ => versioned_value(&self.get(&base).await?),
        }
    }

    /// The number of the current version, even when that is deleted.
    async fn current_number(&self, mount: &str, path: &str) -> Result<u64, Fault> {
        let answer = self.get(&format!("{mount}/metadata/{path}")).await?;
        let number = answer.data().and_then(|d| d.field("current_version")).and_then(Json::unsigned);
        number.ok_or(Fault::new(FaultKind::Invalid).with_detail("the metadata name no version"))
    }

    pub(super) async fn current_version(&self, secret: &SecretRef) -> Result<Version, Fault> {
        no_stage(secret.version())?;
        let located = self.locate(secret.path()).await?;
        match (located.engine, secret.version()) {
            (_, VersionSelector::Exact(version)) => Ok(version.clone()),
            (Engine::Kv2, VersionSelector::Current) => {
                let rest = located.rest.strip_prefix("data/").unwrap_or(&located.rest);
                self.current_number(&located.mount, rest).await.map(|n| Version::new(n.to_string()))
            }
            _ => Err(Fault::new(FaultKind::Unsupported)),
        }
    }

    /// The versions that the metadata name.
    pub(super) async fn known_versions(&self, path: &SecretPath) -> Result<History, Fault> {
        let located = self.locate(path).await?;
        if located.engine != Engine::Kv2 {
            return Err(Fault::new(FaultKind::Unsupported).with_detail("this engine keeps no versions"));
        }
        let rest = located.rest.strip_prefix("data/").unwrap_or(&located.rest);
        let answer = self.get(&format!("{}/metadata/{rest}", located.mount)).await?;
        let versions = answer.data().and_then(|d| d.field("versions"));
        let versions = versions
            .ok_or(Fault::new(FaultKind::Invalid).with_detail("the metadata name no versions"))?
            .entries()
            .filter_map(|(number, about)| Some((number.plain()?.parse::<u64>().ok()?, standing(about))));
        let mut versions: Vec<_> = versions.collect();
        versions.sort_unstable_by_key(|version| std::cmp::Reverse(version.0));
        let dropped = versions.last().map_or(0, |(oldest, _)| oldest.saturating_sub(1));
        let known = |(number, standing): (u64, _)| KnownVersion {
            version: Version::new(number.to_string()),
            standing,
        };
        Ok(History { versions: versions.into_iter().map(known).collect(), dropped })
    }

    /// An answer of an engine that lends or makes: leases, static roles, certificates.
    fn lent(&self, answer: &Envelope) -> Result<Fetched, Fault> {
        let data =
            answer.data().ok_or(Fault::new(FaultKind::Invalid).with_detail("the answer holds no data"))?;
        let secret = Secret::copy_of(data.raw());
        let tag = secret.tag();
        if let Some(id) = answer.lease_id() {
            let version = Version::new(id.tag().to_string());
            let mut lease = Lease::new(id, Duration::from_secs(answer.lease_duration()));
            lease.renewable = answer.renewable();
            lease.login_left = self.login_left();
            return Ok(Fetched::new(secret, version).with_lifetime(Lifetime::Leased(lease)));
        }
        if let Some(ttl) = data.field("ttl").and_then(Json::unsigned) {
            let rotated = data.plain_field("last_vault_rotation");
            let version = if rotated.is_empty() { tag.to_string() } else { rotated };
            let lifetime = Lifetime::Rotates(Duration::from_secs(ttl));
            return Ok(Fetched::new(secret, Version::new(version)).with_lifetime(lifetime));
        }
        let fetched = Fetched::new(secret, Version::new(tag.to_string()));
        Ok(match data.field("expiration").and_then(Json::unsigned) {
            Some(seconds) => {
                fetched.with_lifetime(Lifetime::Until(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
            }
            None => fetched,
        })
    }

    /// The secrets below `prefix`; below every key/value mount that may be seen when there is none.
    pub(super) async fn surveyed(&self, prefix: Option<&SecretPath>) -> Result<Listing, Fault> {
        let mut listing = Listing::default();
        match prefix {
            Some(prefix) => {
                // A mount is a prefix too, and cannot be located as a path below one.
                let below =
                    SecretPath::parse(&format!("{prefix}/x")).map_err(|_| Fault::new(FaultKind::Invalid))?;
                let Located { mount, engine, rest } = self.locate(&below).await?;
                let folder = rest.strip_suffix('x').unwrap_or_default().to_owned();
                self.walk(&mount, engine, folder, &mut listing).await?;
            }
            None => {
                for (mount, engine) in self.key_value_mounts().await? {
                    self.walk(&mount, engine, String::new(), &mut listing).await?;
                }
            }
        }
        listing.paths.sort();
        listing.paths.dedup();
        Ok(listing)
    }

    /// The same, for callers who want all or nothing.
    pub(super) async fn paths(&self, prefix: Option<&SecretPath>) -> Result<Vec<SecretPath>, Fault> {
        let Listing { paths, closed } = self.surveyed(prefix).await?;
        // Without a prefix: a mount that may be seen but not listed is no reason to lose the others.
        let whole_mount = |(folder, fault): &(String, Fault)| {
            prefix.is_none()
                && fault.kind() == FaultKind::Denied
                && self.is_mount(folder.trim_end_matches('/'))
        };
        match closed.into_iter().find(|closed| !whole_mount(closed)) {
            Some((_, fault)) => Err(fault),
            None => Ok(paths),
        }
    }

    /// Appends the secrets below `folder`, which is empty or ends with a slash.
    async fn walk(
        &self,
        mount: &str,
        engine: Engine,
        folder: String,
        listing: &mut Listing,
    ) -> Result<(), Fault> {
        let middle = match engine {
            Engine::Kv2 => "metadata/",
            Engine::Kv1 => "",
            Engine::Other => {
                return Err(Fault::new(FaultKind::Unsupported).with_detail("this engine lists no secrets"));
            }
        };
        let mut left = vec![(folder, 0)];
        while let Some((folder, depth)) = left.pop() {
            let answer = match self.get(&format!("{mount}/{middle}{folder}?list=true")).await {
                Ok(answer) => answer,
                Err(fault) if fault.kind() == FaultKind::NotFound => continue,
                Err(fault) => {
                    listing.closed.push((format!("{mount}/{folder}"), fault));
                    continue;
                }
            };
            let keys = answer.data().and_then(|d| d.field("keys"));
            for key in keys.into_iter().flat_map(Json::items).filter_map(Json::plain) {
                match key.strip_suffix('/') {
                    Some(_) if depth < DEPTH => left.push((format!("{folder}{key}"), depth + 1)),
                    Some(_) => {
                        let fault = Fault::new(FaultKind::Invalid).with_detail("folders are nested too deep");
                        listing.closed.push((format!("{mount}/{folder}{key}"), fault));
                    }
                    None => listing.paths.extend(SecretPath::parse(&format!("{mount}/{folder}{key}")).ok()),
                }
            }
        }
        Ok(())
    }
}

/// An answer of the engine with versions.
fn versioned_value(answer: &Envelope) -> Result<Fetched, Fault> {
    let missing = || Fault::new(FaultKind::Invalid).with_detail("the answer holds no versioned data");
    let data = answer.data().ok_or_else(missing)?;
    let value = data.field("data").ok_or_else(missing)?;
    let number = data.at("metadata.version").and_then(Json::unsigned).ok_or_else(missing)?;
    let created = data.at("metadata.created_time").and_then(Json::plain).and_then(|t| time(&t));
    let notes = data.at("metadata.custom_metadata");
    let labels: Labels = notes
        .into_iter()
        .flat_map(Json::entries)
        .filter_map(|(name, value)| Some((name.plain()?, value.plain()?)))
        .collect();
    let fetched = Fetched::new(Secret::copy_of(value.raw()), Version::new(number.to_string()));
    let fetched = fetched.with_labels(labels);
    Ok(match created {
        Some(created) => fetched.with_created(created),
        None => fetched,
    })
}

/// Whether a version can be read, by its metadata. A time of deletion may lie in the future.
fn standing(about: Json<'_>) -> VersionStanding {
    if about.field("destroyed").and_then(Json::bool).unwrap_or_default() {
        return VersionStanding::Destroyed;
    }
    match time(&about.plain_field("deletion_time")) {
        Some(at) if at <= SystemTime::now() => VersionStanding::Deleted,
        _ => VersionStanding::Kept,
    }
}

/// An answer of the engine without versions. Its `lease_duration` is a wish of whoever wrote the value.
fn plain(answer: &Envelope) -> Result<Fetched, Fault> {
    let data = answer.data().ok_or(Fault::new(FaultKind::Invalid).with_detail("the answer holds no data"))?;
    let secret = Secret::copy_of(data.raw());
    let version = Version::new(secret.tag().to_string());
    let wished = ["ttl", "lease"].iter().any(|name| data.field(name).is_some());
    let fetched = Fetched::new(secret, version);
    Ok(match answer.lease_duration() {
        seconds if wished && seconds > 0 => {
            fetched.with_lifetime(Lifetime::Hint(Duration::from_secs(seconds)))
        }
        _ => fetched,
    })
}

fn time(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_times_are_read() {
        let seconds = |t: &str| time(t).unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(seconds("1970-01-01T00:00:00Z"), 0);
        assert_eq!(seconds("2000-02-29T12:00:00.5Z"), 951_825_600);
        assert_eq!(seconds("2026-11-23T01:02:03.123456789Z"), 1_795_395_723);
        assert_eq!(time("yesterday"), None);
    }
}
