//! One value held, with its times. Immutable: a refresh puts another entry in its place.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use super::{Jitter, Policy};
use crate::clock::{Clock, Tick};
use crate::provider::{Fetched, Lease, Lifetime, Renewal};
use crate::secret::{Secret, Version};

/// Part of a lease after which it is renewed. Source: LifetimeWatcher of the Vault API client.
const RENEW_AT: f64 = 2.0 / 3.0;
/// Most that is taken off an end which another machine's clock decides.
const SKEW: Duration = Duration::from_secs(10);
/// How long after a rotation falls due the old value still counts as fresh: managers rotate from a
/// queue and were seen up to 5 s late.
const ROTATION_LAG: Duration = Duration::from_secs(6);

/// One value held, with its times. Shared: whoever holds one keeps its value in memory.
pub struct Entry {
    // Shared with the entries of the same version that came before it and after it.
    secret: Arc<Secret>,
    version: Version,
    created: Option<SystemTime>,
    lease: Option<Arc<Lease>>,
    /// The end by the calendar, kept to be converted anew when the calendar is set.
    calendar_end: Option<SystemTime>,
    fetched_at: Tick,
    refresh_at: Tick,
    fresh_until: Tick,
    hard_until: Tick,
}

impl Entry {
    /// What was `fetched` by a request sent at `sent`, under `policy`.
    pub(crate) fn new(
        fetched: Fetched,
        sent: Tick,
        policy: &Policy,
        clock: &dyn Clock,
        jitter: &Jitter,
    ) -> Self {
        let Fetched { secret, version, created, lifetime, labels: _ } = fetched;
        let mut entry = Self {
            secret: Arc::new(secret),
            version,
            created,
            lease: None,
            calendar_end: None,
            fetched_at: sent,
            refresh_at: sent,
            fresh_until: sent + policy.ttl,
            hard_until: sent + policy.ttl + policy.max_stale,
        };
        let mut ttl = policy.ttl;
        match lifetime {
            Lifetime::Open => {}
            Lifetime::Hint(hint) => {
                ttl = ttl.min(hint.max(policy.min_interval));
                entry.fresh_until = sent + ttl;
                entry.hard_until = entry.fresh_until + policy.max_stale.min(ttl);
            }
            Lifetime::Rotates(left) => {
                entry.fresh_until = entry.fresh_until.min(sent + left + ROTATION_LAG);
                entry.hard_until = entry.fresh_until + policy.max_stale;
            }
            Lifetime::Until(end) => {
                entry.calendar_end = Some(end);
                entry.bound_by_calendar(clock);
                ttl = ttl.min(entry.hard_until.since(sent));
            }
            Lifetime::Leased(lease) => {
                entry.lend(Arc::new(lease), policy, jitter);
                return entry;
            }
        }
        let due = jitter.spread(ttl, 0.9, 1.1).mul_f64(policy.refresh_at.clamp(0.0, 1.0));
        entry.refresh_at = sent + due.max(policy.min_interval);
        if let Lifetime::Rotates(left) = lifetime {
            // A manager that is about to rotate answers 0 for some seconds: not before the shortest interval.
            let rotated = left + jitter.spread(Duration::from_secs(1), 0.2, 1.0);
            entry.refresh_at = entry.refresh_at.min(sent + rotated.max(policy.min_interval));
        }
        entry
    }

    /// A value outside of any client: it does not age, and nobody refreshes it.
    pub fn detached(secret: Secret, version: Version) -> Self {
        Self {
            secret: Arc::new(secret),
            version,
            created: None,
            lease: None,
            calendar_end: None,
            fetched_at: Tick::START,
            refresh_at: Tick::NEVER,
            fresh_until: Tick::NEVER,
            hard_until: Tick::NEVER,
        }
    }

    /// The value.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The value without keeping it in memory, for those who must know how long it is held.
    pub fn weak_secret(&self) -> Weak<Secret> {
        Arc::downgrade(&self.secret)
    }

