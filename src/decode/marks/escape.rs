//! Characters that are written by their number or with a mark before them.

use super::Mark;

/// The escape with a backslash that begins at the start of `text`: of C, JSON, Java, Python, shells.
pub(super) fn backslash(text: &[u8]) -> Option<Mark> {
    let plain = |byte| Some(Mark::byte(2, byte));
    match *text.get(1)? {
        b'n' => plain(b'\n'),
        b't' => plain(b'\t'),
        b'r' => plain(b'\r'),
        byte @ (b'"' | b'\'' | b'\\' | b'/') => plain(byte),
        b'x' => Some(Mark::byte(4, hex(text.get(2..4)?)? as u8)),
        b'u' if text.get(2) == Some(&b'{') => {
            let end = text.iter().take(10).position(|b| *b == b'}')?;
            Mark::character(end + 1, hex(&text[3..end])?)
        }
        b'u' => Mark::character(6, hex(text.get(2..6)?)?),
        b'U' => Mark::character(10, hex(text.get(2..10)?)?),
        b'0'..=b'3' => {
            let digits = text.get(1..4).filter(|d| d.iter().all(|b| (b'0'..=b'7').contains(b)))?;
            Some(Mark::byte(4, digits.iter().fold(0, |n, d| n << 3 | (d - b'0'))))
        }
        _ => None,
    }
}

/// `%41`, of URLs.
pub(super) fn percent(text: &[u8]) -> Option<Mark> {
    Some(Mark::byte(3, hex(text.get(1..3)?)? as u8))
}

/// `&#65;`, `&#x41;`, `&quot;`, of HTML and XML.
pub(super) fn entity(text: &[u8]) -> Option<Mark> {
    const NAMED: [(&[u8], u8); 5] =
        [(b"&quot;", b'"'), (b"&amp;", b'&'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&apos;", b'\'')];
    if text.get(1) != Some(&b'#') {
        return NAMED
            .iter()
            .find(|(name, _)| text.starts_with(name))
            .map(|&(name, b)| Mark::byte(name.len(), b));
    }
    let end = text.iter().take(10).position(|b| *b == b';')?;
    let number = &text[2..end];
    let code = match number.first()? {
        b'x' | b'X' => hex(&number[1..])?,
        _ => std::str::from_utf8(number).ok()?.parse().ok()?,
    };
    Mark::character(end + 1, code)
}

/// `=3D` and the line break after `=`, of mails.
pub(super) fn quoted(text: &[u8]) -> Option<Mark> {
    match text.get(1..)? {
        [b'\n', ..] => Some(Mark::gone(2)),
        [b'\r', b'\n', ..] => Some(Mark::gone(3)),
        [a, b, ..] if ![a, b].iter().any(|d| d.is_ascii_lowercase()) => {
            Some(Mark::byte(3, hex(&[*a, *b])? as u8))
        }
        _ => None,
    }
}

/// The number that hexadecimal `digits` (one at least) stand for.
fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0, |number, &d| Some(number << 4 | char::from(d).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_stands_for_its_character() {
        let told = |mark: Option<Mark>| mark.map(|m| (m.len, String::from_utf8_lossy(m.text()).into_owned()));
        let of = |len, text: &str| Some((len, text.to_owned()));
        assert_eq!(told(backslash(br"\u0041b")), of(6, "A"));
        assert_eq!(told(backslash(br"\u{1F600}!")), of(9, "😀"));
        assert_eq!(told(backslash(br"\x41")), of(4, "A"));
        assert_eq!(told(backslash(br"\101")), of(4, "A"));
        assert_eq!(told(backslash(br"\d")), None);
        assert_eq!(told(percent(b"%3dx")), of(3, "="));
        assert_eq!(told(percent(b"%d")), None);
        assert_eq!(told(entity(b"&#65;")), of(5, "A"));
        assert_eq!(told(entity(b"&#x41;")), of(6, "A"));
        assert_eq!(told(entity(b"&quot;")), of(6, "\""));
        assert_eq!(told(entity(b"&b)")), None);
        assert_eq!(told(quoted(b"=3D")), of(3, "="));
        assert_eq!(told(quoted(b"=\r\nx")), of(3, ""));
        assert_eq!(told(quoted(b"=ab")), None);
    }
}
