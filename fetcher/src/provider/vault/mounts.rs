//! Which engine is mounted where. Looked up once for each mount.

use std::sync::{PoisonError, RwLock};

use super::VaultProvider;
use crate::provider::{Fault, FaultKind};
use crate::secret::{Json, SecretPath};

/// What is mounted at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Key/value without versions.
    Kv1,
    /// Key/value with versions.
    Kv2,
    /// Anything else: read as it is.
    Other,
}

/// A mount and the rest of a path below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located {
    /// Path of the mount, without a slash at the end.
    pub(super) mount: String,
    /// What is mounted there.
    pub(super) engine: Engine,
    /// The path below the mount.
    pub(super) rest: String,
}

/// Mounts seen so far, by path without a slash at the end.
#[derive(Debug, Default)]
pub(super) struct Mounts(RwLock<Vec<(String, Engine)>>);

impl Mounts {
    fn known(&self, path: &str) -> Option<Located> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let below = |mount: &str| path.strip_prefix(mount)?.strip_prefix('/').map(str::to_owned);
        let all = known.iter().filter_map(|(mount, engine)| {
            below(mount).map(|rest| Located { mount: mount.clone(), engine: *engine, rest })
        });
        all.max_by_key(|l| l.mount.len())
    }

    fn learn(&self, mount: &str, engine: Engine) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(m, _)| m != mount);
        known.push((mount.to_owned(), engine));
    }
}

impl VaultProvider {
    /// Whether something was seen to be mounted at `path`.
    pub(super) fn is_mount(&self, path: &str) -> bool {
        let known = self.mounts.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|(mount, _)| mount == path)
    }

    /// The mount that `path` lies in. Any token that may read a path may ask for it.
    pub(super) async fn locate(&self, path: &SecretPath) -> Result<Located, Fault> {
        let path = path.as_str();
        if let Some(located) = self.mounts.known(path) {
            return Ok(located);
        }
        let answer = match self.get(&format!("sys/internal/ui/mounts/{path}")).await {
            // An absent mount and one that the token may not see are answered alike; the path itself tells.
            Err(fault) if fault.kind() == FaultKind::Denied => {
                return Err(self.get(path).await.err().unwrap_or(fault));
            }
            Err(fault) if fault.kind() == FaultKind::NotFound => return Err(Fault::new(FaultKind::NoRoute)),
            answer => answer?,
        };
        let data = answer.data().ok_or(Fault::new(FaultKind::Invalid))?;
        let mount = data.plain_field("path");
        let mount = mount.trim_end_matches('/');
        if !path.strip_prefix(mount).is_some_and(|rest| rest.starts_with('/')) {
            return Err(Fault::new(FaultKind::NoRoute));
        }
        self.mounts.learn(mount, engine(data));
        self.mounts.known(path).ok_or(Fault::new(FaultKind::NoRoute))
    }

    /// Key/value mounts that the token may see.
    pub(super) async fn key_value_mounts(&self) -> Result<Vec<(String, Engine)>, Fault> {
        let answer = self.get("sys/internal/ui/mounts").await?;
        let secret = answer.data().and_then(|d| d.field("secret"));
        let mut mounts = Vec::new();
        for (path, mount) in secret.into_iter().flat_map(Json::entries) {
            let path = path.plain().unwrap_or_default();
            let path = path.trim_end_matches('/');
            let engine = engine(mount);
            if engine != Engine::Other {
                self.mounts.learn(path, engine);
                mounts.push((path.to_owned(), engine));
            }
        }
        mounts.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(mounts)
    }
}

fn engine(mount: Json<'_>) -> Engine {
    let kind = mount.plain_field("type");
    let version = mount.at("options.version").and_then(Json::plain).unwrap_or_default();
    match (kind.as_str(), version.as_str()) {
        ("kv" | "generic", "2") => Engine::Kv2,
        ("kv" | "generic" | "cubbyhole", _) => Engine::Kv1,
        _ => Engine::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_wins() {
        let mounts = Mounts::default();
        mounts.learn("team", Engine::Kv1);
        mounts.learn("team/secret", Engine::Kv2);
        let located = mounts.known("team/secret/db").unwrap();
        assert_eq!(
            (located.mount.as_str(), located.engine, located.rest.as_str()),
            ("team/secret", Engine::Kv2, "db")
        );
        assert_eq!(mounts.known("team/other").unwrap().engine, Engine::Kv1);
        assert_eq!(mounts.known("teams/x"), None);
    }
}
