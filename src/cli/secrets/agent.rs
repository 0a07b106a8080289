//! `leakward agent`: secrets for programs on this machine, over a unix socket or loopback.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leakward_fetcher::agent::{Agent, AgentSettings, Door, DoorError};
use leakward_fetcher::client::{JsonLines, Need};
use leakward_fetcher::webhook::Webhook;
use leakward_fetcher::{Policy, Secret, SecretRef, SecretsManager};
use tokio::signal::unix::{SignalKind, signal};

use super::super::{Failure, heading};
use super::told::{tell, tell_events};
use super::wanted::Wanted;
use super::{ManagerFlags, enter, span};

/// Time for answers that are being made when the agent ends.
const GRACE: Duration = Duration::from_secs(5);

/// serves secrets to programs on this machine and keeps them fresh
///
/// It speaks the read paths of Vault (/v1/...) and of the AWS Secrets Manager Agent (/secretsmanager/get), and /live,
/// /ready and /metrics. It runs until SIGTERM or SIGINT. Exit code: 0 ended in order, 2 could not start.
#[derive(Debug, clap::Args)]
pub(in super::super) struct Args {
    /// unix socket to serve on [default: leakward.sock in XDG_RUNTIME_DIR, unless --listen is given]
    #[arg(long, value_name = "FILE", help_heading = heading::SERVER)]
    socket: Option<PathBuf>,
    /// loopback address to serve on; callers must show the token
    #[arg(long, value_name = "ADDRESS", requires = "token_file", help_heading = heading::SERVER)]
    listen: Option<SocketAddr>,
    /// file with the token for --listen; made with a random one when it is not there
    #[arg(long, value_name = "FILE", help_heading = heading::SERVER)]
    token_file: Option<PathBuf>,
    /// number of another user who may use the socket
    #[arg(long, value_name = "UID", help_heading = heading::SERVER)]
    allow_uid: Vec<u32>,
    /// connections at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 512, help_heading = heading::SERVER)]
    max_connections: usize,
    /// secret with the key of signed messages, POST /webhook, that say which secrets have changed
    #[arg(long, value_name = "PATH[#FIELD]", help_heading = heading::SERVER)]
    webhook_key: Option<Wanted>,
    /// let metrics name secrets
    #[arg(long, help_heading = heading::SERVER)]
    name_secrets: bool,
    /// file to append a line of JSON to for each call to the manager
    #[arg(long, value_name = "FILE", help_heading = heading::SERVER)]
    audit: Option<PathBuf>,
    /// secret without which the agent is not ready, fetched at start
    #[arg(long, value_name = "PATH", help_heading = heading::MANAGER)]
    require: Vec<Wanted>,
    /// time after which a value is stale; a lease's own length goes before it
    #[arg(long, value_name = "TIME", value_parser = span, help_heading = heading::MANAGER)]
    ttl: Option<Duration>,
    /// time for which a stale value is served while the manager is out of reach, at most --ttl by default
    #[arg(long, value_name = "TIME", value_parser = span, help_heading = heading::MANAGER)]
    max_stale: Option<Duration>,
    /// longest time that a caller waits for a value that is not held
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = span, help_heading = heading::MANAGER)]
    timeout: Duration,
    #[command(flatten)]
    manager: ManagerFlags,
}

impl Args {
    pub(in super::super) fn run(self) -> Result<u8, Failure> {
        enter(self.serve())
    }

