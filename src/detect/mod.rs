//! Finds candidates in bytes: prefilter, rule pattern on a bounded window, entropy, checksum. No path, no I/O.
//!
//! A rule is woken by a *hit*: one of its keywords (or its reader's triggers), found by the prefilter. It is run on
//! the window around the hit and yields the match that holds the hit, if any. So the same bytes around a hit yield
//! the same candidate wherever they stand.
//!
//! **Locality.** Whether a candidate is found depends only on the bytes that it names ([`Candidate::reads`]): the
//! window around its hit. No decision depends on the blob's length, on other candidates, or on how the blob was
//! cut. History scans rest on this: what lies deep inside text that was searched before need not be searched again.
//! [`Detector::settle`] alone looks at several candidates at once; it is given all of a blob's.
//!
//! [`Candidate::reads`]: crate::model::Candidate::reads

mod assignment;
mod builtin;
mod cli;
pub mod delta;
mod detector;
mod explain;
mod gate;
mod generic;
mod header;
pub mod known;
mod kubernetes;
mod netrc;
mod paths;
mod pattern;
mod pem;
mod practice;
mod prefilter;
mod reader;
mod runner;
mod settle;
mod shown;
mod sql;
#[cfg(test)]
mod testing;
pub mod trial;
mod url;
mod whole;
mod wide;

pub use builtin::{Builtin, Extraction, Window, builtin};
pub use detector::{Detector, NotLocal, Scratch, Trace, Wake};
pub use explain::{Explained, explain};
pub use generic::READERS;
pub use reader::{Found, Reader};
pub use runner::{FaultCause, RuleFault};
