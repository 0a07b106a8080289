//! Puts together what flags, `.leakward.toml`, the files it names and the baseline say.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::gitleaks_settings::{self, Found, GitleaksSettings};
use super::{Failure, heading};
use crate::audit::AuditLog;
use crate::config::{self, Config, FILE_NAME};
use crate::foreign::{self, Translated};
use crate::rule::{self, RuleError, RulePack, Text};
use crate::suppress::{Allow, Baseline, Foreign, Need, PathGlobs, Seen, Suppressor};
use crate::verify::Trust;

/// Flags that say where settings come from.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = heading::RULES)]
pub(crate) struct SettingsFlags {
    /// configuration to use instead of the scanned folder's .leakward.toml
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// baseline of accepted findings, made by `leakward baseline create`
    #[arg(long, short, value_name = "FILE", alias = "baseline-path")]
    pub(super) baseline: Option<PathBuf>,
    /// whether markers such as `leakward:allow` in the text count
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Markers::Respect)]
    pub(super) inline_markers: Markers,
    /// let no suppression count that gives no reason
    ///
    /// Markers give theirs after ` -- `, entries in `reason`, allowlists of gitleaks in `description`, lines of a
    /// .gitleaksignore in the comment above. `require_reason` under [scan] does the same.
    #[arg(long)]
    require_reason: bool,
    /// append what is read, asked, changed and suppressed to FILE, one line of JSON each, no values
    ///
    /// [audit] log of a configuration that --config names does the same.
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    audit_log: Option<PathBuf>,
    /// What gitleaks' own flags say.
    #[arg(skip)]
    pub(super) gitleaks: GitleaksSettings,
}

/// What markers in the text do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Markers {
    /// they suppress the findings of their line
    #[default]
    Respect,
    /// they do nothing
    Ignore,
}

/// Reads a file of the place that is scanned (work tree, index or commit), by its path relative to the root.
/// `None` when there is no such file.
pub(crate) type Read<'r> = dyn Fn(&str) -> Result<Option<Vec<u8>>, String> + 'r;

/// What flags and files say together.
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The rules that run.
    pub(crate) pack: RulePack,
    /// The rules for bad practice, which run where they are asked for.
    pub(crate) practice: RulePack,
    pub(crate) suppressor: Suppressor,
    /// Ids of rules that run as parts of others alone.
    pub(crate) parts: Vec<Text>,
    /// Path patterns left out besides those of the configuration.
    pub(crate) left_out: Vec<String>,
    /// What the authors of the files should mend.
    pub(crate) warnings: Vec<String>,
}

impl SettingsFlags {
    /// Whether the configuration's word may send credentials somewhere.
    pub(super) const fn trust(&self) -> Trust {
        if self.config.is_some() { Trust::Named } else { Trust::Found }
    }

    /// The audit log that flag or configuration names.
    pub(super) fn audit(&self, config: &Config) -> Result<Option<Arc<AuditLog>>, Failure> {
        let named = match (&self.audit_log, &config.audit_log, self.trust()) {
            (Some(file), ..) => file.clone(),
            (None, None, _) => return Ok(None),
            (None, Some(file), Trust::Named) => PathBuf::from(file),
            (None, Some(file), Trust::Found) => {
                return Err(named("audit.log", format_args!("{file} is named by the scanned files alone"))
                    .help("where this machine is written to is not for scanned files to say: name it with --audit-log, or the configuration with --config"));
            }
        };
        let log = AuditLog::open(&named)
            .map_err(|e| Failure::new(format_args!("audit log {}: {e}", named.display())))?;
        Ok(Some(Arc::new(log)))
    }

    /// Reads everything; what the configuration names is read through `read`.
    pub(crate) fn load(&self, read: &Read<'_>) -> Result<Settings, Failure> {
        let mut settings = self.load_without_baseline(read)?;
        settings.suppressor.baseline = match (&self.baseline, &settings.config.baseline) {
            (Some(path), _) => {
                let (name, text) =
                    (path.display().to_string(), fs::read(path).map_err(|e| unreadable(path, &e))?);
                match gitleaks_settings::previous(&name, &text) {
                    Some(previous) => {
                        settings.suppressor.foreign.previous = previous?;
                        settings.left_out.push(format!("/{}", name.trim_start_matches("./")));
                        None
                    }
                    None => Some(baseline(&name, text)?),
                }
            }
            (None, Some(path)) => {
                let found = beside(false, read)(path);
                Some(baseline(path, found.map_err(|e| named(path, e))?)?)
            }
            (None, None) => None,
        };
        Ok(settings)
    }

