//! How far a scan has come.

/// How far a scan of a history has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Objects read.
    pub objects: u64,
    /// Objects that will be read, as far as is known by now.
    pub total: u64,
    /// Bytes inflated.
    pub bytes: u64,
}

/// Tells how far a scan has come, from any thread.
pub type Paced = Box<dyn Fn() -> Pace + Send>;
