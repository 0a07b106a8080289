//! Leakward finds secrets that leaked into files, staged changes and git history.
//!
//! The modules are floors of one house; each imports from the floors below it only
//! (`tests/floors.rs` enforces this):
//!
//! | floor | modules | what they know |
//! |---|---|---|
//! | 8 | `main`, [`cli`] | flags and exit codes; the commands that read secrets |
//! | 7 | [`scanner`] | the scan as a library: the one module to program against |
//! | 6 | [`scan`], [`rotate`], [`adopt`] | the order of the pipeline; new values, and references in place of literals |
//! | 5 | [`source`], [`report`], [`verify`], [`live`], [`config`] | disk and git; output; secrets managers; providers; what a team asks for |
//! | 4 | [`detect`], [`suppress`] | bytes and candidates, no I/O |
//! | 3 | [`entropy`], [`decode`], [`checksum`], [`classify`], [`line_hash`], [`audit`] | one value at a time, pure; one line of the log |
//! | 2 | [`model`] | the nouns |
//! | 1 | [`rule`] | rules as data |
//! | 0 | `leakward_fetcher`, a crate of its own | how secrets managers are asked |
//!
//! **Which modules are stable.** [`scanner`], with what it re-exports, keeps to semantic versioning: programs that
//! scan use [`scanner::Scanner::builder`]. The other modules are public so that the program, its tests and its
//! benchmarks can reach them; their types change in any version. The command line, the exit codes and the report
//! formats are stable too (`docs/report.schema.json`).

#[cfg(feature = "fetcher")]
pub mod adopt;
pub mod audit;
pub mod checksum;
pub mod classify;
pub mod cli;
pub mod config;
pub mod decode;
pub mod detect;
pub mod entropy;
pub mod foreign;
pub mod line_hash;
#[cfg(feature = "fetcher")]
pub mod live;
pub mod migrate;
pub mod model;
pub mod report;
#[cfg(feature = "fetcher")]
pub mod rotate;
pub mod rule;
pub mod scan;
pub mod scanner;
pub mod source;
pub mod suppress;
pub mod verify;
