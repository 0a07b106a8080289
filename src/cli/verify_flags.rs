//! Whether secrets manager and providers are asked, and which of its verdicts fail the run.

use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::settings::Settings;
use super::{Failure, heading};
use crate::audit::AuditLog;
use crate::config::LiveConsent;
use crate::detect::Detector;
use crate::detect::known::{self, KnownIndex, OfflineIndex};
use crate::live::{Inquiry, LiveSettings, Override};
use crate::model::{Judge, State};
use crate::rule::RulePack;
use crate::verify::{CountedReferences, ManagerSettings, References, Trust, Verification};

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
    /// earlier versions of each secret that are compared at most [default: the configuration's, or 10]
    ///
    /// Each costs one read. A value that is not found is unchecked, not unmanaged, where a path has versions that were
    /// not compared.
    #[arg(long, value_name = "N")]
    versions: Option<u64>,
    /// ask the providers themselves whether they accept what is found
    ///
    /// Sends what is found to the hosts that its rule names, and nowhere else. [live] in .leakward.toml narrows it.
    #[arg(long)]
    live: bool,
    /// say which providers --live would ask about what, and send nothing
    #[arg(long)]
    live_dry_run: bool,
    /// with --live, connect to ADDRESS:PORT in place of HOST
    #[arg(long, value_name = "HOST=ADDRESS:PORT", requires = "live")]
    live_resolve: Vec<Override>,
    /// also find the values of this index, made by `leakward index build`; the manager is not asked
    #[arg(long, value_name = "FILE", requires = "index_key")]
    index: Option<PathBuf>,
    /// public key of whoever may sign the index, in hex
    #[arg(long, value_name = "HEX", requires = "index")]
    index_key: Option<String>,
    /// verdicts with which a finding fails the run [default: all but previous, destroyed and inactive]
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',', value_parser = state_parser())]
    fail_on: Vec<State>,
}

/// What the flags come to.
pub(super) struct Asked {
    pub(super) judges: Vec<Box<dyn Judge>>,
    /// The values to search for.
    known: Option<KnownIndex>,
    /// The index for hooks.
    offline: Option<OfflineIndex>,
    pub(super) fail_on: Vec<State>,
}

impl Asked {
    /// The rules of `pack`, ready to run, and the search for known values if one was asked for.
    pub(super) fn detector(&mut self, mut pack: RulePack) -> Result<Detector, Failure> {
        if self.known.is_some() || self.offline.is_some() {
            pack.insert(known::rule());
        }
        let mut detector = Detector::new(Arc::new(pack)).map_err(Failure::new)?;
        if let Some(values) = self.known.take() {
            detector = detector.with_known(values);
        }
        if let Some(index) = self.offline.take() {
            detector = detector.with_offline(index);
        }
        Ok(detector)
    }
}

impl VerifyFlags {
    /// Makes verification ready. Where values are to be searched for, the managers are read now.
    pub(super) fn prepare(
        &self,
        settings: &Settings,
        trust: Trust,
        audit: Option<Arc<AuditLog>>,
        references: bool,
    ) -> Result<Asked, Failure> {
        let fail_on = if self.fail_on.is_empty() { State::FAILING.to_vec() } else { self.fail_on.clone() };
        let mut asked = Asked { judges: Vec::new(), known: None, offline: self.offline()?, fail_on };
        if self.verify || self.known || self.lookup {
            let managers = ManagerSettings::all(&settings.config.managers, trust)?;
            let managers: Vec<_> = managers.into_iter().map(|m| m.reading(self.versions)).collect();
            if references {
                asked.judges.push(Box::new(References::new(managers.clone(), audit.clone())));
            }
            let verification = Verification::new(managers, self.known, self.lookup).audited(audit.clone());
            asked.known = if self.known { Some(verification.known_values()?) } else { None };
            asked.judges.push(Box::new(verification));
        }
        let asks = self.live || self.live_dry_run || !asked.judges.is_empty();
        if !asks && self.versions.is_some() {
            return Err(Failure::new("--versions without a manager to read").help("add --verify or --known"));
        }
        if !asks && !self.fail_on.is_empty() {
            return Err(Failure::new("--fail-on without verdicts").help("add --verify, --known or --live"));
        }
        if references && !(self.verify || self.known || self.lookup) {
            asked.judges.push(Box::new(CountedReferences));
        }
        if self.live || self.live_dry_run {
            asked.judges.push(Box::new(self.inquiry(settings, trust, audit)?));
        }
        Ok(asked)
    }

    /// Providers made ready to be asked, after the managers, who know better what is theirs.
    fn inquiry(
        &self,
        settings: &Settings,
        trust: Trust,
        audit: Option<Arc<AuditLog>>,
    ) -> Result<Inquiry, Failure> {
        let LiveConsent { allow, deny, rate } = &settings.config.live;
        let live = LiveSettings::new(allow.as_deref(), deny, *rate)
            .map_err(|e| {
                Failure::new(e).help("[live] in .leakward.toml holds patterns of rule ids and a whole rate")
            })?
            .trusting(trust == Trust::Named);
        if !live.admits_any(&settings.pack) {
            return Err(Failure::new("--live, and no rule that may be asked about")
                .help("live.allow and live.deny in .leakward.toml leave none; `leakward rules list` shows the rules"));
        }
        let live = live.dry(self.live_dry_run).leading(self.live_resolve.clone());
        Inquiry::new(live, audit).map_err(|e| Failure::new(&e).help(e.help()))
    }
}

impl VerifyFlags {
    /// The index that the flags name, checked.
    fn offline(&self) -> Result<Option<OfflineIndex>, Failure> {
        let Some((file, key)) = self.index.as_ref().zip(self.index_key.as_ref()) else { return Ok(None) };
        let named = |e: &dyn std::fmt::Display| Failure::new(format_args!("{}: {e}", file.display()));
        let bytes = std::fs::read(file).map_err(|e| named(&e))?;
        let key = public_key(key)?;
        let now = jiff::Timestamp::now().as_second();
        OfflineIndex::open(&bytes, &key, now).map(Some).map_err(|e| {
            named(&e).help(
                "get a new index from whoever makes it; `leakward index inspect` shows what this one says",
            )
        })
    }
}

/// The Ed25519 key that `hex` spells.
pub(super) fn public_key(hex: &str) -> Result<[u8; 32], Failure> {
    let digit = |i: usize| hex.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(digit).collect();
    let key = bytes.and_then(|b| <[u8; 32]>::try_from(b).ok());
    key.ok_or_else(|| Failure::new("the public key is not 64 hexadecimal digits"))
}

fn state_parser() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(|s| PossibleValue::new(s.as_str()))).map(|name| {
        State::ALL
            .into_iter()
            .find(|s| s.as_str() == name)
            .expect("the parser takes the names of states alone")
    })
}
