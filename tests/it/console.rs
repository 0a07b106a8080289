//! Console sessions in Markdown: the commands that are run, and what they print.
//!
//! In a block marked `console` a line that begins with `$ ` is a command, and `? N` behind it the exit code that it
//! must end with. What follows is all that it prints, standard output first, `...` standing for any lines and times
//! for any time.

/// One command and what is expected of it.
pub(crate) struct Step {
    pub(crate) command: String,
    /// `None` where the session does not say.
    pub(crate) code: Option<i32>,
    output: Vec<String>,
}

/// The steps of every console block of `text`.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks(text).into_iter().filter(|(mark, _)| *mark == "console").flat_map(|(_, lines)| lines) {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), code: None, output: Vec::new() });
            continue;
        }
        let step = steps.last_mut().expect("a command comes first");
        match line.strip_prefix("? ") {
            Some(code) => step.code = Some(code.parse().expect("an exit code")),
            None => step.output.push(line.to_owned()),
        }
    }
    steps
}

/// The fenced blocks of `text`: what stands behind the fence, and the lines between.
pub(crate) fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line.strip_prefix("```")) {
            (true, Some("")) => inside = false,
            (true, _) => blocks.last_mut().expect("a fence opened it").1.push(line),
            (false, Some(mark)) => {
                inside = true;
                blocks.push((mark, Vec::new()));
            }
            (false, None) => {}
        }
    }
    blocks
}

impl Step {
    /// Whether `printed` is what this step says.
    pub(crate) fn judge(&self, printed: &str) -> Result<(), String> {
        let printed = without_times(printed);
        let parts: Vec<String> =
            self.output.split(|line| line == "...").map(|part| without_times(&part.join("\n"))).collect();
        let mut rest = printed.as_str();
        for (i, part) in parts.iter().enumerate() {
            let at = if i == 0 { rest.starts_with(part).then_some(0) } else { rest.find(part) };
            let at = at.ok_or_else(|| format!("not printed:\n{part}\n--- in:\n{rest}"))?;
            rest = &rest[at + part.len()..];
        }
        let whole = rest.is_empty() || parts.len() > 1 && parts.last().is_some_and(String::is_empty);
        whole.then_some(()).ok_or_else(|| format!("printed besides:\n{rest}"))
    }
}

fn without_times(text: &str) -> String {
    let time = regex::Regex::new(r"(under 1 ms|\d+ min \d+ s|\d+(\.\d+)? m?s)").unwrap();
    time.replace_all(text.trim_end(), "TIME").into_owned()
}

#[test]
fn a_step_is_judged_by_all_that_is_printed() {
    let steps = steps("```console\n$ a b\n? 2\none\n...\nfour\n$ c\nonly 3 ms\n```\n```sh\n$ d\n```\n");
    let commands: Vec<_> = steps.iter().map(|s| (s.command.as_str(), s.code)).collect();
    assert_eq!(commands, [("a b", Some(2)), ("c", None)]);
    assert!(steps[0].judge("one\ntwo\nthree\nfour\n").is_ok());
    assert!(steps[0].judge("two\none\nfour").is_err() && steps[0].judge("one\nfour\nfive").is_err());
    assert!(steps[1].judge("only 99 ms\n").is_ok() && steps[1].judge("only 99 ms\nmore").is_err());
}
