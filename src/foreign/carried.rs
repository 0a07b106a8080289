//! What another scanner's file comes to here: rules and settings as text of ours, accepted values by hash, and what
//! could not be carried over.

use regex::Regex;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::rule::{self, Problem, RulePack};

/// What a file comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// Entries for a file of rules, each the text of one `[[rule]]`.
    pub rules: Vec<String>,
    /// Entries of the configuration, each the text of one `[[allow]]`.
    pub allow: Vec<String>,
    /// Path patterns, as in `.gitignore`, of what is not scanned.
    pub exclude: Vec<String>,
    /// Values that are accepted.
    pub accepted: Vec<Accepted>,
    /// What could not be carried over, in words.
    pub lost: Vec<String>,
}

/// A value that is accepted, known by a hash of it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The hash.
    pub hash: Hashed,
    /// The file in which it is accepted, `/` between parts; `None`: everywhere.
    pub path: Option<String>,
    /// The line (from 1) on which it stood when it was accepted.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
}

/// A hash of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hashed {
    /// SHA-1 of the value, as detect-secrets keeps it.
    Sha1(String),
    /// SHA-256 of the value, or of the value and the kind that ggshield gives it.
    Sha256(String),
}

/// Kinds of values that ggshield hashes along.
const KINDS: [&str; 9] = [
    "apikey",
    "password",
    "token",
    "client_secret",
    "secret",
    "private_key",
    "username",
    "client_id",
    "host",
];

impl Hashed {
    /// The SHA-256 of `value`.
    pub(super) fn sha256(value: &[u8]) -> Self {
        Self::Sha256(hex(&Sha256::digest(value)))
    }

    /// Whether it is the hash of `value`.
    pub fn is_of(&self, value: &[u8]) -> bool {
        match self {
            Self::Sha1(hash) => hex(&Sha1::digest(value)) == *hash,
            Self::Sha256(hash) => {
                let with = |kind: &str| hex(&Sha256::digest([value, b",", kind.as_bytes()].concat()));
                hex(&Sha256::digest(value)) == *hash || KINDS.iter().any(|kind| with(kind) == *hash)
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A rule on its way into a file of rules.
#[derive(Debug, Default)]
pub(super) struct RuleText<'r> {
    pub(super) id: String,
    pub(super) title: &'r str,
    /// In our notation; a pattern without a group is taken as a whole.
    pub(super) pattern: String,
    pub(super) keywords: Vec<String>,
    pub(super) min_entropy: Option<f64>,
    pub(super) confidence: Option<&'static str>,
    pub(super) stopwords: Vec<String>,
    /// Ids of rules that must hit nearby.
    pub(super) requires: Vec<String>,
}

/// Lines around a match within which a required part is sought.
const NEARBY: u32 = 200;
/// Bytes around a keyword that are searched where a match has no greatest length.
const REACH: usize = 4096;

impl RuleText<'_> {
    /// The text of the entry.
    ///
    /// # Errors
    /// Why no rule here can say it.
    pub(super) fn text(&self) -> Result<String, String> {
        let mut lines = vec![format!("id = {}", quoted(&self.id))];
        if !self.title.is_empty() {
            lines.push(format!("title = {}", quoted(self.title)));
        }
        lines.extend(self.confidence.map(|level| format!("confidence = {}", quoted(level))));
        lines.extend(list("keywords", &self.keywords));
        let grouped = Regex::new(&self.pattern).map_err(|e| in_one_line(&e))?.captures_len() > 1;
        let pattern = if grouped { self.pattern.clone() } else { format!("({})", self.pattern) };
        lines.push(format!("pattern = {}", quoted(&pattern)));
        lines.extend(self.min_entropy.map(|floor| format!("min_entropy = {floor:?}")));
        lines.extend(list("stopwords", &self.stopwords));
        let part = |id: &String| {
            format!("requires = [{{ rule = {}, within_lines = {NEARBY}, mandatory = true }}]", quoted(id))
        };
        lines.extend(self.requires.first().map(part));
        loadable(lines, !self.requires.is_empty())
    }
}

/// `lines` as an entry that loads, with what the loader asks for added.
fn loadable(mut lines: Vec<String>, has_parts: bool) -> Result<String, String> {
    loop {
        let text = format!("[[rule]]\n{}\n", lines.join("\n"));
        // What it requires is in another entry.
        let alone = text.lines().filter(|line| !has_parts || !line.starts_with("requires"));
        let alone: String = alone.map(|line| format!("{line}\n")).collect();
        let errors = match rule::load(&mut RulePack::default(), "rule", &alone) {
            Ok(_) => return Ok(text),
            Err(errors) => errors,
        };
        let asks = |wanted: &Problem| errors.iter().any(|error| error.problem == *wanted);
        let (reach, floor) = (format!("reach = {REACH}"), "min_entropy = 0.0".to_owned());
        if asks(&Problem::Unbounded) && !lines.contains(&reach) {
            lines.push(reach);
        } else if asks(&Problem::Unguarded) && !lines.contains(&floor) {
            lines.push(floor);
        } else {
            let all: Vec<_> = errors.iter().map(|error| error.problem.to_string()).collect();
            return Err(all.join("; "));
        }
    }
}

/// An `[[allow]]` on its way into a configuration.
#[derive(Debug, Default)]
pub(super) struct AllowText<'a> {
    pub(super) rules: &'a [String],
    pub(super) path_regex: Option<&'a str>,
    pub(super) value: Option<&'a str>,
    pub(super) line: Option<&'a str>,
    pub(super) reason: &'a str,
}

impl AllowText<'_> {
    /// The text of the entry.
    ///
    /// # Errors
    /// An expression that our engine does not read.
    pub(super) fn text(&self) -> Result<String, String> {
        let mut text = "[[allow]]\n".to_owned();
        if let Some(line) = list("rule", self.rules) {
            text += &format!("{line}\n");
        }
        for (key, pattern) in [("path_regex", self.path_regex), ("value", self.value), ("line", self.line)] {
            let Some(pattern) = pattern else { continue };
            Regex::new(pattern).map_err(|e| in_one_line(&e))?;
            text += &format!("{key} = {}\n", quoted(pattern));
        }
        Ok(text + &format!("reason = {}\n", quoted(self.reason)))
    }
}

