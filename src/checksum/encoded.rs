//! Values that are base64 of something with a shape of its own.

use super::{Checked, PASSED, base64, radix};
use crate::rule::Confidence;

/// Base64 of `user:password`, as in `Authorization: Basic` and Docker's `auth`.
pub(super) fn basic_auth(secret: &[u8]) -> Checked {
    let Some(text) = base64::decode(secret) else { return Checked::failed() };
    let printable = text.iter().all(|b| (0x20..0x7f).contains(b) || *b >= 0x80);
    let mut parts = text.splitn(2, |&b| b == b':');
    let (user, password) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !printable || user.is_empty() || password.is_empty() || is_placeholder(password) {
        return Checked::failed();
    }
    Checked { confidence: Some(Confidence::High), ..Checked::passed("decodes to user and password") }
}

fn is_placeholder(password: &[u8]) -> bool {
    let text = password.to_ascii_lowercase();
    let words: [&[u8]; 6] = [b"password", b"passwd", b"pass", b"secret", b"token", b"x-oauth-basic"];
    words.contains(&text.as_slice())
        || text.windows(2).all(|pair| pair[0] == pair[1])
        || [b"${".as_slice(), b"{{", b"<", b"%s"].iter().any(|open| text.starts_with(open))
}

/// Base64 of a JSON object; what follows the object is the secret's own. Behind a prefix it may also have been cut:
/// the prefix tells enough.
pub(super) fn json(secret: &[u8]) -> Checked {
    let start = secret.windows(3).position(|w| w == b"eyJ");
    let body = start.map(|at| &secret[at..]).unwrap_or_default();
    let end = body.iter().position(|b| matches!(b, b'_' | b'.')).unwrap_or(body.len());
    let whole = |text: &[u8]| {
        let bytes = base64::decode(text)?;
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).ok()
    };
    match whole(body).or_else(|| whole(&body[..end])) {
        Some(object) if !object.is_empty() => Checked::passed("decodes to JSON"),
        _ if start > Some(0) => Checked::unknown(),
        _ => Checked::failed(),
    }
}

/// `<user id in base64>.<time>.<signature>`: the id is 17 to 20 digits.
///
/// Source: <https://discord.com/developers/docs/reference#authentication>
pub(super) fn discord(secret: &[u8]) -> Checked {
    let id = secret.split(|&b| b == b'.').next().and_then(base64::decode);
    let holds = id.is_some_and(|id| (17..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit));
    if holds { Checked::passed("begins with a user id") } else { Checked::failed() }
}

/// Base64 of `reftkn:<version>:<end of life>:<characters>`.
///
/// Source: <https://jfrog.com/help/r/jfrog-platform-administration-documentation/reference-token>
pub(super) fn jfrog(secret: &[u8]) -> Checked {
    let Some(text) = base64::decode(secret) else { return Checked::failed() };
    let mut parts = text.split(|&b| b == b':');
    if parts.next() != Some(b"reftkn") || parts.next().is_none() {
        return Checked::failed();
    }
    let end = parts.next().and_then(|end| std::str::from_utf8(end).ok()?.parse::<i64>().ok());
    Checked { expires: end.filter(|&end| end > 0), ..Checked::passed(PASSED) }
}

/// A NATS seed: base32 of two bytes of kind, 32 of key, and their CRC16 (XMODEM), lowest byte first.
///
/// Source: <https://github.com/nats-io/nkeys/blob/main/README.md>
pub(super) fn nats(secret: &[u8]) -> Checked {
    let bytes = radix::base32(secret);
    let holds = bytes
        .as_deref()
        .and_then(|bytes| bytes.split_last_chunk::<2>())
        .is_some_and(|(key, crc)| key.len() == 34 && crc16(key) == u16::from_le_bytes(*crc));
    Checked::strict(holds)
}

