//! Reports read back: our own, and those of other scanners, as findings that every format can write.
//!
//! What a report says is taken as it is; nothing is scanned. Values that stand in it are kept as [`Secret`]s and
//! shown through the mask alone; texts of other tools that may quote a value are left behind.
//!
//! A dialect is one file and one arm in [`Dialect`].
//!
//! [`Secret`]: crate::model::Secret

mod betterleaks;
mod draft;
mod gitleaks;
mod kingfisher;
mod own;
mod sarif;
#[cfg(test)]
mod tests;
mod trufflehog;
mod verdict;

use std::time::Duration;

use serde_json::Value;

use super::{Root, Summary};
use crate::model::{Finding, Tally};
use crate::rule::RulePack;

use draft::Reading;

/// What a report told.
#[derive(Debug)]
pub struct Told {
    /// Findings by path, and in one path as the report has them.
    pub findings: Vec<Finding>,
    /// Number of findings that the scan suppressed, told or not.
    pub suppressed: usize,
    /// What was scanned and missed, as far as the report tells.
    pub tally: Tally,
    /// The rules of the findings.
    pub pack: RulePack,
    /// The exit code that the scan ended with, or would have.
    pub exit_code: u8,
    /// What was scanned, in words.
    pub subject: String,
    /// How the report was written.
    pub dialect: Dialect,
    /// Whether its end is missing.
    pub cut: bool,
}

/// Who writes such reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Our own JSON and JSON lines.
    Leakward,
    /// SARIF of any tool.
    Sarif,
    /// gitleaks' JSON, and that of betterleaks 1.
    Gitleaks,
    /// The JSON and JSON lines of betterleaks 2.
    Betterleaks,
    /// The JSON lines of trufflehog 3.
    TruffleHog,
    /// The JSON and JSON lines of kingfisher.
    Kingfisher,
}

/// Why a report cannot be read. Whoever names the file must fix it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// Not JSON from some place on.
    #[error("line {line}, column {column}: not JSON")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON of a shape that nothing known writes.
    #[error("not a report that can be read")]
    Unknown,
    /// Nothing in it, so that nobody can tell who wrote it.
    #[error("the file is empty")]
    Empty,
    /// It is not what it was said to be.
    #[error("not a report of {}", dialect.name())]
    Other {
        /// What it was said to be.
        dialect: Dialect,
    },
}

impl ReadError {
    /// What the user can do.
    pub fn help(&self) -> String {
        let names: Vec<_> = Dialect::ALL.iter().map(|d| d.name()).collect();
        match self {
            Self::Empty => format!(
                "an empty report is one of trufflehog without findings: say so with --from {}",
                Dialect::TruffleHog.name()
            ),
            _ => format!("what can be read is the JSON, JSON lines or SARIF of {}", names.join(", ")),
        }
    }
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 6] =
        [Self::Leakward, Self::Sarif, Self::Gitleaks, Self::Betterleaks, Self::TruffleHog, Self::Kingfisher];

    /// The name that users write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leakward => "leakward",
            Self::Sarif => "sarif",
            Self::Gitleaks => "gitleaks",
            Self::Betterleaks => "betterleaks",
            Self::TruffleHog => "trufflehog",
            Self::Kingfisher => "kingfisher",
        }
    }

    /// One line about it, for help texts.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Leakward => "our own JSON or JSON lines",
            Self::Sarif => "SARIF 2.1.0 of any tool",
            Self::Gitleaks => "the JSON of gitleaks, and of betterleaks 1",
            Self::Betterleaks => "the JSON or JSON lines of betterleaks 2",
            Self::TruffleHog => "the JSON lines of trufflehog 3",
            Self::Kingfisher => "the JSON or JSON lines of kingfisher",
        }
    }

    /// Whose report begins with `value`.
    fn of(value: &Value) -> Option<Self> {
        let has = |key: &str| value.get(key).is_some();
        match value {
            Value::Array(all) if all.iter().all(|one| one.get("RuleID").is_some()) => Some(Self::Gitleaks),
            Value::Object(_) if value["runs"].is_array() => Some(Self::Sarif),
            Value::Object(_) if value["summary"]["tool"]["name"] == "leakward" => Some(Self::Leakward),
            Value::Object(_) if value["type"] == "finding" && value["fingerprint"].is_string() => {
                Some(Self::Leakward)
            }
            Value::Object(_) if value["type"] == "summary" && value["tool"]["name"] == "leakward" => {
                Some(Self::Leakward)
            }
            Value::Object(_) if has("schema_version") && (has("findings") || has("finding")) => {
                Some(Self::Betterleaks)
            }
            Value::Object(_) if has("DetectorName") && has("SourceMetadata") => Some(Self::TruffleHog),
            Value::Object(_) if has("rule") && has("finding") => Some(Self::Kingfisher),
            Value::Object(_) if value["findings"].is_array() && (has("audit") || has("metadata")) => {
                Some(Self::Kingfisher)
            }
            Value::Object(_) if has("kingfisher") && has("rules_applied") => Some(Self::Kingfisher),
            _ => None,
        }
    }
}

/// Reads the report `text`; without a dialect its content tells who wrote it.
///
/// # Errors
/// What keeps it from being read.
pub fn read(text: &[u8], dialect: Option<Dialect>) -> Result<Told, ReadError> {
    let values = values(text)?;
    let found = values.iter().find_map(Dialect::of);
    let dialect = match (dialect, found) {
        (Some(said), Some(found)) if said != found => return Err(ReadError::Other { dialect: said }),
        (Some(said), None) if !values.is_empty() => return Err(ReadError::Other { dialect: said }),
        (Some(said), _) => said,
        (None, Some(found)) => found,
        (None, None) if values.is_empty() => return Err(ReadError::Empty),
        (None, None) => return Err(ReadError::Unknown),
    };
    let mut reading = Reading::new(dialect);
    for value in &values {
        let understood = match dialect {
            Dialect::Leakward => own::read(value, &mut reading),
            Dialect::Sarif => sarif::read(value, &mut reading),
            Dialect::Gitleaks => gitleaks::read(value, &mut reading),
            Dialect::Betterleaks => betterleaks::read(value, &mut reading),
            Dialect::TruffleHog => trufflehog::read(value, &mut reading),
            Dialect::Kingfisher => kingfisher::read(value, &mut reading),
        };
        if understood.is_none() {
            reading.strange += 1;
        }
    }
    Ok(reading.finish())
}

/// The JSON values of `text`, which stand one after the other.
fn values(text: &[u8]) -> Result<Vec<Value>, ReadError> {
    let text = as_utf8(text);
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_slice(&text).into_iter::<Value>() {
        // The parser's own message could quote a value.
        let value = value.map_err(|e| ReadError::NotJson { line: e.line(), column: e.column() })?;
        values.push(value);
    }
    Ok(values)
}

/// `text` in UTF-8: some shells of Windows write what a program prints as UTF-16.
fn as_utf8(text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| -> Vec<u8> {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    match text {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes).into(),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes).into(),
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.into(),
        text => text.into(),
    }
}

impl Told {
    /// The report of what was told. `root` is where its paths lie.
    pub const fn summary<'t>(&'t self, root: &'t Root) -> Summary<'t> {
        Summary {
            findings: self.findings.as_slice(),
            suppressed: self.suppressed,
            tally: &self.tally,
            pack: &self.pack,
            exit_code: self.exit_code,
            subject: self.subject.as_str(),
            root,
            elapsed: None::<Duration>,
        }
    }
}
