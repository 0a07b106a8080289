//! One fetch: up to a few attempts at a provider, each with its time limit, within the rate limit,
//! the retry budget and what the breaker allows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::core::Core;
use super::event::Event;
use super::seat::Seat;
use crate::cache::{Breaker, Permit, Policy, ReadError, Slot};
use crate::clock::{Tick, before};
use crate::provider::{Answer, Fault, FaultKind, Fetched};
use crate::secret::SecretRef;

/// First and longest ceiling of the random wait before a retry.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Code from outside panicked.
pub(crate) struct Panicked;

/// One call on behalf of a slot, and all that bounds it.
pub(crate) struct Call<'a> {
    pub(crate) core: &'a Core,
    pub(crate) seat: &'a Seat,
    pub(crate) secret: &'a SecretRef,
    pub(crate) remote: &'a SecretRef,
    pub(crate) breaker: &'a Breaker,
    pub(crate) policy: &'a Policy,
}

impl<'a> Call<'a> {
    pub(crate) fn of(core: &'a Core, slot: &'a Slot) -> Self {
        Self {
            core,
            seat: core.seat(slot),
            secret: slot.key(),
            remote: slot.remote(),
            breaker: slot.breaker(),
            policy: slot.policy(),
        }
    }

    /// Fetches the value; with it comes the time at which the successful request was sent.
    pub(crate) async fn fetch(&self) -> Result<(Fetched, Tick), ReadError> {
        let repeatable = self.seat.provider.repeatable(self.remote.path());
        self.run(repeatable, || self.seat.provider.fetch(self.remote)).await
    }

    /// Makes a call until it succeeds, is refused, or its time is up.
    pub(crate) async fn run<T>(
        &self,
        repeatable: bool,
        ask: impl Fn() -> Answer<'a, T> + Send + Sync,
    ) -> Result<(T, Tick), ReadError> {
        let clock = &*self.core.clock;
        let deadline = clock.now() + self.policy.fetch_timeout;
        self.seat.budget.earn();
        let (mut attempt, mut relogged_in) = (1, false);
        // What the attempt before met: the cause to tell when this client's own limits allow no other.
        let mut met: Option<Fault> = None;
        loop {
            let turn = before(clock, deadline, self.seat.turns.acquire()).await;
            let leave = match &turn {
                Some(_) => self.leave(deadline).await,
                None => Err(self.held_back()),
            };
            let sent = match (leave, met.take()) {
                (Ok(sent), _) => sent,
                (Err(_), Some(fault)) => return Err(self.error(fault)),
                (Err(own), None) => return Err(own),
            };
            let limit = deadline.min(sent + self.policy.attempt_timeout);
            let answer = before(clock, limit, Caught(Box::pin(async { ask().await }))).await;
            drop(turn);
            let fault = match answer {
                Some(Ok(Ok(value))) => {
                    self.report(None);
                    return Ok((value, sent));
                }
                Some(Ok(Err(fault))) => fault,
                Some(Err(Panicked)) => {
                    self.report(Some(FaultKind::Transient));
                    return Err(ReadError::Panicked(self.secret.clone()));
                }
                None => Fault::new(FaultKind::Transient).with_detail("no answer in time"),
            };
            self.report(Some(fault.kind()));
            if fault.kind() == FaultKind::Throttled {
                let pause = fault.retry_after().unwrap_or_default();
                self.seat.bucket.pause(clock.now() + pause);
            }
            if !repeatable && fault.kind() == FaultKind::Transient {
                self.core.journal.record(Event::LeaseOrphaned { secret: self.secret.clone() });
            }
            let may_be_login = matches!(fault.kind(), FaultKind::Denied | FaultKind::Auth);
            if may_be_login && !relogged_in {
                relogged_in = true;
                if before(clock, deadline, self.seat.relogin(sent, clock)).await == Some(true) {
                    continue;
                }
            }
            let most = if repeatable { self.policy.attempts } else { self.policy.attempts.min(2) };
            if !fault.kind().is_retryable() || attempt >= most || !self.seat.budget.spend() {
                return Err(self.error(fault));
            }
            let wait = self.core.jitter.backoff(BACKOFF.0, attempt, BACKOFF.1);
            let until = clock.now() + wait.max(fault.retry_after().unwrap_or_default());
            if until >= deadline {
                return Err(self.error(fault));
            }
            clock.sleep_until(until).await;
            attempt += 1;
            met = Some(fault);
        }
    }

    /// Waits for leave to send, from the rate limit and the breaker. Says when it is sent.
    async fn leave(&self, deadline: Tick) -> Result<Tick, ReadError> {
        let clock = &*self.core.clock;
        if let Some(until) = self.breaker.refuses(clock.now()) {
            return Err(self.refused(until));
        }
        let at = self.seat.bucket.reserve(clock.now(), deadline).ok_or_else(|| self.held_back())?;
        if at > clock.now() {
            clock.sleep_until(at).await;
        }
        match self.breaker.ask(clock.now()) {
            Permit::Refused(until) => Err(self.refused(until)),
            Permit::Call | Permit::Probe => Ok(clock.now()),
        }
    }

    fn held_back(&self) -> ReadError {
        self.error(Fault::new(FaultKind::Throttled).with_detail("held back by this client's own limits"))
    }

    fn report(&self, kind: Option<FaultKind>) {
        let now = self.core.clock.now();
        let domain = || self.seat.provider.domain(self.remote.path()).to_owned();
        let provider = self.seat.name.clone();
        match kind {
            Some(kind) if kind.trips_breaker() => {
                if self.breaker.failed(now, &self.core.jitter) {
                    self.core.journal.record(Event::BreakerOpened { provider, domain: domain() });
                }
            }
            // Says nothing about whether calls succeed; but whoever throttles is there again.
            Some(FaultKind::Throttled) if self.breaker.refuses(now).is_none() => {}
            _ => {
                if self.breaker.answered(now) {
                    self.core.journal.record(Event::BreakerClosed { provider, domain: domain() });
                }
            }
        }
    }

    fn refused(&self, until: Tick) -> ReadError {
        ReadError::BreakerOpen {
            secret: self.secret.clone(),
            provider: self.seat.name.clone(),
            retry_in: until.since(self.core.clock.now()),
        }
    }

    fn error(&self, fault: Fault) -> ReadError {
        let (secret, provider) = (self.secret.clone(), self.seat.name.clone());
        ReadError::Fault { secret, provider, fault: Arc::new(fault) }
    }
}

/// Code from outside (a provider's, a hook's) whose panic is caught: it must not take the client down.
pub(crate) struct Caught<'a, T>(pub(crate) Pin<Box<dyn Future<Output = T> + Send + 'a>>);

impl<T> Future for Caught<'_, T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Unwind safe: after a panic the future is not polled again.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}
