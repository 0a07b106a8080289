//! Texts that are held already, such as the arguments of a tool call.

use std::ops::ControlFlow;

use bstr::BString;

use super::{Source, SourceError, Visitor};
use crate::model::{Blob, Origin, Place, Tally};

/// Texts under names. Always scanned, whatever they hold.
#[derive(Debug, Default)]
pub struct Texts {
    texts: Vec<(Origin, zeroize::Zeroizing<Vec<u8>>)>,
}

impl Texts {
    /// Adds a text under the name `path`, which may be empty.
    pub fn push(&mut self, path: impl Into<BString>, text: Vec<u8>) {
        self.texts.push((Origin::new(path, Place::Stdin), text.into()));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl Source for Texts {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let mut visitor = visitor();
        let mut tally = Tally::default();
        for (origin, text) in &self.texts {
            tally.blobs += 1;
            tally.bytes += text.len() as u64;
            if let ControlFlow::Break(()) = visitor.visit(origin, &Blob::whole(text)) {
                break;
            }
        }
        Ok(tally)
    }
}
