//! The whole program, run as a user runs it.

mod bad_files;
mod files;
mod gitleaks;
mod outputs;
mod sandbox;
