//! What the bindings for Python and Node have in common: a scanner from options, a client with a runtime of its own,
//! and failures as a kind and a sentence. Each binding only translates.
//!
//! | file | noun |
//! |---|---|
//! | `failure` | why something did not work |
//! | `scan` | what a scanner is made of |
//! | `name` | `PATH[#FIELD]` |
//! | `client` | the client of the secrets manager |
//! | `value` | a secret, and how fresh it is |
//! | `watcher` | the changes of one secret |
//! | `program` | a program with secrets in its environment |

mod client;
mod failure;
mod name;
#[cfg(unix)]
mod program;
mod scan;
mod value;
mod watcher;

pub use client::{Client, ClientOptions};
pub use failure::Failure;
pub use leakward::scanner::{Finding, Scan, Scanner, SkipReason};
pub use name::Name;
#[cfg(unix)]
pub use program::{Program, ProgramOptions};
pub use scan::ScanOptions;
pub use value::Value;
pub use watcher::Watcher;

pub use tokio::runtime::Handle;

use std::pin::Pin;
use std::time::Duration;

/// The outcome of `work`, if it comes within `limit`; else it may be asked again. It is this thread that works, so that
/// a process that was forked, where no other thread is left, is told so in place of waiting for one.
pub fn within<T>(
    handle: &Handle,
    limit: Duration,
    work: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Option<T> {
    handle.block_on(async { tokio::time::timeout(limit, work).await }).ok()
}
