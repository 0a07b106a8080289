//! `leakward agent-hook` with calls as coding assistants make them.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// The answer to `call`, in which `SECRET` stands for a value that must not come back.
fn answer(call: &Value) -> (Value, String) {
    let secret = format!("Tr0ub4{}", "dor-93-xkQ");
    let text = call.to_string().replace("SECRET", &secret);
    let run = Sandbox::new().run_with(["agent-hook"], text.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stdout.contains(&secret) && !run.stderr.contains(&secret), "the answer holds no secret");
    (serde_json::from_str(&run.stdout).unwrap(), run.stdout)
}

#[test]
fn a_file_that_would_hold_a_secret_is_not_written() {
    let call = json!({"hook_event_name": "PreToolUse", "tool_name": "Write", "session_id": "s", "cwd": "/w",
        "tool_input": {"file_path": "/w/app.py", "content": "DB_PASSWORD = \"SECRET\"\n"}});
    let (answer, _) = answer(&call);
    assert_eq!(answer["hookSpecificOutput"]["hookEventName"], "PreToolUse");
    assert_eq!(answer["hookSpecificOutput"]["permissionDecision"], "deny");
}

#[test]
fn edits_and_commands_are_read_too() {
    let edit = json!({"hook_event_name": "PreToolUse", "tool_name": "MultiEdit",
        "tool_input": {"file_path": "a.py", "edits": [{"old_string": "x", "new_string": "password = 'SECRET'"}]}});
    assert_eq!(answer(&edit).0["hookSpecificOutput"]["permissionDecision"], "deny");
    let shell = json!({"hook_event_name": "beforeShellExecution", "command": "curl -u admin:SECRET https://h.example.org"}); // leakward:allow
    assert_eq!(answer(&shell).0["permission"], "deny");
}

#[test]
fn prompts_and_results_are_blocked() {
    let prompt =
        json!({"hook_event_name": "UserPromptSubmit", "prompt": "connect with password=\"SECRET\" please"});
    assert_eq!(answer(&prompt).0["decision"], "block");
    let result = json!({"hook_event_name": "PostToolUse", "tool_name": "Read", "tool_input": {"file_path": ".env"},
        "tool_response": {"stdout": "DB_PASSWORD=SECRET\n"}});
    assert_eq!(answer(&result).0["decision"], "block");
    let submit = json!({"hook_event_name": "beforeSubmitPrompt", "prompt": "password: 'SECRET'"});
    assert_eq!(answer(&submit).0["continue"], false);
}

#[test]
fn what_holds_no_secret_passes() {
    let clean = json!({"hook_event_name": "PreToolUse", "tool_name": "Write",
        "tool_input": {"file_path": "a.py", "content": "DB_PASSWORD = os.environ['DB_PASSWORD']\n"}});
    assert_eq!(answer(&clean).0, json!({}));
    assert_eq!(
        answer(&json!({"hook_event_name": "beforeReadFile", "file_path": "a"})).0["permission"],
        "allow"
    );
    assert_eq!(answer(&json!({})).0, json!({}));
}

#[test]
fn a_call_that_is_no_json_is_an_error() {
    for input in ["", "[1]", "{\"prompt\": \"hunter2"] {
        let run = Sandbox::new().run_with(["agent-hook"], input.as_bytes());
        assert_eq!(run.code, Some(2));
        assert!(run.stderr.starts_with("error: ") && !run.stderr.contains("hunter2"), "{}", run.stderr);
    }
}
