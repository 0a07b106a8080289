//! Rules as data: the built-in pack, user rules, and their checks. Knows nothing of text to scan.

mod checksum;
mod kind;
mod pack;
mod pattern;
mod shape;
mod spelling;

pub use checksum::Checksum;
pub use kind::{Confidence, Extractor, List, Requirement, Rule, Severity, Text};
pub use pack::{RulePack, RuleRef};
pub use pattern::{PatternError, check as check_pattern, compile, parse as parse_pattern};
pub use shape::{Lead, Run, Shape, derived_keywords, is_token};
