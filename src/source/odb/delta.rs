//! Deltas: how git writes an object as pieces of another one and inserted bytes. Pure; trusts no number it reads.

/// Where a run of an object's bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// `len` bytes at `to`, copied from the base's bytes at `from`.
    Copy {
        /// Offset in the base.
        from: usize,
        /// Offset in the result.
        to: usize,
        /// Number of bytes; not 0.
        len: usize,
    },
    /// `len` bytes at `to` that the delta itself holds.
    Insert {
        /// Offset in the result.
        to: usize,
        /// Number of bytes; not 0.
        len: usize,
    },
}

/// Why a delta cannot be applied. The repository is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// The instructions end too early.
    #[error("the delta is cut short")]
    Short,
    /// The base it was made for has another size.
    #[error("the delta was made for a base of another size")]
    Base,
    /// A copy instruction reaches beyond the base.
    #[error("the delta copies from beyond its base")]
    Range,
    /// The instruction that git reserves.
    #[error("the delta holds a reserved instruction")]
    Reserved,
    /// The instructions do not add up to the size that it states.
    #[error("the delta does not add up to the size it states")]
    Size,
    /// The result is larger than the reader's limit.
    #[error("the delta makes an object of {0} bytes, above the limit")]
    Limit(u64),
}

/// The sizes at the head of a delta: base, result, and where the instructions begin.
///
/// # Errors
/// [`DeltaError::Short`] when there is no complete head.
pub fn sizes(delta: &[u8]) -> Result<(u64, u64, usize), DeltaError> {
    let mut at = 0;
    let base = varint(delta, &mut at)?;
    let result = varint(delta, &mut at)?;
    Ok((base, result, at))
}

/// Applies `delta` to `base`: fills `out` with the result and `pieces` with where it came from, in order, without
/// gaps, neighbours of one kind that belong together made one. Both are cleared first.
///
/// # Errors
/// When the delta is damaged, or the result exceeds `limit` bytes. Nothing is allocated before the instructions
/// are known to add up.
pub fn apply(
    base: &[u8],
    delta: &[u8],
    limit: u64,
    out: &mut Vec<u8>,
    pieces: &mut Vec<Piece>,
) -> Result<(), DeltaError> {
    out.clear();
    pieces.clear();
    let (base_size, size, head) = sizes(delta)?;
    if base_size != base.len() as u64 {
        return Err(DeltaError::Base);
    }
    if size > limit {
        return Err(DeltaError::Limit(size));
    }
    let code = &delta[head..];
    if size as usize > out.capacity() && total(code)? != size {
        return Err(DeltaError::Size);
    }
    out.reserve(size as usize);
    let mut at = 0;
    while let Some(&op) = code.get(at) {
        at += 1;
        let to = out.len();
        if op & 0x80 != 0 {
            let (from, len) = copy(op, code, &mut at)?;
            let bytes = base.get(from..).and_then(|b| b.get(..len)).ok_or(DeltaError::Range)?;
            room(to, len, size)?;
            out.extend_from_slice(bytes);
            push_copy(pieces, from, to, len);
        } else if op != 0 {
            let len = usize::from(op);
            let bytes = code.get(at..at + len).ok_or(DeltaError::Short)?;
            room(to, len, size)?;
            out.extend_from_slice(bytes);
            at += len;
            push_insert(pieces, to, len);
        } else {
            return Err(DeltaError::Reserved);
        }
    }
    if out.len() as u64 == size { Ok(()) } else { Err(DeltaError::Size) }
}

fn room(to: usize, len: usize, size: u64) -> Result<(), DeltaError> {
    if (to + len) as u64 > size { Err(DeltaError::Size) } else { Ok(()) }
}

fn push_copy(pieces: &mut Vec<Piece>, from: usize, to: usize, len: usize) {
    if let Some(Piece::Copy { from: f, len: l, .. }) = pieces.last_mut()
        && *f + *l == from
    {
        *l += len;
        return;
    }
    pieces.push(Piece::Copy { from, to, len });
}

fn push_insert(pieces: &mut Vec<Piece>, to: usize, len: usize) {
    if let Some(Piece::Insert { len: l, .. }) = pieces.last_mut() {
        *l += len;
        return;
    }
    pieces.push(Piece::Insert { to, len });
}

/// The number of bytes that the instructions produce.
fn total(code: &[u8]) -> Result<u64, DeltaError> {
    let (mut at, mut sum) = (0, 0u64);
    while let Some(&op) = code.get(at) {
        at += 1;
        if op & 0x80 != 0 {
            sum += copy(op, code, &mut at)?.1 as u64;
        } else if op != 0 {
            at += usize::from(op);
            sum += u64::from(op);
        } else {
            return Err(DeltaError::Reserved);
        }
    }
    Ok(sum)
}

