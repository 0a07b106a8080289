//! In place of `verify_flags` in a program built without the secrets manager's client: nothing can be asked.

use super::Failure;
use super::settings::Settings;
use crate::detect::Detector;
use crate::model::{Judge, State};
use crate::rule::RulePack;
use crate::verify::{CountedReferences, Trust};

/// No flags.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct VerifyFlags {}

/// Nothing is asked.
pub(super) struct Asked {
    pub(super) judges: Vec<Box<dyn Judge>>,
    pub(super) fail_on: Vec<State>,
}

impl Asked {
    /// The rules of `pack`, ready to run.
    pub(super) fn detector(&mut self, pack: RulePack) -> Result<Detector, Failure> {
        Detector::new(std::sync::Arc::new(pack)).map_err(Failure::new)
    }
}

impl VerifyFlags {
    pub(super) fn prepare(
        &self,
        _settings: &Settings,
        _trust: Trust,
        _audit: Option<std::sync::Arc<crate::audit::AuditLog>>,
        references: bool,
    ) -> Result<Asked, Failure> {
        let counted: Option<Box<dyn Judge>> = references.then(|| Box::new(CountedReferences) as _);
        Ok(Asked { judges: counted.into_iter().collect(), fail_on: State::FAILING.to_vec() })
    }
}
