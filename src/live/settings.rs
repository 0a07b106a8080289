//! Which rules may be asked about, how gently, and where a name leads.

use std::net::SocketAddr;
use std::str::FromStr;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::rule::{RulePack, RuleRef};

/// What flags and configuration say of live checks.
#[derive(Debug, Clone)]
pub struct LiveSettings {
    /// Rules that may be asked about; `None`: all that the user's own word lets in.
    allow: Option<GlobSet>,
    deny: GlobSet,
    /// Whether rules that were loaded from a file may say who is asked.
    loaded: bool,
    /// Requests per second and host at most.
    pub(super) per_second: f64,
    /// Names that lead elsewhere than the network says.
    pub(super) overrides: Vec<Override>,
    /// Whether it is only said what would be asked.
    pub(super) dry_run: bool,
}

/// A name and the address that stands for it: `HOST=ADDRESS:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The name, in lower case.
    pub host: String,
    /// Where it leads.
    pub address: SocketAddr,
}

/// What is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("live.{key}: {cause}")]
pub struct SettingsError {
    key: &'static str,
    cause: String,
}

/// Requests per second and host, unless the configuration says otherwise.
const PER_SECOND: u32 = 5;

impl LiveSettings {
    /// Settings by the configuration's patterns of rule ids (`allow`: the only ones, when given) and requests per
    /// second and host.
    ///
    /// # Errors
    /// A pattern or the rate makes no sense.
    pub fn new(
        allow: Option<&[String]>,
        deny: &[String],
        per_second: Option<u32>,
    ) -> Result<Self, SettingsError> {
        let per_second = per_second.unwrap_or(PER_SECOND);
        if per_second == 0 {
            return Err(SettingsError { key: "rate", cause: "a rate of 0 would ask nothing".to_owned() });
        }
        Ok(Self {
            allow: allow.map(|globs| set("allow", globs)).transpose()?,
            deny: set("deny", deny)?,
            loaded: false,
            per_second: f64::from(per_second),
            overrides: Vec::new(),
            dry_run: false,
        })
    }

    /// Sends nothing, and says what would be sent.
    #[must_use]
    pub const fn dry(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Connects to the addresses of `overrides` in place of their hosts.
    #[must_use]
    pub fn leading(mut self, overrides: Vec<Override>) -> Self {
        self.overrides = overrides;
        self
    }

    /// Lets rules that were loaded from a file say who is asked, if `trusts` says so. Where scanned files name them,
    /// whoever proposes a change could have secrets sent anywhere.
    #[must_use]
    pub const fn trusting(mut self, trusts: bool) -> Self {
        self.loaded = trusts;
        self
    }

    /// Whether there is consent to ask about findings of the rule called `id`.
    pub fn admits(&self, id: &str) -> bool {
        self.allow.as_ref().is_none_or(|allow| allow.is_match(id)) && !self.deny.is_match(id)
    }

    /// Whether `rule` may say who is asked.
    pub(super) const fn trusts(&self, rule: &RuleRef) -> bool {
        self.loaded || matches!(rule, RuleRef::Static(_))
    }

    /// Whether any rule of `pack` may be asked about.
    pub fn admits_any(&self, pack: &RulePack) -> bool {
        pack.rules().iter().any(|rule| rule.live.is_some() && self.admits(&rule.id))
    }
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected HOST=ADDRESS:PORT, such as api.example.com=10.0.0.5:8443".to_owned();
        let (host, address) = text.split_once('=').filter(|(host, _)| !host.is_empty()).ok_or_else(wrong)?;
        Ok(Self { host: host.to_ascii_lowercase(), address: address.parse().map_err(|_| wrong())? })
    }
}

fn set(key: &'static str, globs: &[String]) -> Result<GlobSet, SettingsError> {
    let wrong = |e: globset::Error| SettingsError { key, cause: e.to_string() };
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(Glob::new(glob).map_err(wrong)?);
    }
    set.build().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(all: &[&str]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn consent_is_given_by_rule() {
        let all = LiveSettings::new(None, &strings(&["slack-*"]), None).unwrap();
        assert!(all.admits("github-pat") && !all.admits("slack-webhook"));
        let one =
            LiveSettings::new(Some(&strings(&["github-*"])), &strings(&["github-app-*"]), None).unwrap();
        assert!(one.admits("github-pat") && !one.admits("github-app-token") && !one.admits("npm-token"));
        assert!(!LiveSettings::new(Some(&[]), &[], None).unwrap().admits_any(&RulePack::builtin()));
        assert!(all.admits_any(&RulePack::builtin()));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let wrong = |allow: &[&str], rate| {
            LiveSettings::new(Some(&strings(allow)), &[], rate).unwrap_err().to_string()
        };
        assert_eq!(wrong(&[], Some(0)), "live.rate: a rate of 0 would ask nothing");
        assert!(wrong(&["a["], None).starts_with("live.allow: "));
        assert!("a.example".parse::<Override>().is_err() && "a.example=host:1".parse::<Override>().is_err());
        let read: Override = "A.example=127.0.0.1:8443".parse().unwrap();
        assert_eq!((read.host.as_str(), read.address.port()), ("a.example", 8443));
    }
}
