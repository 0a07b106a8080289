//! The whole program, run as a user runs it.

mod bad_files;
mod config_schema;
mod files;
mod git_staged;
mod gitleaks;
mod outputs;
mod repo;
mod rules;
mod sandbox;
