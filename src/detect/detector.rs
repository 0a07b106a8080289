//! The detector: a rule pack made ready to run.

use std::sync::Arc;

use crate::model::{Blob, Candidate};
use crate::rule::RulePack;

/// A rule pack made ready to run. Cheap to build: automata and patterns are compiled when first needed.
/// Shared by all threads.
#[derive(Debug)]
pub struct Detector {
    pack: Arc<RulePack>,
}

/// Buffers that one thread reuses from blob to blob.
#[derive(Debug, Default)]
pub struct Scratch {}

impl Detector {
    /// A detector for `pack`.
    pub fn new(pack: Arc<RulePack>) -> Self {
        Self { pack }
    }

    /// The rules it runs.
    pub fn pack(&self) -> &Arc<RulePack> {
        &self.pack
    }

    /// Calls `sink` with every candidate of `blob` that its scope admits, ordered by span, then rule id.
    pub fn detect<'r>(&'r self, scratch: &mut Scratch, blob: &Blob<'_>, sink: &mut dyn FnMut(Candidate<'r>)) {
        let _ = (scratch, blob, sink);
    }
}
