//! Who gives findings their verdicts.

use super::{Finding, Tally};

/// Gives findings their verdicts, once all are found.
pub trait Judge: Send + Sync + std::fmt::Debug {
    /// Gives `findings` their verdicts, and drops those that turn out to be none. What could not be asked is told
    /// in `tally`.
    fn judge(&self, findings: &mut Vec<Finding>, tally: &mut Tally);
}
