//! Completions and the manual, as the shells and programs that read them take them.

use std::process::Command;

use crate::sandbox::Sandbox;

/// What bash offers after `words`, the last of which is being typed.
fn offered(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let script = format!(
        "source completions; COMP_WORDS=({}); COMP_CWORD={}; _leakward leakward '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let run = Command::new("bash").args(["-c", &script]).current_dir(sandbox.path()).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["completions", "bash"]);
    assert_eq!(run.code, Some(0));
    sandbox.file("completions", run.stdout);
    assert_eq!(offered(&sandbox, &["leakward", "sc"]), ["scan"]);
    assert_eq!(offered(&sandbox, &["leakward", "git", "--stag"]), ["--staged"]);
    let formats = offered(&sandbox, &["leakward", "scan", "--format", "s"]);
    assert_eq!(formats, ["sarif"]);
    let hidden = offered(&sandbox, &["leakward", "det"]);
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn every_shell_has_completions_and_an_unknown_one_is_told() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = sandbox.run(["completions", shell]);
        assert!(run.code == Some(0) && run.stdout.contains("no-ignore"), "{shell}");
    }
    let run = sandbox.run(["completions", "tcsh"]);
    assert!(run.code == Some(2) && run.stderr.contains("possible values: bash"), "{run:?}");
}

#[test]
fn the_manual_has_a_page_for_each_command_that_help_lists() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(["man", "share/man1"]).code, Some(0));
    let help = sandbox.run(["--help"]).stdout;
    let commands: Vec<_> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    for name in commands {
        assert!(sandbox.path().join(format!("share/man1/leakward-{name}.1")).exists(), "{name}");
    }
    let page = std::fs::read_to_string(sandbox.path().join("share/man1/leakward-scan.1")).unwrap();
    assert!(page.contains("max\\-file\\-size"), "the page tells the flags");
    sandbox.file("a-file", "");
    let run = sandbox.run(["man", "a-file"]);
    assert!(run.code == Some(2) && run.stderr.contains("cannot write to a-file"), "{run:?}");
}
