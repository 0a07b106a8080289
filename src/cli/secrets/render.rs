//! `leakward render`: a file made of secrets.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use leakward_fetcher::SecretsManager;
use leakward_fetcher::client::SecretHandle;
use leakward_fetcher::render::{RenderError, Rendered, Template, write_atomically};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::super::{Failure, heading};
use super::told::{tell, tell_events};
use super::trouble::read_failure;
use super::{ManagerFlags, enter, span};

/// Changes that come together make one new file.
const SETTLE: Duration = Duration::from_millis(200);

/// makes a file of secrets from a template
///
/// The template is in Jinja's language: {{ secret("secret/db").password }}, or {{ secret("secret/db", "password") }}.
/// A secret or field that is missing is an error. Exit code: 0 written (with --watch: ended in order), 2 failed.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Args {
    /// template to read; - for standard input
    #[arg(value_name = "TEMPLATE")]
    template: PathBuf,
    /// file to write, whole or not at all [default: standard output]
    #[arg(long, short, value_name = "FILE", help_heading = heading::OUTPUT)]
    output: Option<PathBuf>,
    /// rights of the file, in octal
    #[arg(long, value_name = "MODE", default_value = "600", value_parser = mode, help_heading = heading::OUTPUT)]
    mode: u32,
    /// stay, and write the file again when a secret in it changes
    #[arg(long, requires = "output", help_heading = heading::OUTPUT)]
    watch: bool,
    /// shell command to run after each change of the file
    #[arg(long, value_name = "COMMAND", requires = "output", help_heading = heading::OUTPUT)]
    command: Option<String>,
    /// longest time to wait for a secret
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = span, help_heading = heading::MANAGER)]
    timeout: Duration,
    #[command(flatten)]
    manager: ManagerFlags,
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777 && mode & 0o400 != 0);
    mode.ok_or_else(|| "not rights like 600 or 640".to_owned())
}

impl Args {
    pub(in super::super) fn run(self) -> Result<u8, Failure> {
        enter(self.make())
    }

    async fn make(self) -> Result<u8, Failure> {
        let source = read(&self.template)?;
        let template = Template::parse(&source).map_err(|error| self.failure(&error))?;
        let client = self.manager.client(None).await?;
        let outcome = self.work(&template, &client).await;
        client.shutdown().await;
        outcome.map(|()| 0)
    }

    async fn work(&self, template: &Template, client: &SecretsManager) -> Result<(), Failure> {
        let rendered = template.render(client, self.timeout).await.map_err(|error| self.failure(&error))?;
        let Some(file) = &self.output else {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(&rendered.text).and_then(|()| out.flush());
            return written.map_err(|error| Failure::new(format_args!("standard output: {error}")));
        };
        self.put(file, &rendered.text).await?;
        match self.watch {
            true => self.stay(template, client, file, rendered).await,
            false => Ok(()),
        }
    }

    /// Writes the file anew whenever a secret changes, until told to end.
    async fn stay(
        &self,
        template: &Template,
        client: &SecretsManager,
        file: &Path,
        first: Rendered,
    ) -> Result<(), Failure> {
        tell_events(client);
        let (sender, mut changes) = channel(1);
        let mut watched: Vec<SecretHandle> = Vec::new();
        watch_all(first.secrets, &mut watched, &sender);
        let unwatched = |error| Failure::new(format_args!("signals cannot be received: {error}"));
        let mut term = signal(SignalKind::terminate()).map_err(unwatched)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unwatched)?;
        loop {
            let end = std::future::poll_fn(|context| {
                use std::task::Poll;
                if term.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready() {
                    return Poll::Ready(true);
                }
                changes.poll_recv(context).map(|_| false)
            });
            if end.await {
                return Ok(());
            }
            settle(&mut changes).await;
            match template.render(client, self.timeout).await {
                Ok(rendered) => {
                    watch_all(rendered.secrets, &mut watched, &sender);
                    if let Err(failure) = self.put(file, &rendered.text).await {
                        failure.print();
                    }
                }
                Err(error) => {
                    self.failure(&error).print();
                    tell(&format!("{} stays as it is", file.display()));
                }
            }
        }
    }

    /// Puts `text` in place, unless it is there already, and runs the command.
    async fn put(&self, file: &Path, text: &[u8]) -> Result<(), Failure> {
        let same = fs::read(file).map(zeroize::Zeroizing::new).is_ok_and(|old| *old == text);
        if same && has_mode(file, self.mode) {
            return Ok(());
        }
        let written = write_atomically(file, text, self.mode);
        written.map_err(|error| Failure::new(format_args!("{}: {error}", file.display())))?;
        let Some(command) = self.command.as_ref().filter(|_| !same) else { return Ok(()) };
        // Waited for without standing in the way of refreshes.
        let status = tokio::process::Command::new("/bin/sh").arg("-c").arg(command).status().await;
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::new(format_args!("the command after {}: {status}", file.display()))),
            Err(error) => Err(Failure::new(format_args!("/bin/sh: {error}"))),
        }
    }

    fn failure(&self, error: &RenderError) -> Failure {
        let file = self.template.display();
        match error {
            RenderError::Read(error) => read_failure(error),
            RenderError::Field { .. } => Failure::new(format_args!("{file}: {error}"))
                .help("correct the name, or say what stands in for it: | default(\"...\")"),
            error => Failure::new(format_args!("{file}: {error}")),
        }
    }
}

fn read(template: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match template.as_os_str() == "-" {
        true => std::io::stdin().lock().read_to_string(&mut text).map(|_| text),
        false => fs::read_to_string(template),
    };
    read.map_err(|error| Failure::new(format_args!("{}: {error}", template.display())))
}

fn has_mode(file: &Path, mode: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::symlink_metadata(file)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o777 == mode)
}

/// Has changes of `secrets` told to `sender`, those that are not watched yet.
fn watch_all(secrets: Vec<SecretHandle>, watched: &mut Vec<SecretHandle>, sender: &Sender<()>) {
    for handle in secrets {
        if watched.iter().any(|known| known.name() == handle.name()) {
            continue;
        }
        watched.push(handle.clone());
        let sender = sender.clone();
        tokio::spawn(async move {
            let mut watch = handle.watch();
            while watch.changed().await.is_some() {
                // A full channel says already that something changed.
                let _ = sender.try_send(());
            }
        });
    }
}

async fn settle(changes: &mut Receiver<()>) {
    tokio::time::sleep(SETTLE).await;
    while changes.try_recv().is_ok() {}
}
