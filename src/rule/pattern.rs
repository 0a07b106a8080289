//! How the patterns of rules are read. The one place that knows the dialect.

use regex::bytes::{Regex, RegexBuilder};

/// Makes a rule's pattern ready to run.
///
/// Patterns match bytes: `\w`, `\d`, `\s` and `\b` know ASCII alone, and `.` and classes match any byte but the
/// line feed unless the pattern says `(?u)` or `(?s)`. A pattern sees no more than its window.
///
/// # Errors
/// The pattern's author's: it is no regular expression, or too large a one.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).build()
}
