//! Containers: archives, compressed files and formats that wrap text, opened in memory, nested ones too. Nothing is written to disk.
//!
//! | file | noun |
//! |---|---|
//! | `kind` | a container's kind, by its first bytes |
//! | `budget` | how much may be unpacked |
//! | `input` | a container's bytes |
//! | `unpacker` | the way from a container to its members |
//! | `compressed` | gzip, bzip2, xz, Zstandard |
//! | `members` | zip, tar, ar, 7z |
//! | `packages` | cpio, and the packages that are made of it |
//! | `office` | the text of Office documents |
//! | `pdf` | the text of PDF |
//! | `sqlite` | the rows of SQLite databases |
//! | `constants` | the constants of compiled Python and Java |
//!
//! A member is named after its container: `outer.zip!inner/file`. What is merely compressed keeps its name. A
//! container that is encrypted, corrupt or over a safety limit is a gap; a member that is no text is a skip.

mod budget;
mod compressed;
mod constants;
mod input;
mod kind;
mod members;
mod office;
mod packages;
mod pdf;
mod sqlite;
#[cfg(test)]
mod tests;
mod unpacker;

pub(super) use kind::Kind;
pub(super) use unpacker::Unpacker;

/// Containers in containers that are opened unless the user says otherwise.
pub const MAX_DEPTH: u32 = 8;
