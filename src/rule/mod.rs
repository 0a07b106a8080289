//! Rules as data: the built-in pack, user rules, and their checks. Knows nothing of text to scan.

mod builtin;
mod checksum;
mod compile;
mod kind;
mod live;
mod load;
mod outline;
mod pack;
mod parse;
mod pattern;
mod problem;
mod run;
mod shape;
mod shorthand;
mod spelling;

pub use builtin::Builtin;
pub use checksum::Checksum;
pub use compile::compile;
pub(crate) use kind::texts;
pub use kind::{Confidence, Extractor, List, Requirement, Rule, Severity, Text};
pub use live::{Answer, LiveCheck, Method, Named, Signature, Stated as StatedLive, placeholders};
pub use load::load;
pub use outline::Outline;
pub use pack::{RulePack, RuleRef};
pub use parse::Author;
pub use pattern::{PatternError, check as check_pattern, parse as parse_pattern};
pub use problem::{Problem, RuleError};
pub use run::{Alphabet, Run, is_token};
pub use shape::{Lead, RunLook, Shape, derived_keywords};
