//! What is held, how long it may be used, and when to ask again. Mechanisms only: no task is
//! started and no provider is called here.

mod agenda;
mod backoff;
mod breaker;
mod bucket;
mod class;
mod entry;
mod error;
mod policy;
mod reading;
mod slot;
mod store;

pub use breaker::BreakerState;
pub use class::{Class, Sensitivity, Shortfall};
pub use entry::Entry;
pub use error::ReadError;
pub use policy::Policy;
pub use reading::{Cause, Freshness, Reading};

pub(crate) use agenda::{Agenda, Chore};
pub(crate) use backoff::{Jitter, RetryBudget};
pub(crate) use breaker::{Breaker, Permit};
pub(crate) use bucket::Bucket;
pub(crate) use slot::{Flight, Landing, Rejected, Slot, SlotState};
pub(crate) use store::Store;
