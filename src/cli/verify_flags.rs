//! Whether the secrets manager is asked, and which of its verdicts fail the run.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::{Failure, heading};
use crate::detect::known::KnownIndex;
use crate::model::State;
use crate::verify::{Judge, ManagerSettings, Trust, Verification};

/// Flags of verification. Without one of them nothing is sent anywhere.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = heading::VERIFICATION)]
pub(crate) struct VerifyFlags {
    /// ask your own secrets manager whether what is found is in force
    ///
    /// Reads the paths of [managers] in .leakward.toml, or all that the token of VAULT_ADDR may list, and compares
    /// them here. What is found is not sent.
    #[arg(long)]
    pub(super) verify: bool,
    /// also find the manager's values themselves, however weak they are; implies --verify
    #[arg(long)]
    known: bool,
    /// also look up found tokens, accessors, secret ids and leases at your own Vault or OpenBao; implies --verify
    ///
    /// The one flag with which something found is sent, to the configured server alone.
    #[arg(long)]
    lookup: bool,
    /// verdicts with which a finding fails the run [default: all but previous and destroyed]
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',', value_parser = state_parser())]
    fail_on: Vec<State>,
}

/// What the flags come to.
pub(super) struct Asked {
    pub(super) judge: Option<Box<dyn Judge>>,
    /// The values to search for.
    pub(super) known: Option<KnownIndex>,
    pub(super) fail_on: Vec<State>,
}

impl VerifyFlags {
    /// Makes verification ready. Where values are to be searched for, the managers are read now.
    pub(super) fn prepare(&self, managers: &toml::Table, trust: Trust) -> Result<Asked, Failure> {
        let fail_on = if self.fail_on.is_empty() { State::FAILING.to_vec() } else { self.fail_on.clone() };
        if !self.verify && !self.known && !self.lookup {
            if !self.fail_on.is_empty() {
                return Err(Failure::new("--fail-on without verdicts").help("add --verify or --known"));
            }
            return Ok(Asked { judge: None, known: None, fail_on });
        }
        let verification = Verification::new(ManagerSettings::all(managers, trust)?, self.known, self.lookup);
        let known = if self.known { Some(verification.known_values()?) } else { None };
        Ok(Asked { judge: Some(Box::new(verification)), known, fail_on })
    }
}

fn state_parser() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(|s| PossibleValue::new(s.as_str()))).map(|name| {
        State::ALL
            .into_iter()
            .find(|s| s.as_str() == name)
            .expect("the parser takes the names of states alone")
    })
}