    /// Reads everything but the baseline.
    pub(super) fn load_without_baseline(&self, read: &Read<'_>) -> Result<Settings, Failure> {
        let (name, text) = match &self.config {
            Some(path) => {
                (path.display().to_string(), Some(fs::read(path).map_err(|e| unreadable(path, &e))?))
            }
            None => (FILE_NAME.to_owned(), read(FILE_NAME).map_err(|e| named(FILE_NAME, e))?),
        };
        let theirs = match (&self.config, &text) {
            (Some(path), Some(text)) => Found::named(path, text),
            (None, None) => Found::anywhere(read)?,
            _ => None,
        };
        let mut settings = match theirs {
            Some(found) => self.theirs(&found, read)?,
            None => self.ours(&name, &text.unwrap_or_default(), read)?,
        };
        let foreign = &mut settings.suppressor.foreign;
        foreign.ignored = self.gitleaks.ignored(read, &mut settings.warnings)?;
        // Only what knows findings by gitleaks' names of rules asks for them.
        if self.baseline.is_some() || !foreign.ignored.is_empty() {
            foreign.names = foreign::theirs();
        }
        foreign.exact = self.gitleaks.exact;
        if self.require_reason || settings.config.require_reason {
            settings.suppressor.need = Need::Reason;
        }
        Ok(settings)
    }

    /// Settings by gitleaks' configuration.
    fn theirs(&self, found: &Found, read: &Read<'_>) -> Result<Settings, Failure> {
        let Translated { pack, parts, foreign, warnings } = found.load(read)?;
        let suppressor = Suppressor { foreign, ..self.suppressor(Vec::new()) };
        let left_out = vec![found.exclusion()];
        let (config, practice) = (Config::default(), RulePack::practice());
        Ok(Settings { config, pack, practice, suppressor, parts, left_out, warnings })
    }

    /// Settings by our own configuration `text`, called `name`.
    fn ours(&self, name: &str, text: &[u8], read: &Read<'_>) -> Result<Settings, Failure> {
        let config = Config::parse(name, text)?;
        let mut pack = RulePack::everything();
        for file in config::rule_files(name, &config.extend, &beside(self.config.is_some(), read))? {
            let wrong = |errors: Vec<RuleError>| {
                let all = errors.into_iter().map(Failure::from).reduce(Failure::and);
                all.unwrap_or_else(|| named(&file.path, "wrong"))
            };
            rule::load(&mut pack, &file.path, &file.text).map_err(wrong)?;
        }
        let mut warnings = config.warnings.clone();
        warnings.extend(config.choose(name, &mut pack)?);
        let practice = pack.take_practice();
        let suppressor = self.suppressor(config.allow.clone());
        Ok(Settings { config, pack, practice, suppressor, parts: Vec::new(), left_out: Vec::new(), warnings })
    }

    fn suppressor(&self, allow: Vec<Allow>) -> Suppressor {
        Suppressor {
            markers: self.inline_markers == Markers::Respect,
            allow,
            baseline: None,
            foreign: Foreign::default(),
            // Everywhere the same day, wherever the machine stands.
            today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            need: Need::Nothing,
            seen: Seen::default(),
        }
    }
}

impl Settings {
    /// The paths left out: those of the configuration, then `more`.
    pub(crate) fn exclude(&self, more: &[String]) -> Result<PathGlobs, Failure> {
        let configured = self.config.exclude.iter().flat_map(PathGlobs::patterns);
        let patterns: Vec<_> = configured.chain(&self.left_out).chain(more).cloned().collect();
        PathGlobs::new(&patterns).map_err(Failure::new)
    }
}

/// Reads what a configuration names: relative to the current folder when the user named the configuration, which is then
/// `on_disk`; else in the root of what is scanned, where it stands.
pub(super) fn beside(on_disk: bool, read: &Read<'_>) -> impl Fn(&str) -> Result<Vec<u8>, String> {
    move |path| {
        if on_disk {
            return fs::read(path).map_err(|e| e.to_string());
        }
        read(path)?.ok_or_else(|| "no such file".to_owned())
    }
}

/// Reads files of `folder`, as [`Read`] asks.
pub(crate) fn from_folder(folder: &Path) -> impl Fn(&str) -> Result<Option<Vec<u8>>, String> + '_ {
    |path| {
        let path = folder.join(path);
        // Opening a pipe would wait for its other end.
        match fs::metadata(&path) {
            Ok(meta) if meta.is_file() => fs::read(&path).map(Some).map_err(|e| e.to_string()),
            Ok(_) => Err("not a file".to_owned()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.to_string()),
        }
    }
}

fn baseline(name: &str, text: Vec<u8>) -> Result<Baseline, Failure> {
    Baseline::parse(&text).map_err(|e| Failure::new(format_args!("{name}: {e}")).help(e.help()))
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Failure {
    named(&path.display().to_string(), cause)
}

fn named(name: &str, cause: impl std::fmt::Display) -> Failure {
    Failure::new(format_args!("{name}: {cause}"))
}
