//! Standard input, however long.

use std::io::{self, Read as _};
use std::ops::ControlFlow;

use bstr::BString;

use super::archive::{Kind, Unpacker};
use super::windows::Windows;
use super::{Source, SourceError, Visitor};
use crate::model::{Origin, Place, Span, Tally};

/// Standard input. Always scanned, whatever it holds.
#[derive(Debug)]
pub struct Stdin {
    origin: Origin,
    archive_depth: u32,
}

/// Bytes that tell whether the input is a container.
const HEAD: u64 = 512;

impl Stdin {
    /// Standard input under the name `path`, which may be empty. Containers in it are opened `archive_depth` deep;
    /// 0: none is.
    pub fn new(path: impl Into<BString>, archive_depth: u32) -> Self {
        Self { origin: Origin::new(path, Place::Stdin), archive_depth }
    }
}

impl Source for Stdin {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let mut visitor = visitor();
        let mut tally = Tally::default();
        let mut stdin = io::stdin().lock();
        let mut head = Vec::new();
        if let Err(error) = stdin.by_ref().take(HEAD).read_to_end(&mut head) {
            tally.gap("standard input", error.to_string());
            return Ok(tally);
        }
        let kind = Kind::of(&head).filter(|_| self.archive_depth > 0);
        let mut input = head.as_slice().chain(stdin);
        if let Some(kind) = kind {
            let unpacker = Unpacker::new(visitor.as_mut(), &mut tally, self.archive_depth);
            // Nothing comes after it that could be stopped.
            let _ = unpacker.unpack_stream(&self.origin, kind, &mut input);
            return Ok(tally);
        }
        let mut windows = Windows::new(input);
        let (mut buffer, mut core) = (Vec::new(), [Span::new(0, 0)]);
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
