//! The folder that reported paths are relative to.

use std::io;
use std::path::{Path, PathBuf};

use bstr::BString;

use crate::source::SourceError;

/// The folder that reported paths are relative to, so that a finding has one path however the scan was started.
///
/// The top of the git work tree that holds everything that was named; else the current folder when everything
/// lies in it; else the deepest folder that holds everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Absolute, links resolved.
    dir: PathBuf,
}

impl Base {
    /// The base of `paths`, of which there must be at least one.
    ///
    /// # Errors
    /// The first path that does not exist.
    pub fn of(paths: &[PathBuf]) -> Result<Self, SourceError> {
        let mut common: Option<PathBuf> = None;
        for path in paths {
            let folder = folder(path).map_err(|cause| missing(path, cause))?;
            common = Some(match common {
                None => folder,
                Some(so_far) => shared(&so_far, &folder),
            });
        }
        let common = common.unwrap_or_default();
        if let Some(top) = common.ancestors().find(|dir| dir.join(".git").exists()) {
            return Ok(Self { dir: top.to_owned() });
        }
        let current = std::env::current_dir().and_then(|dir| dir.canonicalize());
        let dir = current.ok().filter(|dir| common.starts_with(dir)).unwrap_or(common);
        Ok(Self { dir })
    }

    /// The folder: absolute, links resolved.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of `path` relative to the base; empty for the base itself.
    pub(super) fn relative(&self, path: &Path) -> io::Result<PathBuf> {
        let absolute = absolute(path)?;
        Ok(absolute.strip_prefix(&self.dir).map(Path::to_owned).unwrap_or(absolute))
    }
}

/// `path` as reports hold it: separated by `/`, bytes as the system holds them.
pub(super) fn reported(path: &Path) -> BString {
    let bytes = path.as_os_str().as_encoded_bytes().to_vec();
    #[cfg(windows)]
    let bytes = bytes.into_iter().map(|b| if b == b'\\' { b'/' } else { b }).collect::<Vec<_>>();
    bytes.into()
}

/// Says that `path`, which the user named, cannot be scanned.
pub(super) fn missing(path: &Path, cause: io::Error) -> SourceError {
    SourceError::Path { path: path.display().to_string(), cause }
}

/// `path` without links in the folders that lead to it. A link that the path itself names is kept: it is what the
/// user called the thing.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    match path.file_name() {
        None => path.canonicalize(),
        Some(name) => {
            let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(parent.canonicalize()?.join(name))
        }
    }
}

/// The folder that `path` is or lies in.
fn folder(path: &Path) -> io::Result<PathBuf> {
    let is_dir = std::fs::metadata(path)?.is_dir();
    let mut folder = absolute(path)?;
    if !is_dir {
        folder.pop();
    }
    Ok(folder)
}

/// The deepest folder that holds both.
fn shared(one: &Path, other: &Path) -> PathBuf {
    one.components().zip(other.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}
