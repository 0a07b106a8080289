//! A circuit breaker: stops asking what does not answer, and finds out when it answers again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Jitter;
use crate::clock::Tick;

/// Failures in a row that open the breaker.
const CONSECUTIVE: u32 = 5;
/// Calls in the window from which its share of failures counts.
const ENOUGH: u32 = 10;
/// Length of the window, in slices of one second.
const SLICES: usize = 10;
/// First and longest time that the breaker stays open.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A probe that has not reported after this long is given up for lost.
const PROBE: Duration = Duration::from_secs(30);

/// Whether calls are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// All calls go through.
    Closed,
    /// No call goes through.
    Open,
    /// One call, the probe, is on its way.
    HalfOpen,
}

/// Guards one failure domain of one provider.
pub(crate) struct Breaker(Mutex<State>);

/// Leave to make one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permit {
    /// Go on.
    Call,
    /// Go on: this call decides whether the breaker closes.
    Probe,
    /// Do not call before then.
    Refused(Tick),
}

struct State {
    phase: Phase,
    in_a_row: u32,
    /// Pauses in a row, each twice as long as the one before.
    pauses: u32,
    /// When it was last opened.
    opened: Tick,
    slices: [Slice; SLICES],
}

#[derive(Clone, Copy)]
enum Phase {
    Closed,
    Open(Tick),
    Probing(Tick),
}

