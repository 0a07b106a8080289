//! The providers of the clouds: AWS against two emulators, Azure and Google against small servers of our own that the
//! official SDKs cannot tell from the real ones. In a binary of its own, because the SDKs are slow to compile:
//! `cargo test -p leakward-fetcher --features aws,azure,gcp --test cloud`.
//!
//! The SDKs read the environment, and a process has only one: each test runs its case in a child of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod aws;
mod azure;
#[path = "../it/bao.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod bao;
mod child;
mod copies;
mod emulator;
mod gcp;
#[path = "../it/memory.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod memory;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod server;
