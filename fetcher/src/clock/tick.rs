//! A point on a [`Clock`](super::Clock).

use std::ops::{Add, AddAssign};
use std::time::Duration;

/// Nanoseconds since the clock's start. Ticks of two clocks must not be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The clock's start.
    pub const START: Tick = Tick(0);
    /// A point that is never reached (584 years after the start).
    pub const NEVER: Tick = Tick(u64::MAX);

    /// The point `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero when `earlier` is later.
    pub const fn since(self, earlier: Tick) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The point `duration` before `self`, but not before the start.
    pub fn before(self, duration: Duration) -> Tick {
        Tick(self.0.saturating_sub(nanos(duration)))
    }
}

impl Add<Duration> for Tick {
    type Output = Tick;

    /// Saturates at [`Tick::NEVER`].
    fn add(self, duration: Duration) -> Tick {
        Tick(self.0.saturating_add(nanos(duration)))
    }
}

impl AddAssign<Duration> for Tick {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Tick::START + Duration::MAX, Tick::NEVER);
        assert_eq!(Tick::from_nanos(5).before(Duration::from_secs(1)), Tick::START);
        assert_eq!(Tick::START.since(Tick::NEVER), Duration::ZERO);
    }
}
