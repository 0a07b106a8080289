//! A command as one of the fetcher's rotation hooks.
//!
//! The command runs once for each step, which `LEAKWARD_STEP` names:
//!
//! | step | it should | when it fails |
//! |---|---|---|
//! | `prepare` | make what the secret opens take the new value | everything is undone |
//! | `verify` | log in with the new value | everything is undone |
//! | `commit` | put the new value to use; readers get it already | everything is undone |
//! | `drain` | return when nothing works with the old value any more | the rotation stops, and goes on when it is run again |
//! | `retire` | refuse the old value | the same |
//! | `rollback` | go back to the old value | the same |
//!
//! Steps are repeated after a crash: each must do no harm when it was done before. Values are in the command's own
//! environment (`LEAKWARD_OLD`, `LEAKWARD_NEW`: the field that is rotated) and on its standard input (whole values, as
//! `{"old": …, "new": …}`), and nowhere else: not among its arguments, and masked in what it prints.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use leakward_fetcher::cache::Entry;
use leakward_fetcher::client::{HookError, Rotation as Versions, Step as HookStep};
use leakward_fetcher::redact::Redactor;
use leakward_fetcher::secret::{Json, JsonKind, escape_json};
use leakward_fetcher::{RotationHook, Secret};
use tokio::io::AsyncWriteExt as _;
use zeroize::Zeroizing;

use super::document;

/// A command that is run at each step of a rotation.
#[derive(Debug, Clone)]
pub struct CommandHook {
    /// What the shell is given.
    pub command: String,
    /// Longest time for one step.
    pub limit: Duration,
    /// The manager's name in the configuration.
    pub manager: String,
    /// The field that is rotated; `None`: the whole value.
    pub field: Option<String>,
}

impl CommandHook {
    async fn run(&self, step: &'static str, rotation: &Versions) -> Result<(), HookError> {
        let mut command = shell(&self.command);
        let path = rotation.secret.path();
        command.env("LEAKWARD_STEP", step).env("LEAKWARD_MANAGER", &self.manager);
        command.env("LEAKWARD_PATH", path.as_str());
        command.env("LEAKWARD_FIELD", self.field.as_deref().unwrap_or_default());
        let redactor = Redactor::new();
        let both = [("OLD", rotation.old.as_ref()), ("NEW", Some(&rotation.new))];
        for (name, entry) in both {
            let Some(entry) = entry else { continue };
            command.env(format!("LEAKWARD_{name}_VERSION"), entry.version().as_str());
            redactor.add(Arc::new(entry.secret().duplicate()));
            let Some(part) = document::part(entry.secret(), self.field.as_deref()) else { continue };
            // The reason to open it: the command changes what it opens. Only this child sees it.
            if let Some(text) = part.expose_text().ok().filter(|text| !text.contains('\0')) {
                command.env(format!("LEAKWARD_{name}"), text);
            }
            redactor.add(Arc::new(part));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|_| HookError("the command cannot be run"))?;
        let stdin = child.stdin.take();
        let values = values(rotation);
        // Beside the wait: a command may print much before it reads its input.
        let feeding = tokio::spawn(async move {
            if let Some(mut stdin) = stdin {
                // A command that reads no values closes its end.
                let _ = stdin.write_all(&values).await;
            }
        });
        let output = tokio::time::timeout(self.limit, child.wait_with_output()).await;
        feeding.abort();
        let output = output.map_err(|_| HookError("the command took too long"))?;
        let output = output.map_err(|_| HookError("the command cannot be waited for"))?;
        for text in [output.stdout, output.stderr] {
            say(step, &redactor.mask(&Zeroizing::new(text)));
        }
        if output.status.success() { Ok(()) } else { Err(HookError("the command failed")) }
    }
}

impl RotationHook for CommandHook {
    fn name(&self) -> &str {
        &self.command
    }

    fn prepare<'a>(&'a self, rotation: &'a Versions) -> HookStep<'a> {
        Box::pin(async move {
            self.run("prepare", rotation).await?;
            self.run("verify", rotation).await
        })
    }

    fn unprepare<'a>(&'a self, rotation: &'a Versions) -> HookStep<'a> {
        Box::pin(self.run("rollback", rotation))
    }

    fn committed<'a>(&'a self, rotation: &'a Versions) -> HookStep<'a> {
        Box::pin(self.run("commit", rotation))
    }

    fn drain<'a>(&'a self, rotation: &'a Versions) -> HookStep<'a> {
        Box::pin(self.run("drain", rotation))
    }

    fn retire<'a>(&'a self, rotation: &'a Versions) -> HookStep<'a> {
        Box::pin(self.run("retire", rotation))
    }

    fn time_limit(&self) -> Duration {
        self.limit
    }

    fn drain_limit(&self) -> Duration {
        self.limit
    }
}

fn shell(text: &str) -> tokio::process::Command {
    let (program, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = tokio::process::Command::new(program);
    command.arg(flag).arg(text);
    command
}

/// Both values as one JSON object.
fn values(rotation: &Versions) -> Zeroizing<Vec<u8>> {
    let room = |entry: &Arc<Entry>| entry.secret().len() * 6;
    let room = room(&rotation.new) + rotation.old.as_ref().map_or(0, room) + 64;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    text.extend_from_slice(b"{\"old\":");
    put(rotation.old.as_ref().map(|old| old.secret()), &mut text);
    text.extend_from_slice(b",\"new\":");
    put(Some(rotation.new.secret()), &mut text);
    text.extend_from_slice(b"}\n");
    text
}

fn put(value: Option<&Secret>, text: &mut Vec<u8>) {
    // The reason to open it: it goes to the command's standard input.
    let Some(value) = value.map(Secret::expose) else { return text.extend_from_slice(b"null") };
    match Json::parse(value) {
        Ok(json) if json.kind() == JsonKind::Object => text.extend_from_slice(json.raw()),
        _ => escape_json(&Zeroizing::new(String::from_utf8_lossy(value).into_owned()), text),
    }
}

/// Shows what the command printed, values masked.
fn say(step: &str, text: &[u8]) {
    let mut err = anstream::stderr().lock();
    for line in String::from_utf8_lossy(text).lines() {
        // Where standard error is gone, nobody is left to be told.
        let _ = writeln!(err, "  {step}: {line}");
    }
}
