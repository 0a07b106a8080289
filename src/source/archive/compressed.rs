//! Streams of one compressed content: gzip, bzip2, xz, Zstandard. Contents that are appended to each other are one.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::Kind;

/// Memory that unpacking xz may take, in KiB.
const XZ_MEMORY: u32 = 128 << 10;
/// Window that unpacking Zstandard may take, in bytes: what its own tool allows too.
const ZSTD_WINDOW: u64 = 128 << 20;

/// What `stream`, a container of `kind`, unpacks to. `None` when the kind holds members instead.
pub(super) fn unpacked<'s>(kind: Kind, stream: Box<dyn Read + 's>) -> Option<Box<dyn Read + 's>> {
    Some(match kind {
        Kind::Gzip => Box::new(MultiGzDecoder::new(stream)),
        Kind::Bzip2 => Box::new(MultiBzDecoder::new(stream)),
        Kind::Xz => Box::new(XzReader::new_mem_limit(stream, true, XZ_MEMORY)),
        Kind::Zstandard => Box::new(Frames { stream: BufReader::new(stream), frame: None }),
        _ => return None,
    })
}

/// Zstandard frames, one after the other.
struct Frames<R: Read> {
    stream: BufReader<R>,
    frame: Option<Box<FrameDecoder>>,
}

impl<R: Read> Frames<R> {
    /// Begins the next frame. `false`: there is none.
    fn begin(&mut self) -> io::Result<bool> {
        /// Frames that hold no content are told by their first bytes, 0x50 to 0x5f in the lowest; their length follows.
        const SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];
        loop {
            if self.stream.fill_buf()?.is_empty() {
                return Ok(false);
            }
            let head = self.stream.buffer();
            if head.len() < 8 || head[1..4] != SKIPPED || !(0x50..=0x5f).contains(&head[0]) {
                break;
            }
            let mut header = [0; 8];
            self.stream.read_exact(&mut header)?;
            let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
            io::copy(&mut self.stream.by_ref().take(length.into()), &mut io::sink())?;
        }
        let mut frame = Box::new(FrameDecoder::new());
        frame.set_max_window_size(ZSTD_WINDOW);
        frame.init(&mut self.stream).map_err(io::Error::other)?;
        self.frame = Some(frame);
        Ok(true)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.frame.is_none() && !self.begin()? {
                return Ok(0);
            }
            let Some(frame) = self.frame.as_deref_mut() else { return Ok(0) };
            let wanted = buffer.len().max(1);
            while !frame.is_finished() && frame.can_collect() < wanted {
                let strategy = BlockDecodingStrategy::UptoBytes(wanted);
                frame.decode_blocks(&mut self.stream, strategy).map_err(io::Error::other)?;
            }
            let n = frame.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            self.frame = None;
        }
    }
}
