//! The whole program, run as a user runs it.

mod agent_hook;
mod bad_files;
mod baseline;
mod config_schema;
mod files;
mod fixtures;
mod git_staged;
mod gitleaks;
mod outputs;
mod readme;
mod repo;
mod rules;
mod sandbox;
mod suppression;
mod terminal;
mod token;
