//! `.pre-commit-config.yaml`: entries of other scanners' repositories become ours, comments and order stay.

use serde_yaml_ng::Value;

use super::command::convert;
use super::{REPOSITORY, Rewritten, Tool, VERSION, lines};

/// Rewrites the entries of `tools`.
pub fn rewrite(text: &str, tools: &[Tool]) -> Rewritten {
    let mut done = Rewritten::default();
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let mut at = 0;
    while at < all.len() {
        let found = repository(all[at]).and_then(Tool::of_repository);
        let end = block_end(&all, at);
        match found.filter(|tool| tools.contains(tool)) {
            Some(tool) => {
                entry(tool, &all[at..end], at + 1, &mut done);
                at = end;
            }
            None => {
                // Hooks of a local repository run commands.
                let line = lines::rewrite(all[at], tools);
                done.text += &line.text;
                done.named.extend(line.named);
                let moved =
                    line.lost.iter().map(|lost| lost.replacen("line 1:", &format!("line {}:", at + 1), 1));
                done.lost.extend(moved);
                at += 1;
            }
        }
    }
    done
}

/// The address on a line that begins an entry.
fn repository(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix('-')?.trim_start().strip_prefix("repo:")?.trim();
    let rest = rest.split(" #").next().unwrap_or(rest).trim();
    Some(rest.trim_matches(['"', '\'']))
}

