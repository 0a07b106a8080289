//! The one task that works off what falls due: refreshes, and wiping what has reached its bound.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use super::core::Core;
use super::event::Event;
use crate::cache::{Agenda, Chore, Slot};
use crate::clock::{Clock, Tick, before};

/// How often the calendar is compared with the running clock.
const CALENDAR_CHECK: Duration = Duration::from_secs(30);
/// A step of the calendar that is worth looking at.
const STEP: Duration = Duration::from_secs(60);

/// Runs until the client is closed or dropped.
pub(crate) async fn run(core: Weak<Core>, agenda: Arc<Agenda>, clock: Arc<dyn Clock>) {
    let mut calendar = Calendar { wall: clock.wall(), at: clock.now() };
    loop {
        let Some(core) = core.upgrade().filter(|core| !core.is_closed()) else { return };
        let now = clock.now();
        if let Some(seconds) = calendar.step(&*clock) {
            core.journal.record(Event::ClockStepped { seconds });
            core.reconvert();
        }
        core.work_off(now);
        // Not held while asleep: see `Core`.
        drop(core);
        before(&*clock, agenda.first().min(now + CALENDAR_CHECK), agenda.sooner()).await;
    }
}

/// Where the calendar stood last.
struct Calendar {
    wall: SystemTime,
    at: Tick,
}

impl Calendar {
    /// How many seconds the calendar moved against the running clock since it was last looked at, if that is a lot.
    fn step(&mut self, clock: &dyn Clock) -> Option<i64> {
        let (wall, at) = (clock.wall(), clock.now());
        let expected = self.wall + at.since(self.at);
        *self = Self { wall, at };
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        match wall.duration_since(expected) {
            Ok(ahead) => (ahead > STEP).then(|| seconds(ahead)),
            Err(behind) => (behind.duration() > STEP).then(|| -seconds(behind.duration())),
        }
    }
}

impl Core {
    /// Does all that is due at `now`. What ends first is refreshed first: after an outage there is a queue.
    pub(crate) fn work_off(self: &Arc<Self>, now: Tick) {
        let mut refreshes = Vec::new();
        while let Some((slot, chore, at)) = self.agenda.take_due(now) {
            match chore {
                Chore::Expire => self.expire(&slot, at, now),
                Chore::Refresh => {
                    let mut state = slot.lock();
                    if state.refresh_due == Some(at) {
                        state.refresh_due = None;
                        drop(state);
                        refreshes.push(slot);
                    }
                }
            }
        }
        refreshes.retain(|slot| !slot.is_idle(now));
        refreshes.sort_by_key(|slot| slot.usable(now).map_or(Tick::NEVER, |entry| entry.hard_until()));
        for slot in refreshes {
            self.flight(&slot);
        }
    }

    fn expire(self: &Arc<Self>, slot: &Arc<Slot>, at: Tick, now: Tick) {
        let mut state = slot.lock();
        if state.expire_due != Some(at) {
            return;
        }
        state.expire_due = None;
        state.previous.take_if(|(_, until)| *until <= now);
        state.negative.take_if(|(until, _)| *until <= now);
        let expired = !slot.is_empty() && slot.usable(now).is_none();
        if expired {
            slot.publish(None);
            state.announce(None);
            self.observers.iter().for_each(|observer| observer.dropped(slot.key()));
            self.journal.record(Event::Expired { secret: slot.key().clone() });
        }
        let entry = slot.usable(now);
        let ends = [
            entry.map(|entry| entry.hard_until()),
            state.previous.as_ref().map(|(_, until)| *until),
            state.negative.as_ref().map(|(until, _)| *until),
        ];
        match ends.into_iter().flatten().min() {
            Some(next) => self.expire_at(slot, &mut state, next),
            None => {
                drop(state);
                self.store.remove(slot);
            }
        }
    }

    /// Looks again at ends that the calendar decides, after it was set.
    fn reconvert(self: &Arc<Self>) {
        for slot in self.store.all() {
            let mut state = slot.lock();
            let Some(entry) = slot.usable(Tick::START) else { continue };
            if let Some(entry) = entry.reconverted(&*self.clock) {
                self.publish(&slot, &mut state, Arc::new(entry));
            }
        }
    }
}
