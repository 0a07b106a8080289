//! Why a read brought nothing.

use std::sync::Arc;
use std::time::Duration;

use super::Cause;
use crate::provider::{Fault, FaultKind};
use crate::secret::{FieldError, PathError, SecretRef};

/// Why a read brought nothing. Cheap to clone: all who waited for one fetch get the same.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The provider answered with a failure, or did not answer. See the fault's kind for whose it is.
    #[error("{secret}: {provider}: {fault}")]
    Fault {
        /// What was read.
        secret: SecretRef,
        /// The provider asked.
        provider: Arc<str>,
        /// What it answered.
        fault: Arc<Fault>,
    },
    /// The reader's own time was up before the provider answered; the fetch goes on behind.
    #[error("{secret}: no answer within {budget:?}")]
    Deadline {
        /// What was read.
        secret: SecretRef,
        /// How long the reader was ready to wait.
        budget: Duration,
    },
    /// The provider failed so often that it is left alone for a while.
    #[error("{secret}: {provider} keeps failing and is not asked again for {retry_in:?}")]
    BreakerOpen {
        /// What was read.
        secret: SecretRef,
        /// The provider that is left alone.
        provider: Arc<str>,
        /// When it will be asked again.
        retry_in: Duration,
    },
    /// There is a value, but it is stale and the reader refuses that.
    #[error("{secret}: only a stale value is at hand ({})", cause.name())]
    Stale {
        /// What was read.
        secret: SecretRef,
        /// Why there is no fresh one.
        cause: Cause,
    },
    /// A rotation hook refused the only version there is.
    #[error("{secret}: the new version was refused by hook {hook}")]
    Rejected {
        /// What was read.
        secret: SecretRef,
        /// Name of the hook.
        hook: Arc<str>,
    },
    /// No provider is configured for this path. Whoever set up the client must add one.
    #[error("{0}: no provider is configured for this path")]
    NoProvider(SecretRef),
    /// The cache is full of secrets that must be kept. Raise the capacity.
    #[error("the cache holds {0} secrets that must be kept and takes no more")]
    Full(usize),
    /// The client was shut down.
    #[error("the client was shut down")]
    Closed,
    /// The process was forked after the client had been made; make a new one in the child.
    #[error("the process was forked: make a new client in the child")]
    Forked,
    /// The provider's code panicked: a bug there.
    #[error("{0}: the provider panicked")]
    Panicked(SecretRef),
    /// The path is not one.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The value has no such field.
    #[error("{secret}: {error}")]
    Field {
        /// What was read.
        secret: SecretRef,
        /// What is wrong with the field.
        error: FieldError,
    },
}

impl ReadError {
    /// The kind of the fault, when a provider's answer is behind it.
    pub fn fault_kind(&self) -> Option<FaultKind> {
        match self {
            Self::Fault { fault, .. } => Some(fault.kind()),
            _ => None,
        }
    }

    /// What a stale reading gives as its cause after this failure.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Fault { fault, .. } => Cause::Fault(fault.kind()),
            Self::BreakerOpen { .. } => Cause::BreakerOpen,
            Self::Rejected { .. } => Cause::Rejected,
            Self::Stale { cause, .. } => *cause,
            _ => Cause::Fault(FaultKind::Transient),
        }
    }

    /// Whether a value that is held already may be served in place of this failure.
    pub(crate) fn allows_stale(&self) -> bool {
        self.fault_kind().is_none_or(FaultKind::allows_stale)
    }
}
