//! One command of another scanner as one of ours.

use super::{Named, Tool};

/// A command of ours, and what it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The words that take the command's place; `None`: it is left as it is.
    pub words: Option<Vec<String>>,
    /// What is not carried over.
    pub lost: Vec<String>,
    /// Files that it names.
    pub named: Vec<Named>,
}

/// Flags of gitleaks that a value follows, and those that stand alone.
const GITLEAKS_VALUED: [&str; 19] = [
    "-b",
    "-c",
    "-f",
    "-i",
    "-l",
    "-r",
    "-s",
    "--baseline-path",
    "--config",
    "--enable-rule",
    "--exit-code",
    "--gitleaks-ignore-path",
    "--log-level",
    "--log-opts",
    "--max-archive-depth",
    "--max-decode-depth",
    "--max-target-megabytes",
    "--report-format",
    "--report-path",
];
const GITLEAKS_ALONE: [&str; 12] = [
    "-v",
    "--verbose",
    "--redact",
    "--no-banner",
    "--no-color",
    "--staged",
    "--pre-commit",
    "--no-git",
    "--pipe",
    "--follow-symlinks",
    "--ignore-gitleaks-allow",
    "--source",
];

/// What `arguments` of `tool` (its program is called `program`) come to. `None` when they are no call that scans.
pub(super) fn convert(tool: Tool, program: &str, arguments: &[String]) -> Option<Told> {
    match tool {
        Tool::Gitleaks => gitleaks(arguments),
        Tool::Betterleaks => betterleaks(arguments),
        Tool::DetectSecrets => detect_secrets(program, arguments),
        Tool::Trufflehog => trufflehog(arguments),
        Tool::Kingfisher => kingfisher(arguments),
        Tool::Ggshield => ggshield(arguments),
    }
}

fn words(words: &[&str]) -> Option<Vec<String>> {
    Some(std::iter::once("leakward").chain(words.iter().copied()).map(str::to_owned).collect())
}

/// Its commands and flags are ours, too.
fn gitleaks(arguments: &[String]) -> Option<Told> {
    const COMMANDS: [&str; 7] = ["git", "dir", "directory", "file", "stdin", "detect", "protect"];
    if arguments.first().is_some_and(|first| ["version", "--version"].contains(&&**first)) {
        return Some(Told { words: words(&["--version"]), ..Told::default() });
    }
    let command = arguments.iter().find(|word| COMMANDS.contains(&&***word))?;
    let mut told = Told::default();
    let template = |word: &String| word.contains("report-template") || word.ends_with("template");
    if arguments.iter().any(template) {
        told.lost.push("templates of Go are not supported: take -f json, csv, junit or sarif".to_owned());
        return Some(told);
    }
    if command == "protect" && !arguments.iter().any(|word| word == "--staged") {
        told.lost
            .push("protect without --staged: what is not staged is scanned by `leakward scan`".to_owned());
        return Some(told);
    }
    let all: Vec<&str> = arguments.iter().map(String::as_str).collect();
    told.words = words(&all);
    Some(told)
}

/// Its first version has gitleaks' flags and more.
fn betterleaks(arguments: &[String]) -> Option<Told> {
    let mut kept = Vec::new();
    let mut lost = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(word) = rest.next() {
        let flag = word.split('=').next().unwrap_or_default();
        match flag {
            "filesystem" | "fs" => kept.push("dir".to_owned()),
            _ if !word.starts_with('-') => kept.push(word.clone()),
            _ if GITLEAKS_ALONE.contains(&flag) => kept.push(word.clone()),
            _ if GITLEAKS_VALUED.contains(&flag) => {
                kept.push(word.clone());
                kept.extend((!word.contains('=')).then(|| rest.next().cloned()).flatten());
            }
            _ => lost.push(format!("{flag} has no counterpart")),
        }
    }
    let mut told = gitleaks(&kept)?;
    told.lost.extend(lost);
    Some(told)
}

