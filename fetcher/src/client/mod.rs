//! The client: one handle for a service's secrets. It decides when providers are asked, by whom,
//! and what readers get meanwhile.

mod builder;
mod core;
mod event;
mod fetch;
mod flight;
mod fork;
mod handle;
mod manager;
mod readiness;
mod scheduler;
mod seat;
mod watch;

pub use builder::{BuildError, Builder};
pub use event::Event;
pub use handle::{Pair, SecretHandle};
pub use manager::{ReadOptions, SecretsManager};
pub use readiness::{Need, Readiness};
pub use watch::Watch;
