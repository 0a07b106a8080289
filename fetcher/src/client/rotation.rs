//! Changing from one version to the next with hooks: prepare, commit, drain, retire.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::Instrument as _;

use super::core::Core;
use super::event::Event;
use super::fetch::Caught;
use super::flight::Cockpit;
use super::hook::{HookError, Rotation, RotationHook, Step};
use super::route::within;
use super::watch::Pinned;
use crate::cache::{Cause, Entry, Landing, ReadError, Rejected, Slot};
use crate::clock::{Tick, before};
use crate::secret::SecretRef;

/// All hooks of one client, in order of registration.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<Vec<Registered>>);

struct Registered {
    number: u64,
    prefix: String,
    hook: Arc<dyn RotationHook>,
}

/// Takes a hook out again when dropped. While it lives, the secret is refreshed though nobody reads it.
#[must_use = "dropping it takes the hook out"]
pub struct HookGuard {
    core: std::sync::Weak<Core>,
    number: u64,
    _pinned: Pinned,
}

impl Hooks {
    /// Adds a hook for all paths that begin with `prefix` (whole segments; empty for all).
    pub(crate) fn add(&self, prefix: &str, hook: Arc<dyn RotationHook>) -> u64 {
        let mut hooks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = hooks.last().map_or(1, |last| last.number + 1);
        hooks.push(Registered { number, prefix: prefix.trim_matches('/').to_owned(), hook });
        number
    }

    pub(crate) fn of(&self, secret: &SecretRef) -> Vec<Arc<dyn RotationHook>> {
        let hooks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |r: &&Registered| within(&r.prefix, secret.path().as_str());
        hooks.iter().filter(fits).map(|r| r.hook.clone()).collect()
    }

    pub(crate) fn all(&self) -> Vec<Arc<dyn RotationHook>> {
        let hooks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.iter().map(|r| r.hook.clone()).collect()
    }

    fn remove(&self, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|r| r.number != number);
    }
}

impl HookGuard {
    pub(crate) fn new(core: &Arc<Core>, slot: Arc<Slot>, hook: Arc<dyn RotationHook>) -> Self {
        let number = core.hooks.add(slot.key().path().as_str(), hook);
        Self { core: Arc::downgrade(core), number, _pinned: Pinned::new(slot) }
    }
}

impl Drop for HookGuard {
    fn drop(&mut self) {
        if let Some(core) = self.core.upgrade() {
            core.hooks.remove(self.number);
        }
    }
}

impl std::fmt::Debug for HookGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookGuard").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Cockpit {
    /// Puts `new`, another version than the one held, in place, with the hooks that are there for it.
    /// Call it with the slot's rotation lock held.
    pub(crate) async fn rotate(&self, new: Arc<Entry>) -> Landing {
        let hooks = self.core.hooks.of(self.slot.key());
        let (old, first, refused) = {
            let state = self.slot.lock();
            let refused = state.rejected.clone().filter(|rejected| rejected.version == *new.version());
            let old = self.slot.usable(self.core.clock.now());
            (old, state.committed.is_none(), refused)
        };
        // The first value is no change: whoever set up a hook starts from it.
        if first || hooks.is_empty() {
            return self.take_over(new);
        }
        let rotation = Rotation { secret: self.slot.key().clone(), old, new: new.clone() };
        let run = Run { core: &self.core, rotation: &rotation };
        let most = self.slot.policy().max_rejections;
        let verdict = match refused.filter(|refused| refused.times >= most) {
            Some(refused) if rotation.old.is_some() => Err(refused.hook),
            _ => run.prepare(&hooks).await,
        };
        let old_has_ended = rotation.old.as_ref().is_none_or(|old| old.hard_until() <= self.core.clock.now());
        match verdict {
            Err(hook) if !old_has_ended => return self.reject(new, hook),
            Err(hook) => run.report(&hook, "prepare", true),
            Ok(()) => {}
        }
        let landing = self.take_over(new);
        if let Landing::Done(Ok(_)) = landing {
            for hook in &hooks {
                run.step(hook, "committed", hook.time_limit(), hook.committed(&rotation)).await;
            }
            self.core.spawn(wind_down(self.core.clone(), self.slot.seat(), hooks, rotation));
        } else {
            run.unprepare(&hooks).await;
        }
        landing
    }

    /// Keeps the old version and remembers that this one was refused.
    fn reject(&self, new: Arc<Entry>, hook: Arc<str>) -> Landing {
        let now = self.core.clock.now();
        let mut state = self.slot.lock();
        let same = state.rejected.take().filter(|rejected| rejected.version == *new.version());
        let times = same.map_or(1, |rejected| rejected.times.saturating_add(1));
        state.rejected = Some(Rejected { version: new.version().clone(), times, hook: hook.clone() });
        state.failures = state.failures.saturating_add(1);
        state.cause = Some(Cause::Rejected);
        if let Some(at) = self.retry_at(state.failures, now) {
            self.core.refresh_at(&self.slot, &mut state, at);
        }
        drop(state);
        self.core.give_back(self.slot.seat(), &new);
        Landing::Done(Err(ReadError::Rejected { secret: self.slot.key().clone(), hook }))
    }
}

