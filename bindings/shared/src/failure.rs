//! Why something did not work: a kind for programs, a sentence for people. No value in either.

use std::fmt;

use leakward::scanner::ScannerError;
use leakward_fetcher::ReadError;

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One word or two, kebab-case: `not-found`, `denied`, `transient`, `deadline` …
    pub kind: &'static str,
    /// What happened, and what can be done about it if that is known.
    pub message: String,
}

impl Failure {
    /// One of this kind.
    pub fn new(kind: &'static str, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string() }
    }

    /// What the caller asked for makes no sense.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new("usage", message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<ScannerError> for Failure {
    fn from(error: ScannerError) -> Self {
        let help = error.help().map(|help| format!(" (help: {help})")).unwrap_or_default();
        Self::new("scan", format_args!("{error}{help}"))
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let kind = match &error {
            ReadError::Fault { fault, .. } => fault.kind().name(),
            ReadError::NoProvider(_) => "no-provider",
            ReadError::Path(_) => "path",
            ReadError::Field { .. } => "field",
            ReadError::Deadline { .. } => "deadline",
            ReadError::BreakerOpen { .. } => "breaker-open",
            ReadError::Rejected { .. } => "rejected",
            ReadError::Stale { .. } => "stale",
            ReadError::Full(_) => "full",
            ReadError::Closed => "closed",
            ReadError::Forked => "forked",
            _ => "unavailable",
        };
        Self::new(kind, error)
    }
}
