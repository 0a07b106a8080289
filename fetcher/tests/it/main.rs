//! Tests of the whole crate, in one binary. Those of `vault*` need real servers: `LEAKWARD_TOOLS` names the
//! folder that `tests/setup.sh` fills; without it, it is `target/tools` of this repository. A server that is
//! not installed fails the test and says so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(all(feature = "agent", unix))]
mod agent;
mod audit;
mod bao;
#[cfg(feature = "blocking")]
mod blocking;
mod bounds;
#[cfg(target_os = "linux")]
mod canary;
#[cfg(target_os = "linux")]
mod canary_types;
mod certificate;
#[cfg(all(feature = "exec", unix))]
mod exec;
mod faults;
#[cfg(unix)]
mod files;
mod flights;
#[cfg(target_os = "linux")]
mod forked;
#[cfg(feature = "mapping")]
mod guides;
mod http;
mod leases;
mod live;
mod mapping;
#[cfg(target_os = "linux")]
mod memory;
mod postgres;
#[cfg(feature = "redact")]
mod redact;
mod refresh;
mod rig;
mod rotation;
#[path = "../cloud/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the clouds, which use more of it")]
mod server;
mod shutdown;
mod start;
mod story;
mod vault;
mod vault_answers;
mod vault_faults;
#[cfg(unix)]
mod vault_identity;
mod vault_login;
mod vault_wire;
#[cfg(feature = "webhook")]
mod webhook;
