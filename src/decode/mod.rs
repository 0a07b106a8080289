//! Views of a blob in other encodings (UTF-16; more layers in time), and what is no text at all. Pure; a view maps
//! its offsets back to the blob's.
//!
//! Latin-1 and other one-byte encodings need no view: patterns read bytes.

mod binary;
mod utf16;

pub use binary::is_binary;
pub use utf16::{Order, Wide, wide, wide_may_begin};
