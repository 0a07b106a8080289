//! A client on a clock that stands still and a provider with a script.

use std::time::Duration;

use leakward_fetcher::clock::ManualClock;
use leakward_fetcher::provider::MockProvider;
use leakward_fetcher::{
    Builder, Event, Fault, FaultKind, Policy, ReadError, Reading, SecretPath, SecretRef, SecretsManager,
};
use tokio::sync::broadcast::Receiver;

pub(crate) struct Rig {
    pub(crate) clock: ManualClock,
    pub(crate) mock: MockProvider,
    pub(crate) manager: SecretsManager,
    pub(crate) events: Receiver<Event>,
}

impl Rig {
    /// 60 s fresh, 60 s stale.
    pub(crate) fn new() -> Self {
        Self::with(Policy::default().with_ttl(secs(60)), |builder| builder)
    }

    pub(crate) fn with(policy: Policy, set_up: impl FnOnce(Builder) -> Builder) -> Self {
        let (clock, mock) = (ManualClock::new(), MockProvider::new());
        let builder = SecretsManager::builder().provider("", mock.clone());
        let builder = builder.clock(clock.clone()).seed(7).policy(policy);
        let manager = set_up(builder).build().unwrap();
        let events = manager.events();
        Self { clock, mock, manager, events }
    }

    /// Moves the clock in steps of a tenth of a second, letting all tasks run after each.
    pub(crate) async fn pass(&self, time: Duration) {
        let step = Duration::from_millis(100).max(time / 600);
        let mut left = time;
        while !left.is_zero() {
            let now = step.min(left);
            self.clock.advance(now);
            settle().await;
            left -= now;
        }
    }

    /// Moves the clock at once, letting all tasks run after it.
    pub(crate) async fn jump(&self, time: Duration) {
        self.clock.advance(time);
        settle().await;
    }

    pub(crate) async fn read(&self, path: &str) -> Reading {
        self.manager.read(&current(path)).await.unwrap()
    }

    /// Reads while 6 s pass: one that waits for a retry waits for the clock.
    pub(crate) async fn read_in_time(&self, path: &str) -> Result<Reading, ReadError> {
        let (manager, secret) = (self.manager.clone(), current(path));
        let read = tokio::spawn(async move { manager.read(&secret).await });
        self.pass(secs(6)).await;
        read.await.unwrap()
    }

    /// Events since the last call.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn current(path: &str) -> SecretRef {
    SecretRef::current(SecretPath::parse(path).unwrap())
}

pub(crate) fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind)
}

/// Lets every task run until all wait. Tests run on one thread, so yielding is enough.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
