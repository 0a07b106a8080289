//! Literal search for the values that a secrets manager holds, in all the forms in which people write them.
//!
//! An index of hashes, not of values: nothing that was added can be read back from it. Knows nothing of managers.

mod forms;
mod index;
mod lane;
#[cfg(feature = "fetcher")]
mod offline;
#[cfg(feature = "fetcher")]
mod tokens;

pub use forms::Form;
pub use index::{KnownHit, KnownIndex, KnownIndexBuilder, Refusal};
#[cfg(feature = "fetcher")]
pub use offline::{IndexError, IndexHeader, OfflineIndex};

use crate::rule::{Confidence, Extractor, Rule, Severity};

/// The rule of what is found this way.
pub fn rule() -> Rule {
    Rule {
        id: "known-value".into(),
        title: "Value that your secrets manager holds".into(),
        severity: Severity::Critical,
        confidence: Confidence::High,
        keywords: vec![].into(),
        extractor: Extractor::Known,
        group: 0,
        min_entropy: None,
        checksum: None,
        path: None,
        stopwords: vec![].into(),
        requires: vec![].into(),
        reach: 0,
        source: "the secrets manager's own values".into(),
        revoke: "Rotate it in the secrets manager, and read it from there".into(),
        live: None,
        tags: vec!["known".into()].into(),
        positive: vec![].into(),
        negative: vec![].into(),
    }
}
