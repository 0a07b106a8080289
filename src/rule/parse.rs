//! Reads rules from TOML and checks each. Shared with `build.rs`, which reads the built-in pack with it; so it
//! names its neighbours by `super::`.

use serde::Deserialize;

use super::checksum::Checksum;
use super::kind::{Confidence, Extractor, Requirement, Rule, Severity, Text, texts};
use super::live;
use super::pattern;
use super::problem::{Problem, RuleError};
use super::shorthand::expand;

/// Who wrote a file of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// This project: every field is filled and there are examples.
    Project,
    /// Somebody with a rule of their own: an id and a pattern will do.
    User,
}

/// The rules of `text`, in its order. `file` names it in errors.
///
/// # Errors
/// Everything that is wrong with the file; never empty.
pub(crate) fn parse(file: &str, text: &str, author: Author) -> Result<Vec<Rule>, Vec<RuleError>> {
    let entries = match toml::from_str::<File>(text) {
        Ok(file) => file.rule,
        Err(error) => return Err(vec![syntax(file, text, &error)]),
    };
    let mut errors = Vec::new();
    let mut rules: Vec<Rule> = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.id.clone();
        let twice = rules.iter().any(|r| r.id == id);
        let (rule, mut problems) = entry.rule(author);
        if twice {
            problems.push(Problem::Twice);
        }
        let named = |problem| RuleError { file: file.to_owned(), rule: Some(id.clone()), problem };
        errors.extend(problems.into_iter().map(named));
        rules.push(rule);
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// What the rules of one pack get wrong about each other.
pub(crate) fn check_references<'r>(
    rules: impl IntoIterator<Item = &'r Rule> + Clone,
) -> Vec<(String, Problem)> {
    let mut problems = Vec::new();
    for rule in rules.clone() {
        for part in rule.requires.iter() {
            if part.rule == rule.id || !rules.clone().into_iter().any(|other| other.id == part.rule) {
                problems.push((rule.id.to_string(), Problem::Requirement(part.rule.to_string())));
            }
        }
    }
    problems
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Entry>,
}

/// A rule as its file states it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default)]
    title: String,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    #[serde(default)]
    keywords: Vec<String>,
    pattern: Option<String>,
    reader: Option<String>,
    practice: Option<String>,
    group: Option<usize>,
    min_entropy: Option<f32>,
    checksum: Option<Checksum>,
    path: Option<String>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    requires: Vec<Part>,
    reach: Option<usize>,
    #[serde(default)]
    source: String,
    #[serde(default)]
    revoke: String,
    live: Option<live::Stated>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    positive: Vec<String>,
    #[serde(default)]
    negative: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    rule: String,
    within_lines: u32,
    #[serde(default)]
    mandatory: bool,
}

impl Entry {
    /// The rule, and everything that is wrong with it.
    fn rule(mut self, author: Author) -> (Rule, Vec<Problem>) {
        let mut problems = self.field_problems(author);
        let group = self.group.unwrap_or(1);
        let extractor = self.extractor(&mut problems);
        let mut reach = self.reach.unwrap_or_default();
        if let Extractor::Pattern(pattern) = &extractor {
            match self.measure(pattern, group) {
                Ok(bytes) => reach = bytes,
                Err(problem) => problems.push(problem),
            }
            if self.keywords.is_empty() && self.min_entropy.is_none() {
                problems.push(Problem::Unguarded);
            }
        }
        let parts: Vec<String> = self.requires.iter().map(|part| part.rule.clone()).collect();
        let live = self.live.take().map(|stated| stated.check(&parts)).transpose();
        let live = live.unwrap_or_else(|cause| {
            problems.push(Problem::Live(cause));
            None
        });
        if self.title.is_empty() {
            self.title.clone_from(&self.id);
        }
        let rule = Rule {
            id: self.id.into(),
            title: self.title.into(),
            severity: self.severity.unwrap_or(Severity::Medium),
            confidence: self.confidence.unwrap_or(Confidence::Medium),
            keywords: texts(self.keywords),
            extractor,
            group,
            min_entropy: self.min_entropy,
            checksum: self.checksum,
            path: self.path.map(Text::Owned),
            stopwords: texts(self.stopwords),
            requires: self.requires.into_iter().map(Part::requirement).collect::<Vec<_>>().into(),
            reach,
            source: self.source.into(),
            revoke: self.revoke.into(),
            live,
            tags: texts(self.tags),
            positive: texts(self.positive),
            negative: texts(self.negative),
        };
        (rule, problems)
    }

