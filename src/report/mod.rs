//! The doors through which findings go out: terminal text, JSON, SARIF, and what other programs and services read.
//!
//! A new format is one file and one arm in [`Format`]. Every reporter masks secrets unless told otherwise, and says
//! what was not scanned.

mod azure;
mod baseline;
mod card;
mod csv;
mod effort;
mod github;
mod gitlab;
mod gitleaks;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
mod mask;
mod plain;
mod progress;
mod rdjson;
pub mod reader;
mod redact;
#[cfg(test)]
mod sample;
mod sarif;
#[cfg(test)]
mod secrecy;
mod spread;
mod time;
pub(crate) mod totals;
mod verdict;
mod view;

use std::io;
use std::path::PathBuf;

use bstr::BString;

use crate::model::{Finding, MessageKind, Place, Tally};
use crate::rule::RulePack;

pub use baseline::{Looked, NewBaseline};
pub use card::{Card, cards};
pub use gitleaks::GitleaksKind;
pub(crate) use mask::mask;
pub use progress::Progress;
pub use view::is_masked;

/// What a report says, whatever its format.
#[derive(Debug)]
pub struct Summary<'r> {
    /// Findings, sorted by [`Finding::order`]; suppressed ones only when asked for.
    pub findings: &'r [Finding],
    /// Number of suppressed findings, reported or not.
    pub suppressed: usize,
    /// What was scanned, skipped and missed.
    pub tally: &'r Tally,
    /// The rules that ran.
    pub pack: &'r RulePack,
    /// The exit code that the run ends with.
    pub exit_code: u8,
    /// What was scanned, in words, such as `staged changes of /srv/app`.
    pub subject: &'r str,
    /// Where the findings' paths lie.
    pub root: &'r Root,
    /// Wall time of the scan; `None` for what is told by a report that was read.
    pub elapsed: Option<std::time::Duration>,
}

/// Where the findings' paths lie. Formats that other programs join to a checkout need it.
#[derive(Debug, Clone, Default)]
pub struct Root {
    /// Absolute path of the repository's work tree, or of the scanned folder where there is no repository; `None`
    /// when nothing on disk was scanned.
    pub folder: Option<PathBuf>,
    /// What leads from there to the paths of the findings: empty, or ends with `/`.
    pub prefix: BString,
}

/// Writes one report.
pub trait Reporter: Send + Sync {
    /// Writes the whole report.
    ///
    /// # Errors
    /// The output's.
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()>;

    /// What the user must know of this format's report and cannot see in it: lower case, no full stop.
    fn warnings(&self, _summary: &Summary<'_>) -> Vec<String> {
        Vec::new()
    }
}

/// What shapes reports, whatever their format.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether secrets are shown as they are.
    pub show_secrets: bool,
    /// Whether text for people is coloured.
    pub color: bool,
    /// Columns that text for people may use.
    pub width: usize,
    /// SARIF: what tells this run's alerts from those of other runs over the same repository.
    pub category: String,
}

/// The formats, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text for people.
    #[default]
    Human,
    /// One JSON document; its schema is docs/report.schema.json.
    Json,
    /// One JSON object per line: the findings, then the summary.
    Jsonl,
    /// SARIF 2.1.0, as GitHub code scanning takes it.
    Sarif,
    /// The JSON of gitleaks, for programs that read it.
    Gitleaks,
    /// Commands to a GitHub workflow's runner.
    Github,
    /// GitLab's secret-detection report.
    GitLab,
    /// JUnit XML.
    JUnit,
    /// CSV, safe to open in a spreadsheet.
    Csv,
    /// The diagnostics of reviewdog.
    RdJson,
    /// Markdown, for summaries and comments.
    Markdown,
    /// Commands to an agent of Azure Pipelines.
    Azure,
    /// One page for a browser, complete in itself.
    Html,
}

/// Where the tool is described.
const HOME: &str = "https://crates.io/crates/leakward";

/// A reporter for people who find the findings elsewhere: remarks, what was not scanned, and the counts.
pub fn brief(options: &Options) -> Box<dyn Reporter> {
    let Options { show_secrets, color, width, category: _ } = *options;
    Box::new(human::Human { show_secrets, color, width, findings: false })
}

/// A reporter that writes what gitleaks writes; of each secret the last `redact` percent are cut off, where that is
/// given, instead of masked.
pub fn as_gitleaks(kind: GitleaksKind, show_secrets: bool, redact: Option<u8>) -> Box<dyn Reporter> {
    Box::new(gitleaks::Gitleaks { show_secrets, kind, redact })
}

