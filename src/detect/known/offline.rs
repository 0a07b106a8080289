//! The fingerprint index for hooks: tells whether a text holds a value of the manager, without the manager.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `LWINDEX` and the version 1 |
//! | 8, 8 | made at, ends at: seconds since 1970-01-01T00:00:00Z |
//! | 4, 4 | Argon2id: memory in KiB, passes |
//! | 4, 4 | bits of a tag; entries |
//! | 16, 32 | salt; the signer's Ed25519 key |
//! | 2, n | length of the label; the label |
//! | 4 each | tags, sorted |
//! | 16 each | proofs, in the order of the tags |
//! | 64 | Ed25519 signature of everything before |
//!
//! Numbers are little-endian. A *tag* is a short keyed hash: it passes over text fast, and one word in 128 passes it by
//! chance. A *proof* is Argon2id of the value: whoever guesses pays for each guess that the tag lets through. What that
//! comes to is told in docs/verification.md.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::tokens::tokens;
use crate::model::Span;

const MAGIC: &[u8; 8] = b"LWINDEX\x01";
/// Bytes of a proof.
const PROOF: usize = 16;
/// Bytes of a signature.
const SIGNATURE: usize = 64;
/// Bits of a tag beyond those that number the entries: one word in 128 passes by chance.
const SPARE_BITS: u32 = 7;
/// Entries at most.
const MOST: usize = 1 << 20;
/// Seconds by which the clocks of signer and reader may differ.
const SKEW: i64 = 300;

/// What an index says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexHeader {
    /// Which manager it was made from.
    pub label: String,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// When it ends, likewise.
    pub expires: i64,
    /// Memory of one confirmation, in KiB.
    pub memory: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Values.
    pub entries: u32,
    /// Bits of a tag.
    pub tag_bits: u32,
    /// Ed25519 key of the signer.
    pub signer: [u8; 32],
    salt: [u8; 16],
}

/// An index that was checked, ready to be asked.
pub struct OfflineIndex {
    header: IndexHeader,
    key: [u8; 32],
    tags: Vec<u32>,
    proofs: Vec<[u8; PROOF]>,
    /// Of each word that passed the tags, by its keyed hash, whether its proof is one of ours.
    proved: Mutex<HashMap<[u8; 32], bool>>,
}

/// Why an index is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is no index, or was cut off. Whoever made it must make it anew.
    #[error("not an index, or cut short")]
    Malformed,
    /// Somebody else signed it. The user must get the right one, or trust that signer.
    #[error("signed by another key")]
    Signer,
    /// It was changed after it was signed. The user must not use it.
    #[error("the signature does not fit: it was changed")]
    Signature,
    /// It has ended. The user must get a new one.
    #[error("expired")]
    Expired,
    /// It is from the future: one of two clocks is wrong.
    #[error("made in the future: a clock is wrong")]
    Early,
    /// The hash cannot be computed with these settings. Whoever made it must make it anew.
    #[error("the costs of its hash are out of range")]
    Costs,
}

impl IndexHeader {
    /// A header with a fresh salt.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn new(label: &str, created: i64, expires: i64, costs: (u32, u32)) -> Result<Self, getrandom::Error> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        let (memory, passes) = costs;
        let label = label.chars().take(200).collect();
        Ok(Self { label, created, expires, memory, passes, entries: 0, tag_bits: 0, signer: [0; 32], salt })
    }

    /// Reads what an index says of itself; trusts nothing of it. Returns it with the number of bytes that it takes.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let mut take = |n: usize| -> Option<&[u8]> {
            let (head, tail) = rest.split_at_checked(n)?;
            rest = tail;
            Some(head)
        };
        let wide = |b: &[u8]| Some(i64::from_le_bytes(b.try_into().ok()?));
        let word = |b: &[u8]| Some(u32::from_le_bytes(b.try_into().ok()?));
        let (created, expires) = (wide(take(8)?)?, wide(take(8)?)?);
        let (memory, passes) = (word(take(4)?)?, word(take(4)?)?);
        let (tag_bits, entries) = (word(take(4)?)?, word(take(4)?)?);
        let salt = take(16)?.try_into().ok()?;
        let signer = take(32)?.try_into().ok()?;
        let len = usize::from(u16::from_le_bytes(take(2)?.try_into().ok()?));
        let label = std::str::from_utf8(take(len)?).ok()?.to_owned();
        let taken = bytes.len() - rest.len();
        Some((Self { label, created, expires, memory, passes, entries, tag_bits, signer, salt }, taken))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.extend(self.created.to_le_bytes());
        out.extend(self.expires.to_le_bytes());
        for number in [self.memory, self.passes, self.tag_bits, self.entries] {
            out.extend(number.to_le_bytes());
        }
        out.extend(self.salt);
        out.extend(self.signer);
        out.extend((self.label.len() as u16).to_le_bytes());
        out.extend(self.label.as_bytes());
    }

    /// The key of the tags.
    fn key(&self) -> [u8; 32] {
        blake3::derive_key("leakward offline index tags v1", &self.salt)
    }

    fn tag(&self, hash: &[u8; 32]) -> u32 {
        let [a, b, c, d, ..] = *hash;
        u32::from_le_bytes([a, b, c, d]) >> (32 - self.tag_bits)
    }

    fn proof(&self, value: &[u8]) -> Result<[u8; PROOF], IndexError> {
        let params = Params::new(self.memory, self.passes, 1, Some(PROOF)).map_err(|_| IndexError::Costs)?;
        let mut proof = [0; PROOF];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(value, &self.salt, &mut proof).map_err(|_| IndexError::Costs)?;
        Ok(proof)
    }
}

