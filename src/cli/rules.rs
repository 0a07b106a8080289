//! `leakward rules`: what the rules are, and whether a file of rules is sound.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::{Failure, heading};
use crate::config::nearest;
use crate::detect::trial::try_rules;
use crate::report::totals::count;
use crate::rule::{
    self, Checksum, Confidence, Extractor, Rule, RulePack, RuleRef, Severity, StatedLive, Text,
};

/// list, show and check rules
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Show(Show),
    Check(Check),
}

/// list the built-in rules
#[derive(Debug, clap::Args)]
struct List {
    /// how to write the list
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Human, help_heading = heading::OUTPUT)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One line a rule
    Human,
    /// A JSON array
    Json,
}

/// print a built-in rule, as a file of rules would state it
#[derive(Debug, clap::Args)]
struct Show {
    /// the rule
    #[arg(value_name = "ID", help_heading = heading::RULES)]
    id: String,
}

/// check rules and run their examples
///
/// Without FILE, the built-in rules. A rule of FILE is tried among the built-in ones, as a scan would run it.
#[derive(Debug, clap::Args)]
struct Check {
    /// file of rules
    #[arg(value_name = "FILE", help_heading = heading::RULES)]
    file: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let text = match self.command {
            Command::List(list) => list.text()?,
            Command::Show(show) => show.text()?,
            Command::Check(check) => check.text()?,
        };
        match io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format_args!("cannot write to standard output: {error}")))
            }
            _ => Ok(0),
        }
    }
}

impl List {
    fn text(&self) -> Result<String, Failure> {
        let pack = RulePack::everything();
        match self.format {
            Format::Json => {
                let rules: Vec<_> = pack.rules().iter().map(|rule| Stated::of(rule)).collect();
                let text = serde_json::to_string_pretty(&rules);
                text.map(|text| text + "\n").map_err(|e| Failure::new(format_args!("cannot write JSON: {e}")))
            }
            Format::Human => {
                let width =
                    |text: fn(&Rule) -> &str| pack.rules().iter().map(|r| text(r).len()).max().unwrap_or(0);
                let (ids, severities) = (width(|r| &r.id), width(|r| r.severity.as_str()));
                let line = |rule: &RuleRef| {
                    let severity = rule.severity.as_str();
                    format!("{:ids$}  {severity:severities$}  {}\n", rule.id, rule.title)
                };
                Ok(pack.rules().iter().map(line).collect())
            }
        }
    }
}

impl Show {
    fn text(&self) -> Result<String, Failure> {
        let pack = RulePack::everything();
        let Some(rule) = pack.rule(&self.id) else {
            let help = match nearest(&self.id, pack.rules().iter().map(|r| r.id.as_ref())) {
                Some(near) => format!("did you mean {near}?"),
                None => "`leakward rules list` shows every rule".to_owned(),
            };
            return Err(Failure::new(format_args!("no rule is called {}", self.id)).help(help));
        };
        let stated = toml::to_string_pretty(&File { rule: [Stated::of(rule)] });
        stated.map_err(|error| Failure::new(format_args!("cannot write TOML: {error}")))
    }
}

impl Check {
    fn text(&self) -> Result<String, Failure> {
        let mut pack = RulePack::everything();
        let own = match &self.file {
            Some(file) => add(&mut pack, file)?,
            None => pack.rules().iter().map(|rule| rule.id.clone()).collect(),
        };
        let chosen = |rule: &Rule| own.contains(&rule.id);
        let pack = Arc::new(pack);
        let faults = try_rules(&pack, chosen).map_err(|e| Failure::new(e.to_string()))?;
        let failures = faults
            .into_iter()
            .map(|(rule, fault)| Failure::new(format_args!("rule {rule}: {fault}")).help(fault.help()));
        if let Some(failure) = failures.reduce(Failure::and) {
            return Err(failure);
        }
        let rules: Vec<_> = pack.rules().iter().filter(|rule| chosen(rule)).collect();
        let examples: usize = rules.iter().map(|rule| rule.positive.len() + rule.negative.len()).sum();
        let mut text =
            format!("{}, {}: ok\n", count(rules.len() as u64, "rule"), count(examples as u64, "example"));
        for rule in rules.iter().filter(|rule| rule.positive.is_empty()) {
            text += &format!("rule {} has no positive example: nothing was tried\n", rule.id);
        }
        Ok(text)
    }
}

/// Adds the rules of `file` to `pack`. Returns their ids.
fn add(pack: &mut RulePack, file: &Path) -> Result<Vec<Text>, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::new(format_args!("cannot read {}: {error}", file.display())))?;
    let failure = |error: rule::RuleError| match error.help() {
        Some(help) => Failure::new(&error).help(help),
        None => Failure::new(&error),
    };
    rule::load(pack, &file.display().to_string(), &text).map_err(|errors| {
        let failures = errors.into_iter().map(failure).reduce(Failure::and);
        failures.unwrap_or_else(|| Failure::new(format_args!("cannot load {}", file.display())))
    })
}

/// A file of one rule.
#[derive(Serialize)]
struct File<'r> {
    rule: [Stated<'r>; 1],
}

/// A rule as a file states it.
#[derive(Serialize)]
struct Stated<'r> {
    id: &'r str,
    title: &'r str,
    severity: Severity,
    confidence: Confidence,
    #[serde(skip_serializing_if = "<[Text]>::is_empty")]
    keywords: &'r [Text],
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reader: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    practice: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_entropy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<Checksum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'r str>,
    #[serde(skip_serializing_if = "<[Text]>::is_empty")]
    stopwords: &'r [Text],
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<usize>,
    source: &'r str,
    revoke: &'r str,
    #[serde(skip_serializing_if = "<[Text]>::is_empty")]
    tags: &'r [Text],
    positive: &'r [Text],
    negative: &'r [Text],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requires: Vec<Part<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<StatedLive>,
}

#[derive(Serialize)]
struct Part<'r> {
    rule: &'r str,
    within_lines: u32,
    mandatory: bool,
}

impl<'r> Stated<'r> {
    fn of(rule: &'r Rule) -> Self {
        let (pattern, reader, practice) = match &rule.extractor {
            Extractor::Pattern(pattern) | Extractor::Whole(pattern) => (Some(pattern.as_ref()), None, None),
            Extractor::Builtin(name) => (None, Some(name.as_ref()), None),
            Extractor::Practice(name) => (None, None, Some(name.as_ref())),
            Extractor::PathOnly | Extractor::Known => (None, None, None),
        };
        let part = |p: &'r rule::Requirement| Part {
            rule: &p.rule,
            within_lines: p.within_lines,
            mandatory: p.mandatory,
        };
        Self {
            id: &rule.id,
            title: &rule.title,
            severity: rule.severity,
            confidence: rule.confidence,
            keywords: &rule.keywords,
            pattern,
            reader,
            practice,
            group: (rule.group != 1).then_some(rule.group),
            // Through text, or 3.3 would be written 3.299999952316284.
            min_entropy: rule.min_entropy.and_then(|bits| bits.to_string().parse().ok()),
            checksum: rule.checksum,
            path: rule.path.as_deref(),
            stopwords: &rule.stopwords,
            reach: pattern.map(|_| rule.reach),
            source: &rule.source,
            revoke: &rule.revoke,
            tags: &rule.tags,
            positive: &rule.positive,
            negative: &rule.negative,
            requires: rule.requires.iter().map(part).collect(),
            live: rule.live.as_ref().map(StatedLive::of),
        }
    }
}
