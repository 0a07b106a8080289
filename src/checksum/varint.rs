//! Integers of variable length, 7 bits a byte, lowest first, as protocol buffers and macaroons write them.

/// Takes one integer from the front of `rest`; at most 9 bytes.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::varint;

    #[test]
    fn seven_bits_a_byte_lowest_first() {
        let mut rest: &[u8] = &[0xac, 0x02, 0x05];
        assert_eq!((varint(&mut rest), varint(&mut rest), varint(&mut rest)), (Some(300), Some(5), None));
        assert_eq!(varint(&mut &[0xff; 12][..]), None);
    }
}