/// Drains and retires the old version, then ends its lease.
async fn wind_down(core: Arc<Core>, seat: usize, hooks: Vec<Arc<dyn RotationHook>>, rotation: Rotation) {
    let mut drained = true;
    {
        let run = Run { core: &core, rotation: &rotation };
        for hook in &hooks {
            drained &= run.step(hook, "drain", hook.drain_limit(), hook.drain(&rotation)).await;
        }
        for hook in hooks.iter().rev() {
            drained &= run.step(hook, "retire", hook.time_limit(), hook.retire(&rotation)).await;
        }
    }
    // Where something may still work with the old value, its lease is left to expire.
    if let Some(lease) = rotation.old.and_then(|old| old.shared_lease()).filter(|_| drained) {
        core.revoke(seat, &lease).await;
    }
}

/// One rotation's hooks at work.
struct Run<'a> {
    core: &'a Core,
    rotation: &'a Rotation,
}

impl Run<'_> {
    /// Prepares all; when one refuses, those before it are undone and its name is the error.
    async fn prepare(&self, hooks: &[Arc<dyn RotationHook>]) -> Result<(), Arc<str>> {
        for (index, hook) in hooks.iter().enumerate() {
            if !self.step(hook, "prepare", hook.time_limit(), hook.prepare(self.rotation)).await {
                self.unprepare(&hooks[..index]).await;
                return Err(hook.name().into());
            }
        }
        Ok(())
    }

    async fn unprepare(&self, hooks: &[Arc<dyn RotationHook>]) {
        for hook in hooks.iter().rev() {
            self.step(hook, "unprepare", hook.time_limit(), hook.unprepare(self.rotation)).await;
        }
    }

    /// Runs one step within `limit` and the old value's life; reports a failure. True when it was done.
    async fn step(
        &self,
        hook: &Arc<dyn RotationHook>,
        name: &'static str,
        limit: Duration,
        step: Step<'_>,
    ) -> bool {
        let clock = &*self.core.clock;
        let end = match (&self.rotation.old, name) {
            (Some(old), "prepare" | "drain") => old.hard_until(),
            _ => Tick::NEVER,
        };
        let deadline = (clock.now() + limit).min(end);
        let work = async {
            let outcome = before(clock, deadline, Caught(step)).await;
            matches!(outcome, Some(Ok(Ok(()))))
        };
        let work = work.instrument(
            tracing::debug_span!("hook", secret = %self.rotation.secret, hook = hook.name(), step = name),
        );
        let done = match name {
            // At shutdown nobody waits for connections to end by themselves.
            "drain" => before_close(self.core, work).await,
            _ => work.await,
        };
        if !done {
            self.report(hook.name(), name, false);
        }
        done
    }

    fn report(&self, hook: &str, step: &'static str, degraded: bool) {
        self.core.journal.record(Event::HookFailed {
            secret: self.rotation.secret.clone(),
            version: self.rotation.new.version().clone(),
            hook: hook.into(),
            step,
            degraded,
        });
    }
}

/// The outcome of `work`, or false when the client is closed first.
async fn before_close(core: &Core, work: impl Future<Output = bool>) -> bool {
    let mut work = std::pin::pin!(work);
    let mut closing = std::pin::pin!(core.closing());
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(done) = work.as_mut().poll(context) {
            return std::task::Poll::Ready(done);
        }
        closing.as_mut().poll(context).map(|()| false)
    })
    .await
}

/// Closes every hook in reverse order, each within its time limit.
pub(crate) async fn close_hooks(core: &Core) {
    for hook in core.hooks.all().iter().rev() {
        let deadline = core.clock.now() + hook.time_limit();
        let outcome: Option<Result<Result<(), HookError>, _>> =
            before(&*core.clock, deadline, Caught(hook.close())).await;
        if !matches!(outcome, Some(Ok(Ok(())))) {
            tracing::warn!(hook = hook.name(), "rotation hook could not be closed");
        }
    }
}
