//! Runs of characters that tokens are made of: what nearly every token holds and little else does.

/// A run of characters of one alphabet in every match, and how far from it the keyword may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// What it is made of.
    pub alphabet: Alphabet,
    /// Least number of characters; at least [`Run::SHORTEST`].
    pub len: usize,
    /// The keyword begins at most so many bytes before the run.
    pub back: usize,
    /// The keyword ends at most so many bytes after the run.
    pub ahead: usize,
}

/// What a run is made of. Each holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alphabet {
    /// Hexadecimal digits, in either case.
    Hex,
    /// Letters and digits of ASCII.
    Alnum,
    /// What base64 in both alphabets, hex, base62 and UUIDs are made of.
    Token,
}

impl Alphabet {
    /// Every alphabet, the smallest first.
    pub const ALL: [Self; 3] = [Self::Hex, Self::Alnum, Self::Token];

    /// Whether `byte` is one of its characters.
    pub const fn holds(self, byte: u8) -> bool {
        HOLDERS[byte as usize] & 1 << self as u8 != 0
    }

    /// How many runs of at least `len` of its characters a megabyte of source code holds, within a factor of 2.
    /// Source: 300 MB of Rust, C, JavaScript and Python.
    const fn runs(self, len: usize) -> usize {
        match self {
            Self::Hex if len < 18 => 900,
            Self::Hex => 60 + 60 * 18 / len,
            Self::Alnum => 60 + 1_900 * 16usize.pow(5) / len.pow(5),
            Self::Token => 60 + 6_400 * 16usize.pow(3) / len.pow(3),
        }
    }
}

/// For each byte, a bit for every alphabet that holds it: one look instead of several comparisons.
static HOLDERS: [u8; 256] = {
    let mut holders = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        holders[byte as usize] = (byte.is_ascii_hexdigit() as u8) << Alphabet::Hex as u8
            | (byte.is_ascii_alphanumeric() as u8) << Alphabet::Alnum as u8
            | (is_token(byte) as u8) << Alphabet::Token as u8;
        byte += 1;
    }
    holders
};

impl Run {
    /// Runs below this length are too common in code to tell anything.
    pub const SHORTEST: usize = 16;
    /// Runs above this length are told from shorter ones no more.
    pub const LONGEST: usize = 64;
    /// Greatest distance between a run and the keyword.
    pub const MARGIN: usize = 192;

    /// About how many such runs a megabyte of source code holds.
    pub const fn rate(&self) -> usize {
        self.alphabet.runs(self.len)
    }

    /// About how many bytes of a megabyte of source code lie within the distances of such a run.
    pub const fn cost(&self) -> usize {
        self.rate() * self.width()
    }

    /// Such a run and the distances on both sides of it, in bytes.
    pub const fn width(&self) -> usize {
        self.len + self.back + self.ahead
    }

    /// Whether such a run lies in `text`.
    pub fn lies_in(&self, text: &[u8]) -> bool {
        // From the last character of each possible run back to the first that is none of the alphabet.
        let mut at = 0;
        while let Some(window) = text.get(at..at + self.len) {
            match window.iter().rposition(|&b| !self.alphabet.holds(b)) {
                None => return true,
                Some(wrong) => at += wrong + 1,
            }
        }
        false
    }
}

/// Whether `byte` is a token character: what base64 in both alphabets, hex, base62 and UUIDs are made of.
pub const fn is_token(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-' | b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alphabet_holds_those_before_it() {
        for byte in 0..=255 {
            let held = Alphabet::ALL.map(|alphabet| alphabet.holds(byte));
            assert!(held.is_sorted(), "{byte}");
        }
    }

    #[test]
    fn a_run_is_found_wherever_it_lies_and_no_shorter_one() {
        let run = Run { alphabet: Alphabet::Hex, len: 16, back: 0, ahead: 0 };
        for before in ["", "x", "abc-", "0123456789abcdex"] {
            assert!(run.lies_in(format!("{before}0123456789abcdef!").as_bytes()), "{before}");
            assert!(!run.lies_in(format!("{before}0123456789abcde!").as_bytes()), "{before}");
        }
    }

    #[test]
    fn a_longer_run_and_a_smaller_alphabet_cost_less() {
        let cost = |alphabet, len| Run { alphabet, len, back: 100, ahead: 10 }.cost();
        for alphabet in Alphabet::ALL {
            assert!(cost(alphabet, 16) > cost(alphabet, 24) && cost(alphabet, 24) > cost(alphabet, 48));
        }
        assert!(cost(Alphabet::Hex, 24) < cost(Alphabet::Alnum, 24));
        assert!(cost(Alphabet::Alnum, 24) < cost(Alphabet::Token, 24));
    }
}
