//! The client side of a secrets manager for services that must keep running while it is down,
//! slow, rotating or revoking.
//!
//! `docs/fetcher.md` in the repository begins with an example and lists every knob with its unit.
//!
//! The modules are floors; each imports from the floors below it only:
//!
//! | floor | modules | what they know |
//! |---|---|---|
//! | 6 | `agent`, `blocking` | a server of what is held; the client for programs without a runtime |
//! | 5 | `exec`, `render`, `policy`, `redact` | what is made of values: environments, files, policies, masks |
//! | 5 | [`pool`], [`certificate`], `webhook` | what follows a change: connections, TLS, messages |
//! | 4 | [`client`] | when to ask, and what readers get meanwhile |
//! | 3 | [`cache`] | what is held and for how long |
//! | 2 | [`provider`] | how one kind of manager is asked |
//! | 1b | [`http`] | one request over buffers that are wiped |
//! | 1 | [`secret`], [`clock`], [`wipe`] | values, their names, time, and freed memory |

/// The examples of the guide are run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/fetcher.md")]
struct Guide;

#[cfg(all(feature = "agent", unix))]
pub mod agent;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod cache;
pub mod certificate;
pub mod client;
pub mod clock;
#[cfg(all(feature = "exec", unix))]
pub mod exec;
pub mod http;
#[cfg(feature = "policy")]
pub mod policy;
pub mod pool;
pub mod provider;
#[cfg(feature = "redact")]
pub mod redact;
#[cfg(all(feature = "render", unix))]
pub mod render;
pub mod secret;
#[cfg(feature = "webhook")]
pub mod webhook;
pub mod wipe;

pub use cache::{Entry, Freshness, Policy, ReadError, Reading};
pub use client::{Builder, Event, Need, RotationHook, SecretHandle, SecretsManager};
pub use clock::{Clock, Tick};
pub use provider::{Fault, FaultKind, Fetched, SecretProvider};
pub use secret::{Secret, SecretPath, SecretRef, Version, VersionSelector};
