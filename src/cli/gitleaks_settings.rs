//! Settings that gitleaks' files hold: which configuration counts, its ignore file, an earlier report.

use std::fs;
use std::path::{Path, PathBuf};

use super::Failure;
use super::settings::{Read, beside};
use crate::foreign::{self, ForeignError, Translated};
use crate::rule::{Extractor, RulePack};
use crate::suppress::{Ignored, Previous};

/// Name of gitleaks' configuration, at the root of what is scanned.
pub(super) const CONFIG: &str = ".gitleaks.toml";
/// Name of betterleaks' configuration of its first version, which is gitleaks' with more keys.
const BETTERLEAKS_CONFIG: &str = ".betterleaks.toml";
/// Name of gitleaks' ignore file, likewise.
pub(super) const IGNORE: &str = ".gitleaksignore";

/// What gitleaks' own flags say of settings.
#[derive(Debug, Clone, Default)]
pub(super) struct GitleaksSettings {
    /// A `.gitleaksignore`, or the folder of one.
    pub(super) ignore_path: Option<PathBuf>,
    /// Whether to differ from gitleaks in nothing that can be helped.
    pub(super) exact: bool,
}

/// A configuration of gitleaks.
pub(super) struct Found {
    /// Its name, for messages.
    pub(super) name: String,
    text: Vec<u8>,
    /// Whether the user named it: what it extends lies on disk then.
    on_disk: bool,
}

impl Found {
    /// The file that the user named, when it is gitleaks' and not ours.
    pub(super) fn named(path: &Path, text: &[u8]) -> Option<Self> {
        let ours = !foreign::is_gitleaks_config(&String::from_utf8_lossy(text));
        (!ours).then(|| Self { name: path.display().to_string(), text: text.to_owned(), on_disk: true })
    }

    /// The one that counts where there is none of ours: of GITLEAKS_CONFIG, GITLEAKS_CONFIG_TOML, or of the root of
    /// what is scanned.
    pub(super) fn anywhere(read: &Read<'_>) -> Result<Option<Self>, Failure> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        for tool in ["GITLEAKS", "BETTERLEAKS"] {
            let (path, text) = (format!("{tool}_CONFIG"), format!("{tool}_CONFIG_TOML"));
            if let Some(file) = variable(&path).map(PathBuf::from) {
                let text = fs::read(&file)
                    .map_err(|e| Failure::new(format_args!("{path}: {}: {e}", file.display())))?;
                return Ok(Some(Self { name: file.display().to_string(), text, on_disk: true }));
            }
            if let Some(value) = variable(&text) {
                return Ok(Some(Self { name: text, text: value.into_encoded_bytes(), on_disk: true }));
            }
        }
        // betterleaks looks for its own first.
        for name in [BETTERLEAKS_CONFIG, CONFIG] {
            let text = read(name).map_err(|e| Failure::new(format_args!("{name}: {e}")))?;
            if let Some(text) = text {
                return Ok(Some(Self { name: name.to_owned(), text, on_disk: false }));
            }
        }
        Ok(None)
    }

    /// Its rules and allowlists. What it extends is read through `read` unless the user named it.
    pub(super) fn load(&self, read: &Read<'_>) -> Result<Translated, Failure> {
        let beside = beside(self.on_disk, read);
        let mut done = foreign::translate(&self.name, &self.text, RulePack::builtin(), &beside)?;
        let foreign = |extractor: &Extractor| extractor.is_foreign() || *extractor == Extractor::PathOnly;
        let rules = done.pack.rules();
        if rules.iter().all(|rule| foreign(&rule.extractor)) {
            let count = rules.len();
            done.warnings.push(format!(
                "{}: only its own {count} rule{} run: it does not extend the default ones (useDefault)",
                self.name,
                if count == 1 { "" } else { "s" }
            ));
        }
        Ok(done)
    }

    /// The path pattern by which it is left out of the scan, as gitleaks leaves it out.
    pub(super) fn exclusion(&self) -> String {
        format!("/{}", self.name.trim_start_matches("./"))
    }
}

impl GitleaksSettings {
    /// The entries of every ignore file that counts. Says in `warnings` which lines are none.
    pub(super) fn ignored(&self, read: &Read<'_>, warnings: &mut Vec<String>) -> Result<Ignored, Failure> {
        let mut ignored = Ignored::default();
        let mut add = |name: &str, text: &[u8]| {
            for line in ignored.add(name, text) {
                warnings
                    .push(format!("{name}: line {line}: neither file:rule:line nor commit:file:rule:line"));
            }
        };
        if let Some(path) = &self.ignore_path {
            let file = if path.is_dir() { path.join(IGNORE) } else { path.clone() };
            if file.exists() {
                let named = |e| Failure::new(format_args!("{}: {e}", file.display()));
                add(&file.display().to_string(), &fs::read(&file).map_err(named)?);
            }
        }
        if let Some(text) = read(IGNORE).map_err(|e| Failure::new(format_args!("{IGNORE}: {e}")))? {
            add(IGNORE, &text);
        }
        Ok(ignored)
    }
}

/// The earlier report of gitleaks that `text` is; `None` when it is a baseline of ours.
pub(super) fn previous(name: &str, text: &[u8]) -> Option<Result<Previous, Failure>> {
    let first = text.iter().find(|b| !b.is_ascii_whitespace());
    let named = |cause| Failure::new(format_args!("{name}: {cause}"));
    (first == Some(&b'[')).then(|| Previous::parse(text).map_err(named))
}

impl From<ForeignError> for Failure {
    fn from(error: ForeignError) -> Self {
        let failure = Self::new(&error);
        match error.remedy() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
