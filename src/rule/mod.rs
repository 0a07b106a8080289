//! Rules as data: the built-in pack, user rules, and their checks. Knows nothing of text to scan.

mod checksum;
mod kind;
mod pack;
mod pattern;

pub use checksum::Checksum;
pub use kind::{Confidence, Extractor, List, Requirement, Rule, Severity, Text};
pub use pack::{RulePack, RuleRef};
pub use pattern::compile;
