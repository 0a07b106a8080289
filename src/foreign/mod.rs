//! Files of other scanners: what they say as rules, allowlists and accepted findings of ours. Parses text; reads no
//! file itself.
//!
//! What cannot be carried over is told, entry by entry; nothing is dropped in silence. docs/gitleaks.md lists where a
//! scan by gitleaks' configuration differs from gitleaks' own.

mod carried;
mod detect_secrets;
mod error;
mod ggshield;
mod gitleaks_toml;
mod gitleaks_translate;
mod go_regex;
mod kingfisher;
mod names;
mod trufflehog;
mod yaml;

pub use carried::{Accepted, Carried, Hashed, allow_path, quoted};
pub use detect_secrets::baseline as detect_secrets_baseline;
pub use error::ForeignError;
pub use ggshield::settings as ggshield_settings;
pub use gitleaks_toml::looks_so as is_gitleaks_config;
pub use gitleaks_translate::{Read, Translated, translate};
pub use go_regex::{GoRegexError, translate as translate_go_regex};
pub use kingfisher::{is_rules as is_kingfisher_rules, rules as kingfisher_rules};
pub use names::{ours_in, theirs};
pub use trufflehog::detectors as trufflehog_detectors;
