//! Randomness that spreads load, and the budget that keeps retries from multiplying it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The random source of one client; seeded in tests.
pub(crate) struct Jitter(Mutex<fastrand::Rng>);

impl Jitter {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)))
    }

    /// A number evenly spread over `low..high`.
    pub(crate) fn between(&self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// `duration` times a number evenly spread over `low..high`.
    pub(crate) fn spread(&self, duration: Duration, low: f64, high: f64) -> Duration {
        duration.mul_f64(self.between(low, high))
    }

    /// Full jitter: evenly spread over zero to `base · 2^failures`, at most `most`.
    pub(crate) fn backoff(&self, base: Duration, failures: u32, most: Duration) -> Duration {
        let ceiling = base.saturating_mul(1 << failures.min(20)).min(most);
        self.spread(ceiling, 0.0, 1.0)
    }
}

/// Lets retries be at most a tenth of calls, with a reserve of ten for quiet times.
pub(crate) struct RetryBudget(Mutex<f64>);

/// Retries held in reserve.
const RESERVE: f64 = 10.0;
/// Retries earned by one call.
const EARNED: f64 = 0.1;

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(RESERVE))
    }

    pub(crate) fn earn(&self) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + EARNED).min(RESERVE);
    }

    /// Takes one retry, if there is one.
    pub(crate) fn spend(&self) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = *left >= 1.0;
        if may {
            *left -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_and_stays_below_its_bound() {
        let jitter = Jitter::new(Some(1));
        let (base, most) = (Duration::from_millis(100), Duration::from_secs(2));
        let longest = |failures| (0..1000).map(|_| jitter.backoff(base, failures, most)).max().unwrap();
        assert!(longest(0) <= base && longest(0) > Duration::from_millis(90));
        assert!(longest(3) > Duration::from_millis(700) && longest(3) <= Duration::from_millis(800));
        assert!(longest(40) <= most);
    }

    #[test]
    fn retries_are_a_tenth_of_calls_once_the_reserve_is_spent() {
        let budget = RetryBudget::new();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
        (0..95).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 9);
    }
}