/// Reads the operands of a copy instruction: offset in the base and length.
#[inline]
fn copy(op: u8, code: &[u8], at: &mut usize) -> Result<(usize, usize), DeltaError> {
    // Which of seven bytes there are is nearly random, so nothing is branched on.
    let rest = code.get(*at..).unwrap_or_default();
    let mut word = match rest.first_chunk() {
        Some(&bytes) => u64::from_le_bytes(bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..rest.len()].copy_from_slice(rest);
            u64::from_le_bytes(bytes)
        }
    };
    let count = (op & 0x7f).count_ones() as usize;
    if count > rest.len() {
        return Err(DeltaError::Short);
    }
    *at += count;
    let mut operand = |bits: u8, count: u32| {
        (0..count).fold(0usize, |value, i| {
            let present = u64::from(bits >> i & 1);
            let byte = word & (present * 0xff);
            word >>= present * 8;
            value | (byte as usize) << (8 * i)
        })
    };
    let (from, len) = (operand(op & 0x0f, 4), operand(op >> 4 & 0x07, 3));
    Ok((from, if len == 0 { 0x1_0000 } else { len }))
}

/// Reads a little-endian base-128 number.
fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, DeltaError> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or(DeltaError::Short)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(DeltaError::Short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(base: &[u8], delta: &[u8]) -> Result<(Vec<u8>, Vec<Piece>), DeltaError> {
        let (mut out, mut pieces) = (Vec::new(), Vec::new());
        apply(base, delta, 1 << 20, &mut out, &mut pieces).map(|()| (out, pieces))
    }

    #[test]
    fn copies_and_inserts_make_the_result() {
        // base 6 bytes, result 8: copy 0..3, insert "XY", copy 3..6
        let delta = [6, 8, 0x90, 3, 2, b'X', b'Y', 0x91, 3, 3];
        let (out, pieces) = run(b"abcdef", &delta).unwrap();
        assert_eq!(out, b"abcXYdef");
        let copy = |from, to, len| Piece::Copy { from, to, len };
        assert_eq!(pieces, [copy(0, 0, 3), Piece::Insert { to: 3, len: 2 }, copy(3, 5, 3)]);
    }

    #[test]
    fn a_copy_reads_the_operands_that_its_bits_announce() {
        let code = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99];
        for op in 0x80..=0xffu8 {
            let (mut next, mut value) = (code.iter(), [0usize; 2]);
            for (bit, (which, byte)) in
                [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)].iter().enumerate()
            {
                if op >> bit & 1 == 1 {
                    value[*which] |= usize::from(*next.next().unwrap()) << (8 * byte);
                }
            }
            let read = code.len() - next.len();
            let expected = (value[0], if value[1] == 0 { 0x1_0000 } else { value[1] });
            for len in 0..=code.len() {
                let mut at = 0;
                let copied = copy(op, &code[..len], &mut at);
                assert_eq!(
                    copied,
                    if len < read { Err(DeltaError::Short) } else { Ok(expected) },
                    "{op:x} {len}"
                );
                assert!(len < read || at == read);
            }
        }
    }

    #[test]
    fn pieces_that_belong_together_are_one() {
        let delta = [6, 6, 0x90, 3, 0x91, 3, 1, 1, b'X', 1, b'Y'];
        let (out, pieces) = run(b"abcdef", &delta).unwrap();
        assert_eq!(out, b"abcdXY");
        assert_eq!(pieces, [Piece::Copy { from: 0, to: 0, len: 4 }, Piece::Insert { to: 4, len: 2 }]);
    }

    #[test]
    fn a_delta_that_claims_four_gigabytes_allocates_nothing() {
        let claim = [3, 0x80, 0x80, 0x80, 0x80, 0x10, 0x90, 3];
        assert_eq!(run(b"abc", &claim), Err(DeltaError::Limit(1 << 32)));
        let (mut out, mut pieces) = (Vec::new(), Vec::new());
        let refused = apply(b"abc", &claim, u64::MAX, &mut out, &mut pieces);
        assert_eq!(refused, Err(DeltaError::Size));
        assert_eq!(out.capacity(), 0);
    }

    #[test]
    fn damage_is_named() {
        assert_eq!(run(b"abc", &[3]), Err(DeltaError::Short));
        assert_eq!(run(b"abc", &[4, 1, 1, b'x']), Err(DeltaError::Base));
        assert_eq!(run(b"abc", &[3, 4, 0x90, 4]), Err(DeltaError::Range));
        assert_eq!(run(b"abc", &[3, 1, 0]), Err(DeltaError::Reserved));
        assert_eq!(run(b"abc", &[3, 2, 1, b'x']), Err(DeltaError::Size));
        assert_eq!(run(b"abc", &[3, 2, 2, b'x']), Err(DeltaError::Short));
        assert_eq!(run(b"abc", &[0x80; 12]), Err(DeltaError::Short));
    }
}
