//! The door to the providers themselves: asks whoever made a credential whether it is still accepted. Only with
//! `--live`, only what the rule states, only at the hosts that the rule names.
//!
//! | file | what it knows |
//! |---|---|
//! | `settings` | which rules may be asked about, how gently, and where a name leads |
//! | `request` | a rule's templates filled with what was found |
//! | `sigv4` | how AWS wants a request signed |
//! | `address` | which addresses no public provider has |
//! | `client` | one request and its answer: no redirect, no endless body, no private address |
//! | `reading` | what an answer means |
//! | `inquiry` | findings in, verdicts out: each question once, each host at its pace |

mod address;
mod client;
mod inquiry;
mod reading;
mod request;
mod settings;
mod sigv4;
#[cfg(test)]
mod testing;

pub use client::ClientError;
pub use inquiry::Inquiry;
pub use settings::{LiveSettings, Override, SettingsError};