impl OfflineIndex {
    /// Makes and signs an index of `values`. Takes one Argon2id for each value, on all threads.
    ///
    /// # Errors
    /// The costs cannot be computed, or there are too many values.
    pub fn seal(
        mut header: IndexHeader,
        values: &[Zeroizing<Vec<u8>>],
        signer: &Ed25519KeyPair,
    ) -> Result<Vec<u8>, IndexError> {
        use rayon::prelude::*;
        if values.len() > MOST {
            return Err(IndexError::Costs);
        }
        header.entries = values.len() as u32;
        header.tag_bits =
            (values.len().max(1).next_power_of_two().trailing_zeros() + SPARE_BITS).clamp(8, 32);
        header.signer = signer.public_key().as_ref().try_into().map_err(|_| IndexError::Signer)?;
        let key = header.key();
        let entry = |value: &Zeroizing<Vec<u8>>| Ok((header.tag(&hash(&key, value)), header.proof(value)?));
        let mut entries: Vec<(u32, [u8; PROOF])> =
            values.par_iter().map(entry).collect::<Result<_, IndexError>>()?;
        entries.sort_unstable();
        let mut out = Vec::new();
        header.write(&mut out);
        entries.iter().for_each(|(tag, _)| out.extend(tag.to_le_bytes()));
        entries.iter().for_each(|(_, proof)| out.extend(proof));
        let signature = signer.sign(&out);
        out.extend(signature.as_ref());
        Ok(out)
    }

    /// Checks the index in `bytes` against the signer that is trusted, at the time `now` (seconds since
    /// 1970-01-01T00:00:00Z).
    ///
    /// # Errors
    /// See [`IndexError`]: nothing of an index that is refused is used.
    pub fn open(bytes: &[u8], trusted: &[u8; 32], now: i64) -> Result<Self, IndexError> {
        let (header, body) = Self::inspect(bytes)?;
        if header.signer != *trusted {
            return Err(IndexError::Signer);
        }
        if header.created > now + SKEW {
            return Err(IndexError::Early);
        }
        if header.expires < now - SKEW {
            return Err(IndexError::Expired);
        }
        let entries = header.entries as usize;
        let (tags, proofs) = bytes[body..bytes.len() - SIGNATURE].split_at(entries * 4);
        let tags = tags.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let proofs = proofs.chunks_exact(PROOF).filter_map(|b| b.try_into().ok()).collect();
        Ok(Self { key: header.key(), header, tags, proofs, proved: Mutex::default() })
    }

    /// What the index in `bytes` says of itself, its signature checked against the key that it names itself. Returns
    /// where its entries begin as well.
    ///
    /// # Errors
    /// It is malformed, or its signature does not fit.
    pub fn inspect(bytes: &[u8]) -> Result<(IndexHeader, usize), IndexError> {
        let (header, body) = IndexHeader::read(bytes).ok_or(IndexError::Malformed)?;
        let entries = header.entries as usize;
        let whole = entries <= MOST && bytes.len() == body + entries * (4 + PROOF) + SIGNATURE;
        if !whole || !(8..=32).contains(&header.tag_bits) {
            return Err(IndexError::Malformed);
        }
        let (signed, signature) = bytes.split_at(bytes.len() - SIGNATURE);
        let signer = UnparsedPublicKey::new(&ED25519, &header.signer);
        signer.verify(signed, signature).map_err(|_| IndexError::Signature)?;
        // A signer may be wrong, too: no more than a gigabyte and ten passes for one word.
        let fair = header.memory <= 1 << 20 && header.passes <= 10;
        fair.then_some((header, body)).ok_or(IndexError::Costs)
    }

    /// What it says of itself.
    pub const fn header(&self) -> &IndexHeader {
        &self.header
    }

    /// Whether `value` is one of its values.
    pub fn holds(&self, value: &[u8]) -> bool {
        let hash = hash(&self.key, value);
        let tag = self.header.tag(&hash);
        let from = self.tags.partition_point(|t| *t < tag);
        let same = self.tags[from..].iter().take_while(|t| **t == tag).count();
        if same == 0 {
            return false;
        }
        // Words repeat: each costs one proof, however often it stands there.
        if let Some(holds) = self.proved().get(&hash) {
            return *holds;
        }
        let Ok(proof) = self.header.proof(value) else { return false };
        let holds = self.proofs[from..from + same].contains(&proof);
        self.proved().insert(hash, holds);
        holds
    }

