//! Values and their names. Knows nothing of managers, caches or the network.

mod json;
mod path;
mod tag;
mod value;
mod version;

pub use json::{Json, JsonError, JsonKind, escape_json};
pub use path::{PathError, SecretPath, SecretRef};
pub use tag::Tag;
pub use value::{FieldError, Secret};
pub use version::{Version, VersionSelector};
