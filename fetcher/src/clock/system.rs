//! The machine's own clock. On Linux it counts suspend, so that a laptop that slept through the
//! end of a lease does not serve it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::{Clock, Sleep, Tick};

/// Longest single sleep: tokio's timer stands still in suspend, so a sleeper looks again this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// The machine's clock: `CLOCK_BOOTTIME` on Linux, the standard monotonic clock elsewhere.
#[derive(Debug)]
pub struct SystemClock {
    coarse: Coarse,
}

impl SystemClock {
    /// A clock; all of them in one process agree.
    pub fn new() -> Self {
        Self { coarse: Coarse::new() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Tick {
        Tick::from_nanos(raw::boot())
    }

    fn coarse(&self) -> Tick {
        self.coarse.read()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep_until(&self, at: Tick) -> Sleep {
        Box::pin(async move {
            loop {
                let left = at.since(Tick::from_nanos(raw::boot()));
                if left.is_zero() {
                    return;
                }
                // Round up: tokio's timer ticks in milliseconds and must not spin below one.
                tokio::time::sleep(left.min(LONGEST_SLEEP).max(Duration::from_micros(50))).await;
            }
        })
    }
}

/// Two coarse reads (3 ns each) in place of one exact read of the boot-time clock (22 ns).
///
/// The coarse monotonic clock stops in suspend, the coarse wall clock does not: while their
/// difference stays put nothing was slept through, and the known offset to boot time holds.
#[derive(Debug)]
struct Coarse {
    /// Wall minus monotonic when `boot_ahead` was measured, in nanoseconds.
    apart: AtomicI64,
    /// Boot time minus coarse monotonic time, in nanoseconds.
    boot_ahead: AtomicU64,
}

/// How far wall and monotonic clock may drift apart before the offset is measured anew, nanoseconds.
const DRIFT: u64 = 5_000_000;
/// A coarse clock lags by up to one kernel tick, at most 10 ms (`CONFIG_HZ=100`).
const LAG: u64 = 10_000_000;

impl Coarse {
    fn new() -> Self {
        let coarse = Self { apart: AtomicI64::new(i64::MIN), boot_ahead: AtomicU64::new(0) };
        coarse.measure();
        coarse
    }

    fn read(&self) -> Tick {
        let (wall, mono) = raw::coarse();
        let apart = wall.wrapping_sub(mono) as i64;
        if apart.abs_diff(self.apart.load(Ordering::Acquire)) > DRIFT {
            return self.measure();
        }
        Tick::from_nanos(mono + self.boot_ahead.load(Ordering::Relaxed) + LAG)
    }

    /// Relearns the offsets and answers exactly. Two threads may do so at once: both write the truth.
    #[cold]
    fn measure(&self) -> Tick {
        let boot = raw::boot();
        let (wall, mono) = raw::coarse();
        self.boot_ahead.store(boot.saturating_sub(mono), Ordering::Relaxed);
        self.apart.store(wall.wrapping_sub(mono) as i64, Ordering::Release);
        Tick::from_nanos(boot + LAG)
    }
}

#[cfg(target_os = "linux")]
mod raw {
    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn boot() -> u64 {
        nanos(clock_gettime(ClockId::Boottime))
    }

    /// Wall and monotonic clock, coarse.
    pub(super) fn coarse() -> (u64, u64) {
        (nanos(clock_gettime(ClockId::RealtimeCoarse)), nanos(clock_gettime(ClockId::MonotonicCoarse)))
    }

    fn nanos(time: Timespec) -> u64 {
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

#[cfg(not(target_os = "linux"))]
mod raw {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn boot() -> u64 {
        START.elapsed().as_nanos() as u64
    }

    pub(super) fn coarse() -> (u64, u64) {
        let now = boot();
        (now, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_is_an_upper_bound_within_20_ms() {
        let clock = SystemClock::new();
        for _ in 0..10_000 {
            let before = clock.now();
            let coarse = clock.coarse();
            let after = clock.now();
            assert!(coarse >= before);
            assert!(coarse.since(after) <= Duration::from_millis(20));
        }
    }

    #[test]
    fn a_suspend_is_noticed_by_the_coarse_clock() {
        let clock = SystemClock::new();
        // As if the offsets had been learnt before an hour's sleep: wall moved on, monotonic did not.
        let hour = 3_600_000_000_000;
        clock.coarse.apart.fetch_sub(hour, Ordering::Release);
        clock.coarse.boot_ahead.fetch_sub(hour as u64, Ordering::Relaxed);
        assert!(clock.coarse() >= clock.now().before(Duration::from_millis(5)));
    }
}
