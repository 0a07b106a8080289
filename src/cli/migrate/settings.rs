//! Settings of other scanners, as `.leakward.toml`, a file of rules, and accepted values.

use std::path::Path;

use super::accept::accept;
use super::{Migration, lossy};
use crate::cli::Failure;
use crate::cli::baseline::FILE_NAME as BASELINE;
use crate::config::{Config, FILE_NAME};
use crate::foreign::{self, Carried, quoted};
use crate::migrate::{Tool, excluded};
use crate::rule::RulePack;

/// The file that carried rules are written to.
const RULES: &str = "leakward-rules.toml";

/// What the settings of other scanners come to.
#[derive(Debug, Default)]
pub(super) struct Settings {
    carried: Carried,
    /// Whether gitleaks' configuration, or betterleaks', goes on being read.
    reads_theirs: bool,
}

/// A reader of one kind of file.
type Reader = fn(&str, &str) -> Result<Carried, foreign::ForeignError>;

impl Settings {
    /// Reads every file of the scanners that is there.
    pub(super) fn of(migration: &mut Migration, folder: &Path) -> Result<Self, Failure> {
        let mut settings = Self::default();
        settings.kept(migration, folder)?;
        for (tool, path, reader) in files(migration) {
            if !migration.tools.contains(&tool) {
                continue;
            }
            let Some(text) = lossy(&migration.plan, &path) else { continue };
            if !fits(tool, &path, &text) {
                continue;
            }
            let carried = reader(&path, &text)?;
            migration.notes.push(format!("{path}: read by {} alone; it may go", tool.name()));
            settings.add(carried);
            // Its hashes and patterns look like secrets.
            settings.carried.exclude.push(format!("/{path}"));
        }
        settings.excluded_paths(migration);
        migration.lost.append(&mut settings.carried.lost);
        Ok(settings)
    }

    /// Files that are read as they are, here as there.
    fn kept(&mut self, migration: &mut Migration, folder: &Path) -> Result<(), Failure> {
        for (tool, path) in [(Tool::Betterleaks, ".betterleaks.toml"), (Tool::Gitleaks, ".gitleaks.toml")] {
            let Some(text) = lossy(&migration.plan, path).filter(|_| migration.tools.contains(&tool)) else {
                continue;
            };
            if self.reads_theirs {
                migration.lost.push(format!("{path}: .betterleaks.toml is read instead of it"));
                continue;
            }
            self.reads_theirs = !folder.join(FILE_NAME).exists();
            if !self.reads_theirs {
                migration.lost.push(format!("{path}: {FILE_NAME} is read instead of it"));
                continue;
            }
            let read = |path: &str| migration.plan.read(path)?.ok_or_else(|| "no such file".to_owned());
            let done = foreign::translate(path, text.as_bytes(), RulePack::builtin(), &read)?;
            migration.lost.extend(done.warnings);
            migration.notes.push(format!("{path}: goes on being read, as it is"));
        }
        if migration.tools.contains(&Tool::Gitleaks) && folder.join(".gitleaksignore").is_file() {
            migration.notes.push(".gitleaksignore: goes on being read, as it is".to_owned());
        }
        Ok(())
    }

    fn add(&mut self, more: Carried) {
        let Carried { rules, allow, exclude, accepted, lost } = more;
        self.carried.rules.extend(rules);
        self.carried.allow.extend(allow);
        self.carried.exclude.extend(exclude);
        self.carried.accepted.extend(accepted);
        self.carried.lost.extend(lost);
    }

    /// Paths that pre-commit or a list for trufflehog keeps from the scanner.
    fn excluded_paths(&mut self, migration: &Migration) {
        let mut patterns: Vec<(String, String)> = Vec::new();
        for config in [".pre-commit-config.yaml", ".pre-commit-config.yml"] {
            // As it was before it was rewritten.
            let Some(text) = migration.plan.before(config) else { continue };
            patterns.extend(excluded(&text, &migration.tools).into_iter().map(|p| (config.to_owned(), p)));
        }
        for named in migration.named.iter().filter(|named| named.flag == "exclude-paths") {
            let Some(text) = lossy(&migration.plan, &named.path) else { continue };
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            patterns.extend(lines.map(|line| (named.path.clone(), line.to_owned())));
        }
        for (from, pattern) in patterns {
            match foreign::allow_path(&pattern, &format!("excluded in {from}")) {
                Ok(text) if !self.carried.allow.contains(&text) => self.carried.allow.push(text),
                Ok(_) => {}
                Err(cause) => self.carried.lost.push(format!("{from}: exclude: {cause}")),
            }
        }
    }

