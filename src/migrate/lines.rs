//! Scripts and CI files, line by line: commands, actions and installations of other scanners.

use std::sync::OnceLock;

use regex::{Captures, Regex};

use super::command::convert;
use super::{Rewritten, Tool, VERSION};

/// Rewrites what `text` runs of `tools`.
pub fn rewrite(text: &str, tools: &[Tool]) -> Rewritten {
    let mut done = Rewritten::default();
    let mut of_action: Option<usize> = None;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let (body, end) = line.split_at(line.trim_end_matches(['\r', '\n']).len());
        if let Some(indent) = of_action {
            let own = indent_of(body);
            of_action = (own > indent || body.trim().is_empty()).then_some(indent);
            let key = body.trim().split(':').next().unwrap_or_default();
            if of_action.is_some() && own > indent + 2 && !KNOWN_INPUTS.contains(&key) && !key.is_empty() {
                done.lost.push(format!("line {number}: {key}: an input of the other action, take it out"));
            }
        }
        let changed = if body.trim_start().starts_with('#') || body.trim_start().starts_with("//") {
            None
        } else {
            one_line(body, number, tools, &mut done)
        };
        if changed.is_some() && body.contains("uses:") {
            of_action = Some(indent_of(body) + if body.trim_start().starts_with('-') { 2 } else { 0 } - 1);
        }
        done.text += changed.as_deref().unwrap_or(body);
        done.text += end;
    }
    done
}

/// Inputs of the action of this project, and the words that lead to inputs.
const KNOWN_INPUTS: [&str; 8] =
    ["path", "mode", "config", "baseline", "fail-on-detect", "sarif-file", "upload-sarif", "GITHUB_TOKEN"];

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The line as it is to be; `None` when it stays.
fn one_line(line: &str, number: usize, tools: &[Tool], done: &mut Rewritten) -> Option<String> {
    let tool = Tool::named_in(line).filter(|tool| tools.contains(tool))?;
    if let Some(changed) = action(line, tools).or_else(|| installation(line)) {
        return Some(changed);
    }
    let lost_before = done.lost.len();
    let changed = commands(line, number, tools, done);
    let cosmetic =
        ["name:", "- name:", "id:", "- id:", "echo "].iter().any(|c| line.trim_start().starts_with(c));
    let is_key = line.trim_end().ends_with(':');
    let settings = [".gitleaks.toml", ".gitleaksignore", ".betterleaks.toml"];
    let bare = settings.iter().fold(line.to_owned(), |line, name| line.replace(name, ""));
    let only_settings = Tool::named_in(&bare).is_none();
    if changed.is_none() && done.lost.len() == lost_before && !cosmetic && !is_key && !only_settings {
        done.lost.push(format!("line {number}: names {}, left as it is", tool.name()));
    }
    changed
}

/// `uses:` of another scanner's action.
fn action(line: &str, tools: &[Tool]) -> Option<String> {
    static USES: OnceLock<Regex> = OnceLock::new();
    let uses = USES.get_or_init(|| {
        Regex::new(r#"^(\s*(?:-\s+)?uses:\s*["']?)([\w.-]+/[\w./-]+)@[\w./-]+"#)
            .expect("the pattern is sound")
    });
    let found = uses.captures(line)?;
    Tool::of_repository(&found[2]).filter(|tool| tools.contains(tool))?;
    Some(uses.replace(line, |c: &Captures<'_>| format!("{}leakward/leakward@{VERSION}", &c[1])).into_owned())
}

/// An installation by a package manager that has us, too.
fn installation(line: &str) -> Option<String> {
    static PIP: OnceLock<Regex> = OnceLock::new();
    let pip = PIP.get_or_init(|| {
        let names = "detect-secrets|ggshield|betterleaks-py|kingfisher-bin";
        Regex::new(&format!(
            r#"^(.*\b(?:pipx? install|uv tool install|uv pip install)\s+(?:-\S+\s+)*)["']?(?:{names})(?:[=<>~!]=?[\w.*]+)?["']?\s*$"#
        ))
        .expect("the pattern is sound")
    });
    let found = pip.captures(line)?;
    Some(format!("{}leakward", &found[1]))
}

/// The commands in `line` rewritten.
fn commands(line: &str, number: usize, tools: &[Tool], done: &mut Rewritten) -> Option<String> {
    static PROGRAM: OnceLock<Regex> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let names = "gitleaks|betterleaks|trufflehog|kingfisher|ggshield|detect-secrets-hook|detect-secrets";
        Regex::new(&format!(r#"(^|[\s;&|("'`])((?:\.{{0,2}}/)?(?:[\w.-]+/)*)({names})(?:\s+|$)"#))
            .expect("the pattern is sound")
    });
    let mut out = String::new();
    let mut at = 0;
    while let Some(found) = program.captures_at(line, at) {
        let (whole, name) = (found.get(0)?, found.get(3)?);
        let start = found.get(2)?.start();
        let opened = line[..start].chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'));
        let end = name.end() + end_of(&line[name.end()..], opened);
        let call = &line[name.end()..end];
        let arguments: Vec<String> = words_of(call);
        let tool = Tool::of_program(name.as_str()).filter(|tool| tools.contains(tool));
        let told = tool.and_then(|tool| convert(tool, name.as_str(), &arguments));
        let Some(told) = told else {
            out += &line[at..whole.end()];
            at = whole.end();
            continue;
        };
        done.lost.extend(told.lost.iter().map(|lost| format!("line {number}: {}: {lost}", name.as_str())));
        done.named.extend(told.named);
        match told.words {
            // The rest is on the next line, and our flags may differ.
            Some(_) if call.trim_end().ends_with('\\') && tool != Some(Tool::Gitleaks) => {
                done.lost.push(format!("line {number}: {}: it goes on in the next line", name.as_str()));
                out += &line[at..end];
            }
            Some(words) => {
                out += &line[at..start];
                out += &words.join(" ");
                out += &call[call.trim_end().len()..];
            }
            None => out += &line[at..end],
        }
        at = end;
    }
    out += &line[at..];
    (out != line).then_some(out)
}

/// Where the command whose arguments `rest` begins with ends.
fn end_of(rest: &str, opened: Option<char>) -> usize {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, c) if Some(c) == opened => return at,
            (None, '"' | '\'') => quote = Some(c),
            (None, ';' | '&' | '|' | '>' | ')' | '`') => {
                // The number of a redirection belongs to it.
                let digit = c == '>' && rest[..at].ends_with(|b: char| b.is_ascii_digit());
                return if digit { at - 1 } else { at };
            }
            (None, '#') if rest[..at].ends_with(' ') => return at,
            (None, _) => {}
        }
    }
    rest.len()
}

