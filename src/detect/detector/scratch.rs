//! What one thread keeps between blobs, for its memory alone.

use super::Detector;
use crate::detect::pattern::Workspace;
use crate::detect::prefilter::Looked;

/// Buffers that one thread reuses from blob to blob.
#[derive(Debug, Default)]
pub struct Scratch {
    detector: u64,
    workspaces: Vec<Option<Workspace>>,
    looked: Looked,
}

impl Scratch {
    /// The workspaces for `detector`, one for each runner, and where a search notes what it has looked at.
    pub(super) fn of(&mut self, detector: &Detector) -> (&mut [Option<Workspace>], &mut Looked) {
        if self.detector != detector.id {
            self.detector = detector.id;
            self.workspaces.clear();
        }
        self.workspaces.resize_with(detector.runners.len(), || None);
        (&mut self.workspaces, &mut self.looked)
    }
}
