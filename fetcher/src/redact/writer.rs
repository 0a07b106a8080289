//! A writer that masks what passes through it.

use std::io::{self, Write};

use super::Redactor;

/// Masks each piece that is written. A value that is split over two calls of `write` is not seen: put
/// it below whatever writes whole lines, as the formatting layers of `tracing` do.
#[derive(Debug)]
pub struct RedactingWriter<W> {
    redactor: Redactor,
    to: W,
}

impl<W: Write> RedactingWriter<W> {
    pub(super) fn new(redactor: Redactor, to: W) -> Self {
        Self { redactor, to }
    }
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.to.write_all(&self.redactor.mask(text))?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