    fn proved(&self) -> MutexGuard<'_, HashMap<[u8; 32], bool>> {
        self.proved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `sink` with every word of `bytes` that is one of its values.
    pub fn search(&self, bytes: &[u8], sink: &mut dyn FnMut(Span)) {
        tokens(bytes, &mut |span| {
            if self.holds(span.of(bytes)) {
                sink(span);
            }
        });
    }
}

/// The keyed hash of which a tag is the beginning.
fn hash(key: &[u8; 32], value: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(key, value).as_bytes()
}

impl std::fmt::Debug for OfflineIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OfflineIndex").field("header", &self.header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;

    fn signer() -> Ed25519KeyPair {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
    }

    fn key(signer: &Ed25519KeyPair) -> [u8; 32] {
        signer.public_key().as_ref().try_into().unwrap()
    }

    fn sealed(values: &[&str], signer: &Ed25519KeyPair) -> Vec<u8> {
        let header = IndexHeader::new("prod", 1_000, 2_000, (64, 1)).unwrap();
        let values: Vec<_> = values.iter().map(|v| Zeroizing::new(v.as_bytes().to_vec())).collect();
        OfflineIndex::seal(header, &values, signer).unwrap()
    }

    #[test]
    fn values_are_found_in_text_and_nothing_else_is() {
        let signer = signer();
        let (one, two) = ("kX9-vvQ2!mzPl", "correct horse battery 9");
        let index = OfflineIndex::open(&sealed(&[one, two], &signer), &key(&signer), 1_500).unwrap();
        for text in [
            format!("password={one}"),
            format!("'{one}',"),
            format!("u: \"{two}\""),
            format!("postgres://app:{one}@db/x"),
            format!("--token {one}\n"),
        ] {
            let mut found = Vec::new();
            index.search(text.as_bytes(), &mut |span| found.push(text[span.start..span.end].to_owned()));
            assert!(found.iter().any(|f| f == one || f == two), "{text}: {found:?}");
        }
        assert!(!index.holds(b"kX9-vvQ2!mzPm") && !index.holds(b""));
    }

    #[test]
    fn a_word_is_proved_once() {
        let signer = signer();
        let mut index =
            OfflineIndex::open(&sealed(&["kX9-vvQ2!mzPl"], &signer), &key(&signer), 1_500).unwrap();
        // A word that is no value but passes the tags.
        let passes =
            |word: &String| index.tags.contains(&index.header.tag(&hash(&index.key, word.as_bytes())));
        let by_chance = (0..).map(|i| format!("word{i}")).find(passes).unwrap();
        assert!(index.holds(b"kX9-vvQ2!mzPl") && !index.holds(by_chance.as_bytes()));
        // Were they proved again, the answers would be the other way round.
        index.proofs = vec![index.header.proof(by_chance.as_bytes()).unwrap()];
        assert!(index.holds(b"kX9-vvQ2!mzPl") && !index.holds(by_chance.as_bytes()));
    }

    #[test]
    fn wrong_expired_early_and_changed_indexes_are_refused() {
        let (ours, theirs) = (signer(), signer());
        let bytes = sealed(&["kX9-vvQ2!mzPl"], &ours);
        let open = |bytes: &[u8], now| OfflineIndex::open(bytes, &key(&ours), now).err();
        assert_eq!(open(&bytes, 1_500), None);
        assert_eq!(open(&bytes, 2_000 + SKEW + 1), Some(IndexError::Expired));
        assert_eq!(open(&bytes, 1_000 - SKEW - 1), Some(IndexError::Early));
        assert_eq!(open(&sealed(&["kX9-vvQ2!mzPl"], &theirs), 1_500), Some(IndexError::Signer));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(open(&changed, 1_500).is_some(), "byte {at} may not be changed");
            assert!(open(&bytes[..at], 1_500).is_some(), "cut at {at}");
        }
    }

    #[test]
    fn ten_thousand_values_take_less_than_400_kilobytes() {
        let signer = signer();
        let header = IndexHeader::new("prod", 0, 1, (8, 1)).unwrap();
        let values: Vec<_> =
            (0..10_000u32).map(|i| Zeroizing::new(format!("value-{i}-{}", i * 7).into_bytes())).collect();
        let bytes = OfflineIndex::seal(header, &values, &signer).unwrap();
        assert!(bytes.len() < 400_000, "{}", bytes.len());
        let index = OfflineIndex::open(&bytes, &key(&signer), 0).unwrap();
        assert!(values.iter().step_by(997).all(|v| index.holds(v)));
        let chance = (0..20_000).filter(|i| {
            let tag = index.header.tag(&hash(&index.key, format!("other {i}").as_bytes()));
            index.tags.binary_search(&tag).is_ok()
        });
        let chance = chance.count();
        assert!(chance < 20_000 / 100, "{chance} of 20,000 words pass the tags by chance");
    }
}
