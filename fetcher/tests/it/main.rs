//! Tests of the whole crate, in one binary. Those of `vault*` need real servers: `LEAKWARD_TOOLS` names the
//! folder that `tests/setup.sh` fills; without it, it is `target/tools` of this repository. A server that is
//! not installed fails the test and says so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bao;
mod bounds;
mod faults;
#[cfg(unix)]
mod files;
mod flights;
mod http;
mod leases;
mod live;
mod mapping;
mod postgres;
mod refresh;
mod rig;
mod rotation;
mod shutdown;
mod start;
mod vault;
mod vault_faults;
mod vault_login;
