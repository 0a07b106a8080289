//! PyPI's tokens: `pypi-` and a macaroon in URL-safe base64.
//!
//! The binary format, version 2: `02`, location and identifier, `00`, caveats each closed by `00`, `00`, signature.
//! A field is a type, a length (both variable-length integers) and its content.
//! Sources: <https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>, <https://pypi.org/help/#apitoken>

use super::varint::varint;
use super::{Checked, base64};

const END: u64 = 0;
const LOCATION: u64 = 1;
const IDENTIFIER: u64 = 2;
const SIGNATURE: u64 = 6;

/// Judges a token. A cut one does not parse.
pub(super) fn check(secret: &[u8]) -> Checked {
    let bytes = secret.strip_prefix(b"pypi-").and_then(base64::decode);
    match bytes.as_deref().and_then(|bytes| location(bytes)) {
        Some(b"pypi.org") => Checked::passed("a macaroon of pypi.org"),
        Some(_) => Checked::passed("a macaroon of another index"),
        None => Checked::failed(),
    }
}

/// The location of a macaroon that parses to its end.
fn location(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(&[2])?;
    let location = field(&mut rest, LOCATION)?;
    field(&mut rest, IDENTIFIER)?;
    field(&mut rest, END)?;
    while rest.first().is_some_and(|&tag| u64::from(tag) != END) {
        field(&mut rest, IDENTIFIER)?;
        field(&mut rest, END)?;
    }
    field(&mut rest, END)?;
    let signature = field(&mut rest, SIGNATURE)?;
    (signature.len() == 32 && rest.is_empty()).then_some(location)
}

fn field<'b>(rest: &mut &'b [u8], wanted: u64) -> Option<&'b [u8]> {
    if varint(rest)? != wanted {
        return None;
    }
    if wanted == END {
        return Some(&[]);
    }
    let len = usize::try_from(varint(rest)?).ok()?;
    let (content, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(content)
}

/// A token of `host` with an identifier and one caveat; lengths stay below 128.
pub(super) fn seal(host: &str, identifier: &[u8], caveat: &[u8], signature: &[u8; 32]) -> String {
    let mut bytes = vec![2];
    let mut put = |tag: u64, content: &[u8]| {
        bytes.push(tag as u8);
        if tag != END {
            bytes.push(content.len() as u8);
            bytes.extend(content);
        }
    };
    put(LOCATION, host.as_bytes());
    put(IDENTIFIER, identifier);
    put(END, &[]);
    put(IDENTIFIER, caveat);
    put(END, &[]);
    put(END, &[]);
    put(SIGNATURE, signature);
    format!("pypi-{}", base64::encode_url(&bytes))
}

#[cfg(test)]
mod tests {
    use super::{check, seal};
    use crate::checksum::Outcome::{Failed, Passed};

    #[test]
    fn a_whole_token_passes_and_a_cut_one_does_not() {
        let token = seal("pypi.org", &[b'i'; 36], br#"{"version": 1}"#, &[7; 32]);
        assert!(token.starts_with(&["pypi-", "AgEIcHlwaS5vcmc"].concat()));
        assert_eq!(check(token.as_bytes()).outcome, Passed);
        assert_eq!(check(&token.as_bytes()[..token.len() - 3]).outcome, Failed);
    }
}
