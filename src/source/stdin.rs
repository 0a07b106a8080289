//! Standard input, however long.

use std::io;
use std::ops::ControlFlow;

use bstr::BString;

use super::windows::Windows;
use super::{Source, SourceError, Visitor};
use crate::model::{Origin, Place, Span, Tally};

/// Standard input. Always scanned, whatever it holds.
#[derive(Debug)]
pub struct Stdin {
    origin: Origin,
}

impl Stdin {
    /// Standard input under the name `path`, which may be empty.
    pub fn new(path: impl Into<BString>) -> Self {
        Self { origin: Origin::new(path, Place::Stdin) }
    }
}

impl Source for Stdin {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let mut visitor = visitor();
        let mut windows = Windows::new(io::stdin().lock());
        let (mut buffer, mut core) = (Vec::new(), [Span::new(0, 0)]);
        let mut tally = Tally::default();
        loop {
            match windows.next(&mut buffer) {
                Ok(Some(window)) => {
                    tally.blobs = 1;
                    tally.bytes += window.bytes();
                    if let ControlFlow::Break(()) =
                        visitor.visit(&self.origin, &window.blob(&buffer, &mut core))
                    {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tally.gap("standard input", error.to_string());
                    break;
                }
            }
        }
        Ok(tally)
    }
}
