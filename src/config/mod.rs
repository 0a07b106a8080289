//! `.leakward.toml`: what a team says about scans of its repository. Parses text; reads no file itself, because a
//! staged scan takes the configuration from the index and a range from its tip.
//!
//! ```toml
//! [scan]
//! exclude = ["third_party/**"]        # as in .gitignore
//! baseline = "security/baseline.jsonl"
//! [rules]
//! disable = ["jwt"]
//! extend = ["security/extra-rules.toml"]
//! [[allow]]
//! rule = "generic-password"
//! path = "tests/**"
//! value = "^example-"
//! reason = "documentation values"
//! expires = 2027-06-30
//! ```
//!
//! Its JSON schema, for editors, is docs/leakward-toml.schema.json.

mod error;
mod extend;
mod file;
mod suggest;

use crate::rule::RulePack;
use crate::suppress::{Allow, PathGlobs};

pub use error::ConfigError;
pub use extend::{RuleFile, rule_files};
pub use suggest::nearest;

/// Name of the file, at the root of what is scanned.
pub const FILE_NAME: &str = ".leakward.toml";

/// A configuration. The default says nothing.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Paths that are not scanned, relative to the root.
    pub exclude: Option<PathGlobs>,
    /// The baseline's path, relative to the root.
    pub baseline: Option<String>,
    /// Whether a suppression counts only with a reason.
    pub require_reason: bool,
    /// Bytes above which a file is skipped.
    pub max_file_size: Option<u64>,
    /// Ids of the only rules that run; empty: all.
    pub enable: Vec<String>,
    /// Ids of rules that do not run.
    pub disable: Vec<String>,
    /// Paths of files with more rules, relative to the root.
    pub extend: Vec<String>,
    /// Hits that are no findings.
    pub allow: Vec<Allow>,
    /// Ids of the rules that `allow` names, with the line that names them.
    allowed_rules: Vec<(String, usize)>,
    /// Secrets managers, by name; read by verification.
    pub managers: toml::Table,
    /// Whom a live check may ask about what.
    pub live: LiveConsent,
    /// The audit log. Counts only in a configuration that the user named.
    pub audit_log: Option<String>,
    /// What the author should mend, such as an `[[allow]]` without a reason: lower case, no full stop.
    pub warnings: Vec<String>,
}

/// Whom a live check may ask about what. Without `--live` nobody is asked, whatever it says.
#[derive(Debug, Clone, Default)]
pub struct LiveConsent {
    /// Patterns of the ids of the only rules whose findings are asked about; `None`: all.
    pub allow: Option<Vec<String>>,
    /// Patterns of the ids of rules whose findings are not.
    pub deny: Vec<String>,
    /// Requests per second and host.
    pub rate: Option<u32>,
}

impl Config {
    /// Reads `text`, the content of the file called `name`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self, ConfigError> {
        file::parse(name, text)
    }

    /// Leaves in `pack` the rules that are enabled and not disabled. Returns what the author should mend: a rule
    /// that is named and does not exist.
    ///
    /// # Errors
    /// `enable` names a rule that does not exist: less would be looked for than the author thinks.
    pub fn choose(&self, name: &str, pack: &mut RulePack) -> Result<Vec<String>, ConfigError> {
        let known = |id: &str| pack.rule(id).is_some();
        let ids = || pack.rules().iter().map(|r| r.id.as_ref());
        if let Some(id) = self.enable.iter().find(|id| !known(id)) {
            let help = suggest::did_you_mean(id, ids());
            return Err(ConfigError::new(name, None, format!("rules.enable: no rule is called {id}"), help));
        }
        let mut warnings = Vec::new();
        let near = |id: &str| suggest::did_you_mean(id, ids()).map_or_else(String::new, |h| format!("; {h}"));
        for id in self.disable.iter().filter(|id| !known(id)) {
            warnings.push(format!("{name}: rules.disable: no rule is called {id}{}", near(id)));
        }
        for (id, line) in self.allowed_rules.iter().filter(|(id, _)| !known(id)) {
            warnings.push(format!("{name}: line {line}: [[allow]]: no rule is called {id}{}", near(id)));
        }
        let named = |ids: &[String], id: &str| ids.iter().any(|named| named == id);
        pack.retain(|r| {
            (self.enable.is_empty() || named(&self.enable, &r.id)) && !named(&self.disable, &r.id)
        });
        Ok(warnings)
    }
}
