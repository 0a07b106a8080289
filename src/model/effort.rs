//! What the scan of a whole history took.

use std::time::Duration;

/// What the scan of a whole history took: how much there was, how much of it was touched, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effort {
    /// Commits, trees, blobs and tags of the repository, each counted once; those known from the cache too.
    pub objects: [u64; 4],
    /// Bytes of objects of all kinds that were inflated. Objects that others are deltas on may count twice.
    pub inflated: u64,
    /// Bytes that were searched. What a version copies from another one was searched there.
    pub searched: u64,
    /// Objects that are damaged, neither readable here nor by git, or that trees name and are missing.
    pub unread: u64,
    /// Wall time of each stage.
    pub stages: Stages,
}

/// Wall time of the stages of a history's scan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    /// Opening packs and reading refs.
    pub open: Duration,
    /// Reading and searching all objects.
    pub objects: Duration,
    /// Finding out which commits brought what was found.
    pub attribution: Duration,
    /// Making findings of it.
    pub findings: Duration,
}

impl Effort {
    /// Adds what another history took.
    pub fn add(&mut self, other: Self) {
        let Self { objects, inflated, searched, unread, stages } = other;
        self.objects.iter_mut().zip(objects).for_each(|(sum, n)| *sum += n);
        self.inflated += inflated;
        self.searched += searched;
        self.unread += unread;
        self.stages.open += stages.open;
        self.stages.objects += stages.objects;
        self.stages.attribution += stages.attribution;
        self.stages.findings += stages.findings;
    }
}
