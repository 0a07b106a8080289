//! The whole program, run as a user runs it.

mod bad_files;
mod config_schema;
mod files;
mod gitleaks;
mod outputs;
mod rules;
mod sandbox;
