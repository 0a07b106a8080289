//! Changes to files that belong together: shown as one diff, written all or none.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Failure;
use super::replace::replace;

/// Changes to files of one folder, not yet made.
#[derive(Debug)]
pub(super) struct Plan {
    folder: PathBuf,
    /// By path relative to the folder, `/` between parts.
    changes: BTreeMap<String, Change>,
}

#[derive(Debug)]
struct Change {
    /// `None`: there is no file.
    old: Option<Vec<u8>>,
    new: Vec<u8>,
}

impl Plan {
    /// No changes yet.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), changes: BTreeMap::new() }
    }

    /// The content of the file at `path` once the changes are made.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        if let Some(change) = self.changes.get(path) {
            return Ok(Some(change.new.clone()));
        }
        super::settings::from_folder(&self.folder)(path)
    }

    /// The same as text.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>, Failure> {
        let named = |cause: &str| Failure::new(format_args!("{path}: {cause}"));
        let bytes = self.read(path).map_err(|e| named(&e))?;
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| named("not UTF-8"))).transpose()
    }

    /// Puts `new` at `path`.
    pub(super) fn write(&mut self, path: &str, new: impl Into<Vec<u8>>) -> Result<(), Failure> {
        let old = self.changes.remove(path).map(|change| change.old);
        let old = match old {
            Some(old) => old,
            None => super::settings::from_folder(&self.folder)(path)
                .map_err(|e| Failure::new(format_args!("{path}: {e}")))?,
        };
        let new = new.into();
        if old.as_ref() != Some(&new) {
            self.changes.insert(path.to_owned(), Change { old, new });
        }
        Ok(())
    }

    /// The text of the file at `path` as it is before the changes.
    pub(super) fn before(&self, path: &str) -> Option<String> {
        let old = match self.changes.get(path) {
            Some(change) => change.old.clone(),
            None => super::settings::from_folder(&self.folder)(path).ok().flatten(),
        };
        old.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Leaves the file at `path` as it is.
    pub(super) fn forget(&mut self, path: &str) {
        self.changes.remove(path);
    }

    /// Whether nothing changes.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Paths of what changes.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.changes.keys().map(String::as_str)
    }

    /// The changes as one unified diff.
    pub(super) fn diff(&self) -> Result<String, Failure> {
        let mut text = Vec::new();
        for (path, Change { old, new }) in &self.changes {
            let (before, after) = (format!("a/{path}"), format!("b/{path}"));
            let before = if old.is_some() { &before } else { "/dev/null" };
            let old = old.as_deref().unwrap_or_default();
            let wrong = |e: git2::Error| Failure::new(format_args!("{path}: {}", e.message()));
            let mut patch = git2::Patch::from_buffers(old, None, new, None, None).map_err(wrong)?;
            let whole = patch.to_buf().map_err(wrong)?;
            let hunks = whole.windows(3).position(|at| at == b"\n@@").map_or(&b""[..], |at| &whole[at + 1..]);
            text.extend_from_slice(format!("--- {before}\n+++ {after}\n").as_bytes());
            text.extend_from_slice(hunks);
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Makes the changes. Where one cannot be made, those before it are taken back.
    pub(super) fn apply(&self) -> Result<(), Failure> {
        let mut made = Vec::new();
        for (path, change) in &self.changes {
            if let Err(cause) = change.make(&self.folder.join(path)) {
                let lost: Vec<_> = made
                    .into_iter()
                    .filter(|(path, change): &(&String, &Change)| {
                        change.take_back(&self.folder.join(path)).is_err()
                    })
                    .map(|(path, _)| path.clone())
                    .collect();
                let failure = Failure::new(format_args!("{path}: {cause}"));
                return Err(match &lost[..] {
                    [] => failure.help("nothing was changed"),
                    _ => failure.help(format_args!("changed and not taken back: {}", lost.join(", "))),
                });
            }
            made.push((path, change));
        }
        Ok(())
    }
}

impl Change {
    fn make(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // What the diff showed must still be so.
        let now = match fs::read(path) {
            Ok(now) => Some(now),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        if now != self.old {
            return Err(io::Error::other("the file has changed meanwhile"));
        }
        if fs::metadata(path).is_ok_and(|meta| meta.permissions().readonly()) {
            return Err(io::Error::other("the file is read-only"));
        }
        replace(path, &self.new)
    }

    fn take_back(&self, path: &Path) -> io::Result<()> {
        match &self.old {
            Some(old) => replace(path, old),
            None => fs::remove_file(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "one\n").unwrap();
        fs::write(folder.path().join("z"), "one\n").unwrap();
        let mut plan = Plan::new(folder.path());
        plan.write("a", "two\n").unwrap();
        plan.write("new/b", "b\n").unwrap();
        plan.write("z", "two\n").unwrap();
        let diff = plan.diff().unwrap();
        assert!(diff.contains("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+two\n"), "{diff}");
        assert!(diff.contains("--- /dev/null\n+++ b/new/b\n@@ -0,0 +1 @@\n+b\n"), "{diff}");
        fs::write(folder.path().join("z"), "meanwhile\n").unwrap();
        assert!(plan.apply().is_err());
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"one\n");
        assert!(!folder.path().join("new/b").exists());
        fs::write(folder.path().join("z"), "one\n").unwrap();
        plan.apply().unwrap();
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"two\n");
    }

    #[test]
    fn what_stays_the_same_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "one\n").unwrap();
        let mut plan = Plan::new(folder.path());
        plan.write("a", "two\n").unwrap();
        plan.write("a", "one\n").unwrap();
        assert!(plan.is_empty());
    }
}
