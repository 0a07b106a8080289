//! Whether the file that a login takes its secret from is open to others. It is read all the same: what is
//! exposed already does not get safer by an outage. Whoever runs the service is warned, once for each file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How `file` is open to others, if it is.
#[cfg(unix)]
pub(super) fn exposed(file: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;
    let about = std::fs::metadata(file).ok()?;
    if about.mode() & 0o002 != 0 {
        return Some("everybody may write it");
    }
    if about.mode() & 0o004 != 0 && !is_projected(file) {
        return Some("everybody may read it");
    }
    let link = std::fs::symlink_metadata(file).ok().filter(|about| about.is_symlink());
    let outside = link.is_some() && !stays_below(file);
    outside.then_some("it is a symbolic link to a place elsewhere")
}

#[cfg(not(unix))]
pub(super) fn exposed(_: &Path) -> Option<&'static str> {
    None
}

/// Says so, the first time.
pub(super) fn warn_once(file: &Path, why: &'static str) {
    static TOLD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(file.to_owned()) {
        tracing::warn!(file = %file.display(), why, "the file with the token or secret id is open to others");
    }
}

/// Whether Kubernetes put it there: readable for all users of a container, which has one.
#[cfg(unix)]
fn is_projected(file: &Path) -> bool {
    file.parent().is_some_and(|folder| folder.join("..data").exists())
}

/// Whether the link's target lies below the folder of the link, as in a Kubernetes mount.
#[cfg(unix)]
fn stays_below(file: &Path) -> bool {
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    let target = file.canonicalize().ok();
    folder.zip(target).is_some_and(|(folder, target)| target.starts_with(folder))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "x").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        path
    }

    #[test]
    fn a_file_of_ones_own_is_not_exposed_and_a_world_readable_one_is() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(exposed(&file(folder.path(), "a", 0o600)), None);
        assert_eq!(exposed(&file(folder.path(), "b", 0o640)), None);
        assert_eq!(exposed(&file(folder.path(), "c", 0o644)), Some("everybody may read it"));
        assert_eq!(exposed(&file(folder.path(), "d", 0o622)), Some("everybody may write it"));
        assert_eq!(exposed(Path::new("/no/such/file")), None);
    }

    #[test]
    fn a_link_to_elsewhere_is_exposed_and_one_of_a_mount_is_not() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = file(elsewhere.path(), "t", 0o600);
        symlink(&target, folder.path().join("link")).unwrap();
        assert!(exposed(&folder.path().join("link")).is_some());
        fs::create_dir(folder.path().join("..2026")).unwrap();
        file(&folder.path().join("..2026"), "token", 0o644);
        symlink("..2026", folder.path().join("..data")).unwrap();
        symlink("..data/token", folder.path().join("token")).unwrap();
        assert_eq!(exposed(&folder.path().join("token")), None);
    }
}
