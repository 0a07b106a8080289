//! Time as a parameter: a [`Clock`] that tests move by hand. It measures; it schedules nothing.

mod manual;
mod span;
mod system;
mod tick;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::SystemTime;

pub use manual::ManualClock;
pub use span::parse_span;
pub use system::SystemClock;
pub use tick::Tick;

/// A sleep that owns all it needs, so that it can be moved into a task.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// Where every part of this crate takes the time from.
pub trait Clock: Send + Sync + 'static {
    /// The time since a fixed start, suspend included. Never goes back.
    fn now(&self) -> Tick;

    /// A cheap upper bound of [`Clock::now`]: never before it and at most 20 ms after it,
    /// so that a check against it errs on the side of refusing.
    fn coarse(&self) -> Tick {
        self.now()
    }

    /// The calendar, for absolute expiries only; it may be set back or forth at any time.
    fn wall(&self) -> SystemTime;

    /// Completes once [`Clock::now`] has reached `at`. After a suspend it may be up to 10 s late.
    fn sleep_until(&self, at: Tick) -> Sleep;
}

/// The outcome of `future`, or `None` when `deadline` comes first; `future` is dropped then.
pub async fn before<F: Future>(clock: &dyn Clock, deadline: Tick, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut sleep = clock.sleep_until(deadline);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        sleep.as_mut().poll(context).map(|()| None)
    })
    .await
}
