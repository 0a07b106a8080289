//! From another scanner to this one: its commands, hooks and CI lines rewritten. Text in, text out; reads and writes no
//! file itself.
//!
//! Edits change the words that must change and leave comments, order and blanks as they are. What cannot be carried
//! over is told with its line; nothing is dropped in silence.

mod command;
mod lines;
mod pre_commit;
mod tool;

pub use command::Told;
pub use lines::rewrite as rewrite_lines;
pub use pre_commit::{excluded, rewrite as rewrite_pre_commit};
pub use tool::Tool;

/// Where hooks and the action of this project are fetched from.
pub const REPOSITORY: &str = "https://github.com/leakward/leakward";
/// The version that is asked for there.
pub const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// A text rewritten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// The text.
    pub text: String,
    /// What could not be carried over, each with its line: `line 7: …`.
    pub lost: Vec<String>,
    /// Files of the other scanner that its commands name, with what they are for it.
    pub named: Vec<Named>,
}

/// A file that another scanner's command names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The scanner.
    pub tool: Tool,
    /// The flag by which it is named, without dashes.
    pub flag: &'static str,
    /// Its path as written.
    pub path: String,
}
