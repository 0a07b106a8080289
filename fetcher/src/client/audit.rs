//! Who asked for which secret, and what came of it. Never a value.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::secret::{SecretRef, Version, escape_json};

/// One thing worth keeping.
#[derive(Clone, Debug)]
pub struct AuditRecord<'a> {
    /// When, by the calendar.
    pub at: SystemTime,
    /// On whose behalf, if the application says so; see
    /// [`SecretsManager::on_behalf_of`](super::SecretsManager::on_behalf_of).
    pub caller: Option<&'a str>,
    /// Which secret.
    pub secret: &'a SecretRef,
    /// The provider that has it.
    pub provider: &'a str,
    /// Which version was given, if one was.
    pub version: Option<&'a Version>,
    /// Whether the provider was asked, or a reader served.
    pub deed: Deed,
    /// `ok`, `stale`, or the kebab-case name of what went wrong.
    pub outcome: &'a str,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The provider was asked.
    Fetch,
    /// A reader was served, or refused.
    Read,
}

/// Takes audit records. Called on the reader's own thread: be quick, and do not panic.
pub trait AuditSink: Send + Sync + 'static {
    /// Keeps `record`.
    fn record(&self, record: &AuditRecord<'_>);
}

/// Writes each record as one line of JSON.
pub struct JsonLines<W>(Mutex<W>);

impl<W: Write> JsonLines<W> {
    /// Writes to `to`. A line that cannot be written is lost, and said to be through `tracing`.
    pub fn new(to: W) -> Self {
        Self(Mutex::new(to))
    }
}

impl<W: Write + Send + 'static> AuditSink for JsonLines<W> {
    fn record(&self, record: &AuditRecord<'_>) {
        let line = record.to_json();
        let mut to = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One call for the whole line, so that lines of several processes do not mix.
        if let Err(error) = to.write_all(&line).and_then(|()| to.flush()) {
            tracing::error!(kind = %error.kind(), "an audit record could not be written");
        }
    }
}

impl AuditRecord<'_> {
    /// The record as one line of JSON, with the line's end. Times are in milliseconds since 1970.
    pub fn to_json(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(256);
        let millis = self.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        line.extend_from_slice(format!("{{\"at\":{millis}").as_bytes());
        let deed = match self.deed {
            Deed::Fetch => "fetch",
            Deed::Read => "read",
        };
        let secret = self.secret.to_string();
        let fields = [
            ("deed", Some(deed)),
            ("caller", self.caller),
            ("secret", Some(secret.as_str())),
            ("provider", Some(self.provider)),
            ("version", self.version.map(Version::as_str)),
            ("outcome", Some(self.outcome)),
        ];
        for (name, value) in fields {
            let Some(value) = value else { continue };
            line.extend_from_slice(format!(",\"{name}\":").as_bytes());
            escape_json(value, &mut line);
        }
        line.extend_from_slice(b"}\n");
        line
    }
}

/// Where one client's records go.
pub(crate) struct Auditor {
    pub(crate) sink: Box<dyn AuditSink>,
    /// Whether readers are recorded as well.
    pub(crate) reads: bool,
}