/// The words of `call`, quotes kept as they are.
fn words_of(call: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in call.chars() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (None, '"' | '\'') => {
                quote = Some(c);
                words.last_mut().expect("there is one").push(c);
            }
            (open, c) => {
                if open == Some(c) {
                    quote = None;
                }
                words.last_mut().expect("there is one").push(c);
            }
        }
    }
    words.retain(|word| !word.is_empty() && word != "\\");
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> (String, Vec<String>) {
        let done = rewrite(text, &Tool::ALL);
        (done.text, done.lost)
    }

    #[test]
    fn commands_in_scripts_are_rewritten_where_they_stand() {
        for (theirs, ours) in [
            ("  run: gitleaks protect --staged -v  # why\n", "  run: leakward protect --staged -v  # why\n"),
            ("set -e; ./bin/gitleaks detect && echo done\r\n", "set -e; leakward detect && echo done\r\n"),
            ("- \"gitleaks dir . 2>&1 | tee log\"\n", "- \"leakward dir . 2>&1 | tee log\"\n"),
            ("sh 'trufflehog filesystem src > out'", "sh 'leakward scan src > out'"),
            ("detect-secrets-hook $(git ls-files)\n", "detect-secrets-hook $(git ls-files)\n"),
            ("pip install detect-secrets==1.5.0\n", "pip install leakward\n"),
            ("gitleaks git --log-opts=\"-n 5 && x\" .\n", "leakward git --log-opts=\"-n 5 && x\" .\n"),
            ("# gitleaks detect\n", "# gitleaks detect\n"),
        ] {
            if theirs.starts_with("detect-secrets-hook") {
                assert!(rewritten(theirs).0.starts_with("leakward hook"), "{theirs}");
                continue;
            }
            assert_eq!(rewritten(theirs), (ours.to_owned(), vec![]), "{theirs}");
        }
    }

    #[test]
    fn actions_are_replaced_and_their_inputs_told() {
        let text = "jobs:\n  scan:\n    steps:\n      - uses: trufflesecurity/trufflehog@main # pin\n        with:\n          \
                    path: ./\n          extra_args: --only-verified\n      - uses: actions/checkout@v4\n";
        let (done, lost) = rewritten(text);
        assert!(done.contains(&format!("      - uses: leakward/leakward@{VERSION} # pin\n")), "{done}");
        assert_eq!(lost, ["line 7: extra_args: an input of the other action, take it out"]);
    }

    #[test]
    fn what_is_left_is_told_with_its_line() {
        let (text, lost) = rewritten(
            "x\nimage: zricethezav/gitleaks:v8\nname: gitleaks\ngitleaks:\n  config: .gitleaks.toml\n",
        );
        assert!(text.contains("zricethezav"));
        assert_eq!(lost, ["line 2: names gitleaks, left as it is"]);
    }

    #[test]
    fn other_tools_stay_when_one_is_named() {
        let done = rewrite("gitleaks dir .\ntrufflehog filesystem .\n", &[Tool::Gitleaks]);
        assert_eq!(done.text, "leakward dir .\ntrufflehog filesystem .\n");
    }
}
