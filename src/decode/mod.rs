//! Views of a blob in other encodings (UTF-16, base64, escapes…), and what is no text at all. Pure; a view maps its
//! offsets back to the blob's.
//!
//! Latin-1 and other one-byte encodings need no view: patterns read bytes.
//!
//! | file | noun |
//! |---|---|
//! | `binary` | what is no text |
//! | `utf16` | passages in UTF-16 |
//! | `region` | parts that are written in another way, and how they are found |
//! | `packed` | base64 and hex |
//! | `marks` | escapes, entities, percent signs, quoted-printable, joined literals |
//! | `deflate` | gzip and zlib inside them |
//! | `undone` | what a part stands for, and where it came from |

mod binary;
mod deflate;
mod marks;
mod packed;
mod region;
#[cfg(test)]
mod tests;
mod undone;
mod utf16;

pub use binary::{is_binary, is_opaque};
pub use deflate::{COMPRESSIONS, TooMuch, inflated};
pub use region::{NEAR, RUN, Region, Regions, triggers};
pub use undone::Undone;
pub use utf16::{Order, Wide, wide, wide_may_begin};
