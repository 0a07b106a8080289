//! A token bucket: how many calls one provider gets per second.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Tick;

/// A token bucket that can be paused when the provider asks for it.
pub(crate) struct Bucket {
    /// Tokens per second.
    rate: f64,
    /// Tokens at most.
    burst: f64,
    level: Mutex<Level>,
}

struct Level {
    /// May be negative: tokens promised to callers that wait.
    tokens: f64,
    at: Tick,
    paused_until: Tick,
}

impl Bucket {
    pub(crate) fn new(rate: f64, burst: f64, now: Tick) -> Self {
        let level = Level { tokens: burst, at: now, paused_until: Tick::START };
        Self { rate, burst, level: Mutex::new(level) }
    }

    /// Reserves one token and says when it is there; `None`, and nothing reserved, when that is after `deadline`.
    pub(crate) fn reserve(&self, now: Tick, deadline: Tick) -> Option<Tick> {
        let mut level = self.lock();
        let earned = now.since(level.at).as_secs_f64() * self.rate;
        level.tokens = (level.tokens + earned).min(self.burst);
        level.at = level.at.max(now);
        let lacking = (1.0 - level.tokens).max(0.0);
        let at = (now + Duration::from_secs_f64(lacking / self.rate)).max(level.paused_until);
        if at > deadline {
            return None;
        }
        level.tokens -= 1.0;
        Some(at)
    }

    /// Gives nothing out before `until`.
    pub(crate) fn pause(&self, until: Tick) {
        let mut level = self.lock();
        level.paused_until = level.paused_until.max(until);
    }

    fn lock(&self) -> MutexGuard<'_, Level> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_the_rate() {
        let now = Tick::START;
        let bucket = Bucket::new(10.0, 2.0, now);
        let at: Vec<_> = (0..4).map(|_| bucket.reserve(now, Tick::NEVER).unwrap()).collect();
        let after = |ms| now + Duration::from_millis(ms);
        assert_eq!(at, [now, now, after(100), after(200)]);
        assert_eq!(bucket.reserve(now, after(250)), None);
        assert_eq!(bucket.reserve(after(1000), after(1000)), Some(after(1000)));
    }

    #[test]
    fn a_pause_holds_everybody_back() {
        let now = Tick::START;
        let bucket = Bucket::new(10.0, 2.0, now);
        let end = now + Duration::from_secs(3);
        bucket.pause(end);
        assert_eq!(bucket.reserve(now, Tick::NEVER), Some(end));
        assert_eq!(bucket.reserve(now, now + Duration::from_secs(1)), None);
    }
}