    /// Writes what was carried over into the plan.
    pub(super) fn write(self, migration: &mut Migration, folder: &Path) -> Result<(), Failure> {
        let Carried { rules, allow, exclude, accepted, lost: _ } = self.carried;
        if rules.is_empty() && allow.is_empty() && exclude.is_empty() && accepted.is_empty() {
            return Ok(());
        }
        if self.reads_theirs {
            migration.lost.push(format!(
                "with a {FILE_NAME} gitleaks' configuration would not be read any more: these come to nothing: \
                 {} rules, {} exceptions, {} paths, {} accepted values",
                rules.len(),
                allow.len(),
                exclude.len(),
                accepted.len()
            ));
            return Ok(());
        }
        if !rules.is_empty() {
            let before = migration.plan.text(RULES)?.unwrap_or_default();
            let new: Vec<_> = rules.into_iter().filter(|rule| !before.contains(rule.trim_end())).collect();
            migration.plan.write(RULES, joined(&before, &new))?;
        }
        let text = migration.plan.text(FILE_NAME)?.unwrap_or_default();
        let config = Config::parse(FILE_NAME, text.as_bytes())?;
        let has_rules = migration.plan.text(RULES)?.is_some();
        let text =
            with_list(&text, "rules", "extend", &config.extend, if has_rules { &[RULES] } else { &[] });
        let known = config.exclude.as_ref().map(|globs| globs.patterns().to_vec()).unwrap_or_default();
        let new: Vec<&str> = exclude.iter().map(String::as_str).collect();
        let text = with_list(&text, "scan", "exclude", &known, &new);
        let allow: Vec<_> = allow.into_iter().filter(|entry| !text.contains(entry.trim_end())).collect();
        let text = joined(&text, &allow);
        Config::parse(FILE_NAME, text.as_bytes())?;
        migration.plan.write(FILE_NAME, text.clone())?;
        if !accepted.is_empty() {
            let path = config.baseline.unwrap_or_else(|| BASELINE.to_owned());
            if accept(migration, folder, &path, &accepted)? {
                let named = Config::parse(FILE_NAME, text.as_bytes())?.baseline.is_some();
                let text = if named {
                    text
                } else {
                    with_key(&text, "scan", &format!("baseline = {}", quoted(&path)))
                };
                migration.plan.write(FILE_NAME, text)?;
            }
        }
        if migration.plan.text(FILE_NAME)?.is_some_and(|text| text.is_empty()) {
            migration.plan.forget(FILE_NAME);
        }
        Ok(())
    }
}

/// Files that may hold settings, with what reads them.
fn files(migration: &Migration) -> Vec<(Tool, String, Reader)> {
    let mut files: Vec<(Tool, String, Reader)> = Vec::new();
    let fixed: [(Tool, &[&str], Reader); 4] = [
        (Tool::DetectSecrets, &[".secrets.baseline"], foreign::detect_secrets_baseline),
        (
            Tool::Trufflehog,
            &[
                "trufflehog.yml",
                "trufflehog.yaml",
                ".trufflehog.yml",
                ".trufflehog.yaml",
                "trufflehog-config.yaml",
                "trufflehog-config.yml",
            ],
            foreign::trufflehog_detectors,
        ),
        (
            Tool::Kingfisher,
            &["kingfisher.yml", "kingfisher.yaml", ".kingfisher.yml", "kingfisher-rules.yml"],
            foreign::kingfisher_rules,
        ),
        (Tool::Ggshield, &[".gitguardian.yaml", ".gitguardian.yml"], foreign::ggshield_settings),
    ];
    for (tool, paths, reader) in fixed {
        let named = migration.named.iter().filter(|n| n.tool == tool && n.flag != "exclude-paths");
        let named = named.map(|named| named.path.trim_start_matches("./").trim_matches(['"', '\'']));
        for path in paths.iter().copied().chain(named) {
            if !files.iter().any(|(_, known, _)| known == path) {
                files.push((tool, path.to_owned(), reader));
            }
        }
    }
    files
}

