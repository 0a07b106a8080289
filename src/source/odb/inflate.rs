//! Inflating zlib streams into buffers of known size, and the heads of streams whose size is not known yet.

use std::fmt;

use super::OdbError;

/// Deflate cannot do better than 1032 bytes out of one (source: zlib's technical notes), so a larger claim is a lie.
const BEST_RATIO: u64 = 1032;

/// Inflates streams; one per thread.
pub struct Inflater {
    inner: libdeflater::Decompressor,
    /// Largest object that is inflated, in bytes.
    limit: u64,
}

impl Inflater {
    /// An inflater that refuses objects of more than `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self { inner: libdeflater::Decompressor::new(), limit }
    }

    /// Largest object that is inflated, in bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Inflates the zlib stream that `deflated` begins with into `out`, which gets exactly `size` bytes.
    ///
    /// # Errors
    /// When the stream is damaged or does not hold `size` bytes. Nothing is allocated for impossible sizes.
    pub fn inflate(&mut self, deflated: &[u8], size: u64, out: &mut Vec<u8>) -> Result<(), OdbError> {
        if size > self.limit {
            return Err(OdbError::Limit { size, limit: self.limit });
        }
        self.stream(deflated, size, out)
    }

    /// [`Inflater::inflate`] for callers that have held the object's size against the limit.
    pub(super) fn stream(&mut self, deflated: &[u8], size: u64, out: &mut Vec<u8>) -> Result<(), OdbError> {
        if size > (deflated.len() as u64).saturating_mul(BEST_RATIO) {
            return Err(OdbError::Entry("it claims more bytes than its stream can hold"));
        }
        out.resize(size as usize, 0);
        match self.inner.zlib_decompress(deflated, out) {
            Ok(n) if n == out.len() => Ok(()),
            Ok(_) => Err(OdbError::Entry("its stream holds fewer bytes than it claims")),
            Err(libdeflater::DecompressionError::InsufficientSpace) => {
                Err(OdbError::Entry("its stream holds more bytes than it claims"))
            }
            Err(libdeflater::DecompressionError::BadData) => Err(OdbError::Entry("its stream is damaged")),
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// The first bytes (at most `head.len()`) of the zlib stream that `deflated` begins with; their number.
///
/// # Errors
/// When the stream is damaged.
pub fn peek(deflated: &[u8], head: &mut [u8]) -> Result<usize, OdbError> {
    let mut stream = flate2::Decompress::new(true);
    let damaged = |_| OdbError::Entry("its stream is damaged");
    stream.decompress(deflated, head, flate2::FlushDecompress::None).map_err(damaged)?;
    Ok(stream.total_out() as usize)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn a_stream_yields_what_was_deflated() {
        let mut stream = deflate(b"some text, some text");
        stream.extend(b"the next entry");
        let mut out = vec![1; 100];
        Inflater::new(1000).inflate(&stream, 20, &mut out).unwrap();
        assert_eq!(out, b"some text, some text");
        let mut head = [0; 4];
        assert_eq!((peek(&stream, &mut head).unwrap(), &head), (4, b"some"));
    }

    #[test]
    fn false_sizes_and_flipped_bytes_are_refused() {
        let stream = deflate(b"some text, some text");
        let mut inflater = Inflater::new(1 << 40);
        let mut out = Vec::new();
        for size in [19, 21] {
            assert!(inflater.inflate(&stream, size, &mut out).is_err());
        }
        assert!(inflater.inflate(&stream, 1 << 32, &mut out).is_err());
        assert!(out.capacity() < 1000, "nothing was allocated for the lie");
        assert!(matches!(Inflater::new(5).inflate(&stream, 20, &mut out), Err(OdbError::Limit { .. })));
        for at in 0..stream.len() {
            let mut bent = stream.clone();
            bent[at] ^= 1;
            let _ = inflater.inflate(&bent, 20, &mut out).map(|()| assert_eq!(out, b"some text, some text"));
        }
    }
}
