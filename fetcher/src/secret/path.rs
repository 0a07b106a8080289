//! The name of a secret in its manager.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{Tag, VersionSelector};

/// Longest path, in bytes. Source: AWS names end at 512, ARNs and Azure ids stay below 2,048.
const MAX_LEN: usize = 2_048;

/// Where a secret lives: `secret/myapp/api_key`, `db/main`, an ARN. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretPath(Arc<str>);

impl SecretPath {
    /// Checks and takes a path.
    ///
    /// # Errors
    /// When it is empty or too long, begins or ends with `/`, has an empty, `.` or `..` segment,
    /// a control character, `?` or `#`, or looks like a URL (which could carry credentials).
    pub fn parse(path: &str) -> Result<Self, PathError> {
        if path.is_empty() {
            return Err(PathError::Empty);
        }
        if path.len() > MAX_LEN {
            return Err(PathError::TooLong);
        }
        if path.contains("://") {
            return Err(PathError::Url);
        }
        if path.chars().any(|c| c.is_control() || matches!(c, '?' | '#' | '\\')) {
            return Err(PathError::Character);
        }
        if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(PathError::Segment(path.into()));
        }
        Ok(Self(path.into()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parts between slashes; never empty.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for SecretPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SecretPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretPath({})", self.0)
    }
}

impl std::str::FromStr for SecretPath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        Self::parse(path)
    }
}

/// What is wrong with a path. Whoever wrote the path must fix it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It has no character.
    #[error("the secret's path is empty")]
    Empty,
    /// It is longer than any manager allows.
    #[error("the secret's path is longer than {MAX_LEN} bytes")]
    TooLong,
    /// It is a URL, which may carry credentials, so it is not repeated here.
    #[error("the secret's path is a URL; give the address to the provider and the path here")]
    Url,
    /// It holds a control character, `?`, `#` or a backslash.
    #[error("the secret's path holds a control character, a question mark, a hash or a backslash")]
    Character,
    /// A part between slashes is empty, `.` or `..`.
    #[error("{0}: a part between slashes is empty, . or ..")]
    Segment(String),
}

/// A path and the version asked for: what a cache entry is kept under. Cheap to clone and to compare.
#[derive(Clone)]
pub struct SecretRef {
    path: SecretPath,
    version: VersionSelector,
    /// Hash of the two above, taken once: a lookup must not hash the path again.
    hash: u64,
}

impl SecretRef {
    /// This version of this path.
    pub fn new(path: SecretPath, version: VersionSelector) -> Self {
        let mut sip = FieldHasher(Vec::with_capacity(path.as_str().len() + 16));
        version.hash(&mut sip);
        path.hash(&mut sip);
        Self { path, version, hash: Tag::of(&sip.0).number() }
    }

    /// The version of `path` that is in force.
    pub fn current(path: SecretPath) -> Self {
        Self::new(path, VersionSelector::Current)
    }

    /// The version that `path` had before.
    pub fn previous(path: SecretPath) -> Self {
        Self::new(path, VersionSelector::Previous)
    }

    /// Where the secret lives.
    pub fn path(&self) -> &SecretPath {
        &self.path
    }

    /// Which version is asked for.
    pub fn version(&self) -> &VersionSelector {
        &self.version
    }

    /// 64 well-mixed bits, the same for equal references within this process.
    pub(crate) fn hash64(&self) -> u64 {
        self.hash
    }
}

impl PartialEq for SecretRef {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.path == other.path && self.version == other.version
    }
}

impl Eq for SecretRef {}

impl Hash for SecretRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            VersionSelector::Current => write!(f, "{}", self.path),
            VersionSelector::Previous => write!(f, "{} (previous)", self.path),
            VersionSelector::Exact(version) => write!(f, "{} (version {version})", self.path),
            VersionSelector::Stage(stage) => write!(f, "{} (stage {stage})", self.path),
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRef({self})")
    }
}

/// Collects what a value feeds to a hasher, to be hashed as one piece.
struct FieldHasher(Vec<u8>);

impl Hasher for FieldHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        Tag::of(&self.0).number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_checked() {
        assert_eq!(SecretPath::parse("secret/app").unwrap().as_str(), "secret/app");
        for bad in ["", "/a", "a/", "a//b", "a/../b", "./a", "a\nb", "a?version=1", "https://u:p@h/a"] {
            assert!(SecretPath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(SecretPath::parse("arn:aws:secretsmanager:eu-west-1:1:secret:db-Ab").is_ok());
    }

    #[test]
    fn the_error_of_a_url_does_not_repeat_its_password() {
        let error = SecretPath::parse("https://root:hunter2@vault/a").unwrap_err(); // leakward:allow
        assert!(!error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn references_differ_by_path_and_version() {
        let path = || SecretPath::parse("a/b").unwrap();
        assert_eq!(SecretRef::current(path()), SecretRef::current(path()));
        assert_ne!(SecretRef::current(path()), SecretRef::previous(path()));
        assert_ne!(SecretRef::current(path()), SecretRef::current(SecretPath::parse("a/c").unwrap()));
    }
}
