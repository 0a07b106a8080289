//! A pool's manager that opens each connection with the value in force and closes those opened with an older one.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Rollover, Ticket};
use crate::cache::{ReadError, Reading};

/// A manager for a pool: opens each connection with the value in force, through a manager that `make` makes of it.
pub struct Rolling<M> {
    pub(super) rollover: Rollover,
    make: Arc<Maker<M>>,
    /// The one of the newest value, with that value's number: managers keep copies of what they log in with.
    made: Arc<Mutex<Option<Numbered<M>>>>,
}

/// A manager and the number of the value that it was made of.
type Numbered<M> = (u64, Arc<M>);
type Maker<M> = dyn Fn(&Reading) -> M + Send + Sync;

/// A connection and the ticket that says which value it was opened with.
#[derive(Debug)]
pub struct Tagged<C> {
    pub(super) connection: C,
    pub(super) ticket: Ticket,
}

/// Why a pool has no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RollError<E> {
    /// There is no value to open one with.
    #[error(transparent)]
    Secret(#[from] ReadError),
    /// There is no value at hand to open one with; one is being fetched.
    #[error("no credentials are held yet")]
    NotYet,
    /// This one was opened with a value that is not in force any more.
    #[error("the connection was opened with older credentials")]
    Outdated,
    /// The pool's own manager could not open or check one.
    #[error("{0}")]
    Connection(E),
}

impl<M> Rolling<M> {
    /// One that opens connections through what `make` makes of the value in force.
    pub fn new(rollover: &Rollover, make: impl Fn(&Reading) -> M + Send + Sync + 'static) -> Self {
        Self { rollover: rollover.clone(), make: Arc::new(make), made: Arc::default() }
    }

    /// The pool's own manager for the connection of `ticket`.
    pub(super) fn manager(&self, reading: &Reading, ticket: &Ticket) -> Arc<M> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((number, manager)) if *number == ticket.number => manager.clone(),
            Some((newer, _)) if *newer > ticket.number => Arc::new((self.make)(reading)),
            _ => {
                let manager = Arc::new((self.make)(reading));
                *made = Some((ticket.number, manager.clone()));
                manager
            }
        }
    }

    /// The one made last, for checks that need no value.
    pub(super) fn last(&self) -> Option<Arc<M>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, manager)| manager.clone())
    }
}

impl<C> Tagged<C> {
    /// See [`Ticket::condemn`].
    pub fn condemn(&mut self) {
        self.ticket.condemn();
    }
}

impl<C> Deref for Tagged<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.connection
    }
}

impl<C> DerefMut for Tagged<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.connection
    }
}

impl<M> Clone for Rolling<M> {
    fn clone(&self) -> Self {
        Self { rollover: self.rollover.clone(), make: self.make.clone(), made: self.made.clone() }
    }
}

impl<M> std::fmt::Debug for Rolling<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Rolling").field(&self.rollover).finish()
    }
}
