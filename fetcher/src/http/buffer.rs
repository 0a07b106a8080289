//! Bytes that are wiped when they are dropped, moved or discarded.

use std::fmt;

use zeroize::Zeroize;

/// A byte buffer that never leaves a copy behind: growing moves the content by hand and wipes the old place.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    /// An empty one with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity], filled: 0 }
    }

    /// What it holds.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// What it holds, to be changed in place.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.filled]
    }

    /// Number of bytes held.
    pub fn len(&self) -> usize {
        self.filled
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Room for at least `least` more bytes, zeroed; [`Self::advance`] tells how many were written.
    pub fn spare(&mut self, least: usize) -> &mut [u8] {
        let wanted = self.filled + least;
        if wanted > self.bytes.len() {
            let mut larger = vec![0; wanted.next_power_of_two()];
            larger[..self.filled].copy_from_slice(self.filled());
            self.bytes.zeroize();
            self.bytes = larger;
        }
        &mut self.bytes[self.filled..]
    }

    /// Counts `written` bytes of the spare room as held.
    pub fn advance(&mut self, written: usize) {
        self.filled = (self.filled + written).min(self.bytes.len());
    }

    /// Appends `bytes`.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len());
    }

    /// Takes the first `count` bytes away.
    pub fn discard(&mut self, count: usize) {
        let count = count.min(self.filled);
        self.bytes.copy_within(count..self.filled, 0);
        let left = self.filled - count;
        self.bytes[left..self.filled].zeroize();
        self.filled = left;
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Buffer;

    #[test]
    fn what_is_discarded_is_zero_afterwards() {
        let mut buffer = Buffer::with_capacity(4);
        buffer.extend(b"head:value");
        buffer.discard(5);
        assert_eq!(buffer.filled(), b"value");
        assert!(buffer.spare(0).iter().all(|b| *b == 0));
    }

    #[test]
    fn growing_keeps_the_content() {
        let mut buffer = Buffer::default();
        for i in 0..100u8 {
            buffer.extend(&[i; 33]);
        }
        assert_eq!(buffer.len(), 3300);
        assert!(buffer.filled().chunks(33).enumerate().all(|(i, c)| c == [i as u8; 33]));
    }
}
