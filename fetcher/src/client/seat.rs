//! One provider in its seat: with its rate limit, retry budget, concurrency and breakers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::cache::{Breaker, BreakerState, Bucket, RetryBudget};
use crate::clock::{Clock, Tick};
use crate::provider::SecretProvider;
use crate::secret::SecretPath;

/// Logins after a denial are at least this far apart.
const RELOGIN_PAUSE: Duration = Duration::from_secs(10);

/// How hard one provider may be worked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Calls per second in the long run.
    pub(crate) rate: f64,
    /// Calls at once after a quiet time.
    pub(crate) burst: f64,
    /// Calls on their way at the same time.
    pub(crate) concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rate: 500.0, burst: 1000.0, concurrency: 32 }
    }
}

/// One provider in its seat.
pub(crate) struct Seat {
    pub(crate) provider: Arc<dyn SecretProvider>,
    pub(crate) name: Arc<str>,
    pub(crate) bucket: Bucket,
    pub(crate) budget: RetryBudget,
    pub(crate) turns: Semaphore,
    breakers: Mutex<HashMap<String, Arc<Breaker>>>,
    /// When the last new login after a denial began, and whether it helped.
    relogin: tokio::sync::Mutex<Option<(Tick, bool)>>,
}

impl Seat {
    pub(crate) fn new(provider: Arc<dyn SecretProvider>, limits: Limits, now: Tick) -> Self {
        Self {
            name: provider.name().into(),
            provider,
            bucket: Bucket::new(limits.rate, limits.burst, now),
            budget: RetryBudget::new(),
            turns: Semaphore::new(limits.concurrency),
            breakers: Mutex::default(),
            relogin: tokio::sync::Mutex::default(),
        }
    }

    /// The breaker of the domain that `path` is in.
    pub(crate) fn breaker(&self, path: &SecretPath) -> Arc<Breaker> {
        let domain = self.provider.domain(path);
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = breakers.get(domain) {
            return breaker.clone();
        }
        breakers.entry(domain.to_owned()).or_insert_with(|| Arc::new(Breaker::new())).clone()
    }

    /// Every domain asked so far, with the state of its breaker; sorted by domain.
    pub(crate) fn breakers(&self) -> Vec<(String, BreakerState)> {
        let breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = breakers.iter().map(|(domain, b)| (domain.clone(), b.state())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// Sees to it that there has been a new login since `denied_at`, when the denied request was
    /// sent. False when the denial stands: there is no other login, or the last one is so recent
    /// that it cannot have ended.
    pub(crate) async fn relogin(&self, denied_at: Tick, clock: &dyn Clock) -> bool {
        let mut last = self.relogin.lock().await;
        match *last {
            Some((at, helped)) if at >= denied_at => return helped,
            Some((at, _)) if clock.now().since(at) < RELOGIN_PAUSE => return false,
            _ => {}
        }
        let at = clock.now();
        let helped = matches!(self.provider.relogin().await, Ok(true));
        *last = Some((at, helped));
        helped
    }
}
