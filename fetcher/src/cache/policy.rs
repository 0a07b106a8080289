//! How long a kind of secret may be held, and how hard to try for a new one.

use std::time::Duration;

use super::Class;

/// How long a secret may be held and how hard to try for a new one. Each secret has one; the
/// builder of the client says which paths have which.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Time from the request to when the value counts as stale. A lease's own length goes before it.
    pub ttl: Duration,
    /// Time after `ttl` during which a stale value may still be served while no new one can be had;
    /// after that it is wiped. Leased values are never served stale.
    pub max_stale: Duration,
    /// Part of `ttl` after which a refresh is due, 0.0 to 1.0; varied by ±10 % so that replicas spread out.
    pub refresh_at: f64,
    /// Shortest time between two refreshes of one secret.
    pub min_interval: Duration,
    /// How long an absent or deleted secret is remembered as such.
    pub negative_ttl: Duration,
    /// A secret that nobody read for this long is not refreshed any more, unless it is watched,
    /// hooked or prefetched.
    pub idle: Duration,
    /// How long a read waits when there is nothing to serve. With something to serve it never waits.
    pub read_budget: Duration,
    /// Time limit of one attempt.
    pub attempt_timeout: Duration,
    /// Time limit of all attempts of one fetch.
    pub fetch_timeout: Duration,
    /// Attempts of one fetch, the first included.
    pub attempts: u32,
    /// How long the version before the current one is kept for those who must accept both.
    pub keep_previous: Duration,
    /// How often one version may be refused by a rotation hook before it is left alone until it changes.
    pub max_rejections: u32,
    /// What is expected of such secrets, if anything is.
    pub class: Option<Class>,
}

impl Policy {
    /// With another time to live; the stale time is cut to it when longer.
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self.max_stale = self.max_stale.min(ttl);
        self
    }

    /// With another stale time, in addition to the time to live.
    pub fn with_max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = max_stale;
        self
    }

    /// With another read budget.
    pub fn with_read_budget(mut self, budget: Duration) -> Self {
        self.read_budget = budget;
        self
    }

    /// With another idle time.
    pub fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// With expectations.
    pub fn with_class(mut self, class: Class) -> Self {
        self.class = Some(class);
        self
    }

    /// With another number of refusals after which a version is left alone.
    pub fn with_max_rejections(mut self, times: u32) -> Self {
        self.max_rejections = times;
        self
    }

    /// With another time for the previous version.
    pub fn with_keep_previous(mut self, keep: Duration) -> Self {
        self.keep_previous = keep;
        self
    }
}

impl Default for Policy {
    /// 5 minutes, stale for 5 more; refreshed at 70 %; absent for 10 s; idle after 30 minutes;
    /// cold reads wait 2 s; 3 s an attempt, 3 attempts, 5 s in all.
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(300),
            max_stale: Duration::from_secs(300),
            refresh_at: 0.7,
            min_interval: Duration::from_secs(1),
            negative_ttl: Duration::from_secs(10),
            idle: Duration::from_secs(1800),
            read_budget: Duration::from_secs(2),
            attempt_timeout: Duration::from_secs(3),
            fetch_timeout: Duration::from_secs(5),
            attempts: 3,
            keep_previous: Duration::from_secs(300),
            max_rejections: 3,
            class: None,
        }
    }
}