fn detect_secrets(program: &str, arguments: &[String]) -> Option<Told> {
    let mut told = Told::default();
    let is_hook = program.ends_with("-hook");
    let mut paths: Vec<&str> = Vec::new();
    let mut rest = arguments.iter().map(String::as_str);
    if !is_hook {
        match rest.next()? {
            "scan" => {}
            "audit" => {
                told.lost.push("audit: go through the findings with `leakward scan`, write the baseline with `leakward baseline create`".to_owned());
                return Some(told);
            }
            _ => return None,
        }
    }
    while let Some(word) = rest.next() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
        match flag {
            "--baseline" => {
                let path = value.or_else(|| rest.next()).unwrap_or_default().to_owned();
                told.named.push(Named { tool: Tool::DetectSecrets, flag: "baseline", path });
            }
            "--all-files" | "--force-use-all-plugins" | "--no-verify" | "--only-allowlisted" | "-n" => {}
            "--exclude-files" | "--exclude-lines" | "--exclude-secrets" => {
                let pattern = value.or_else(|| rest.next()).unwrap_or_default();
                told.lost
                    .push(format!("{flag} {pattern}: write it as path_regex, line or value of an [[allow]]"));
            }
            _ if !flag.starts_with('-') => paths.push(word),
            _ => told.lost.push(format!("{flag} has no counterpart")),
        }
    }
    told.words = if is_hook { words(&["hook"]) } else { words(&[&["scan"], &paths[..]].concat()) };
    Some(told)
}

fn trufflehog(arguments: &[String]) -> Option<Told> {
    let mut told = Told::default();
    let (mut place, mut since, mut format) = (Vec::new(), None, None);
    let mut rest = arguments.iter().map(String::as_str);
    let command = loop {
        let word = rest.next()?;
        if !word.starts_with('-') {
            break word;
        }
        flag_of_trufflehog(word, &mut rest, &mut told, &mut since, &mut format);
    };
    while let Some(word) = rest.next() {
        if word.starts_with('-') {
            flag_of_trufflehog(word, &mut rest, &mut told, &mut since, &mut format);
        } else {
            place.push(word);
        }
    }
    let first = place.first().copied().unwrap_or(".");
    let local = first.strip_prefix("file://").unwrap_or(first);
    let remote = local.contains("://") || local.starts_with("git@");
    let mut all: Vec<&str> = match (command, since) {
        ("filesystem", _) => [&["scan"], &place[..]].concat(),
        ("git", _) if remote => {
            told.lost.push("a remote repository: clone it, then scan the clone".to_owned());
            return Some(told);
        }
        ("git", Some("HEAD")) => vec!["hook"],
        ("git", _) => vec!["git", local],
        _ => {
            told.lost.push(format!("trufflehog {command}: nothing here scans that"));
            return Some(told);
        }
    };
    let range = since.filter(|since| *since != "HEAD").map(|since| format!("{since}..HEAD"));
    if let Some(range) = range.as_deref().filter(|_| command == "git") {
        all.extend(["--range", range]);
    }
    all.extend(format.into_iter().flat_map(|format| ["--format", format]));
    told.words = words(&all);
    Some(told)
}

fn flag_of_trufflehog<'w>(
    word: &'w str,
    rest: &mut impl Iterator<Item = &'w str>,
    told: &mut Told,
    since: &mut Option<&'w str>,
    format: &mut Option<&'static str>,
) {
    let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
    let mut next = || value.or_else(|| rest.next()).unwrap_or_default();
    match flag {
        "--since-commit" => *since = Some(next()),
        "--config" => {
            let path = next().to_owned();
            told.named.push(Named { tool: Tool::Trufflehog, flag: "config", path });
        }
        "--exclude-paths" | "-x" => {
            let path = next().to_owned();
            told.named.push(Named { tool: Tool::Trufflehog, flag: "exclude-paths", path });
        }
        "--json" => *format = Some("jsonl"),
        "--sarif" => *format = Some("sarif"),
        "--github-actions" => *format = Some("github"),
        "--results" | "--only-verified" => {
            if flag == "--results" {
                let _ = next();
            }
            told.lost.push(format!(
                "{flag}: findings are reported whether or not a provider accepts them (see --live)"
            ));
        }
        "--branch"
        | "--max-depth"
        | "--include-paths"
        | "-i"
        | "--include-detectors"
        | "--exclude-detectors"
        | "--filter-entropy" => {
            told.lost.push(format!("{flag} {} has no counterpart", next()));
        }
        "--log-level" | "--concurrency" | "-j" => {
            let _ = next();
        }
        "--fail"
        | "--no-update"
        | "--no-verification"
        | "--trust-local-git-config"
        | "--bare"
        | "--debug" => {}
        _ => told.lost.push(format!("{flag} has no counterpart")),
    }
}

