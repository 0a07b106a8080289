//! The forms in which a known value is written in code and configuration.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// A way to write a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As it is.
    Plain,
    /// Without the white space around it.
    Trimmed,
    /// Base64, alone or inside a longer encoded text.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// Percent-encoded, as in URLs.
    Percent,
    /// Escaped for a JSON string.
    Json,
    /// Quoted or escaped for a shell.
    Shell,
    /// Escaped for XML or HTML.
    Xml,
}

impl Form {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Trimmed => "trimmed",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Percent => "percent",
            Self::Json => "json",
            Self::Shell => "shell",
            Self::Xml => "xml",
        }
    }
}

/// Bytes that are wiped when dropped.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// Every distinct form of `value`, the plain one first.
pub(super) fn forms(value: &[u8]) -> Vec<(Form, Bytes)> {
    let mut all: Vec<(Form, Bytes)> = Vec::with_capacity(16);
    let mut add = |form, bytes: Vec<u8>| {
        let bytes = Zeroizing::new(bytes);
        if !bytes.is_empty() && !all.iter().any(|(_, b)| *b == bytes) {
            all.push((form, bytes));
        }
    };
    add(Form::Plain, value.to_vec());
    add(Form::Trimmed, value.trim_ascii().to_vec());
    let value = value.trim_ascii();
    for skew in 0..3 {
        add(Form::Base64, base64_core(&STANDARD_NO_PAD, value, skew));
        add(Form::Base64, base64_core(&URL_SAFE_NO_PAD, value, skew));
    }
    add(Form::Hex, value.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect());
    add(Form::Hex, value.iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect());
    for upper in [true, false] {
        add(Form::Percent, percent(value, upper, b"-_.~"));
        add(Form::Percent, percent(value, upper, b"-_.!~*'()"));
        add(Form::Percent, percent(value, upper, b"-_.~!$&'()*+,;=:@/?"));
    }
    for (slash, ascii) in [(false, false), (true, false), (false, true), (true, true)] {
        add(Form::Json, json(value, slash, ascii));
    }
    add(Form::Shell, replace(value, b'\'', b"'\\''"));
    add(Form::Shell, escape(value, b"\"$`\\!"));
    add(Form::Shell, escape(value, b" \t\"'$`\\!&|;<>()*?[]{}#~"));
    add(Form::Xml, xml(value));
    all
}

/// The characters of a base64 text that `value` alone decides, when `skew` (0 to 2) bytes stand before it in the
/// encoder's group of three and anything after it.
fn base64_core(engine: &impl base64::Engine, value: &[u8], skew: usize) -> Vec<u8> {
    let mut padded = Zeroizing::new(vec![0; skew]);
    padded.extend_from_slice(value);
    let text = engine.encode(padded.as_slice());
    // Six bits a character: the first whole one after `skew` bytes, the last whole one before the end.
    let (from, to) = ((skew * 8).div_ceil(6), padded.len() * 8 / 6);
    text.as_bytes().get(from..to).unwrap_or_default().to_vec()
}

fn percent(value: &[u8], upper: bool, safe: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() * 2);
    for &b in value {
        if b.is_ascii_alphanumeric() || safe.contains(&b) {
            out.push(b);
        } else if upper {
            out.extend_from_slice(format!("%{b:02X}").as_bytes());
        } else {
            out.extend_from_slice(format!("%{b:02x}").as_bytes());
        }
    }
    out
}

/// The inside of a JSON string; `slash` also escapes `/`, `ascii` also escapes what is not ASCII.
fn json(value: &[u8], slash: bool, ascii: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(value);
    let mut out = Zeroizing::new(String::with_capacity(value.len() * 2));
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if slash => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_ascii_control() || (ascii && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.as_bytes().to_vec()
}

fn replace(value: &[u8], what: u8, with: &[u8]) -> Vec<u8> {
    value.iter().flat_map(|&b| if b == what { with.to_vec() } else { vec![b] }).collect()
}

fn escape(value: &[u8], special: &[u8]) -> Vec<u8> {
    value.iter().flat_map(|&b| if special.contains(&b) { vec![b'\\', b] } else { vec![b] }).collect()
}

fn xml(value: &[u8]) -> Vec<u8> {
    let entity = |b: u8| match b {
        b'&' => b"&amp;".to_vec(),
        b'<' => b"&lt;".to_vec(),
        b'>' => b"&gt;".to_vec(),
        b'"' => b"&quot;".to_vec(),
        b'\'' => b"&#39;".to_vec(),
        other => vec![other],
    };
    value.iter().copied().flat_map(entity).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn has(value: &str, form: Form, text: &str) -> bool {
        forms(value.as_bytes()).iter().any(|(f, b)| *f == form && b.as_slice() == text.as_bytes())
    }

    #[test]
    fn base64_is_found_wherever_the_value_stands_in_the_encoded_text() {
        let value = b"correct-horse";
        for before in 0..7 {
            for after in 0..5 {
                let text =
                    STANDARD_NO_PAD.encode([&vec![b'x'; before], &value[..], &vec![b'y'; after]].concat());
                let found = forms(value).iter().any(|(form, core)| {
                    *form == Form::Base64 && text.contains(std::str::from_utf8(core).unwrap())
                });
                assert!(found, "{before} bytes before, {after} after");
            }
        }
    }

    #[test]
    fn each_language_has_its_escape() {
        let value = "a\"b'c/d&e f";
        assert!(has(value, Form::Json, "a\\\"b'c/d&e f"));
        assert!(has(value, Form::Json, "a\\\"b'c\\/d&e f"));
        assert!(has(value, Form::Shell, "a\"b'\\''c/d&e f"));
        assert!(has(value, Form::Xml, "a&quot;b&#39;c/d&amp;e f"));
        assert!(has(value, Form::Percent, "a%22b%27c%2Fd%26e%20f"));
        assert!(has(value, Form::Percent, "a%22b'c%2fd%26e%20f"));
        assert!(has("ab\n", Form::Trimmed, "ab"));
        assert!(has("ab\n", Form::Hex, "6162"));
    }

    #[test]
    fn a_form_that_changes_nothing_is_not_repeated() {
        let plain: Vec<_> = forms(b"hunter2hunter2").into_iter().map(|(f, _)| f).collect();
        assert_eq!(plain.iter().filter(|f| matches!(f, Form::Plain | Form::Json | Form::Shell)).count(), 1);
    }
}
