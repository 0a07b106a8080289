//! The whole program, run as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(all(feature = "fetcher", unix))]
mod adopt;
mod agent_hook;
mod archives;
#[cfg(feature = "fetcher")]
mod audit;
mod bad_archives;
mod bad_files;
#[cfg(feature = "fetcher")]
mod bao;
mod baseline;
mod baseline_care;
#[cfg(feature = "fetcher")]
mod between;
#[cfg(all(feature = "fetcher", unix))]
mod clients;
mod cmd;
mod config_schema;
mod console;
#[cfg(feature = "fetcher")]
mod disguises;
#[cfg(all(feature = "fetcher", unix))]
mod documented;
mod explain;
mod faults;
mod files;
mod fixtures;
mod formats;
#[cfg(feature = "fetcher")]
mod get;
mod git_bad;
mod git_range;
mod git_staged;
mod gitleaks;
mod gitleaks_config;
mod gitleaks_differential;
mod gitleaks_outputs;
mod hiding_places;
mod history;
mod history_archives;
mod history_cache;
mod history_full;
mod history_reach;
mod history_scope;
mod history_submodules;
#[cfg(feature = "fetcher")]
mod index;
mod init;
#[cfg(all(feature = "fetcher", unix))]
mod injected;
mod kinds;
#[cfg(feature = "fetcher")]
mod live;
#[cfg(feature = "fetcher")]
mod live_answers;
#[cfg(all(feature = "fetcher", unix))]
mod lookups;
#[cfg(all(feature = "fetcher", unix))]
mod loop_closed;
#[cfg(feature = "fetcher")]
mod manager_faults;
mod manual;
mod migrate;
mod native_hooks;
mod outputs;
mod parsers;
#[cfg(all(feature = "fetcher", unix))]
#[path = "../../fetcher/tests/it/postgres.rs"]
mod postgres;
#[cfg(feature = "fetcher")]
mod practice;
mod pre_receive;
#[cfg(feature = "fetcher")]
mod readme;
mod repo;
mod report;
mod repositories;
#[cfg(all(feature = "fetcher", unix))]
mod rotate;
mod rules;
mod sandbox;
#[cfg(all(feature = "fetcher", unix))]
mod served;
#[cfg(feature = "fetcher")]
#[allow(dead_code, reason = "what only the fetcher's tests use")]
#[path = "../../fetcher/tests/cloud/server.rs"]
mod server;
mod stdin;
mod suppression;
mod terminal;
mod token;
#[cfg(all(feature = "fetcher", unix))]
mod told_to_end;
#[cfg(feature = "triage")]
mod triage;
#[cfg(feature = "fetcher")]
mod verify;
#[cfg(feature = "fetcher")]
mod versions;
mod written;
