//! Rules as data: the built-in pack, user rules, and their checks. Knows nothing of text to scan.

mod kind;
mod pack;

pub use kind::{Confidence, Extractor, List, Requirement, Rule, Severity, Text};
pub use pack::RulePack;
