//! Fonts: from the bytes that a page shows to text.

use std::collections::HashMap;

use hayro_syntax::object::{Array, Dict, Name, Number, Object};

use super::cmap::{Cmap, number};

/// A font, as far as text goes.
#[derive(Debug, Default)]
pub(super) struct Font {
    cmap: Cmap,
    /// Bytes of a code.
    width: usize,
    /// Letters of codes that the font names otherwise than its base does.
    named: HashMap<u32, char>,
}

impl Font {
    /// The font that `dict` describes, with the table that says what its codes stand for.
    pub(super) fn new(dict: &Dict<'_>, unicode: Option<&[u8]>) -> Self {
        let cmap = unicode.map(Cmap::read).unwrap_or_default();
        let composite = dict.get::<Name<'_>>("Subtype").is_some_and(|s| &*s == b"Type0");
        let width = if composite { cmap.width.unwrap_or(2) } else { 1 };
        Self { cmap, width, named: differences(dict) }
    }

    /// The text that `bytes` show.
    pub(super) fn text(&self, bytes: &[u8], out: &mut String) {
        for code in bytes.chunks(self.width.max(1)) {
            let code = number(code);
            match (self.cmap.get(code), self.named.get(&code)) {
                (Some(text), _) => out.push_str(text),
                (None, Some(letter)) => out.push(*letter),
                // Codes of one byte that no table explains are letters themselves, near enough.
                (None, None) if self.width <= 1 => out.push(char::from(code as u8)),
                (None, None) => {}
            }
        }
    }
}

/// The letters of `/Differences [39 /quotesingle /a …]`.
fn differences(dict: &Dict<'_>) -> HashMap<u32, char> {
    let mut named = HashMap::new();
    let Some(encoding) = dict.get::<Dict<'_>>("Encoding") else { return named };
    let Some(list) = encoding.get::<Array<'_>>("Differences") else { return named };
    let mut code = 0;
    for item in list.iter::<Object<'_>>() {
        match item {
            Object::Number(n) => code = start(n),
            Object::Name(name) => {
                if let Some(letter) = letter(&name) {
                    named.insert(code, letter);
                }
                code = code.wrapping_add(1);
            }
            _ => {}
        }
    }
    named
}

fn start(n: Number) -> u32 {
    n.as_f64().clamp(0.0, 255.0) as u32
}

/// The letter that a glyph is named after.
fn letter(name: &[u8]) -> Option<char> {
    const NAMES: &[(&str, char)] = &[
        ("space", ' '),
        ("exclam", '!'),
        ("quotedbl", '"'),
        ("numbersign", '#'),
        ("dollar", '$'),
        ("percent", '%'),
        ("ampersand", '&'),
        ("quotesingle", '\''),
        ("quoteright", '\''),
        ("quoteleft", '`'),
        ("parenleft", '('),
        ("parenright", ')'),
        ("asterisk", '*'),
        ("plus", '+'),
        ("comma", ','),
        ("hyphen", '-'),
        ("minus", '-'),
        ("period", '.'),
        ("slash", '/'),
        ("zero", '0'),
        ("one", '1'),
        ("two", '2'),
        ("three", '3'),
        ("four", '4'),
        ("five", '5'),
        ("six", '6'),
        ("seven", '7'),
        ("eight", '8'),
        ("nine", '9'),
        ("colon", ':'),
        ("semicolon", ';'),
        ("less", '<'),
        ("equal", '='),
        ("greater", '>'),
        ("question", '?'),
        ("at", '@'),
        ("bracketleft", '['),
        ("backslash", '\\'),
        ("bracketright", ']'),
        ("asciicircum", '^'),
        ("underscore", '_'),
        ("grave", '`'),
        ("braceleft", '{'),
        ("bar", '|'),
        ("braceright", '}'),
        ("asciitilde", '~'),
    ];
    match name {
        [one] => Some(char::from(*one)),
        [b'u', b'n', b'i', digits @ ..] => hex(digits),
        [b'u', digits @ ..] if digits.len() >= 4 && hex(digits).is_some() => hex(digits),
        _ => NAMES.iter().find(|(known, _)| known.as_bytes() == name).map(|&(_, letter)| letter),
    }
}

fn hex(digits: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(digits).ok()?;
    char::from_u32(u32::from_str_radix(text, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn glyphs_are_named_after_letters() {
        let named = ["a", "seven", "underscore", "uni0041", "u0042", "f_i.alt"].map(|n| letter(n.as_bytes()));
        assert_eq!(named, [Some('a'), Some('7'), Some('_'), Some('A'), Some('B'), None]);
    }
}