/// The line after the entry that begins at `start`.
fn block_end(all: &[&str], start: usize) -> usize {
    let indent = indent_of(all[start]);
    let outside = |line: &&&str| {
        !line.trim().is_empty() && indent_of(line) <= indent && !line.trim_start().starts_with('#')
    };
    let end = all[start + 1..].iter().position(|line| outside(&line)).map_or(all.len(), |n| start + 1 + n);
    // Blank lines and comments before the next entry are its own.
    let tail = all[start + 1..end].iter().rev().take_while(|line| {
        line.trim().is_empty() || (line.trim_start().starts_with('#') && indent_of(line) <= indent)
    });
    end - tail.count()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// One entry of a repository of `tool`, whose first line is line `first`.
fn entry(tool: Tool, block: &[&str], first: usize, done: &mut Rewritten) {
    let mut dropped: Option<usize> = None;
    for (number, line) in (first..).zip(block) {
        let trimmed = line.trim_start();
        if let Some(indent) = dropped {
            let goes_on = trimmed.is_empty()
                || indent_of(line) > indent
                || (indent_of(line) == indent && trimmed.starts_with("- "));
            if goes_on && !trimmed.starts_with("- id:") {
                continue;
            }
            dropped = None;
        }
        let key = trimmed.trim_start_matches("- ").split(':').next().unwrap_or_default();
        match key {
            "repo" => done.text += &with_value(line, REPOSITORY),
            "rev" => done.text += &with_value(line, VERSION),
            "id" => {
                let system = line.contains("system");
                done.text += &with_value(line, if system { "leakward-system" } else { "leakward-src" });
            }
            "args" => {
                arguments(tool, block, number - first, number, done);
                // Arguments that stand on lines of their own go with it.
                dropped = Some(indent_of(line));
            }
            "exclude" | "files" | "types" | "types_or" => {
                if key != "exclude" {
                    done.lost
                        .push(format!("line {number}: {key}: the hook reads the index itself, take it out"));
                }
                done.text += line;
            }
            "entry" => done.text += &lines::rewrite(line, &[tool]).text,
            "name" | "alias" | "stages" | "hooks" | "verbose" | "always_run" | "pass_filenames" | "" => {
                done.text += line;
            }
            "additional_dependencies" | "language" | "language_version" => {
                done.lost.push(format!("line {number}: {key}: was for {}", tool.name()));
                dropped = Some(indent_of(line));
            }
            _ => done.text += line,
        }
    }
}

/// Tells what the arguments on line `at` of `block` say, which our hook does not take.
fn arguments(tool: Tool, block: &[&str], at: usize, number: usize, done: &mut Rewritten) {
    let indent = indent_of(block[at]);
    let more = block[at + 1..].iter().take_while(|line| {
        indent_of(line) > indent || (indent_of(line) == indent && line.trim_start().starts_with("- "))
    });
    let text: String = std::iter::once(&block[at]).chain(more).copied().collect();
    let value: Option<Value> = serde_yaml_ng::from_str(text.trim_start()).ok();
    let listed = value.as_ref().and_then(|value| value.get("args")).and_then(Value::as_sequence);
    let words: Vec<String> =
        listed.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    let call = match tool {
        Tool::DetectSecrets => convert(tool, "detect-secrets-hook", &words),
        Tool::Gitleaks | Tool::Betterleaks => return kept(&words, indent, number, done),
        Tool::Trufflehog | Tool::Kingfisher | Tool::Ggshield => convert(tool, tool.name(), &words),
    };
    let Some(told) = call else {
        if !words.is_empty() {
            done.lost.push(format!("line {number}: args: {}", words.join(" ")));
        }
        return;
    };
    done.named.extend(told.named);
    done.lost.extend(told.lost.iter().map(|lost| format!("line {number}: args: {lost}")));
}

/// Keeps those arguments of gitleaks that our hook takes, too.
fn kept(words: &[String], indent: usize, number: usize, done: &mut Rewritten) {
    let mut own = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let (flag, value) =
            word.split_once('=').map_or((&word[..], None), |(flag, value)| (flag, Some(value)));
        let ours = match flag {
            "-c" | "--config" => "--config",
            "-b" | "--baseline-path" => "--baseline",
            "--enable-rule" => "--rule",
            // What the hook does in any case.
            "-v" | "--verbose" | "--staged" | "--pre-commit" | "--redact" | "--no-banner" | "git"
            | "protect" => continue,
            _ => {
                done.lost.push(format!("line {number}: args: {word} has no counterpart in the hook"));
                continue;
            }
        };
        let value = value.map(str::to_owned).or_else(|| rest.next().cloned()).unwrap_or_default();
        own.push(format!("{ours}={value}"));
    }
    if !own.is_empty() {
        let list: Vec<_> = own
            .iter()
            .map(|word| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        done.text += &format!("{}args: [{}]\n", " ".repeat(indent), list.join(", "));
    }
}

/// `line`, of the form `key: value`, with another value; comment and blanks stay.
fn with_value(line: &str, value: &str) -> String {
    let Some(colon) = line.find(':') else { return line.to_owned() };
    let rest = &line[colon + 1..];
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    let old = rest[blanks..].trim_end_matches(['\r', '\n']);
    let comment = old.find(" #").map_or("", |at| old[at..].trim_end());
    let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
    format!("{}{}{value}{comment}{end}", &line[..=colon], " ".repeat(blanks.max(1)))
}

/// Paths that pre-commit keeps from the hooks of `tools`, as regular expressions: our hook reads the index itself.
pub fn excluded(text: &str, tools: &[Tool]) -> Vec<String> {
    let Ok(file) = serde_yaml_ng::from_str::<Value>(text) else { return Vec::new() };
    let mut found = Vec::new();
    for repo in file.get("repos").and_then(Value::as_sequence).into_iter().flatten() {
        let url = repo.get("repo").and_then(Value::as_str).unwrap_or_default();
        if !Tool::of_repository(url).is_some_and(|tool| tools.contains(&tool)) {
            continue;
        }
        for hook in repo.get("hooks").and_then(Value::as_sequence).into_iter().flatten() {
            found.extend(
                hook.get("exclude").and_then(Value::as_str).map(|pattern| pattern.trim_end().to_owned()),
            );
        }
    }
    let all = file.get("exclude").and_then(Value::as_str).map(|pattern| pattern.trim_end().to_owned());
    if found.is_empty() && !text.lines().any(|line| repository(line).and_then(Tool::of_repository).is_some())
    {
        return found;
    }
    found.extend(all);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# our hooks\nrepos:\n  - repo: https://github.com/gitleaks/gitleaks # secrets\n    rev: v8.24.2  # pinned\n    \
                        hooks:\n      - id: gitleaks\n        args: [\"-v\", --config=sec/g.toml, --foo]\n\n  # formatting\n  - \
                        repo: https://github.com/psf/black\n    rev: 24.1.0\n    hooks:\n      - id: black\n";

    #[test]
    fn an_entry_becomes_ours_and_everything_else_stays() {
        let done = rewrite(FILE, &Tool::ALL);
        let expected = FILE
            .replace("https://github.com/gitleaks/gitleaks", REPOSITORY)
            .replace("v8.24.2  # pinned", &format!("{VERSION} # pinned"))
            .replace("id: gitleaks", "id: leakward-src")
            .replace("[\"-v\", --config=sec/g.toml, --foo]", "[\"--config=sec/g.toml\"]");
        assert_eq!(done.text.replace("  # pinned", " # pinned"), expected);
        assert_eq!(done.lost, ["line 7: args: --foo has no counterpart in the hook"]);
    }

    #[test]
    fn a_baseline_that_the_hook_is_given_is_named() {
        let text = "repos:\n- repo: https://github.com/Yelp/detect-secrets\n  rev: v1.5.0\n  hooks:\n  - id: detect-secrets\n    \
                    args:\n    - --baseline\n    - sec/.secrets.baseline\n    exclude: |\n      (?x)^(a|b)$\n- repo: local\n  hooks:\n  \
                    - id: x\n    entry: gitleaks protect --staged\n    language: system\n";
        let done = rewrite(text, &Tool::ALL);
        assert_eq!(done.named[0].path, "sec/.secrets.baseline");
        assert!(!done.text.contains("--baseline") && done.text.contains("exclude: |"), "{}", done.text);
        assert!(done.text.contains("entry: leakward protect --staged"), "{}", done.text);
        let parsed: Value = serde_yaml_ng::from_str(&done.text).unwrap();
        assert_eq!(parsed["repos"][0]["hooks"][0]["id"].as_str(), Some("leakward-src"));
        assert_eq!(excluded(text, &Tool::ALL), ["(?x)^(a|b)$"]);
    }
}