impl Options {
    /// Options for standard output: coloured if it is a terminal, unless NO_COLOR, CLICOLOR_FORCE or TERM say
    /// otherwise.
    pub fn for_stdout() -> Self {
        let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let width = terminal_size::terminal_size_of(io::stdout()).map_or(Self::WIDTH, |(w, _)| w.0.into());
        Self { color, width, ..Self::for_file() }
    }

    /// Options for standard error, likewise.
    pub fn for_stderr() -> Self {
        let color = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        Self { color, ..Self::for_file() }
    }

    /// Options for a file: never coloured.
    pub fn for_file() -> Self {
        Self {
            show_secrets: false,
            color: false,
            width: Self::WIDTH,
            category: env!("CARGO_PKG_NAME").to_owned(),
        }
    }

    /// Columns where there is no terminal.
    const WIDTH: usize = 140;
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 13] = [
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Gitleaks,
        Self::Github,
        Self::GitLab,
        Self::JUnit,
        Self::Csv,
        Self::RdJson,
        Self::Markdown,
        Self::Azure,
        Self::Html,
    ];

    /// The name that users write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Gitleaks => "gitleaks",
            Self::Github => "github",
            Self::GitLab => "gitlab",
            Self::JUnit => "junit",
            Self::Csv => "csv",
            Self::RdJson => "rdjson",
            Self::Markdown => "markdown",
            Self::Azure => "azure",
            Self::Html => "html",
        }
    }

    /// One line about it, for help texts.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Human => "text for people",
            Self::Json => "one JSON document (docs/report.schema.json)",
            Self::Jsonl => "one JSON object per line: the findings, then the summary",
            Self::Sarif => "SARIF 2.1.0, for code scanning",
            Self::Gitleaks => "the JSON of gitleaks",
            Self::Github => "annotations of a GitHub workflow",
            Self::GitLab => "GitLab's secret-detection report, schema 15.2",
            Self::JUnit => "JUnit XML, for CI services that show tests",
            Self::Csv => "a table, safe to open in a spreadsheet",
            Self::RdJson => "diagnostics for reviewdog",
            Self::Markdown => "Markdown, for summaries and comments",
            Self::Azure => "logging commands of Azure Pipelines",
            Self::Html => "one page for a browser, complete in itself",
        }
    }

    /// The ending of file names that tells it, without the dot.
    pub const fn ending(self) -> Option<&'static str> {
        match self {
            Self::Human => Some("txt"),
            Self::Json => Some("json"),
            Self::Jsonl => Some("jsonl"),
            Self::Sarif => Some("sarif"),
            Self::JUnit => Some("xml"),
            Self::Csv => Some("csv"),
            Self::RdJson => Some("rdjson"),
            Self::Markdown => Some("md"),
            Self::Html => Some("html"),
            Self::Gitleaks | Self::Github | Self::GitLab | Self::Azure => None,
        }
    }

    /// Its reporter.
    pub fn reporter(self, options: &Options) -> Box<dyn Reporter> {
        let Options { show_secrets, color, width, ref category } = *options;
        match self {
            Self::Human => Box::new(human::Human { show_secrets, color, width, findings: true }),
            Self::Json => Box::new(json::Json { show_secrets, lines: false }),
            Self::Jsonl => Box::new(json::Json { show_secrets, lines: true }),
            Self::Sarif => Box::new(sarif::SarifLog { show_secrets, category: category.clone() }),
            Self::Gitleaks => as_gitleaks(GitleaksKind::Json, show_secrets, None),
            Self::Github => Box::new(github::Github { show_secrets }),
            Self::GitLab => Box::new(gitlab::GitLab { show_secrets, begun: jiff::Timestamp::now() }),
            Self::JUnit => Box::new(junit::JUnit { show_secrets }),
            Self::Csv => Box::new(csv::Csv { show_secrets }),
            Self::RdJson => Box::new(rdjson::RdJson { show_secrets }),
            Self::Markdown => Box::new(markdown::Markdown { show_secrets }),
            Self::Azure => Box::new(azure::Azure { show_secrets }),
            Self::Html => Box::new(html::Html { show_secrets }),
        }
    }
}

/// The kind of place, for people.
const fn place_words(place: &Place) -> &'static str {
    match place {
        Place::File => "file",
        Place::Stdin => "standard input",
        Place::Index => "staged",
        Place::Commit(_) => "commit",
        Place::Message(_, MessageKind::Commit) => "commit message",
        Place::Message(_, MessageKind::Tag) => "tag message",
        Place::Message(_, MessageKind::Identity) => "author line",
        Place::Message(_, MessageKind::Note) => "note",
        Place::Unreachable(_) => "unreachable",
    }
}
