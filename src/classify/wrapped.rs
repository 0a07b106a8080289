//! Values that anyone may read: ciphertext, public keys, digests, signatures of lock files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bstr::ByteSlice as _;

/// What kind of readable-by-anyone material `value` is.
pub(super) fn harmless(value: &[u8]) -> Option<&'static str> {
    const HEADS: &[(&str, &str)] = &[
        ("ENC[", "ciphertext"),
        ("ENC(", "ciphertext"),
        ("{cipher}", "ciphertext"),
        ("{AQ", "ciphertext"),
        ("$ANSIBLE_VAULT", "ciphertext"),
        ("vault:v", "ciphertext"),
        ("AQICAH", "ciphertext"),
        ("AQA", "ciphertext"),
        ("AQEC", "ciphertext"),
        ("gAAAAA", "ciphertext"),
        ("U2FsdGVkX1", "ciphertext"),
        ("-----BEGIN PUBLIC", "a public key"),
        ("-----BEGIN RSA PUBLIC", "a public key"),
        ("-----BEGIN CERT", "a certificate"),
        ("-----BEGIN PGP PUBLIC", "a public key"),
        ("-----BEGIN PGP MESSAGE", "ciphertext"),
        ("ssh-rsa ", "a public key"),
        ("ssh-ed25519 ", "a public key"),
        ("ecdsa-sha2-", "a public key"),
        ("AAAAB3NzaC1", "a public key"),
        ("AAAAC3NzaC1", "a public key"),
        ("MIIBIjANBgkq", "a public key"),
        ("MIICIjANBgkq", "a public key"),
        ("MIGfMA0GCSqG", "a public key"),
        ("MFwwDQYJKoZI", "a public key"),
        ("MFkwEwYHKoZI", "a public key"),
        ("LS0tLS1CRUdJTiBDRVJU", "a certificate"),
        ("LS0tLS1CRUdJTiBQVUJM", "a public key"),
        ("sha256:", "a digest"),
        ("sha1:", "a digest"),
        ("sha256-", "a digest"),
        ("sha384-", "a digest"),
        ("sha512-", "a digest"),
        ("h1:", "a digest"),
        ("pk_live_", "a public key"),
        ("pk_test_", "a public key"),
        ("AWS4-", "the name of a signature's algorithm"),
    ];
    if let Some((_, what)) = HEADS.iter().find(|(head, _)| value.starts_with(head.as_bytes())) {
        return Some(what);
    }
    // AWS's documentation, and what others made after it.
    if value.ends_with(b"EXAMPLE") || value.ends_with(b"EXAMPLEKEY") {
        return Some("an example");
    }
    if let Some(what) = decoded(value) {
        return Some(what);
    }
    // JWE: five parts, the first a header.
    let dots = value.iter().filter(|&&b| b == b'.').count();
    (value.starts_with(b"eyJ") && dots == 4).then_some("ciphertext")
}

/// What `value`, base64 of text, says: a sentence, or the header of a web token without the token.
fn decoded(value: &[u8]) -> Option<&'static str> {
    if value.len() < 8 || value.len() > 200 || !value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'=')
    {
        return None;
    }
    let text = STANDARD_NO_PAD.decode(value.trim_end_with(|c| c == '=')).ok()?;
    let head: &[u8] = b"{\"";
    let (header, named) = (text.starts_with(head), text.windows(5).any(|w| w == b"\"alg\""));
    if header && named && text.ends_with(b"}") {
        return Some("the header of a web token");
    }
    let prose = text.len() >= 6
        && text.contains(&b' ')
        && text.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b',' | b'.' | b'!' | b'\''));
    prose.then_some("a sentence in base64")
}

/// Whether a rule of its own judges `value`: provider's tokens with a checksum, JSON web tokens, private keys.
pub(super) fn has_own_rule(value: &[u8]) -> bool {
    const HEADS: &[&str] = &[
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "npm_",
        "glsa_",
        "AGE-SECRET-KEY-1",
        "-----BEGIN",
        "LS0tLS1CRUdJTi",
    ];
    let parts = value.split(|&b| b == b'.');
    // Broken ones too: what that rule does not take for a token is none.
    let web_token = parts.clone().count() >= 2 && parts.take(2).any(|part| part.starts_with(b"eyJ"))
        || value.starts_with(b"ey") && value.iter().filter(|&&b| b == b'.').count() == 2;
    web_token || HEADS.iter().any(|head| value.starts_with(head.as_bytes()))
}

/// Whether `value` is a hash of a password rather than a password.
pub(super) fn is_password_hash(value: &[u8]) -> bool {
    const HEADS: &[&str] = &[
        "$2a$",
        "$2b$",
        "$2y$",
        "$1$",
        "$5$",
        "$6$",
        "$y$",
        "$apr1$",
        "$argon2",
        "$P$",
        "$H$",
        "$pbkdf2",
        "pbkdf2_sha",
        "pbkdf2:",
        "scrypt:",
        "bcrypt$",
        "argon2",
        "sha1$",
        "sha256$",
        "md5$",
        "{SSHA",
        "{SHA",
        "{PBKDF2",
        "SCRAM-SHA-256$",
        "{bcrypt}",
    ];
    value.len() >= 20 && HEADS.iter().any(|head| value.starts_with(head.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{harmless, has_own_rule, is_password_hash};

    #[test]
    fn ciphertext_and_public_material_are_harmless() {
        for value in [
            "ENC[AES256_GCM,data:x]",
            "{AQCDEF=}",
            "eyJh.a.b.c.d",
            "ssh-rsa AAAAB3",
            "sha512-abc",
            "AQAbc=",
            "K7MDENGbPxEXAMPLEKEY",
            "YSBzZWNyZXQ=",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        ] {
            assert!(harmless(value.as_bytes()).is_some(), "{value}");
        }
        for value in ["eyJh.a.b", "vQ2m9xkT", "ENCyclopedia", "AQxyz"] {
            assert!(harmless(value.as_bytes()).is_none(), "{value}");
        }
    }

    #[test]
    fn values_of_other_rules_are_left_to_them() {
        assert!(has_own_rule(b"eyJh.eyJi.c") && has_own_rule(b"-----BEGIN RSA PRIVATE KEY-----"));
        assert!(has_own_rule(b"eyJ0eXAiOiJKV1Qi.test") && has_own_rule(b"bad.eyJhdWQi.sig"));
        assert!(!has_own_rule(b"eyes.and.ears.too"));
        assert!(is_password_hash(b"$2y$10$0123456789012345678901") && !is_password_hash(b"$2y$10$"));
    }
}