    fn extractor(&mut self, problems: &mut Vec<Problem>) -> Extractor {
        if let Some(practice) = self.practice.take() {
            if self.pattern.is_some() || self.reader.is_some() {
                problems.push(Problem::TwoExtractors);
            }
            return Extractor::Practice(practice.into());
        }
        match (self.pattern.take(), self.reader.take()) {
            (Some(_), Some(_)) => problems.push(Problem::TwoExtractors),
            (Some(pattern), None) => match expand(&pattern) {
                Ok(pattern) => return Extractor::Pattern(pattern.into()),
                Err(problem) => problems.push(problem),
            },
            (None, Some(reader)) => return Extractor::Builtin(reader.into()),
            (None, None) if self.path.is_none() => problems.push(Problem::NoExtractor),
            (None, None) => {}
        }
        Extractor::PathOnly
    }

    /// How far around a keyword `pattern` must see, in bytes.
    fn measure(&self, pattern: &str, group: usize) -> Result<usize, Problem> {
        let hir =
            pattern::check(pattern, group).map_err(|cause| Problem::Pattern { field: "pattern", cause })?;
        let longest = hir.properties().maximum_len().map(|n| n + Rule::MARGIN);
        match (self.reach, longest) {
            (None, None) => Err(Problem::Unbounded),
            (Some(reach), Some(longest)) if reach < longest => Err(Problem::Reach { reach, longest }),
            (Some(reach), _) | (None, Some(reach)) => Ok(reach),
        }
    }

    /// What is wrong with single fields.
    fn field_problems(&self, author: Author) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut require = |holds: bool, problem: Problem| {
            if !holds {
                problems.push(problem);
            }
        };
        require(is_kebab(&self.id), Problem::Id);
        for word in &self.keywords {
            require(word.len() >= 2 && word.is_ascii(), Problem::Keyword(word.clone()));
        }
        require(self.min_entropy.is_none_or(|bits| (0.0..=8.0).contains(&bits)), Problem::Entropy);
        require(self.stopwords.iter().all(|word| !word.is_empty()), Problem::Blank("stopwords"));
        if author == Author::Project {
            require(!self.title.trim().is_empty(), Problem::Blank("title"));
            require(self.severity.is_some(), Problem::Blank("severity"));
            require(!self.revoke.trim().is_empty(), Problem::Blank("revoke"));
            require(is_source(&self.source), Problem::Source);
            for (kind, given, wanted) in [("positive", &self.positive, 1), ("negative", &self.negative, 2)] {
                let given = given.len();
                require(given >= wanted, Problem::Examples { kind, given, wanted });
            }
        }
        if let Some(Err(cause)) = self.path.as_ref().map(|path| pattern::parse(path)) {
            problems.push(Problem::Pattern { field: "path", cause });
        }
        problems
    }
}

impl Part {
    fn requirement(self) -> Requirement {
        let Self { rule, within_lines, mandatory } = self;
        Requirement { rule: rule.into(), within_lines, within_columns: None, mandatory }
    }
}

fn is_kebab(id: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    id.split('-').all(word)
}

fn is_source(source: &str) -> bool {
    let number = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    source.strip_prefix("https://").is_some_and(|rest| rest.contains('.'))
        || source.strip_prefix("RFC ").is_some_and(number)
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> RuleError {
    let offset = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = 1 + text.as_bytes()[..offset].iter().filter(|&&b| b == b'\n').count();
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    RuleError { file: file.to_owned(), rule: None, problem: Problem::Syntax { line, message } }
}