/// A user's seed from 32 bytes.
pub(super) fn seal_nats(key: &[u8; 32]) -> String {
    // Kind "seed" (18) and kind "user" (20), 5 bits each: the letters S and U.
    let head = [18 << 3 | 20 >> 2, (20 & 3) << 6];
    let bytes = [head.as_slice(), key].concat();
    let crc = crc16(&bytes).to_le_bytes();
    radix::to_base32(&[bytes.as_slice(), &crc].concat()).to_ascii_uppercase()
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

/// 32 bytes in base64 that are neither text nor of few values, as keys on Curve25519 are.
pub(super) fn key32(secret: &[u8]) -> Checked {
    let Some(bytes) = base64::decode(secret).filter(|bytes| bytes.len() == 32) else {
        return Checked::failed();
    };
    let text = bytes.iter().all(|b| (0x20..0x7f).contains(b));
    let mut seen = [false; 256];
    bytes.iter().for_each(|&b| seen[usize::from(b)] = true);
    let kinds = seen.iter().filter(|&&s| s).count();
    if text || kinds < 16 { Checked::failed() } else { Checked::unknown() }
}

#[cfg(test)]
mod tests {
    use super::{basic_auth, crc16, discord, jfrog, json, key32, nats, seal_nats};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};
    use crate::checksum::base64::{encode, encode_url};

    #[test]
    fn basic_auth_is_a_user_and_a_password() {
        // Source: RFC 7617, section 2.
        assert_eq!(basic_auth(b"QWxhZGRpbjpvcGVuIHNlc2FtZQ==").outcome, Passed); // leakward:allow
        for text in ["nocolon", "user:", ":pw1", "user:password", "user:${PW}", "user:xxxxxx", "a:\u{1}b"] {
            assert_eq!(basic_auth(encode(text.as_bytes()).as_bytes()).outcome, Failed, "{text}");
        }
    }

    #[test]
    fn json_may_be_followed_by_more() {
        let object = encode(br#"{"k":"v"}"#);
        assert_eq!(json(format!("sntrys_{object}_abcDEF012").as_bytes()).outcome, Passed);
        assert_eq!(json(encode_url(br#"{"k":"v_v~"}"#).as_bytes()).outcome, Passed);
        assert_eq!(json(b"glc_eyJhbGciOi").outcome, Unknown);
        assert_eq!(json(b"eyJhbGciOi").outcome, Failed);
        assert_eq!(json(b"glc_").outcome, Failed);
    }

    #[test]
    fn a_bot_token_begins_with_its_user() {
        let id = encode_url(b"123456789012345678");
        assert_eq!(discord(format!("{id}.GabcDE.0123").as_bytes()).outcome, Passed);
        assert_eq!(discord(b"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAx.GabcDE.0123").outcome, Failed);
    }

    #[test]
    fn a_reference_token_may_end() {
        let checked = jfrog(encode(b"reftkn:01:1700000000:abcDEF").as_bytes());
        assert_eq!((checked.outcome, checked.expires), (Passed, Some(1_700_000_000)));
        assert_eq!(jfrog(encode(b"reftkn:01:0000000000:abcDEF").as_bytes()).expires, None);
        assert_eq!(jfrog(b"cmVmdGtu").outcome, Failed);
    }

    #[test]
    fn nats_own_example_passes() {
        // Source: README of nats-io/nkeys.
        let seed = ["SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6", "BFDTJ7M6USDXIEDNPPQYYYCU3VY"].concat();
        assert_eq!(nats(seed.as_bytes()).outcome, Passed);
        assert_eq!(nats(seed.replace("SSL", "SSM").as_bytes()).outcome, Failed);
        let made = seal_nats(&[9; 32]);
        assert!(made.starts_with("SU") && made.len() == 58, "{made}");
        assert_eq!(nats(made.as_bytes()).outcome, Passed);
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn a_key_of_32_bytes_is_no_text() {
        assert_eq!(key32(encode(b"this is not a key but a sentence").as_bytes()).outcome, Failed);
        assert_eq!(key32(encode(&[0; 32]).as_bytes()).outcome, Failed);
        assert_eq!(
            key32(encode(&std::array::from_fn::<u8, 32, _>(|i| i as u8 * 7)).as_bytes()).outcome,
            Unknown
        );
    }
}
