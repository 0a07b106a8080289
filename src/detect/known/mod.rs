//! Literal search for the values that a secrets manager holds, in all the forms in which people write them.
//!
//! An index of hashes, not of values: nothing that was added can be read back from it. Knows nothing of managers.

mod forms;
mod index;

pub use forms::Form;
pub use index::{KnownHit, KnownIndex, KnownIndexBuilder, Refusal};
