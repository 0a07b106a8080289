//! The rules that are part of the program: `build.rs` reads them from `rules/*.toml` and writes them as Rust.

#![allow(unused_imports, reason = "which of the names the written rules use depends on the rules")]

use super::{Checksum, Confidence, Extractor, List, Requirement, Rule, Severity, Text};

/// The built-in rules, sorted by id.
pub(super) static BUILTIN: &[Rule] = &include!(concat!(env!("OUT_DIR"), "/rules.rs"));
