//! Why a secret was not rotated.

use std::path::PathBuf;

use leakward_fetcher::{Fault, FaultKind};

/// Why a secret was not rotated, or not to the end. Never holds a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// The manager refuses, or does not answer.
    #[error("{what}: {fault}")]
    Manager {
        /// What was asked of it.
        what: String,
        /// Its answer.
        fault: Fault,
    },
    /// The manager, or this kind of it, cannot be written to.
    #[error("{0}: nothing can be rotated there")]
    ReadOnly(String),
    /// It is not clear which part of the value is meant. The user must say.
    #[error("{path}: which field is to be rotated? it has {fields}")]
    WhichField {
        /// The secret.
        path: String,
        /// Its fields.
        fields: String,
    },
    /// The value has no such field.
    #[error("{path}: no field {field}")]
    NoField {
        /// The secret.
        path: String,
        /// The field that was asked for.
        field: String,
    },
    /// Nothing would tell the system that the value opens.
    #[error("{0}: the manager only keeps this value, and no hook would tell what it opens of a new one")]
    NoHook(String),
    /// Another process rotates the same secret.
    #[error("{0} is being rotated by another process")]
    Busy(String),
    /// A hook failed. What was done before it was undone, if that is said.
    #[error("{path}: the hook failed at {step}{undone}")]
    Hook {
        /// The secret.
        path: String,
        /// The hook's step.
        step: &'static str,
        /// What became of the rotation, in words.
        undone: &'static str,
    },
    /// Somebody else wrote a version meanwhile.
    #[error("{0}: somebody else changed it meanwhile; what was prepared has been undone")]
    Overtaken(String),
    /// After all steps, the old value is still in force.
    #[error("{0}: the old value is still in force")]
    StillInForce(String),
    /// An unfinished rotation was begun with other settings.
    #[error(
        "{path}: a rotation was begun on {begun} with {what}; it must be finished or undone with the same"
    )]
    OtherSettings {
        /// The secret.
        path: String,
        /// When.
        begun: String,
        /// What differs.
        what: String,
    },
    /// The journal cannot be read or written.
    #[error("{}: {cause}", file.display())]
    Journal {
        /// The file or folder.
        file: PathBuf,
        /// The system's reason, or what is wrong with the content.
        cause: String,
    },
    /// The system has no random numbers, or the like.
    #[error("{0}")]
    System(String),
}

impl RotateError {
    /// What the user can do.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::WhichField { .. } => Some("name it with --field"),
            Self::NoHook(_) => Some(
                "give --hook with a command that changes it there, or --without-hook if the new value is fetched and \
                 nothing else has to know",
            ),
            Self::Busy(_) => Some("wait for it, or use --wait"),
            Self::Hook { undone: "", .. } => {
                Some("mend what the hook says, and run the same command again: it goes on where it stopped")
            }
            Self::OtherSettings { .. } => Some("run it again as it was begun; --undo takes it back instead"),
            Self::Manager { fault, .. } => match fault.kind() {
                FaultKind::Denied => Some("the plan (without --apply) lists the rights that it takes"),
                FaultKind::Conflict => Some("look for another rotation of it, on another machine perhaps"),
                kind if kind.is_retryable() => {
                    Some("run the same command again: it goes on where it stopped")
                }
                _ => None,
            },
            Self::StillInForce(_) => Some("look at the manager's own log of this rotation"),
            _ => None,
        }
    }

    /// The manager's answer to `what`.
    pub(super) fn manager(what: impl Into<String>) -> impl FnOnce(Fault) -> Self {
        let what = what.into();
        move |fault| Self::Manager { what, fault }
    }
}
