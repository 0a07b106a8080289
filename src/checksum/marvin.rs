//! Marvin32, the keyed hash by which Microsoft marks its keys.
//!
//! Source: US patent 20130262421; test values of microsoft/SymCrypt.

/// A seed written as 8 ASCII characters, such as `Default0`.
pub(super) const fn seed(name: &[u8; 8]) -> u64 {
    u64::from_be_bytes(*name)
}

/// The two halves of the hash of `data`, folded into one.
pub(super) fn hash32(data: &[u8], seed: u64) -> u32 {
    let hash = hash64(data, seed);
    (hash >> 32) as u32 ^ hash as u32
}

fn hash64(data: &[u8], seed: u64) -> u64 {
    let mut state = State { low: seed as u32, high: (seed >> 32) as u32 };
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        state.mix(u32::from_le_bytes(*word));
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    state.mix(u32::from_le_bytes(last));
    state.mix(0);
    u64::from(state.high) << 32 | u64::from(state.low)
}

struct State {
    low: u32,
    high: u32,
}

impl State {
    fn mix(&mut self, word: u32) {
        let Self { low, high } = self;
        *low = low.wrapping_add(word);
        *high ^= *low;
        *low = low.rotate_left(20).wrapping_add(*high);
        *high = high.rotate_left(9) ^ *low;
        *low = low.rotate_left(27).wrapping_add(*high);
        *high = high.rotate_left(19);
    }
}

#[cfg(test)]
mod tests {
    use super::hash64;

    #[test]
    fn symcrypt_s_test_values_hold() {
        assert_eq!(hash64(b"abc", 0xd53c_d9ce_cd08_93b7), 0x22c7_4339_4927_69bf);
        assert_eq!(hash64(b"abcdefghijklmnopqrstuvwxyz", 0x0ddd_deee_efff_f000), 0xa128_eb7e_7260_aca2);
    }
}
