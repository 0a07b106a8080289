//! A code of 6 bits for each byte, and tables of the codes that may stand at each place of a key.

use super::super::groups::{GROUPS, Group, WIDTH};
use crate::rule::Alphabet;

/// Number of codes.
const CODES: usize = 64;
/// The code of what stands in no key.
const NONE: u8 = 0;
/// The code of all bytes that are not ASCII.
pub(super) const FOREIGN: u8 = CODES as u8 - 1;

/// The codes, and what they tell.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    /// The code of each ASCII character. Upper and lower case have one; others share some when there are too many.
    pub(super) of: [u8; 128],
    /// By eight groups and place in the key: bit `g` for each code that group `g` lets through there.
    pub(super) starts: [[[u8; CODES]; WIDTH]; GROUPS / 8],
    /// Bit `a` for each ASCII character of the alphabet `a` of [`Alphabet::ALL`].
    pub(super) alphabets: [u8; 128],
}

impl Codes {
    /// Codes that tell apart what `groups` do.
    pub(super) fn new(groups: &[Group]) -> Self {
        let named = |byte: u8| groups.iter().flatten().any(|place| place.holds(byte) && !place.is_any());
        let mut of = [NONE; 128];
        let mut next = NONE;
        for byte in (0..128u8).filter(|&byte| !byte.is_ascii_uppercase() && named(byte)) {
            next = if next + 1 < FOREIGN { next + 1 } else { NONE + 1 };
            of[usize::from(byte)] = next;
            of[usize::from(byte.to_ascii_uppercase())] = next;
        }
        let mut starts = [[[0; CODES]; WIDTH]; GROUPS / 8];
        for (i, group) in groups.iter().enumerate() {
            for (codes, place) in starts[i / 8].iter_mut().zip(group) {
                for byte in (0..=255).filter(|&byte| place.holds(byte)) {
                    let code = of.get(usize::from(byte)).copied().unwrap_or(FOREIGN);
                    codes[usize::from(code)] |= 1 << (i % 8);
                }
            }
        }
        let holds = |byte: usize, alphabet: usize| Alphabet::ALL[alphabet].holds(byte as u8);
        let alphabets = std::array::from_fn(|byte| (0..3).fold(0, |m, a| m | u8::from(holds(byte, a)) << a));
        Self { of, starts, alphabets }
    }
}
