//! A case in a process of its own, with an environment of its own.

use std::process::Command;

/// Runs the ignored test `case` of this binary in a child with `variables` and nothing else of the kind; fails with its
/// output when it fails.
pub(crate) fn run(case: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([case, "--exact", "--ignored", "--nocapture"]);
    for (name, _) in std::env::vars() {
        if ["AWS_", "AZURE_", "GOOGLE_", "GCE_", "IDENTITY_", "SSL_CERT"].iter().any(|p| name.starts_with(p))
        {
            command.env_remove(name);
        }
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("1 passed"), "no case named {case}: {text}");
}

/// A variable that the parent set.
pub(crate) fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this case is run by another test"))
}
