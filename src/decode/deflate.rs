//! What was compressed by gzip or zlib before it was written as text, as Helm does with releases.

use std::io::Read;

use super::undone::{Places, Undone};
use crate::model::Span;

/// Names of the layers.
const GZIP: &str = "gzip";
const ZLIB: &str = "zlib";
/// Names of the layers in which a byte has no place of its own.
pub const COMPRESSIONS: [&str; 2] = [GZIP, ZLIB];
/// Bytes that may be unpacked, whatever the packed length is.
const LEAST: usize = 1 << 20;
/// Bytes that may be unpacked for each packed one.
const RATIO: usize = 200;
/// Bytes that are unpacked at most.
const MOST: usize = 16 << 20;

/// Something compressed could not be unpacked within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch;

/// Whether `bytes` begin as gzip or zlib do.
pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    is_gzip(bytes) || is_zlib(bytes)
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes.starts_with(b"\x1f\x8b\x08") && bytes[3] & 0xe0 == 0
}

fn is_zlib(bytes: &[u8]) -> bool {
    // Method, window and a checksum over both; no dictionary.
    matches!(bytes, [0x78, flags, ..] if (0x7800 + u16::from(*flags)) % 31 == 0 && flags & 0x20 == 0)
}

/// What `bytes` unpack to, if they are compressed; what came out before the data were found to be cut short or
/// damaged, counts.
///
/// # Errors
/// They unpack to more than the limits allow.
pub fn inflated(bytes: &[u8]) -> Result<Option<Undone>, TooMuch> {
    let limit = (bytes.len() * RATIO).clamp(LEAST, MOST);
    let mut text = Vec::new();
    let layer = if is_gzip(bytes) {
        read(flate2::read::MultiGzDecoder::new(bytes), limit, &mut text);
        GZIP
    } else if is_zlib(bytes) {
        read(flate2::read::ZlibDecoder::new(bytes), limit, &mut text);
        ZLIB
    } else {
        return Ok(None);
    };
    if text.len() > limit {
        return Err(TooMuch);
    }
    let places = Places::Whole(Span::new(0, bytes.len()));
    Ok((!text.is_empty()).then_some(Undone { text, layer, places }))
}

fn read(stream: impl Read, limit: usize, text: &mut Vec<u8>) {
    // Damaged data end the text: what was read before is searched.
    let _cut_short = stream.take(limit as u64 + 1).read_to_end(text);
}
