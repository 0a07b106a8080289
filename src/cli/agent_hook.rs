//! `leakward agent-hook`: what the hook of a coding assistant calls before or after a tool runs.
//!
//! The call comes as JSON on standard input; the answer goes as JSON to standard output. The shapes follow the public
//! documentation of the assistants' hooks: events `PreToolUse`, `PostToolUse` and `UserPromptSubmit`, and the
//! `before…` events that carry a `permission`. No answer holds a found value.

use std::io::{Read as _, Write as _};

use serde_json::{Map, Value, json};

use super::Failure;
use super::scan_flags::{Prepared, ScanFlags};
use super::settings::from_folder;
use crate::model::Finding;
use crate::report::Root;
use crate::scan;
use crate::source::{Base, Texts};

/// scan a coding assistant's tool call, given as JSON on standard input
///
/// Exit code 0 with an answer in JSON, whether it allows or denies; 2 when the call cannot be read.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    scan: ScanFlags,
}

/// How the assistant wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// `hookSpecificOutput` with a permission decision: before a tool runs.
    Decision,
    /// `decision: block`: a prompt, or what a tool has returned.
    Block,
    /// `permission: deny`: events called `before…`.
    Permission,
    /// `continue: false`: a prompt, for assistants whose events are called `before…`.
    Continue,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let mut input = Vec::new();
        std::io::stdin()
            .read_to_end(&mut input)
            .map_err(|e| Failure::new(format_args!("standard input: {e}")))?;
        // The parser's own message would quote the input.
        let call: Map<String, Value> = serde_json::from_slice(&input).map_err(|e| {
            Failure::new(format_args!("standard input: line {}: not a JSON object", e.line()))
                .help("pass the hook's payload as it is")
        })?;
        let texts = texts(&call);
        let answer = Answer::to(&call);
        let findings = if texts.is_empty() { Vec::new() } else { self.findings(&texts)? };
        let reply = if findings.is_empty() { answer.allow() } else { answer.deny(&reason(&findings)) };
        let mut out = std::io::stdout().lock();
        let written = serde_json::to_writer(&mut out, &reply)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out));
        written.map_err(|e| Failure::new(format_args!("standard output: {e}")))?;
        Ok(0)
    }

    fn findings(&self, texts: &Texts) -> Result<Vec<Finding>, Failure> {
        let base = Base::of(&[".".into()])?;
        let read = from_folder(base.dir());
        let Prepared { config, .. } =
            self.scan.prepare("tool call".to_owned(), Root::default(), &read, &[])?;
        let outcome = scan::collect(texts, &config)?;
        Ok(outcome.findings.into_iter().filter(|f| f.suppressed.is_none()).collect())
    }
}

impl Answer {
    fn to(call: &Map<String, Value>) -> Self {
        let event = call.get("hook_event_name").and_then(Value::as_str).unwrap_or_default();
        match event {
            "beforeSubmitPrompt" => Self::Continue,
            event if event.starts_with("before") => Self::Permission,
            "PreToolUse" => Self::Decision,
            "" if call.contains_key("tool_input") && !call.contains_key("tool_response") => Self::Decision,
            _ => Self::Block,
        }
    }

    fn allow(self) -> Value {
        match self {
            Self::Decision | Self::Block => json!({}),
            Self::Permission => json!({"permission": "allow"}),
            Self::Continue => json!({"continue": true}),
        }
    }

    fn deny(self, reason: &str) -> Value {
        match self {
            Self::Decision => json!({"hookSpecificOutput": {
                "hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": reason,
            }}),
            Self::Block => json!({"decision": "block", "reason": reason}),
            Self::Permission => {
                json!({"permission": "deny", "user_message": reason, "agent_message": reason})
            }
            Self::Continue => json!({"continue": false, "user_message": reason}),
        }
    }
}

/// Fields of a call whose texts are scanned, at any depth.
const SCANNED: &[&str] = &[
    "prompt",
    "tool_input",
    "tool_response",
    "tool_output",
    "command",
    "content",
    "edits",
    "output",
    "result_json",
];

fn texts(call: &Map<String, Value>) -> Texts {
    let mut texts = Texts::default();
    let file = ["file_path", "path", "notebook_path"]
        .iter()
        .find_map(|name| call.get("tool_input").unwrap_or(&Value::Null).get(name).or_else(|| call.get(*name)))
        .and_then(Value::as_str)
        .unwrap_or_default();
    for name in SCANNED {
        if let Some(value) = call.get(*name) {
            collect(value, file, &mut texts);
        }
    }
    texts
}

fn collect(value: &Value, file: &str, texts: &mut Texts) {
    match value {
        Value::String(text) => texts.push(file, text.clone().into_bytes()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, file, texts)),
        // A key may be what makes its value a secret.
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if is_named(name) => {
                        texts.push(file, format!("{name} = {}", Value::from(text.as_str())).into_bytes());
                    }
                    field => collect(field, file, texts),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a field's name says something about its value; the names that tools give their arguments do not.
fn is_named(name: &str) -> bool {
    let plain =
        ["content", "new_string", "old_string", "command", "file_path", "text", "prompt", "stdout", "stderr"];
    !plain.contains(&name)
}

fn reason(findings: &[Finding]) -> String {
    let mut kinds: Vec<String> = findings.iter().map(|f| f.rule.title.to_string()).collect();
    kinds.sort();
    kinds.dedup();
    let count = findings.len();
    let secrets = if count == 1 { "a secret".to_owned() } else { format!("{count} secrets") };
    format!(
        "leakward found {secrets} here ({}). Do not write, run or repeat it: read it from the environment or a secrets \
         manager, and tell the user that it should be revoked.",
        kinds.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn each_event_gets_the_answer_that_it_understands() {
        let answer = |event: &str| Answer::to(&call(json!({"hook_event_name": event})));
        assert_eq!(answer("PreToolUse"), Answer::Decision);
        assert_eq!(answer("PostToolUse"), Answer::Block);
        assert_eq!(answer("UserPromptSubmit"), Answer::Block);
        assert_eq!(answer("beforeShellExecution"), Answer::Permission);
        assert_eq!(answer("beforeSubmitPrompt"), Answer::Continue);
        assert_eq!(Answer::to(&call(json!({"tool_input": {}}))), Answer::Decision);
    }

    #[test]
    fn a_denial_names_the_event_and_an_allowance_says_nothing() {
        assert_eq!(Answer::Decision.deny("r")["hookSpecificOutput"]["permissionDecision"], "deny");
        assert_eq!(Answer::Decision.allow(), json!({}));
    }

    #[test]
    fn texts_are_found_at_any_depth() {
        let nested =
            json!({"tool_input": {"edits": [{"new_string": "a"}, {"new_string": "b"}], "n": 3}, "cwd": "/x"});
        assert!(!texts(&call(nested)).is_empty());
        assert!(texts(&call(json!({"cwd": "/x", "session_id": "y"}))).is_empty());
    }
}
