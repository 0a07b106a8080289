//! What the classifier saw of a value, kept until the path is known.

/// What the classifier saw of a value: one byte per feature, meaningful to `classify` alone. Holds no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence(pub [u8; Self::LEN]);

impl Evidence {
    /// Room for features; more than there are.
    pub const LEN: usize = 80;
}

impl Default for Evidence {
    fn default() -> Self {
        Self([0; Self::LEN])
    }
}
