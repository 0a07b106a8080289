//! The client: one handle for a service's secrets. It decides when providers are asked, by whom,
//! and what readers get meanwhile.

mod audit;
mod builder;
mod core;
mod event;
mod fetch;
mod flight;
mod fork;
mod handle;
mod hook;
mod lease;
mod manager;
#[cfg(feature = "mapping")]
mod mapping;
#[cfg(feature = "metrics")]
mod metrics;
mod observer;
mod readiness;
mod rotation;
mod route;
mod scheduler;
mod seat;
mod shutdown;
mod surroundings;
mod watch;

pub use audit::{AuditRecord, AuditSink, Deed, JsonLines};
pub use builder::{BuildError, Builder};
pub use event::Event;
pub use handle::{Pair, SecretHandle};
pub use hook::{HookError, Rotation, RotationHook, Step};
pub use manager::{ReadOptions, SecretsManager};
#[cfg(feature = "mapping")]
pub use mapping::{Home, Mapping, MappingError, Place};
pub use observer::ValueObserver;
pub use readiness::{Need, Readiness};
pub use rotation::HookGuard;
pub use shutdown::Farewell;
pub use surroundings::{Manager, SurroundingsError};
pub(crate) use watch::Pinned;
pub use watch::Watch;
