//! Which repository is meant: what the user named, and what git's environment says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::GitError;
use super::command::Command;
use super::library::Library;
use super::reader::Reader;

/// Which repository is meant. Opened once per thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A directory in the repository.
    path: PathBuf,
    /// Whether `GIT_DIR`, `GIT_INDEX_FILE` and their like speak about this repository.
    environment: bool,
}

impl Place {
    /// The repository that holds `path`.
    ///
    /// Git's variables speak about the repository of the current directory, as a hook's do. Where `path` lies in
    /// another one they are set aside.
    ///
    /// # Errors
    /// `path` cannot be entered.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, GitError> {
        let path = path.into();
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(GitError::NoRepository(path)),
            Err(cause) => return Err(GitError::Path { path, cause }),
        }
        let environment = is_here(&path) || !speaks_of_a_repository() || same_repository(&path);
        Ok(Self { path, environment })
    }

    /// A directory in the repository, as the user named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `GIT_INDEX_FILE`, where it counts.
    pub(super) fn index_variable(&self) -> Option<OsString> {
        std::env::var_os("GIT_INDEX_FILE").filter(|value| self.environment && !value.is_empty())
    }

    /// Opens it by libgit2, or where that cannot, by the `git` command.
    ///
    /// # Errors
    /// Neither can.
    pub(super) fn open(&self) -> Result<Box<dyn Reader>, GitError> {
        let library = if self.environment && is_here(&self.path) {
            Library::open_from_environment()
        } else {
            Library::open(&self.path, self.environment)
        };
        match library {
            Ok(library) => Ok(Box::new(library)),
            Err(first) => {
                self.open_by_command().map(|c| Box::new(c) as Box<dyn Reader>).map_err(
                    |second| match second {
                        GitError::Command { why, .. } => {
                            let why = format!("{}; {why}", first.message());
                            GitError::Open { path: self.path.clone(), why }
                        }
                        other => other,
                    },
                )
            }
        }
    }

    /// Opens it by the `git` command.
    ///
    /// # Errors
    /// Git refuses, or is not there.
    pub(super) fn open_by_command(&self) -> Result<Command, GitError> {
        Command::open(&self.path, self.environment).map_err(|error| match (error, std::env::var("GIT_DIR")) {
            (GitError::NoRepository(_), Ok(value)) if self.environment => {
                GitError::Environment { name: "GIT_DIR", value, why: "not a git repository".to_owned() }
            }
            (error, _) => error,
        })
    }
}

/// Whether `path` is the current directory.
fn is_here(path: &Path) -> bool {
    path == Path::new(".") || path.canonicalize().ok() == std::env::current_dir().ok()
}

fn speaks_of_a_repository() -> bool {
    ["GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}

/// Whether `path` lies in the repository that git's variables speak about.
fn same_repository(path: &Path) -> bool {
    let dir = |reader: Library| reader.git_dir().canonicalize().ok();
    let meant = Library::open_from_environment().ok().and_then(dir);
    meant.is_some() && meant == Library::open(path, false).ok().and_then(dir)
}
