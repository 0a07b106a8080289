//! The client for programs without an async runtime: the same cache, worked by one thread in the background.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{broadcast, oneshot};

use crate::cache::{ReadError, Reading};
use crate::client::{self, BuildError, Builder, Event, Farewell, Need, Pair, ReadOptions, Readiness};
use crate::secret::SecretRef;

/// Reads secrets through a cache that refreshes itself, from ordinary threads. Dropping it stops the
/// thread in the background and wipes what is held; [`SecretsManager::shutdown`] gives leases back as well.
#[derive(Debug)]
pub struct SecretsManager {
    inner: client::SecretsManager,
    driver: Driver,
}

impl SecretsManager {
    /// The client that `set_up` describes. It runs where a runtime is, so that providers can be made in it.
    ///
    /// # Errors
    /// What `set_up` or the client itself says; the latter also when the thread cannot be started.
    pub fn build<E, F>(set_up: impl FnOnce() -> F + Send + 'static) -> Result<Self, E>
    where
        E: From<BuildError> + Send + 'static,
        F: Future<Output = Result<Builder, E>> + Send + 'static,
    {
        let driver = Driver::start().ok_or(BuildError::NoRuntime)?;
        let built = driver.run(async move { set_up().await?.build().map_err(E::from) });
        Ok(Self { inner: built.unwrap_or_else(|| Err(BuildError::NoRuntime.into()))?, driver })
    }

    /// Reads a secret. See [`client::SecretsManager::read`].
    ///
    /// # Errors
    /// When there is no usable value.
    pub fn read(&self, secret: &SecretRef) -> Result<Reading, ReadError> {
        match self.inner.cached(secret) {
            Some(reading) => Ok(reading),
            None => self.read_with(secret, ReadOptions::default()),
        }
    }

    /// Reads the current version of the secret at `path`.
    ///
    /// # Errors
    /// As [`SecretsManager::read`], and when `path` is not one.
    pub fn read_path(&self, path: &str) -> Result<Reading, ReadError> {
        self.read(&SecretRef::current(crate::SecretPath::parse(path)?))
    }

    /// Reads a secret as `options` say.
    ///
    /// # Errors
    /// As [`SecretsManager::read`].
    pub fn read_with(&self, secret: &SecretRef, options: ReadOptions) -> Result<Reading, ReadError> {
        let (inner, secret) = (self.inner.clone(), secret.clone());
        self.run(async move { inner.read_with(&secret, options).await })
    }

    /// Fetches anew, whatever is held. See [`client::SecretHandle::refresh`].
    ///
    /// # Errors
    /// When no new value could be had.
    pub fn refresh(&self, secret: &SecretRef) -> Result<Reading, ReadError> {
        let handle = self.inner.secret(secret)?;
        self.run(async move { handle.refresh().await })
    }

    /// Another value than `failed`. See [`client::SecretHandle::replace`].
    ///
    /// # Errors
    /// When no new value could be had.
    pub fn replace(&self, secret: &SecretRef, failed: &Reading) -> Result<Reading, ReadError> {
        let (handle, failed) = (self.inner.secret(secret)?, failed.clone());
        self.run(async move { handle.replace(&failed).await })
    }

    /// The version in force and the one before it. See [`client::SecretHandle::current_and_previous`].
    ///
    /// # Errors
    /// When there is no usable current version.
    pub fn current_and_previous(&self, secret: &SecretRef) -> Result<Pair, ReadError> {
        let handle = self.inner.secret(secret)?;
        self.run(async move { handle.current_and_previous().await })
    }

    /// Says that the value held may be wrong. See [`client::SecretsManager::invalidate`].
    pub fn invalidate(&self, secret: &SecretRef) {
        self.inner.invalidate(secret);
    }

    /// Names secrets that the program will need. See [`client::SecretsManager::prefetch`].
    ///
    /// # Errors
    /// When no provider is configured for one of them, or the cache is too small.
    pub fn prefetch(&self, secrets: impl IntoIterator<Item = (SecretRef, Need)>) -> Result<(), ReadError> {
        self.inner.prefetch(secrets)
    }

    /// Waits until all required secrets are held, at most `budget`; the readiness then.
    pub fn ready(&self, budget: Duration) -> Readiness {
        let inner = self.inner.clone();
        let ready = self.driver.run(async move { inner.ready(budget).await });
        ready.unwrap_or_else(|| self.inner.readiness())
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events()
    }

    /// Goes away in order. See [`client::SecretsManager::shutdown`].
    pub fn shutdown(self) -> Farewell {
        let inner = self.inner.clone();
        let farewell = self.driver.run(async move { inner.shutdown().await });
        farewell.unwrap_or(Farewell { revoked: 0, left: 0 })
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ReadError>> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.driver.run(work).unwrap_or(Err(ReadError::Closed))
    }
}

/// The thread in the background, with its runtime. Ends when dropped.
#[derive(Debug)]
struct Driver {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    fn start() -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let work = move || {
            // Either word ends it: that it is to stop, or that nobody is left to say so.
            let _ = runtime.block_on(stopped);
        };
        let thread = std::thread::Builder::new().name("leakward-fetcher".to_owned()).spawn(work).ok()?;
        Some(Self { runtime: handle, stop: Some(stop), thread: Some(thread) })
    }

    /// The outcome of `work`, done by the background thread; `None` when it panicked. Safe to call from
    /// anywhere, even from inside another runtime, which it blocks.
    fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.runtime.spawn(async move {
            let _ = sender.send(work.await);
        });
        receiver.recv().ok()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // Its panic would have been one of the runtime itself; there is nobody to tell.
            let _ = thread.join();
        }
    }
}
