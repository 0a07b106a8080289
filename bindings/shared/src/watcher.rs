//! The changes of one secret, until it is closed.

use leakward_fetcher::client::Watch;
use tokio::sync::{Mutex, watch};

use crate::{Failure, Name, Value};

/// The changes of one secret: the version in force first, then each that comes into force. While it is open the secret
/// is refreshed though nobody reads it.
#[derive(Debug)]
pub struct Watcher {
    name: Name,
    watch: Mutex<Option<Watch>>,
    closed: watch::Sender<bool>,
}

impl Watcher {
    pub(crate) fn new(name: Name, watch: Watch) -> Self {
        Self { name, watch: Mutex::new(Some(watch)), closed: watch::Sender::new(false) }
    }

    /// The next version; `None` once this or the client is closed.
    ///
    /// # Errors
    /// The version lacks the field that is wanted.
    pub async fn next(&self) -> Result<Option<Value>, Failure> {
        let mut closed = self.closed.subscribe();
        let mut guard = tokio::select! {
            guard = self.watch.lock() => guard,
            _ = closed.wait_for(|closed| *closed) => return Ok(None),
        };
        let Some(watch) = guard.as_mut() else { return Ok(None) };
        let reading = tokio::select! {
            reading = watch.changed() => reading,
            _ = closed.wait_for(|closed| *closed) => None,
        };
        match reading {
            Some(reading) => Value::of(reading, &self.name).map(Some),
            None => {
                guard.take();
                Ok(None)
            }
        }
    }

    /// Ends the watch, also for who waits for the next version now.
    pub fn close(&self) {
        self.closed.send_replace(true);
        if let Ok(mut watch) = self.watch.try_lock() {
            watch.take();
        }
    }
}