    /// The provider's name of this version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// When this version was made, by the manager's calendar.
    pub fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// The terms under which the value was lent, if it was.
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_deref()
    }

    /// When the request was sent that brought or confirmed this value.
    pub fn fetched_at(&self) -> Tick {
        self.fetched_at
    }

    /// When a refresh is due.
    pub fn refresh_at(&self) -> Tick {
        self.refresh_at
    }

    /// Up to when the value counts as fresh.
    pub fn fresh_until(&self) -> Tick {
        self.fresh_until
    }

    /// When the value is refused and wiped, whatever happens. What was made with it (connections)
    /// should be gone before.
    pub fn hard_until(&self) -> Tick {
        self.hard_until
    }

    pub(crate) fn shared_lease(&self) -> Option<Arc<Lease>> {
        self.lease.clone()
    }

    /// Whether `self` and `other` are the same version with the same value. The value is compared as
    /// well: a secret that was deleted and made anew starts again at version 1.
    pub(crate) fn is_same(&self, other: &Entry) -> bool {
        self.version == other.version && self.secret == other.secret
    }

    /// The times of `newer`, which is the same version, with the value of `self`: one copy is enough.
    pub(crate) fn extended(&self, newer: Entry) -> Self {
        Self { secret: self.secret.clone(), ..newer }
    }

    /// The same value, stale from `now` on.
    pub(crate) fn stale_from(&self, now: Tick) -> Self {
        Self { fresh_until: self.fresh_until.min(now), refresh_at: now, ..self.share() }
    }

    /// The same value with its refresh due at another time.
    pub(crate) fn due_at(&self, refresh_at: Tick) -> Self {
        Self { refresh_at, ..self.share() }
    }

    /// The same credentials after their lease was renewed by a request sent at `sent`.
    pub(crate) fn renewed(
        &self,
        renewal: &Renewal,
        sent: Tick,
        policy: &Policy,
        jitter: &Jitter,
    ) -> Option<Self> {
        let lease = Arc::new(self.lease.as_ref()?.renewed(renewal));
        let mut entry = Self { fetched_at: sent, ..self.share() };
        entry.lend(lease, policy, jitter);
        Some(entry)
    }

    /// The same value with its calendar end converted anew; `None` when it has no such end.
    pub(crate) fn reconverted(&self, clock: &dyn Clock) -> Option<Self> {
        self.calendar_end?;
        let mut entry = self.share();
        entry.bound_by_calendar(clock);
        entry.refresh_at = clock.now();
        Some(entry)
    }

    fn share(&self) -> Self {
        Self {
            secret: self.secret.clone(),
            version: self.version.clone(),
            created: self.created,
            lease: self.lease.clone(),
            calendar_end: self.calendar_end,
            fetched_at: self.fetched_at,
            refresh_at: self.refresh_at,
            fresh_until: self.fresh_until,
            hard_until: self.hard_until,
        }
    }

    /// Takes all times from the lease, none from the policy.
    fn lend(&mut self, lease: Arc<Lease>, policy: &Policy, jitter: &Jitter) {
        let length = lease.login_left.map_or(lease.duration, |left| left.min(lease.duration));
        let end = self.fetched_at + length.saturating_sub(skew(length));
        let due = jitter.spread(length, 0.9, 1.1).mul_f64(RENEW_AT);
        self.refresh_at = self.fetched_at + due.max(policy.min_interval);
        self.fresh_until = end;
        self.hard_until = end;
        self.lease = Some(lease);
    }

    fn bound_by_calendar(&mut self, clock: &dyn Clock) {
        let Some(end) = self.calendar_end else { return };
        let left = end.duration_since(clock.wall()).unwrap_or_default();
        let end = clock.now() + left.saturating_sub(skew(left));
        self.hard_until = self.hard_until.min(end);
        self.fresh_until = self.fresh_until.min(end);
    }
}

/// What is taken off a span that another machine measures: a tenth, at most 10 s.
fn skew(span: Duration) -> Duration {
    (span / 10).min(SKEW)
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("version", &self.version)
            .field("lease", &self.lease)
            .field("fetched_at", &self.fetched_at)
            .field("refresh_at", &self.refresh_at)
            .field("fresh_until", &self.fresh_until)
            .field("hard_until", &self.hard_until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn entry(lifetime: Lifetime) -> (Entry, Tick) {
        let (clock, jitter) = (ManualClock::new(), Jitter::new(Some(1)));
        let fetched = Fetched::new(Secret::copy_of(b"v"), Version::new("1")).with_lifetime(lifetime);
        let policy = Policy::default().with_ttl(secs(60)).with_max_stale(secs(30));
        (Entry::new(fetched, clock.now(), &policy, &clock, &jitter), clock.now())
    }

    #[test]
    fn an_open_value_is_refreshed_at_seventy_percent_and_bounded() {
        let (entry, sent) = entry(Lifetime::Open);
        let due = entry.refresh_at().since(sent).as_secs_f64();
        assert!((37.8..=46.2).contains(&due), "{due}");
        assert_eq!(entry.fresh_until(), sent + secs(60));
        assert_eq!(entry.hard_until(), sent + secs(90));
    }

    #[test]
    fn a_lease_takes_its_times_from_the_lease_and_the_login() {
        let mut lease = Lease::new(Secret::copy_of(b"id"), secs(1000));
        let (long, sent) = entry(Lifetime::Leased(lease));
        assert_eq!(long.hard_until(), sent + secs(990));
        let due = long.refresh_at().since(sent).as_secs_f64();
        assert!((600.0..=733.4).contains(&due), "{due}");
        lease = Lease::new(Secret::copy_of(b"id"), secs(1000));
        lease.login_left = Some(secs(20));
        let (short, sent) = entry(Lifetime::Leased(lease));
        assert_eq!(short.hard_until(), sent + secs(18));
        assert_eq!(short.hard_until(), short.fresh_until());
    }

    #[test]
    fn a_rotating_value_is_due_just_after_its_rotation_and_never_in_a_loop() {
        let (entry20, sent) = entry(Lifetime::Rotates(secs(20)));
        let due = entry20.refresh_at().since(sent).as_secs_f64();
        assert!((20.2..=21.0).contains(&due), "{due}");
        let (entry0, sent) = entry(Lifetime::Rotates(secs(0)));
        assert_eq!(entry0.refresh_at(), sent + secs(1));
    }

    #[test]
    fn a_calendar_end_bounds_freshness_and_staleness() {
        let wall = ManualClock::new().wall();
        let (entry, sent) = entry(Lifetime::Until(wall + secs(50)));
        assert_eq!(entry.hard_until(), sent + secs(45));
        assert_eq!(entry.fresh_until(), sent + secs(45));
        assert!(entry.refresh_at() < entry.fresh_until());
    }

    #[test]
    fn debug_does_not_show_the_value() {
        let (clock, jitter) = (ManualClock::new(), Jitter::new(Some(1)));
        let fetched = Fetched::new(Secret::copy_of(b"hunter2"), Version::new("1"));
        let entry = Entry::new(fetched, clock.now(), &Policy::default(), &clock, &jitter);
        assert!(!format!("{entry:?}").contains("hunter2"));
    }
}
