//! Pools of connections to a real PostgreSQL whose credentials are lent by a real OpenBao, under constant load:
//! through lease ends, rotation, a revocation behind our back and an outage of the server, no query fails.
//!
//! Each test takes about 25 s. `LEAKWARD_LONG=1` makes the outage a whole minute, and leases longer than that.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stderr, reason = "a soak tells what it did")]

#[path = "../it/bao.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod bao;
mod blocking;
mod fixed_role;
mod load;
#[path = "../it/postgres.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod postgres;
mod sqlx;
