//! A clock that stands still until a test moves it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use super::{Clock, Sleep, Tick};

/// Time that moves only by [`ManualClock::advance`] and [`ManualClock::set_wall`]. Clones share it.
#[derive(Clone)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

struct State {
    now: Tick,
    wall: SystemTime,
    sleepers: Vec<Sleeper>,
    /// Number of the next sleeper.
    next: u64,
}

struct Sleeper {
    number: u64,
    at: Tick,
    waker: Waker,
}

impl ManualClock {
    /// A clock that stands at one hour after its start and at 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let now = Tick::START + Duration::from_secs(3600);
        Self { state: Arc::new(Mutex::new(State { now, wall, sleepers: Vec::new(), next: 0 })) }
    }

    /// Moves both clocks on and wakes the sleepers that are due.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.now += by;
        state.wall += by;
        let now = state.now;
        let due: Vec<_> = state.sleepers.extract_if(.., |sleeper| sleeper.at <= now).collect();
        // Woken unlocked: a waker may look at the clock.
        drop(state);
        due.into_iter().for_each(|sleeper| sleeper.waker.wake());
    }

    /// Sets the calendar alone, back or forth, as an administrator or NTP does.
    pub fn set_wall(&self, wall: SystemTime) {
        self.lock().wall = wall;
    }

    /// The earliest point anybody sleeps until.
    pub fn next_due(&self) -> Option<Tick> {
        self.lock().sleepers.iter().map(|sleeper| sleeper.at).min()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Tick {
        self.lock().now
    }

    fn wall(&self) -> SystemTime {
        self.lock().wall
    }

    fn sleep_until(&self, at: Tick) -> Sleep {
        let mut state = self.lock();
        state.next += 1;
        Box::pin(ManualSleep { clock: self.clone(), number: state.next, at })
    }
}

/// One sleep; takes its entry out of the clock when dropped.
struct ManualSleep {
    clock: ManualClock,
    number: u64,
    at: Tick,
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if state.now >= self.at {
            return Poll::Ready(());
        }
        state.sleepers.retain(|sleeper| sleeper.number != self.number);
        let waker = context.waker().clone();
        state.sleepers.push(Sleeper { number: self.number, at: self.at, waker });
        Poll::Pending
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        self.clock.lock().sleepers.retain(|sleeper| sleeper.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_moved_past_it() {
        let clock = ManualClock::new();
        let at = clock.now() + Duration::from_secs(5);
        let sleeper = tokio::spawn(clock.sleep_until(at));
        while clock.next_due().is_none() {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(4));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
    }
}
