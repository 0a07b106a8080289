//! Finds candidates in bytes: prefilter, rule pattern on a bounded window, entropy, checksum. No path, no I/O.
//!
//! **Locality.** Whether a candidate is found at a span depends only on the bytes within its rule's `reach` of it.
//! No decision depends on the blob's length, on other candidates, or on how the blob was cut. History scans rest
//! on this: what lies deep inside text that was scanned before need not be scanned again.

mod assignment;
mod builtin;
mod cli;
mod detector;
mod generic;
mod header;
pub mod known;
mod kubernetes;
mod netrc;
mod prefilter;
mod sql;
mod url;

pub use builtin::{Builtin, Extraction, Window, builtin};
pub use detector::{Detector, Scratch};
