//! Heads of pack entries: kind, size, and what a delta is based on.
//! Source: git's `Documentation/gitformat-pack.adoc`.

use super::{HashKind, ObjectId, ObjectKind};

/// The head of one pack entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What the entry holds.
    pub body: Body,
    /// Size of the inflated body in bytes, as the head claims it: the object's, or the delta's.
    pub size: u64,
    /// Where the deflated body begins, counted from the entry's first byte.
    pub head: usize,
}

/// What a pack entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// A whole object.
    Whole(ObjectKind),
    /// A delta on the entry that begins this many bytes earlier in the pack; not 0.
    Behind(u64),
    /// A delta on the object of this name.
    Named(ObjectId),
}

impl Entry {
    /// Reads the head of the entry that `bytes` begin with.
    ///
    /// # Errors
    /// Why there is none.
    pub fn read(bytes: &[u8], hash: HashKind) -> Result<Self, &'static str> {
        let short = "the entry is cut short";
        let first = *bytes.first().ok_or(short)?;
        let mut size = u64::from(first & 0x0f);
        let (mut at, mut shift, mut last) = (1, 4, first);
        while last & 0x80 != 0 {
            last = *bytes.get(at).ok_or(short)?;
            at += 1;
            if shift > 57 {
                return Err("the entry's size has too many digits");
            }
            size |= u64::from(last & 0x7f) << shift;
            shift += 7;
        }
        let body = match (first >> 4) & 7 {
            6 => Body::Behind(behind(bytes, &mut at).ok_or(short)?),
            7 => {
                let name = bytes.get(at..at + hash.size()).and_then(ObjectId::new).ok_or(short)?;
                at += hash.size();
                Body::Named(name)
            }
            code => Body::Whole(ObjectKind::from_code(code).ok_or("the entry has an unknown kind")?),
        };
        if body == Body::Behind(0) {
            return Err("the entry is a delta on itself");
        }
        Ok(Self { body, size, head: at })
    }
}

/// Reads the distance to a delta's base.
fn behind(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut byte = *bytes.get(*at)?;
    *at += 1;
    let mut distance = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = *bytes.get(*at)?;
        *at += 1;
        distance = (distance + 1).checked_mul(128)? | u64::from(byte & 0x7f);
    }
    Some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_distances_are_read() {
        let whole = Entry::read(&[0xb5, 0x01, 0xff], HashKind::Sha1).unwrap();
        assert_eq!(whole, Entry { body: Body::Whole(ObjectKind::Blob), size: 0x15, head: 2 });
        let behind = Entry::read(&[0x65, 0x80, 0x01], HashKind::Sha1).unwrap();
        assert_eq!(behind, Entry { body: Body::Behind(129), size: 5, head: 3 });
    }

    #[test]
    fn a_named_base_has_the_length_of_the_hash() {
        let mut bytes = vec![0x75];
        bytes.extend([3; 32]);
        let Body::Named(id) = Entry::read(&bytes, HashKind::Sha256).unwrap().body else { panic!("named") };
        assert_eq!(id.as_bytes(), [3; 32]);
    }

    #[test]
    fn damage_is_refused() {
        for bytes in [&[][..], &[0x95], &[0x05], &[0x55], &[0x65], &[0x65, 0x00], &[0x75, 1, 2], &[0xff; 40]]
        {
            assert!(Entry::read(bytes, HashKind::Sha1).is_err(), "{bytes:x?}");
        }
    }
}
