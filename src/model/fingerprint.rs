//! A finding's stable name.

use std::fmt;
use std::str::FromStr;

/// A finding's stable name across runs and moved lines.
///
/// A hash of rule, path, and the text around the secret with the secret itself left out, so that whoever holds
/// a report cannot test guesses of the value against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Names the first finding of `rule` in `path` whose text before and after the secret is `around`.
    pub fn new(rule: &str, path: &[u8], around: [&[u8]; 2]) -> Self {
        let mut hash = blake3::Hasher::new_derive_key("leakward finding fingerprint v1");
        for part in [rule.as_bytes(), path, around[0].trim_ascii_start(), around[1].trim_ascii_end()] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self::of(&hash)
    }

    /// Names the `nth` (from 0) of several findings whose names would be equal.
    pub fn nth(self, nth: u64) -> Self {
        if nth == 0 {
            return self;
        }
        let mut hash = blake3::Hasher::new_derive_key("leakward repeated finding fingerprint v1");
        hash.update(&self.0).update(&nth.to_le_bytes());
        Self::of(&hash)
    }

    fn of(hash: &blake3::Hasher) -> Self {
        let mut name = [0; 16];
        hash.finalize_xof().fill(&mut name);
        Self(name)
    }
}

/// Reads what a report shows: 32 hex digits, `b3k:` before them or not.
impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let hex = text.strip_prefix("b3k:").unwrap_or(text);
        let mut name = [0; 16];
        if hex.len() != 2 * name.len() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NoFingerprint);
        }
        for (i, byte) in name.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).map_err(|_| NoFingerprint)?;
        }
        Ok(Self(name))
    }
}

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint: 32 hex digits")]
pub struct NoFingerprint;

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}
