//! Secrets from files, with Kubernetes mounts imitated as the kubelet makes them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use leakward_fetcher::provider::file::FileProvider;
use leakward_fetcher::{Fault, FaultKind, Fetched, SecretProvider, SecretsManager};

use crate::rig::current;

/// A version of a mount: a hidden folder with the files, put in force by renaming the `..data` link.
fn mount(folder: &Path, version: &str, files: &[(&str, &str)]) {
    let hidden = folder.join(format!("..{version}"));
    fs::create_dir_all(&hidden).unwrap();
    for (name, value) in files {
        fs::write(hidden.join(name), value).unwrap();
        let link = folder.join(name);
        if !link.is_symlink() {
            symlink(Path::new("..data").join(name), link).unwrap();
        }
    }
    let (new, data) = (folder.join("..data_tmp"), folder.join("..data"));
    let old = fs::read_link(&data);
    symlink(format!("..{version}"), &new).unwrap();
    fs::rename(&new, &data).unwrap();
    if let Ok(old) = old {
        fs::remove_dir_all(folder.join(old)).unwrap();
    }
}

async fn fetch(root: &Path, path: &str) -> Result<Fetched, Fault> {
    FileProvider::new(root).fetch(&current(path)).await
}

async fn kind(root: &Path, path: &str) -> FaultKind {
    fetch(root, path).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_file_is_a_value_and_a_folder_is_an_object() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("db");
    fs::create_dir(&folder).unwrap();
    mount(&folder, "1", &[("user", "app"), ("password", "p\"w\n"), ("tls.crt", "pem")]);
    assert_eq!(fetch(root.path(), "db/user").await.unwrap().secret.expose(), b"app");
    let whole = fetch(root.path(), "db").await.unwrap().secret;
    assert_eq!(whole.field_names(), ["password", "tls.crt", "user"]);
    assert_eq!(whole.field("password").unwrap().expose(), b"p\"w\n");
    let trimmed = FileProvider::new(root.path()).trimming().fetch(&current("db/password")).await.unwrap();
    assert_eq!(trimmed.secret.expose(), b"p\"w");
}

#[tokio::test]
async fn what_is_absent_binary_too_large_or_outside_is_told_apart() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("other"), "x").unwrap();
    symlink(outside.path().join("other"), root.path().join("link")).unwrap();
    symlink("nowhere", root.path().join("dangling")).unwrap();
    fs::create_dir(root.path().join("bin")).unwrap();
    fs::write(root.path().join("bin/key"), [0xff, 0, 1]).unwrap();
    fs::File::create(root.path().join("large")).unwrap().set_len(17 << 20).unwrap();
    assert_eq!(kind(root.path(), "absent").await, FaultKind::NotFound);
    assert_eq!(kind(root.path(), "dangling").await, FaultKind::NotFound);
    assert_eq!(kind(root.path(), "link").await, FaultKind::Denied);
    assert_eq!(kind(root.path(), "bin").await, FaultKind::Invalid);
    assert_eq!(kind(root.path(), "large").await, FaultKind::Invalid);
    assert_eq!(fetch(root.path(), "bin/key").await.unwrap().secret.expose(), [0xff, 0, 1]);
    assert_eq!(kind(&root.path().join("no/such/root"), "a").await, FaultKind::NotFound);
}

#[tokio::test]
async fn the_version_changes_with_the_value_and_only_with_it() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("key"), "one").unwrap();
    let first = fetch(root.path(), "key").await.unwrap().version;
    fs::write(root.path().join("key"), "one").unwrap();
    assert_eq!(fetch(root.path(), "key").await.unwrap().version, first);
    fs::write(root.path().join("key"), "two").unwrap();
    assert_ne!(fetch(root.path(), "key").await.unwrap().version, first);
}

#[tokio::test]
async fn paths_are_listed_without_the_machinery_of_the_mount() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["a", "b"] {
        fs::create_dir(root.path().join(folder)).unwrap();
        mount(&root.path().join(folder), "1", &[("user", "u"), ("password", "p")]);
    }
    let all = FileProvider::new(root.path()).list(None).await.unwrap();
    let all: Vec<_> = all.iter().map(|path| path.as_str()).collect();
    assert_eq!(all, ["a/password", "a/user", "b/password", "b/user"]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_swapped_mount_is_noticed_at_once() {
    let root = tempfile::tempdir().unwrap();
    mount(root.path(), "1", &[("user", "app_a"), ("password", "pa")]);
    let parent = root.path().parent().unwrap().to_owned();
    let name = root.path().file_name().unwrap().to_str().unwrap().to_owned();
    let manager = SecretsManager::new(FileProvider::new(parent)).unwrap();
    let folder = manager.secret_at(&name).unwrap();
    let mut watch = folder.watch();
    assert_eq!(watch.changed().await.unwrap().field("user").unwrap().expose(), b"app_a");
    for number in 2..5 {
        let user = format!("app_{number}");
        mount(root.path(), &number.to_string(), &[("user", &user), ("password", "p")]);
        // The policy's refresh is minutes away: only the kernel's word can bring this.
        let reading = watch.changed().await.unwrap();
        assert_eq!(reading.field("user").unwrap().expose(), user.as_bytes());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_removed_file_is_withdrawn_at_once() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("key"), "one").unwrap();
    let manager = SecretsManager::new(FileProvider::new(root.path())).unwrap();
    let mut events = manager.events();
    manager.read(&current("key")).await.unwrap();
    fs::remove_file(root.path().join("key")).unwrap();
    loop {
        let event = events.recv().await.unwrap();
        if matches!(event, leakward_fetcher::Event::Withdrawn { kind: FaultKind::NotFound, .. }) {
            break;
        }
    }
    assert!(manager.cached(&current("key")).is_none());
}
