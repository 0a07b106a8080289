//! Makes patterns ready to run. Apart from their reading, so that `build.rs` does without the engine.

use regex::bytes::{Regex, RegexBuilder};

/// Makes a pattern ready to run on a whole text, such as a path or a rule's example.
///
/// # Errors
/// The pattern's author's: it is no regular expression, or too large a one.
pub fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    let build = |unicode| RegexBuilder::new(pattern).unicode(unicode).multi_line(true).crlf(true).build();
    build(false).or_else(|_| build(true))
}
