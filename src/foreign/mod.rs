//! Files of other scanners: what they say as rules, allowlists and accepted findings of ours. Parses text; reads no
//! file itself.
//!
//! What cannot be carried over is told, entry by entry; nothing is dropped in silence. docs/gitleaks.md lists where a
//! scan by gitleaks' configuration differs from gitleaks' own.

mod error;
mod gitleaks_toml;
mod gitleaks_translate;
mod go_regex;
mod names;

pub use error::ForeignError;
pub use gitleaks_toml::looks_so as is_gitleaks_config;
pub use gitleaks_translate::{Read, Translated, translate};
pub use go_regex::{GoRegexError, translate as translate_go_regex};
pub use names::{ours_in, theirs};
