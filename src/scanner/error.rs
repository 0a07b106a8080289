//! Why there is no scanner, or no scan.

use crate::config::ConfigError;
use crate::rule::RuleError;
use crate::scan::ScanError;
use crate::source::SourceError;
use crate::source::git::GitError;

/// Why there is no scanner, or no scan. Holds no found value.
///
/// What could not be read *within* a scan is no error: see [`super::Scan::gaps`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
#[non_exhaustive]
pub struct ScannerError {
    text: String,
    help: Option<String>,
}

impl ScannerError {
    pub(super) fn new(text: impl ToString, help: Option<&str>) -> Self {
        Self { text: text.to_string(), help: help.map(str::to_owned) }
    }

    /// What can be done about it, where that is known.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// All of `errors` as one; the remedy is the first one's.
    pub(super) fn all(errors: &[RuleError]) -> Self {
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Self::new(texts.join("\n"), errors.iter().find_map(RuleError::help))
    }
}

impl From<ConfigError> for ScannerError {
    fn from(error: ConfigError) -> Self {
        Self::new(&error, error.help())
    }
}

impl From<GitError> for ScannerError {
    fn from(error: GitError) -> Self {
        let help = error.help().map(|help| help.to_string());
        Self::new(&error, help.as_deref())
    }
}

impl From<SourceError> for ScannerError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Git(error) => error.into(),
            error => Self::new(error, None),
        }
    }
}

impl From<ScanError> for ScannerError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Source(error) => error.into(),
            error => Self::new(error, None),
        }
    }
}
