//! The forms in which a value shows up in text.

use zeroize::Zeroizing;

use super::SHORTEST;
use crate::secret::{Json, JsonKind, Secret, escape_json};

/// Deepest level of a JSON value whose texts are masked one by one.
const DEPTH: usize = 8;

/// Adds all forms of `secret` to `patterns`.
pub(super) fn forms(secret: &Secret, patterns: &mut Vec<Zeroizing<Vec<u8>>>) {
    // The reason to open it: to be found, a value must be compared.
    let value = secret.expose();
    add(value, patterns);
    if let Ok(json) = Json::parse(value) {
        texts(json, DEPTH, patterns);
    }
}

fn texts(json: Json<'_>, depth: usize, patterns: &mut Vec<Zeroizing<Vec<u8>>>) {
    match json.kind() {
        JsonKind::Text => {
            if let Some(text) = json.text() {
                // The reason to open it: as above.
                add(text.expose(), patterns);
            }
        }
        JsonKind::Object if depth > 0 => {
            json.entries().for_each(|(_, value)| texts(value, depth - 1, patterns))
        }
        JsonKind::Array if depth > 0 => json.items().for_each(|value| texts(value, depth - 1, patterns)),
        _ => {}
    }
}

fn add(value: &[u8], patterns: &mut Vec<Zeroizing<Vec<u8>>>) {
    let mut push = |form: Vec<u8>| {
        if form.len() >= SHORTEST && !patterns.iter().rev().take(16).any(|known| **known == form) {
            patterns.push(Zeroizing::new(form));
        }
    };
    if value.len() < SHORTEST {
        return;
    }
    push(value.to_vec());
    // Editors and shells add or take a line's end.
    push(value.trim_ascii_end().to_vec());
    for alphabet in [STANDARD, URL_SAFE] {
        // Inside of a longer text the value begins at any of three places in a group of four characters.
        for offset in 0..3 {
            push(base64_inside(value, offset, alphabet));
        }
    }
    push(percent(value));
    push(hex(value, b"0123456789abcdef"));
    push(hex(value, b"0123456789ABCDEF"));
    if let Ok(text) = std::str::from_utf8(value) {
        let mut quoted = Vec::with_capacity(text.len() * 6 + 2);
        escape_json(text, &mut quoted);
        push(quoted[1..quoted.len() - 1].to_vec());
        let debug = format!("{text:?}");
        push(debug.as_bytes()[1..debug.len() - 1].to_vec());
    }
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The base64 characters that depend on `value` alone when `offset` other bytes stand before it.
fn base64_inside(value: &[u8], offset: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bit = |index: usize| {
        let index = index.checked_sub(offset * 8)?;
        value.get(index / 8).map(|byte| usize::from(byte >> (7 - index % 8) & 1))
    };
    let character = |number: usize| {
        (0..6)
            .map(|i| bit(number * 6 + i))
            .try_fold(0, |sum, bit| Some(sum * 2 + bit?))
            .map(|index| alphabet[index])
    };
    let first = (offset * 8).div_ceil(6);
    (first..).map_while(character).collect()
}

fn percent(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() * 3);
    for byte in value {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            out.push(*byte);
        } else {
            out.push(b'%');
            out.extend_from_slice(&hex(&[*byte], b"0123456789ABCDEF"));
        }
    }
    out
}

fn hex(value: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    value.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_at_any_offset() {
        // "user:hunter2!" and "xhunter2!y", as an independent encoder gives them.
        for (offset, whole) in [(5 % 3, "dXNlcjpodW50ZXIyIQ=="), (1, "eGh1bnRlcjIheQ==")] {
            let inside = String::from_utf8(base64_inside(b"hunter2!", offset, STANDARD)).unwrap();
            assert!(whole.contains(&inside) && inside.len() >= 8, "{inside} in {whole}");
        }
    }

    #[test]
    fn what_is_reserved_in_a_url_is_escaped() {
        assert_eq!(percent(b"a b/~"), b"a%20b%2F~");
    }
}
