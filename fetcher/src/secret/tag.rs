//! A keyed tag that stands for something that must not be printed.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// The key: SipHash with 128 random bits, drawn once per process and never shown.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// 64 bits that are equal for equal bytes within this process and mean nothing outside it,
/// so that logs may tell two values or leases apart without being a guessing oracle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u64);

impl Tag {
    /// The tag of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = KEY.build_hasher();
        hasher.write(bytes);
        Self(hasher.finish())
    }

    /// The tag as a number.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Tag;

    #[test]
    fn equal_bytes_have_equal_tags() {
        assert_eq!(Tag::of(b"a"), Tag::of(b"a"));
        assert_ne!(Tag::of(b"a"), Tag::of(b"b"));
    }
}
