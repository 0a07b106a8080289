//! Secrets from files: Kubernetes secret mounts, the output of an agent, a developer's folder.

mod folder;
#[cfg(target_os = "linux")]
mod notify;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use self::folder::Found;
use super::{Answer, Capabilities, ChangeListener, Fault, FaultKind, Fetched, SecretProvider};
use crate::secret::{Secret, SecretPath, SecretRef, Version, VersionSelector};

/// Largest file that is read, in bytes. Source: Kubernetes limits a secret to 1 MiB; this is room to spare.
const MAX_SIZE: u64 = 16 << 20;

/// Reads `db/password` from `<root>/db/password`. A folder (a whole Kubernetes secret) is read as a JSON
/// object with a field for each file in it, all from the same version of the mount.
///
/// On Linux a change of a file, or of the `..data` link by which Kubernetes swaps a whole mount, is noticed
/// at once; elsewhere it is seen at the next refresh.
#[derive(Clone, Debug)]
pub struct FileProvider {
    root: PathBuf,
    trim: bool,
    #[cfg(target_os = "linux")]
    watcher: Arc<Mutex<Option<notify::Watcher>>>,
}

impl FileProvider {
    /// Reads below `root`; links that lead out of it are refused.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            trim: false,
            #[cfg(target_os = "linux")]
            watcher: Arc::default(),
        }
    }

    /// Takes one line break off the end of each value: editors add it, nobody means it.
    pub fn trimming(mut self) -> Self {
        self.trim = true;
        self
    }

    /// Asks to be told when what lies beside `place` changes.
    fn watch(&self, place: &Path) {
        #[cfg(target_os = "linux")]
        if let Some(watcher) = &mut *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) {
            watcher.add(place);
        }
    }
}

impl SecretProvider for FileProvider {
    fn name(&self) -> &str {
        "file"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PLAIN.with_list()
    }

    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched> {
        Box::pin(async move {
            if *secret.version() != VersionSelector::Current {
                return Err(Fault::new(FaultKind::Unsupported).with_detail("files have no versions"));
            }
            // Before reading, so that a change in between is not missed.
            self.watch(&self.root.join(secret.path().as_str()));
            let (root, path, trim) = (self.root.clone(), secret.path().clone(), self.trim);
            // A file may lie on a slow or dead network mount: not on the runtime's own threads.
            let read = tokio::task::spawn_blocking(move || folder::read(&root, &path, trim, MAX_SIZE));
            let Found { bytes, modified } = read.await.map_err(|_| Fault::new(FaultKind::Transient))??;
            let secret = Secret::from_vec(bytes);
            let version = Version::new(secret.tag().to_string());
            let fetched = Fetched::new(secret, version);
            Ok(match modified {
                Some(modified) => fetched.with_created(modified),
                None => fetched,
            })
        })
    }

    fn list<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Vec<SecretPath>> {
        Box::pin(async move {
            let (root, prefix) = (self.root.clone(), prefix.cloned());
            let list = tokio::task::spawn_blocking(move || folder::list(&root, prefix.as_ref()));
            list.await.map_err(|_| Fault::new(FaultKind::Transient))?
        })
    }

    fn listen(&self, listener: ChangeListener) {
        #[cfg(target_os = "linux")]
        {
            let started = notify::Watcher::start(listener);
            if started.is_none() {
                tracing::warn!(root = %self.root.display(), "files are not watched; changes show at the next refresh");
            }
            *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = started;
        }
        #[cfg(not(target_os = "linux"))]
        drop(listener);
    }
}
