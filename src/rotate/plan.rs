//! What a rotation would do, in words.

/// What a rotation would do. Made without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is rotated: `prod:secret/db (password), version 3`.
    pub subject: String,
    /// Each step, in order.
    pub steps: Vec<String>,
    /// What the login must be allowed to do, in the manager's words.
    pub rights: Vec<String>,
    /// What a person should know before.
    pub warnings: Vec<String>,
}