fn kingfisher(arguments: &[String]) -> Option<Told> {
    let mut told = Told::default();
    let mut rest = arguments.iter().map(String::as_str);
    if rest.next()? != "scan" {
        return None;
    }
    let (mut place, mut more, mut staged) = (Vec::new(), Vec::new(), false);
    while let Some(word) = rest.next() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
        let mut next = || value.or_else(|| rest.next()).unwrap_or_default();
        match flag {
            "--staged" => staged = true,
            "--rules-path" => {
                let path = next().to_owned();
                told.named.push(Named { tool: Tool::Kingfisher, flag: "rules-path", path });
            }
            "--format" | "-f" => more.extend(["--format", if next() == "pretty" { "human" } else { "json" }]),
            "--output" | "-o" => more.extend(["--output", next()]),
            "--confidence" | "-c" => more.extend(["--min-confidence", next()]),
            "--no-validate" | "-n" | "--quiet" | "-q" | "--no-update-check" => {}
            "--load-builtins" | "--git-history" | "--exclude" | "--baseline-file" | "--since-commit"
            | "--branch" => {
                told.lost.push(format!("{flag} {} has no counterpart", next()));
            }
            _ if !word.starts_with('-') => place.push(word),
            _ => told.lost.push(format!("{flag} has no counterpart")),
        }
    }
    let head: Vec<&str> = if staged { vec!["hook"] } else { [&["scan"], &place[..]].concat() };
    if !staged {
        told.lost.push("files are scanned, the history is not: `leakward git` scans it".to_owned());
    }
    told.words = words(&[head, more].concat());
    Some(told)
}

fn ggshield(arguments: &[String]) -> Option<Told> {
    let mut told = Told::default();
    let positional: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let (&["secret", "scan", command], rest) = positional.split_at_checked(3)? else { return None };
    let place = rest.first().copied().unwrap_or(".");
    told.words = match command {
        "pre-commit" => words(&["hook"]),
        "pre-push" => words(&["hook", "--push-to=\"$1\""]),
        "pre-receive" => words(&["git", "--pre-receive"]),
        "ci" | "repo" => words(&["git", place]),
        "path" => words(&[&["scan"], rest].concat()),
        "commit-range" => words(&["git", "--range", place]),
        _ => {
            told.lost.push(format!("ggshield secret scan {command}: nothing here scans that"));
            return Some(told);
        }
    };
    for flag in arguments.iter().filter(|word| word.starts_with('-')) {
        if !["-r", "--recursive", "-y", "--yes", "-v", "--verbose"].contains(&&**flag) {
            told.lost.push(format!("{flag} has no counterpart"));
        }
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(line: &str) -> (String, usize) {
        let mut words = line.split(' ');
        let program = words.next().unwrap();
        let arguments: Vec<_> = words.map(str::to_owned).collect();
        let told = convert(Tool::of_program(program).unwrap(), program, &arguments).unwrap();
        (told.words.map_or_else(String::new, |w| w.join(" ")), told.lost.len())
    }

    #[test]
    fn commands_become_ours() {
        for (theirs, ours, lost) in [
            ("gitleaks protect --staged -v", "leakward protect --staged -v", 0),
            ("gitleaks git --log-opts=a..b -r x.json", "leakward git --log-opts=a..b -r x.json", 0),
            ("gitleaks detect -f template", "", 1),
            ("gitleaks protect", "", 1),
            ("betterleaks fs . --validation -c x.toml", "leakward dir . -c x.toml", 1),
            ("detect-secrets-hook --baseline .secrets.baseline a.py", "leakward hook", 0),
            ("detect-secrets scan --all-files src", "leakward scan src", 0),
            ("trufflehog git file://. --since-commit HEAD --fail", "leakward hook", 0),
            (
                "trufflehog --json git file://. --since-commit main",
                "leakward git . --range main..HEAD --format jsonl",
                0,
            ),
            ("trufflehog filesystem . --only-verified", "leakward scan .", 1),
            ("trufflehog git https://example.org/x", "", 1),
            ("trufflehog docker --image x", "", 2),
            ("kingfisher scan . --staged --no-validate", "leakward hook", 0),
            ("kingfisher scan src -f json -o k.json", "leakward scan src --format json --output k.json", 1),
            ("ggshield secret scan pre-commit", "leakward hook", 0),
            ("ggshield secret scan path -r src", "leakward scan src", 0),
            ("ggshield secret scan repo . --json", "leakward git .", 1),
        ] {
            assert_eq!(converted(theirs), (ours.to_owned(), lost), "{theirs}");
        }
    }

    #[test]
    fn files_that_commands_name_are_told() {
        let arguments = ["git", "file://.", "--config=c.yml", "-x", "skip.txt"].map(str::to_owned);
        let told = convert(Tool::Trufflehog, "trufflehog", &arguments).unwrap();
        let named: Vec<_> = told.named.iter().map(|n| (n.flag, &n.path[..])).collect();
        assert_eq!(named, [("config", "c.yml"), ("exclude-paths", "skip.txt")]);
    }
}
