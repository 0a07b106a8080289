//! Replaces a literal by a reference to where the value is kept from now on.
//!
//! Pure: bytes in, bytes out. What cannot be replaced with certainty (an escape in the literal, a literal of several
//! lines, a constant that must be known to the compiler) is refused with the reason.
//!
//! | file | what it knows |
//! |---|---|
//! | `language` | how each language reads a variable of its environment |
//! | `literal` | where the literal around a value begins and ends |
//! | `edit` | the new text, what else it needs (an import), and the difference for people |

mod edit;
mod language;
mod literal;
#[cfg(test)]
mod tests;

pub use edit::{Edit, EditError, Place, variable_name};
pub use language::Language;
