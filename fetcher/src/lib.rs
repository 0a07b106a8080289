//! The client side of a secrets manager for services that must keep running while it is down,
//! slow, rotating or revoking.
//!
//! The modules are floors; each imports from the floors below it only:
//!
//! | floor | modules | what they know |
//! |---|---|---|
//! | 4 | [`client`] | when to ask, and what readers get meanwhile |
//! | 3 | [`cache`] | what is held and for how long |
//! | 2 | [`provider`] | how one kind of manager is asked |
//! | 1b | [`http`] | one request over buffers that are wiped |
//! | 1 | [`secret`], [`clock`] | values, their names, and time |

pub mod cache;
pub mod client;
pub mod clock;
pub mod http;
pub mod provider;
pub mod secret;

pub use cache::{Entry, Freshness, Policy, ReadError, Reading};
pub use client::{Builder, Event, Need, RotationHook, SecretHandle, SecretsManager};
pub use clock::{Clock, Tick};
pub use provider::{Fault, FaultKind, Fetched, SecretProvider};
pub use secret::{Secret, SecretPath, SecretRef, Version, VersionSelector};
