//! Amazon Web Services: key ids that name their account, secret keys that are no paths, Bedrock's API keys.

use super::{Checked, Outcome, base64, radix};
use crate::model::Reason;

/// A key id: 4 letters of type, 16 characters of base32. The first 6 bytes of these hold the account in 40 bits.
///
/// Ids made before 2019 do not: their fifth character is `I` or `J`.
/// Source: <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>
pub(super) fn key_id(secret: &[u8]) -> Checked {
    let Some(bytes) = secret.get(4..).and_then(radix::base32) else { return Checked::failed() };
    let Some(head) = bytes.first_chunk::<6>() else { return Checked::failed() };
    if matches!(secret[4], b'I' | b'J') {
        return Checked::unknown();
    }
    let number = head.iter().fold(0u64, |n, &b| n << 8 | u64::from(b));
    let account = (number & 0x7fff_ffff_ff80) >> 7;
    if account >= 1_000_000_000_000 {
        // No account has more than 12 digits; ids of before 2019 may decode to anything.
        return Checked::unknown();
    }
    let note = Some(Reason::Owned(format!("account {account:012}")));
    Checked { note, ..Checked::new(Outcome::Unknown) }
}

/// A secret key: 40 characters of base64 that mix cases and digits, and are neither hex nor a path.
pub(super) fn secret(secret: &[u8]) -> Checked {
    let has = |test: fn(&u8) -> bool| secret.iter().any(test);
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    let slashes = secret.iter().filter(|&&b| b == b'/').count();
    if mixed && slashes <= 6 && !holds_words(secret) { Checked::unknown() } else { Checked::failed() }
}

/// Whether half of `text` or more is made of runs of 5 or more lower-case letters, as paths and names are.
fn holds_words(text: &[u8]) -> bool {
    let in_words: usize =
        text.split(|b| !b.is_ascii_lowercase()).map(<[u8]>::len).filter(|&len| len >= 5).sum();
    in_words * 2 >= text.len()
}

/// A Bedrock API key: a prefix, then base64 of a name that begins `BedrockAPIKey-`, or of a presigned URL.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>
pub(super) fn bedrock(secret: &[u8]) -> Checked {
    let body = secret.strip_prefix(b"bedrock-api-key-").or_else(|| secret.strip_prefix(b"ABSK"));
    let Some(bytes) = body.and_then(base64::decode) else { return Checked::failed() };
    let known = bytes.starts_with(b"BedrockAPIKey-") || bytes.starts_with(b"bedrock.amazonaws.com");
    if known { Checked::passed("decodes to a Bedrock key") } else { Checked::failed() }
}

#[cfg(test)]
mod tests {
    use super::{bedrock, key_id, secret};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};

    #[test]
    fn a_key_id_names_its_account() {
        // Source: the article above.
        let id = ["ASIA", "QNZGKIQY56JQ7WML"].concat();
        assert_eq!(key_id(id.as_bytes()).note.unwrap(), "account 029608264753");
    }

    #[test]
    fn an_old_key_id_names_none() {
        let checked = key_id(["AKIA", "IOSFODNN7EXAMPLE"].concat().as_bytes());
        assert_eq!((checked.outcome, checked.note), (Unknown, None));
        assert_eq!(key_id(b"AKIA1OSFODNN7000").outcome, Failed, "1 and 0 are no base32");
    }

    #[test]
    fn hashes_and_paths_are_no_secret_keys() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(secret(hash.as_bytes()).outcome, Failed);
        assert_eq!(secret(b"resources/Packages/src1/component/Button").outcome, Failed);
        assert_eq!(secret(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYz7Q3kTn0Lw").outcome, Unknown); // leakward:allow
    }

    #[test]
    fn a_bedrock_key_decodes_to_its_name() {
        let key = format!("ABSK{}", crate::checksum::base64::encode(b"BedrockAPIKey-abcd-at-123:xyz"));
        assert_eq!(bedrock(key.as_bytes()).outcome, Passed);
        assert_eq!(bedrock(b"ABSKAAAA").outcome, Failed);
    }
}
