//! What a manager's failures mean to whoever typed the command, and what to do about them.

use std::path::Path;

use leakward_fetcher::client::{MappingError, SurroundingsError};
use leakward_fetcher::provider::vault::VaultConfigError;
use leakward_fetcher::secret::FieldError;
use leakward_fetcher::{FaultKind, ReadError, Reading, SecretPath};

use super::Failure;

/// Whether `error` says that there is no such secret, as opposed to: it could not be read.
pub(super) fn is_absence(error: &ReadError) -> bool {
    error.fault_kind().is_some_and(FaultKind::is_absence)
}

pub(super) fn read_failure(error: &ReadError) -> Failure {
    let failure = Failure::new(error);
    match error {
        ReadError::Fault { fault, .. } => match remedy(fault.kind()) {
            Some(help) => failure.help(help),
            None => failure,
        },
        ReadError::Deadline { .. } => {
            failure.help("check that the manager can be reached from here, or wait longer with --timeout")
        }
        ReadError::NoProvider(_) => failure.help("add the name to [secrets] of the mapping file"),
        _ => failure,
    }
}

const fn remedy(kind: FaultKind) -> Option<&'static str> {
    Some(match kind {
        FaultKind::NotFound => "check the path; letters count as they are written",
        FaultKind::Deleted => "undelete it in the manager, or name an older one with --version",
        FaultKind::Disabled => "enable that version in the manager, or name another with --version",
        FaultKind::NoRoute => {
            "check the first part of the path (where the engine is mounted) and VAULT_NAMESPACE"
        }
        FaultKind::Denied => {
            "log in again if the token has ended; else its policy must allow to read this path: leakward policy prints one"
        }
        FaultKind::Auth => "log in again, or look at the login in the mapping file",
        FaultKind::Throttled => "wait a while, or ask for a higher quota",
        FaultKind::Transient => "check the address, and that the server runs and is unsealed",
        FaultKind::Conflict => "look at what is there now, and try again",
        FaultKind::Backend => "look into the server's log: the system behind this mount does not answer",
        FaultKind::Invalid => "check the address; a server with its own authority needs VAULT_CACERT",
        _ => return None,
    })
}

pub(super) fn field_failure(path: &SecretPath, reading: &Reading, error: &FieldError) -> Failure {
    let failure = Failure::new(format_args!("{path}: {error}"));
    let names = reading.secret().field_names();
    match error {
        FieldError::NoField(_) if !names.is_empty() => {
            failure.help(format_args!("its fields are: {}", names.join(", ")))
        }
        _ => failure.help("leave the field out to get the whole value"),
    }
}

pub(super) fn mapping_failure(file: &Path, error: &MappingError) -> Failure {
    match error {
        MappingError::File { .. } => Failure::new(error),
        _ => Failure::new(format_args!("{}: {error}", file.display())),
    }
}

pub(super) fn surroundings_failure(error: &SurroundingsError) -> Failure {
    let failure = Failure::new(error);
    match error {
        SurroundingsError::None => failure.help(
            "set VAULT_ADDR and VAULT_TOKEN (or BAO_ADDR and BAO_TOKEN), AWS_REGION, AZURE_KEYVAULT_URL or \
             GOOGLE_CLOUD_PROJECT, or give --map-file",
        ),
        SurroundingsError::Feature(feature) => failure.help(format_args!(
            "install leakward with it: cargo install --locked leakward --features {feature}"
        )),
        SurroundingsError::Vault(VaultConfigError::NoToken) => {
            failure.help("set VAULT_TOKEN, or log in with: bao login")
        }
        SurroundingsError::Vault(VaultConfigError::NoAddress) => failure.help("set VAULT_ADDR or BAO_ADDR"),
        SurroundingsError::Vault(VaultConfigError::Unverified(_)) => {
            failure.help("unset it, and name the server's authority with VAULT_CACERT")
        }
        _ => failure,
    }
}
