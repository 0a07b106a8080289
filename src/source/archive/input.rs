//! A container's bytes.

use std::io::{self, Cursor, Read, Seek};

/// Bytes that can be read in any order.
pub(in crate::source) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// The bytes of a container.
pub(super) enum Input<'i> {
    /// In any order.
    Anywhere(&'i mut dyn ReadSeek),
    /// From begin to end.
    Stream(&'i mut dyn Read),
}

impl<'i> Input<'i> {
    /// The bytes from begin to end.
    pub(super) fn stream(self) -> Box<dyn Read + 'i> {
        match self {
            Self::Anywhere(bytes) => Box::new(bytes),
            Self::Stream(bytes) => Box::new(bytes),
        }
    }

    /// The bytes in any order. A stream is read into memory; `most` bytes of it.
    ///
    /// # Errors
    /// The stream's; or it is longer than `most`.
    pub(super) fn anywhere(self, most: u64) -> io::Result<Box<dyn ReadSeek + 'i>> {
        match self {
            Self::Anywhere(bytes) => Ok(Box::new(bytes)),
            stream @ Self::Stream(_) => Ok(Box::new(Cursor::new(stream.held(most)?))),
        }
    }

    /// The bytes in memory; `most` of them.
    ///
    /// # Errors
    /// The stream's; or it is longer than `most`.
    pub(super) fn held(self, most: u64) -> io::Result<Vec<u8>> {
        let mut held = Vec::new();
        self.stream().take(most + 1).read_to_end(&mut held)?;
        if held.len() as u64 > most {
            return Err(io::Error::other(format!("longer than {most} bytes, more than is held in memory")));
        }
        Ok(held)
    }
}