/// Whether `text` is what its name says; others may share a name with it.
fn fits(tool: Tool, path: &str, text: &str) -> bool {
    match tool {
        Tool::Kingfisher => foreign::is_kingfisher_rules(text),
        Tool::Trufflehog => text.lines().any(|line| line.trim_end() == "detectors:"),
        _ => !path.is_empty(),
    }
}

/// `text` with `entries` after it, blank lines between.
fn joined(text: &str, entries: &[String]) -> String {
    let mut all = text.to_owned();
    for entry in entries {
        if !all.is_empty() {
            all.push_str(if all.ends_with('\n') { "\n" } else { "\n\n" });
        }
        all += entry;
    }
    all
}

/// `text` with `new` in the list `key` of `table`, which holds `known` so far.
fn with_list(text: &str, table: &str, key: &str, known: &[String], new: &[&str]) -> String {
    let new: Vec<_> =
        new.iter().filter(|item| !known.iter().any(|k| k == *item)).map(|item| quoted(item)).collect();
    if new.is_empty() {
        return text.to_owned();
    }
    let at = header(text, table).and_then(|(start, end)| {
        let own = &text[start..end];
        let line = own.lines().position(|l| l.trim_start().starts_with(key) && l.contains('['))?;
        let from: usize = own.lines().take(line).map(|l| l.len() + 1).sum();
        Some(start + from + own[from..].find('[')? + 1)
    });
    match at {
        Some(at) => {
            let comma = if known.is_empty() { "" } else { ", " };
            format!("{}{}{comma}{}", &text[..at], new.join(", "), &text[at..])
        }
        None => with_key(text, table, &format!("{key} = [{}]", new.join(", "))),
    }
}

/// `text` with `line` as the first of `table`.
fn with_key(text: &str, table: &str, line: &str) -> String {
    if let Some((start, _)) = header(text, table) {
        return format!("{}{line}\n{}", &text[..start], &text[start..]);
    }
    // Tables come before the entries, so that nobody looks for them at the end.
    let at = text.find("[[").map_or(text.len(), |at| text[..at].rfind('\n').map_or(0, |n| n + 1));
    let before = &text[..at];
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let after = if text[at..].is_empty() { "" } else { "\n" };
    format!("{before}{gap}[{table}]\n{line}\n{after}{}", &text[at..])
}

/// Where the lines of `[table]` begin and end.
fn header(text: &str, table: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let head = line.split('#').next().unwrap_or_default().trim();
        if let Some(start) = start.filter(|_| head.starts_with('[')) {
            return Some((start, at));
        }
        at += line.len();
        if head == format!("[{table}]") {
            start = Some(at);
        }
    }
    start.map(|start| (start, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_where_they_stand() {
        let text = "# mine\n[scan]\nexclude = ['a'] # why\n[[allow]]\nrule = 'x'\nreason = 'r'\n";
        let grown = with_list(text, "scan", "exclude", &["a".to_owned()], &["b", "a"]);
        assert_eq!(grown, text.replace("['a']", "['b', 'a']"));
        let new = with_list(text, "rules", "extend", &[], &["r.toml"]);
        assert!(new.contains("[rules]\nextend = ['r.toml']\n\n[[allow]]"), "{new}");
        let config = Config::parse(FILE_NAME, new.as_bytes()).unwrap();
        assert_eq!(config.extend, ["r.toml"]);
    }

    #[test]
    fn keys_go_to_their_table_or_make_it() {
        assert_eq!(with_key("", "scan", "k = 1"), "[scan]\nk = 1\n");
        assert_eq!(with_key("[scan] # x\na = 2\n", "scan", "k = 1"), "[scan] # x\nk = 1\na = 2\n");
        assert_eq!(with_key("[rules]\na = 2", "scan", "k = 1"), "[rules]\na = 2\n[scan]\nk = 1\n");
    }
}
