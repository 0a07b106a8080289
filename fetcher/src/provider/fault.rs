//! What can go wrong when a provider is asked, sorted by what to do about it.

use std::fmt;
use std::time::Duration;

/// What went wrong, sorted by what to do about it. Providers decide by the manager's own code
/// where it has one, not by HTTP status: emulators and managers disagree on the latter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// There is no such secret. Remembered for a short time.
    NotFound,
    /// The secret, or this version of it, was deleted. Remembered for a short time.
    Deleted,
    /// The version exists but is disabled or destroyed. Remembered for a short time.
    Disabled,
    /// The namespace, mount or route does not exist: a mistake in the set-up, or a mount that is
    /// about to come. Never remembered as an absent secret.
    NoRoute,
    /// The manager knows who asks and refuses. After one new login the value held is dropped as well.
    Denied,
    /// Logging in failed, or the login has ended.
    Auth,
    /// Too many requests; ask again later.
    Throttled,
    /// The manager could not be reached, did not answer in time, is sealed, or failed (5xx).
    Transient,
    /// The manager works, what stands behind one of its mounts (a database) does not.
    Backend,
    /// Somebody else has changed it meanwhile, or it is there already.
    Conflict,
    /// The answer, or the request, makes no sense: not JSON, too large, a redirect to another host.
    Invalid,
    /// This provider cannot do that.
    Unsupported,
    /// The lease is not known any more: revoked or expired.
    LeaseGone,
}

impl FaultKind {
    /// Whether the same request may succeed if it is simply repeated.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Throttled | Self::Transient)
    }

    /// Whether the secret itself is said to be gone, as opposed to out of reach.
    pub const fn is_absence(self) -> bool {
        matches!(self, Self::NotFound | Self::Deleted | Self::Disabled)
    }

    /// Whether a circuit breaker counts it: the manager, or what is behind the mount, is in trouble.
    pub const fn trips_breaker(self) -> bool {
        matches!(self, Self::Transient | Self::Backend)
    }

    /// Whether a value that is held already may be served in place of this failure.
    pub const fn allows_stale(self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Transient | Self::Backend | Self::Auth | Self::NoRoute | Self::Invalid
        )
    }

    /// A short name for metrics and events, kebab-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Deleted => "deleted",
            Self::Disabled => "disabled",
            Self::NoRoute => "no-route",
            Self::Denied => "denied",
            Self::Auth => "auth",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Backend => "backend",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Unsupported => "unsupported",
            Self::LeaseGone => "lease-gone",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "no such secret",
            Self::Deleted => "the secret or this version of it was deleted",
            Self::Disabled => "this version of the secret is disabled or destroyed",
            Self::NoRoute => "no such namespace, mount or route",
            Self::Denied => "permission denied",
            Self::Auth => "login failed",
            Self::Throttled => "too many requests",
            Self::Transient => "the manager did not answer properly",
            Self::Backend => "the system behind the mount failed",
            Self::Conflict => "it was changed by somebody else, or is there already",
            Self::Invalid => "the request or its answer is not valid",
            Self::Unsupported => "the provider cannot do this",
            Self::LeaseGone => "the lease is not known any more",
        }
    }
}

/// One failed attempt. Holds codes, never the manager's own words: those may repeat what was sent.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    kind: FaultKind,
    code: Option<String>,
    detail: Option<&'static str>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

impl Fault {
    /// A failure of this kind.
    pub const fn new(kind: FaultKind) -> Self {
        Self { kind, code: None, detail: None, request_id: None, retry_after: None }
    }

    /// With the manager's own code: an HTTP status, `ResourceNotFoundException`. Cut to 64 printable ASCII characters.
    pub fn with_code(mut self, code: impl fmt::Display) -> Self {
        self.code = Some(printable(&code.to_string()));
        self
    }

    /// With a fixed sentence of ours that says more.
    pub const fn with_detail(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }

    /// With the id under which the manager logged the request. Cut like the code.
    pub fn with_request_id(mut self, id: &str) -> Self {
        self.request_id = (!id.is_empty()).then(|| printable(id));
        self
    }

    /// With the time the manager asks to wait.
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What to do about it.
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The manager's own code.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The id under which the manager logged the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The time the manager asks to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())?;
        if let Some(detail) = self.detail {
            write!(f, ": {detail}")?;
        }
        match (&self.code, &self.request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(id)) => write!(f, " (request {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({}: {self})", self.kind.name())
    }
}

/// What of a code from outside may be printed.
fn printable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || " -_.:/#".contains(*c)).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_prints_kind_code_and_request_and_no_control_characters() {
        let fault = Fault::new(FaultKind::Denied).with_code("403\n\u{1b}").with_request_id("r-1");
        assert_eq!(fault.to_string(), "permission denied (403, request r-1)");
        assert_eq!(format!("{fault:?}"), "Fault(denied: permission denied (403, request r-1))");
    }
}
