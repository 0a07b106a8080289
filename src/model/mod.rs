//! The nouns that every floor above shares. No behaviour beyond what a noun owes itself, no I/O.

mod blob;
mod candidate;
mod effort;
mod evidence;
mod finding;
mod fingerprint;
mod judge;
mod origin;
mod pace;
mod position;
mod reference;
#[cfg(test)]
mod sample;
mod secret;
mod span;
mod spread;
mod tally;
mod verdict;

pub use blob::{Blob, Scope, Start};
pub use candidate::{Candidate, KnownValue, Reads, Reason};
pub use effort::{Effort, Stages};
pub use evidence::Evidence;
pub use finding::{Excerpt, Finding, LineOffsets, Related, Suppression};
pub use fingerprint::Fingerprint;
pub use judge::Judge;
pub use origin::{Commit, MessageKind, Origin, Place};
pub use pace::{Pace, Paced};
pub use position::{LineIndex, Position, Region};
pub use reference::{Holder, Reference};
pub use secret::Secret;
pub use span::Span;
pub use spread::Spread;
pub use tally::{Gap, SkipReason, Tally};
pub use verdict::{Answered, Lent, Managed, State, Verdict};