#[derive(Clone, Copy, Default)]
struct Slice {
    /// Whole seconds since the clock's start.
    second: u64,
    calls: u32,
    failures: u32,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        let slices = [Slice::default(); SLICES];
        Self(Mutex::new(State { phase: Phase::Closed, in_a_row: 0, pauses: 0, opened: Tick::START, slices }))
    }

    /// Asks for leave to call now.
    pub(crate) fn ask(&self, now: Tick) -> Permit {
        let mut state = self.lock();
        match state.phase {
            Phase::Closed => Permit::Call,
            Phase::Open(until) | Phase::Probing(until) if now < until => Permit::Refused(until),
            Phase::Open(_) | Phase::Probing(_) => {
                state.phase = Phase::Probing(now + PROBE);
                Permit::Probe
            }
        }
    }

    /// When calls will be let through again, if they are not now. Asks for nothing.
    pub(crate) fn refuses(&self, now: Tick) -> Option<Tick> {
        match self.lock().phase {
            Phase::Open(until) | Phase::Probing(until) if now < until => Some(until),
            _ => None,
        }
    }

    /// Brings the end of the pause forward to `at`, but not to less than the first pause after it began: for a value
    /// that would end before its provider is asked again. A pause that ends sooner anyway stays as it is.
    pub(crate) fn hasten(&self, at: Tick) {
        let mut state = self.lock();
        let soonest = at.max(state.opened + PAUSE.0);
        if let Phase::Open(until) = &mut state.phase {
            *until = soonest.min(*until);
        }
    }

    /// Reports that a call was answered, well or not, by a provider that works. True when that closed the breaker.
    pub(crate) fn answered(&self, now: Tick) -> bool {
        let mut state = self.lock();
        let closes = !matches!(state.phase, Phase::Closed);
        if closes {
            state.slices = [Slice::default(); SLICES];
        }
        state.phase = Phase::Closed;
        state.in_a_row = 0;
        state.pauses = 0;
        state.slice(now).calls += 1;
        closes
    }

    /// Reports that a call failed. True when that opened the breaker.
    pub(crate) fn failed(&self, now: Tick, jitter: &Jitter) -> bool {
        let mut state = self.lock();
        state.in_a_row += 1;
        let slice = state.slice(now);
        slice.calls += 1;
        slice.failures += 1;
        let trip = match state.phase {
            Phase::Closed => state.in_a_row >= CONSECUTIVE || state.mostly_failing(now),
            Phase::Probing(_) => true,
            // A call that began before it opened says nothing new.
            Phase::Open(_) => false,
        };
        if trip {
            let pause = PAUSE.0.saturating_mul(1 << state.pauses.min(10)).min(PAUSE.1);
            state.phase = Phase::Open(now + jitter.spread(pause, 0.9, 1.1));
            state.opened = now;
            state.pauses += 1;
        }
        trip
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.lock().phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open(_) => BreakerState::Open,
            Phase::Probing(_) => BreakerState::HalfOpen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn slice(&mut self, now: Tick) -> &mut Slice {
        let second = now.as_nanos() / 1_000_000_000;
        let slice = &mut self.slices[second as usize % SLICES];
        if slice.second != second {
            *slice = Slice { second, calls: 0, failures: 0 };
        }
        slice
    }

    fn mostly_failing(&self, now: Tick) -> bool {
        let second = now.as_nanos() / 1_000_000_000;
        let recent = self.slices.iter().filter(|slice| second - slice.second < SLICES as u64);
        let (calls, failures) = recent.fold((0, 0), |(c, f), slice| (c + slice.calls, f + slice.failures));
        calls >= ENOUGH && failures * 2 > calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick::START + Duration::from_secs(1000 + seconds)
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_one_probe_closes_it() {
        let (breaker, jitter) = (Breaker::new(), Jitter::new(Some(1)));
        let opened: Vec<_> = (0..5).map(|_| breaker.failed(at(0), &jitter)).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        assert!(matches!(breaker.ask(at(0)), Permit::Refused(_)));
        assert_eq!(breaker.ask(at(2)), Permit::Probe);
        assert!(matches!(breaker.ask(at(2)), Permit::Refused(_)));
        assert!(breaker.answered(at(2)));
        assert_eq!(breaker.ask(at(2)), Permit::Call);
    }

    #[test]
    fn a_failed_probe_doubles_the_pause_up_to_a_minute() {
        let (breaker, jitter) = (Breaker::new(), Jitter::new(Some(1)));
        (0..5)
            .for_each(|_| assert!(breaker.failed(at(0), &jitter) || breaker.state() == BreakerState::Closed));
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let Permit::Refused(until) = breaker.ask(now) else { panic!() };
            pauses.push(until.since(now).as_secs_f64().round());
            now = until;
            assert_eq!(breaker.ask(now), Permit::Probe);
            assert!(breaker.failed(now, &jitter));
        }
        assert!(pauses.windows(2).all(|pair| pair[1] > pair[0] || pair[1] > 50.0), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause <= 66.0));
    }

    #[test]
    fn a_pause_can_be_cut_but_not_below_the_first_one() {
        let (breaker, jitter) = (Breaker::new(), Jitter::new(Some(1)));
        let opened = (0..5).filter(|_| breaker.failed(at(0), &jitter)).count();
        assert_eq!(opened, 1);
        let mut now = at(0);
        for _ in 0..6 {
            now = breaker.refuses(now).unwrap();
            assert_eq!(breaker.ask(now), Permit::Probe);
            breaker.failed(now, &jitter);
        }
        assert!(breaker.refuses(now).unwrap() > now + Duration::from_secs(20));
        breaker.hasten(now + Duration::from_secs(9));
        breaker.hasten(now + Duration::from_secs(30));
        assert_eq!(breaker.refuses(now), Some(now + Duration::from_secs(9)));
        breaker.hasten(now);
        assert_eq!(breaker.refuses(now), Some(now + Duration::from_secs(1)));
    }

    #[test]
    fn more_than_half_of_ten_failing_opens_it() {
        let (breaker, jitter) = (Breaker::new(), Jitter::new(Some(1)));
        let mut opened = false;
        for round in 0..6 {
            breaker.answered(at(round));
            opened |= breaker.failed(at(round), &jitter);
            opened |= breaker.failed(at(round), &jitter);
        }
        assert!(opened);
    }

    #[test]
    fn old_failures_are_forgotten() {
        let (breaker, jitter) = (Breaker::new(), Jitter::new(Some(1)));
        for second in 0..60 {
            breaker.answered(at(second * 11));
            assert!(!breaker.failed(at(second * 11), &jitter));
        }
    }
}
