//! In place of `verify_flags` in a program built without the secrets manager's client: nothing can be asked.

use super::Failure;
use crate::detect::known::KnownIndex;
use crate::model::State;
use crate::verify::{Judge, Trust};

/// No flags.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct VerifyFlags {}

/// Nothing is asked.
pub(super) struct Asked {
    pub(super) judge: Option<Box<dyn Judge>>,
    pub(super) known: Option<KnownIndex>,
    pub(super) fail_on: Vec<State>,
}

impl Asked {
    pub(super) const fn is_search(&self) -> bool {
        self.known.is_some()
    }
}

impl VerifyFlags {
    pub(super) fn prepare(
        &self,
        _managers: &toml::Table,
        _trust: Trust,
        _audit: Option<std::sync::Arc<crate::audit::AuditLog>>,
    ) -> Result<Asked, Failure> {
        Ok(Asked { judge: None, known: None, fail_on: State::FAILING.to_vec() })
    }
}
