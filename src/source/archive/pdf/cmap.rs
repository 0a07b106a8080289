//! What the codes of a font stand for, as the font's table says.

use std::collections::HashMap;

/// Codes that are kept of one table.
const MOST: usize = 1 << 17;

/// Text by code.
#[derive(Debug, Default)]
pub(super) struct Cmap {
    /// Bytes of a code, where the table says.
    pub(super) width: Option<usize>,
    map: HashMap<u32, String>,
}

/// A word of a table.
#[derive(Debug, Clone, PartialEq)]
enum Word {
    Code(Vec<u8>),
    Open,
    Close,
    Name(Vec<u8>),
}

impl Cmap {
    /// Reads a table.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut cmap = Self::default();
        let mut words = Words { rest: bytes }.peekable();
        while let Some(word) = words.next() {
            let Word::Name(name) = word else { continue };
            match name.as_slice() {
                b"begincodespacerange" => {
                    if let Some(Word::Code(code)) = words.peek() {
                        cmap.width = Some(code.len().clamp(1, 4));
                    }
                }
                b"beginbfchar" => {
                    while let Some(Word::Code(code)) = words.next_if(|w| matches!(w, Word::Code(_))) {
                        let Some(Word::Code(text)) = words.next() else { break };
                        cmap.add(number(&code), &text, 0);
                    }
                }
                b"beginbfrange" => {
                    while let Some(Word::Code(first)) = words.next_if(|w| matches!(w, Word::Code(_))) {
                        let Some(Word::Code(last)) = words.next() else { break };
                        cmap.add_range(number(&first), number(&last), &mut words);
                    }
                }
                _ => {}
            }
        }
        cmap
    }

    fn add_range(&mut self, first: u32, last: u32, words: &mut impl Iterator<Item = Word>) {
        match words.next() {
            Some(Word::Code(text)) => {
                for code in (first..=last).take(1 << 16) {
                    self.add(code, &text, code - first);
                }
            }
            Some(Word::Open) => {
                let texts = words.take_while(|w| *w != Word::Close);
                for (code, text) in (first..).zip(texts) {
                    if let Word::Code(text) = text {
                        self.add(code, &text, 0);
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds that `code` stands for `text` (UTF-16), its last unit raised by `by`.
    fn add(&mut self, code: u32, text: &[u8], by: u32) {
        if self.map.len() >= MOST {
            return;
        }
        let mut units: Vec<u16> = match text {
            [one] => vec![u16::from(*one)],
            _ => text.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])).collect(),
        };
        if let Some(unit) = units.last_mut() {
            *unit = unit.wrapping_add(by as u16);
        }
        self.map.insert(code, String::from_utf16_lossy(&units));
    }

    /// What `code` stands for.
    pub(super) fn get(&self, code: u32) -> Option<&str> {
        self.map.get(&code).map(String::as_str)
    }
}

/// A code as a number; of more than four bytes the last count.
pub(super) fn number(code: &[u8]) -> u32 {
    code.iter().fold(0, |n, &b| n << 8 | u32::from(b))
}

/// The words of a table.
struct Words<'w> {
    rest: &'w [u8],
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        self.rest = self.rest.trim_ascii_start();
        let (first, rest) = self.rest.split_first()?;
        match first {
            b'[' | b']' => {
                self.rest = rest;
                Some(if *first == b'[' { Word::Open } else { Word::Close })
            }
            b'<' if rest.first() != Some(&b'<') => {
                let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
                let digits: Vec<u8> =
                    rest[..end].iter().filter_map(|&b| char::from(b).to_digit(16)).map(|d| d as u8).collect();
                self.rest = rest.get(end + 1..).unwrap_or_default();
                Some(Word::Code(digits.chunks(2).map(|p| p[0] << 4 | p.get(1).unwrap_or(&0)).collect()))
            }
            _ => {
                let ends = |b: &u8| b.is_ascii_whitespace() || b"[]<".contains(b);
                let length = rest.iter().position(ends).unwrap_or(rest.len()) + 1;
                let (name, after) = self.rest.split_at(length);
                self.rest = after;
                Some(Word::Name(name.to_vec()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cmap;

    #[test]
    fn characters_and_ranges_are_read() {
        let cmap = Cmap::read(
            b"1 begincodespacerange <0000> <ffff> endcodespacerange\n1 beginbfchar <0003> <0020> endbfchar\n\
              2 beginbfrange <0010> <0012> <0061>\n<0020> <0021> [<0078> <00790079>] endbfrange",
        );
        assert_eq!(cmap.width, Some(2));
        let text: Vec<_> = [3, 0x10, 0x12, 0x20, 0x21].map(|code| cmap.get(code).unwrap()).to_vec();
        assert_eq!(text, [" ", "a", "c", "x", "yy"]);
        assert_eq!(cmap.get(0x13), None);
    }

    #[test]
    fn what_is_no_table_gives_no_text() {
        for bytes in
            [&b""[..], b"<", b"beginbfrange <00> <ff", b"beginbfchar <01>", b"beginbfrange <00> <ffffffff> ["]
        {
            assert_eq!(Cmap::read(bytes).get(0), None);
        }
    }
}
