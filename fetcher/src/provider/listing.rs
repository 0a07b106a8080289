//! What could be listed, and what could not.

use super::Fault;
use crate::secret::SecretPath;

/// What could be listed, and what could not.
#[derive(Debug, Default)]
pub struct Listing {
    /// Paths of secrets, sorted.
    pub paths: Vec<SecretPath>,
    /// Folders (ending with a slash) that could not be listed, and why.
    pub closed: Vec<(String, Fault)>,
}
