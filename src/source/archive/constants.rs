//! Constants of compiled code: the strings that Python's and Java's compilers put into their files, a line each.
//!
//! A reader of text would miss some: the byte in front of a string is its length, and may be a letter.

use bstr::BString;

use super::input::Input;
use super::unpacker::{HELD, Halt, Unpacker};

/// Shortest constant worth a line, in bytes.
const SHORTEST: usize = 4;

/// Scans the constants of a compiled module of Python or class of Java.
pub(super) fn constants(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let bytes = match input.held(HELD) {
        Ok(bytes) => bytes,
        Err(cause) => return unpacker.unread(path, &cause),
    };
    let text = if bytes.starts_with(b"\xca\xfe\xba\xbe") { java(&bytes) } else { python(&bytes) };
    unpacker.member(path, b"constants", &mut text.as_slice())
}

/// Strings as `marshal` writes them: a letter for the kind, whose highest bit may be set, a length, the bytes.
fn python(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (head, length) = match bytes[at] & 0x7f {
            // Short ASCII, interned or not.
            b'z' | b'Z' => (2, bytes.get(at + 1).map(|&n| usize::from(n))),
            // ASCII, Unicode, bytes, interned Unicode.
            b'a' | b'A' | b'u' | b's' | b't' => {
                let length = bytes.get(at + 1..at + 5).map(|n| u32::from_le_bytes([n[0], n[1], n[2], n[3]]));
                (5, length.map(|n| n as usize))
            }
            _ => (1, None),
        };
        let begin = at + head;
        let string = length.and_then(|n| bytes.get(begin..begin.checked_add(n)?)).filter(|s| is_text(s));
        // Code objects are `s`, too, and hold further strings only after them.
        at = match string {
            Some(string) => {
                add(&mut text, string);
                begin + string.len()
            }
            None => at + 1,
        };
    }
    text
}

/// The pool of constants of a class: tags, lengths, bytes.
fn java(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let number = |at: usize| bytes.get(at..at + 2).map(|n| usize::from(u16::from_be_bytes([n[0], n[1]])));
    let (mut at, mut index) = (10, 1);
    while index < number(8).unwrap_or(0) {
        let Some(&tag) = bytes.get(at) else { break };
        let length = match tag {
            1 => {
                let Some(string) = number(at + 1).and_then(|n| bytes.get(at + 3..at + 3 + n)) else { break };
                if is_text(string) {
                    add(&mut text, string);
                }
                3 + string.len()
            }
            3 | 4 | 9..=12 | 17 | 18 => 5,
            // A long and a double take two places.
            5 | 6 => {
                index += 1;
                9
            }
            7 | 8 | 16 | 19 | 20 => 3,
            15 => 4,
            _ => break,
        };
        at += length;
        index += 1;
    }
    text
}

fn is_text(string: &[u8]) -> bool {
    string.len() >= SHORTEST
        && std::str::from_utf8(string)
            .is_ok_and(|s| s.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')))
}

fn add(text: &mut Vec<u8>, string: &[u8]) {
    text.extend_from_slice(string);
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::{java, python};

    #[test]
    fn strings_of_a_module_stand_on_lines_of_their_own() {
        // The length of the second is a letter.
        let long = "k".repeat(usize::from(b'A'));
        let module =
            [b"\xe3\0\0\0\0\xda\x05first\xfaA", long.as_bytes(), b"N)\x01u\x06\0\0\0third!"].concat();
        assert_eq!(python(&module), format!("first\n{long}\nthird!\n").into_bytes());
    }

    #[test]
    fn strings_of_a_class_are_those_of_its_pool() {
        let head = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x05";
        let pool = b"\x01\0\x05first\x05\0\0\0\0\0\0\0\x01\x01\0\x06second";
        assert_eq!(java(&[&head[..], pool].concat()), b"first\nsecond\n");
    }

    #[test]
    fn bytes_that_are_neither_harm_nothing() {
        for bytes in [&b""[..], b"z", b"a\xff\xff\xff\xff", b"\xca\xfe\xba\xbe\0\0\0\x34\xff\xff\x01\xff\xff"]
        {
            let _ = (python(bytes), java(bytes));
        }
    }
}
