//! Leases: renewed while that works, given back when nobody needs them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::core::Core;
use super::event::Event;
use super::fetch::{Call, Caught};
use super::flight::Cockpit;
use crate::cache::{Entry, Landing, ReadError};
use crate::clock::{Tick, before};
use crate::provider::{FaultKind, Lease};
use crate::secret::Tag;

/// Part of what was asked for that a renewal must grant; less means that the lease nears its final end.
/// Source: consul-template and Vault agent treat less than 90 % as the end.
const ENOUGH: f64 = 0.9;
/// Part of a lease's length below which what is left is not worth a renewal.
const TOO_LATE: f64 = 1.0 / 6.0;
/// Time limit of giving one lease back.
const REVOKE_LIMIT: Duration = Duration::from_secs(3);
/// Leases given back at the same time.
const AT_ONCE: usize = 8;

/// What the client owes: every lease that was lent to it and is not over, oldest first.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Vec<Loan>>);

struct Loan {
    lease: Arc<Lease>,
    tag: Tag,
    seat: usize,
    until: Tick,
}

impl Ledger {
    /// Enters the lease of `entry`, or its new end.
    pub(crate) fn enter(&self, seat: usize, entry: &Entry, now: Tick) {
        let Some(lease) = entry.shared_lease() else { return };
        // The manager's own end, without what is taken off for skew.
        let until = entry.fetched_at() + lease.duration;
        let tag = lease.tag();
        let mut loans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loans.retain(|loan| loan.until > now);
        match loans.iter_mut().find(|loan| loan.tag == tag) {
            Some(loan) => loan.until = until,
            None => loans.push(Loan { lease, tag, seat, until }),
        }
    }

    fn strike(&self, tag: Tag) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|loan| loan.tag != tag);
    }

    /// All that is owed at `now`, newest first: what was built on another lease goes before it.
    fn owed(&self, now: Tick) -> Vec<(usize, Arc<Lease>)> {
        let loans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = loans.iter().rev().filter(|loan| loan.until > now);
        owed.map(|loan| (loan.seat, loan.lease.clone())).collect()
    }
}

impl Cockpit {
    /// Renews the lease of the value held. `None`: a new value is to be fetched.
    pub(crate) async fn renew(&self) -> Option<Landing> {
        let now = self.core.clock.now();
        let held = self.slot.usable(now)?;
        let lease = held.shared_lease().filter(|lease| lease.renewable)?;
        let left = (held.fetched_at() + lease.duration).since(now);
        if self.slot.lock().wants_new || left < lease.duration.mul_f64(TOO_LATE) {
            return None;
        }
        let call = Call::of(&self.core, &self.slot);
        let wanted = lease.duration;
        let (renewal, sent) = match call.run(true, || call.seat.provider.renew(&lease, wanted)).await {
            Ok(renewed) => renewed,
            Err(error) => return self.not_renewed(error),
        };
        let (secret, tag) = (self.slot.key().clone(), lease.tag());
        self.core.journal.record(Event::LeaseRenewed { secret, lease: tag, granted: renewal.granted });
        let entry = held.renewed(&renewal, sent, self.slot.policy(), &self.core.jitter)?;
        let entry = Arc::new(entry);
        let mut state = self.slot.lock();
        if state.generation != self.generation {
            return Some(Landing::Superseded);
        }
        state.failures = 0;
        state.cause = None;
        self.core.ledger.enter(self.slot.seat(), &entry, now);
        self.core.publish(&self.slot, &mut state, entry.clone());
        let short = renewal.capped || renewal.granted < wanted.mul_f64(ENOUGH);
        (!short).then_some(Landing::Done(Ok(entry)))
    }

    /// A renewal failed: out of reach means to try again while the lease lasts, all else to fetch at once.
    fn not_renewed(&self, error: ReadError) -> Option<Landing> {
        match error.fault_kind() {
            Some(FaultKind::LeaseGone) => {
                // Revoked or expired: the credentials are dead, nobody should get them any more.
                let mut state = self.slot.lock();
                if state.generation == self.generation {
                    self.core.withdraw(&self.slot, &mut state, FaultKind::LeaseGone);
                }
                None
            }
            Some(FaultKind::Throttled | FaultKind::Transient | FaultKind::Auth) => Some(self.fail(error)),
            Some(_) => None,
            None => Some(self.fail(error)),
        }
    }
}

impl Core {
    /// Gives back, in the background, the lease of a value that nobody got.
    pub(crate) fn give_back(self: &Arc<Self>, seat: usize, entry: &Entry) {
        let Some(lease) = entry.shared_lease() else { return };
        let core = self.clone();
        self.spawn(async move {
            core.revoke(seat, &lease).await;
        });
    }

    /// Ends `lease`; when that fails it is left to expire. True when it is over.
    pub(crate) async fn revoke(&self, seat: usize, lease: &Lease) -> bool {
        let provider = &self.seats[seat].provider;
        let deadline = self.clock.now() + REVOKE_LIMIT;
        let outcome = before(&*self.clock, deadline, Caught(provider.revoke(lease))).await;
        let over = match outcome {
            Some(Ok(Ok(()))) => true,
            Some(Ok(Err(fault))) => fault.kind() == FaultKind::LeaseGone,
            Some(Err(_)) | None => false,
        };
        self.ledger.strike(lease.tag());
        let lease = lease.tag();
        self.journal.record(if over { Event::LeaseRevoked { lease } } else { Event::LeaseLeft { lease } });
        over
    }

    /// Gives all leases back, newest first, some at a time, until `deadline`. Returns how many are over
    /// and how many are left to expire.
    pub(crate) async fn revoke_all(self: &Arc<Self>, deadline: Tick) -> (usize, usize) {
        let owed = self.ledger.owed(self.clock.now());
        let total = owed.len();
        let turns = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
        for (seat, lease) in owed {
            // Turns are handed out in order, so the newest go first.
            let Some(Ok(turn)) = before(&*self.clock, deadline, turns.clone().acquire_owned()).await else {
                break;
            };
            let (core, report) = (self.clone(), report.clone());
            self.runtime.spawn(async move {
                let over = core.revoke(seat, &lease).await;
                drop(turn);
                let _ = report.send(over);
            });
        }
        drop(report);
        let mut over = 0;
        while let Some(Some(one)) = before(&*self.clock, deadline, reports.recv()).await {
            over += usize::from(one);
        }
        (over, total - over)
    }
}
