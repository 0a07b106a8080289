//! The client of the secrets manager, with a runtime of its own: the languages' own threads and loops know none of it.

use std::path::PathBuf;
use std::time::Duration;

use leakward_fetcher::client::{Manager, Mapping, ReadOptions};
use leakward_fetcher::{Builder, Policy, SecretsManager};
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;

use crate::{Failure, Name, Value, Watcher};

/// How a client is set up.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// A mapping file that says where each name lives; else the usual variables (`VAULT_ADDR` or `BAO_ADDR` …) say
    /// which manager is asked.
    pub map_file: Option<PathBuf>,
    /// The manager to ask whatever the variables say: `vault`, `aws`, `azure`, `gcp` or `env`.
    pub manager: Option<String>,
    /// Time after which a value is stale; 5 minutes when `None`.
    pub ttl: Option<Duration>,
    /// Time for which a stale value is served while the manager is out of reach; at most `ttl` when `None`.
    pub max_stale: Option<Duration>,
    /// Longest wait of a read that finds nothing held; 2 s when `None`.
    pub timeout: Option<Duration>,
}

/// Reads secrets through a cache that refreshes itself. What it holds is wiped when it is dropped.
#[derive(Debug)]
pub struct Client {
    manager: SecretsManager,
    background: Background,
}

/// The runtime. Dropping a runtime waits for it, which some threads may not do, so this one is left to end by itself.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Client {
    /// A client; blocks while its providers are made.
    ///
    /// # Errors
    /// The file or the environment describes no manager, or one that this build does not know.
    pub fn open(options: &ClientOptions) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("leakward")
            .enable_all()
            .build()
            .map_err(|error| {
                Failure::new("unavailable", format_args!("no thread can be started: {error}"))
            })?;
        let set_up = options.clone();
        let manager = runtime.block_on(async move {
            let builder = set_up.builder().await?.policy(set_up.policy());
            builder.build().map_err(|error| Failure::new("unavailable", error))
        })?;
        Ok(Self { manager, background: Background(Some(runtime)) })
    }

    /// The runtime's handle, to wait on for what this client promises.
    pub fn handle(&self) -> Handle {
        self.runtime().handle().clone()
    }

    /// Starts `work` in the background.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime().spawn(work)
    }

    /// The client within.
    pub fn manager(&self) -> &SecretsManager {
        &self.manager
    }

    /// The fresh value held, if there is one: no waiting, no other thread.
    ///
    /// # Errors
    /// The value lacks the field that is wanted.
    pub fn held(&self, name: &Name) -> Result<Option<Value>, Failure> {
        self.manager.cached(&name.current()).map(|reading| Value::of(reading, name)).transpose()
    }

    /// Reads a secret; `refuse_stale` waits for a fresh one. The future is to be run by [`Client::spawn`] or
    /// [`Client::handle`].
    pub fn get(
        &self,
        name: Name,
        refuse_stale: bool,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<Value, Failure>> + Send + 'static {
        let manager = self.manager.clone();
        async move {
            let options = ReadOptions { budget: timeout, refuse_stale };
            let reading = manager.read_with(&name.current(), options).await?;
            Value::of(reading, &name)
        }
    }

    /// Says that the value held of `name` may be wrong: it is fetched anew, and served as stale until then.
    pub fn invalidate(&self, name: &Name) {
        self.manager.invalidate(&name.current());
    }

    /// The changes of one secret, from now on.
    ///
    /// # Errors
    /// No provider is set up for it, or the cache is full.
    pub fn watch(&self, name: Name) -> Result<Watcher, Failure> {
        let handle = self.manager.secret(&name.current())?;
        let _entered = self.runtime().enter();
        Ok(Watcher::new(name, handle.watch()))
    }

    /// Goes away in order: leases are given back, values wiped, watches end. Later reads are refused.
    pub fn close(&self) -> impl Future<Output = ()> + Send + 'static {
        let manager = self.manager.clone();
        async move {
            manager.shutdown().await;
        }
    }

    fn runtime(&self) -> &Runtime {
        self.background.0.as_ref().expect("it is there until the drop")
    }
}

impl ClientOptions {
    async fn builder(&self) -> Result<Builder, Failure> {
        let set_up = |error: &dyn std::fmt::Display| Failure::new("set-up", error);
        if let Some(file) = &self.map_file {
            let at = |error: &dyn std::fmt::Display| set_up(&format_args!("{}: {error}", file.display()));
            let mapping = Mapping::from_file(file).map_err(|error| at(&error))?;
            return mapping.builder().await.map_err(|error| at(&error));
        }
        let manager = match self.manager.as_deref() {
            Some("vault") => Manager::Vault,
            Some("aws") => Manager::Aws,
            Some("azure") => Manager::Azure,
            Some("gcp") => Manager::Google,
            Some("env") => Manager::Environment,
            Some(other) => {
                return Err(Failure::usage(format_args!("{other}: not one of vault, aws, azure, gcp, env")));
            }
            None => Manager::find(None, &|name| std::env::var(name).ok()).map_err(|error| set_up(&error))?,
        };
        let provider = manager.provider().await.map_err(|error| set_up(&error))?;
        Ok(SecretsManager::builder().shared_provider(&[""], provider))
    }

    fn policy(&self) -> Policy {
        let mut policy = Policy::default();
        if let Some(ttl) = self.ttl {
            policy = policy.with_ttl(ttl);
        }
        if let Some(max_stale) = self.max_stale {
            policy = policy.with_max_stale(max_stale);
        }
        if let Some(timeout) = self.timeout {
            policy = policy.with_read_budget(timeout);
        }
        policy
    }
}