    async fn serve(self) -> Result<u8, Failure> {
        let watch = |error| Failure::new(format_args!("signals cannot be received: {error}"));
        let mut term = signal(SignalKind::terminate()).map_err(watch)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(watch)?;
        let mut builder = self.manager.builder(None).await?.policy(self.policy());
        if let Some(file) = &self.audit {
            let to = fs::OpenOptions::new().create(true).append(true).open(file);
            builder = builder.audit(JsonLines::new(to.map_err(|e| at(file, &e))?));
        }
        let client = builder.build().map_err(Failure::new)?;
        tell_events(&client);
        let required =
            self.require.iter().map(|wanted| (SecretRef::current(wanted.path.clone()), Need::Required));
        client.prefetch(required).map_err(Failure::new)?;
        let agent = self.agent(&client)?;
        for door in self.doors()? {
            agent.open(&door).map_err(|error| door_failure(&error))?;
            match door {
                Door::Unix(file) => tell(&format!("serving on {}", file.display())),
                Door::Loopback(address) => tell(&format!("serving on http://{address}")),
            }
        }
        std::future::poll_fn(|context| {
            let told = term.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready();
            if told { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        tell("ending");
        agent.close(GRACE).await;
        client.shutdown().await;
        Ok(0)
    }

    fn agent(&self, client: &SecretsManager) -> Result<Agent, Failure> {
        let settings = self.settings()?;
        let Some(key) = &self.webhook_key else { return Ok(Agent::new(client.clone(), settings)) };
        let handle = client.secret(&SecretRef::current(key.path.clone())).map_err(Failure::new)?;
        let webhook = Webhook::new(client, handle, key.field.as_deref());
        Ok(Agent::with_webhook(client.clone(), settings, webhook))
    }

    fn policy(&self) -> Policy {
        let mut policy = Policy::default().with_read_budget(self.timeout);
        if let Some(ttl) = self.ttl {
            policy = policy.with_ttl(ttl);
        }
        match self.max_stale {
            Some(stale) => policy.with_max_stale(stale),
            None => policy,
        }
    }

    fn settings(&self) -> Result<AgentSettings, Failure> {
        let mut settings = AgentSettings::default();
        settings.users.clone_from(&self.allow_uid);
        settings.token = self.token_file.as_deref().map(token).transpose()?;
        settings.connections = self.max_connections.max(1);
        settings.name_secrets = self.name_secrets;
        let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        settings.namespace = set("BAO_NAMESPACE").or_else(|| set("VAULT_NAMESPACE"));
        Ok(settings)
    }

    fn doors(&self) -> Result<Vec<Door>, Failure> {
        let usual =
            || std::env::var_os("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("leakward.sock"));
        let socket = match (&self.socket, self.listen) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(usual().ok_or_else(|| {
                Failure::new("no place to serve on").help("name one with --socket FILE or --listen ADDRESS")
            })?),
        };
        Ok(socket.map(Door::Unix).into_iter().chain(self.listen.map(Door::Loopback)).collect())
    }
}

/// The token in `file`; a new one when there is no such file.
fn token(file: &Path) -> Result<Secret, Failure> {
    match fs::read(file) {
        Ok(bytes) => {
            let bytes = zeroize::Zeroizing::new(bytes);
            warn_if_open(file);
            let token = bytes.trim_ascii();
            if token.len() < 16 {
                return Err(Failure::new(format_args!("{}: the token is too short", file.display()))
                    .help("take 16 characters or more, or remove the file and a new one is made"));
            }
            Ok(Secret::copy_of(token))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut random = zeroize::Zeroizing::new([0_u8; 32]);
            getrandom::fill(random.as_mut()).map_err(|e| Failure::new(format_args!("no randomness: {e}")))?;
            let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
            let token: String = random.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect();
            let token = Secret::from_string(token);
            // The reason to open it: callers read it there.
            leakward_fetcher::render::write_atomically(file, token.expose(), 0o600)
                .map_err(|e| at(file, &e))?;
            Ok(token)
        }
        Err(error) => Err(at(file, &error)),
    }
}

/// Says so when others can read `file`.
fn warn_if_open(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
        tell(&format!("{}: other users can read the token; chmod 600 it", file.display()));
    }
}

fn at(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format_args!("{}: {error}", file.display()))
}

fn door_failure(error: &DoorError) -> Failure {
    let failure = Failure::new(error);
    match error {
        DoorError::NotLoopback(_) => failure.help("use 127.0.0.1 or [::1]"),
        DoorError::Taken(_) => failure.help("end the other agent, or take another socket"),
        DoorError::Occupied(_) => failure.help("move it away, or take another path"),
        _ => failure,
    }
}