/// The text of an `[[allow]]` for paths that `pattern` matches.
///
/// # Errors
/// An expression that our engine does not read.
pub fn allow_path(pattern: &str, reason: &str) -> Result<String, String> {
    AllowText { path_regex: Some(pattern), reason, ..AllowText::default() }.text()
}

fn list(key: &str, items: &[String]) -> Option<String> {
    let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
    (!items.is_empty()).then(|| format!("{key} = [{}]", items.join(", ")))
}

/// `text` as a string of TOML.
pub fn quoted(text: &str) -> String {
    let literal = !text.contains('\'') && !text.chars().any(char::is_control);
    if literal { format!("'{text}'") } else { toml::Value::String(text.to_owned()).to_string() }
}

/// `name` as an id of a rule: lower case, dashes between words.
pub(super) fn kebab(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => id.push(c),
            _ if id.is_empty() || id.ends_with('-') => {}
            _ => id.push('-'),
        }
    }
    let id = id.trim_end_matches('-');
    match id.chars().next() {
        Some(first) if first.is_ascii_lowercase() => id.to_owned(),
        _ => format!("rule-{id}"),
    }
}

/// The last line of a regular expression's error says what is wrong.
fn in_one_line(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_names() {
        assert_eq!(
            [kebab("My Detector_2"), kebab("acme.1"), kebab("9 lives"), kebab("__")],
            ["my-detector-2", "acme-1", "rule-9-lives", "rule-"]
        );
    }

    #[test]
    fn a_rule_gets_what_the_loader_asks_for() {
        let rule = RuleText { id: "a-b".into(), pattern: r"[a-z]+_\d+".into(), ..RuleText::default() };
        let text = rule.text().unwrap();
        assert!(text.contains("pattern = '([a-z]+_\\d+)'") && text.contains("reach = 4096"), "{text}");
        let bounded =
            RuleText { id: "a-b".into(), pattern: r"acme_([a-z]{20})".into(), ..RuleText::default() };
        assert!(!bounded.text().unwrap().contains("reach"));
        let wrong = RuleText { id: "a-b".into(), pattern: "(?=a)".into(), ..RuleText::default() };
        assert!(wrong.text().unwrap_err().contains("look-around"));
    }

    #[test]
    fn hashes_know_their_values() {
        let sha1 = Hashed::Sha1("a9993e364706816aba3e25717850c26c9cd0d89d".into());
        assert!(sha1.is_of(b"abc") && !sha1.is_of(b"abd"));
        let plain = Hashed::Sha256(hex(&Sha256::digest(b"abc")));
        let typed = Hashed::Sha256(hex(&Sha256::digest(b"abc,apikey")));
        assert!(plain.is_of(b"abc") && typed.is_of(b"abc") && !typed.is_of(b"abd"));
    }

    #[test]
    fn strings_survive_toml() {
        for text in ["plain", "it's", "a\nb", r"\d", "\"q\" '"] {
            let back: toml::Table = toml::from_str(&format!("k = {}", quoted(text))).unwrap();
            assert_eq!(back["k"].as_str(), Some(text));
        }
    }
}
