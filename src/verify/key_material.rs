//! The public half of keys and certificates: what tells that a private key in code is the one that belongs to a
//! certificate in the manager, however each is wrapped.

use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::forms;
use super::pieces::Bytes;
use crate::checksum::der::element;

/// Least size of an RSA modulus, in bytes.
const MODULUS: usize = 128;
/// How deep elements inside elements are read.
const DEPTH: usize = 16;
/// What Ed25519 is called in DER. Source: RFC 8410.
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];

/// The public keys of all keys and certificates in `text`: RSA moduli, points of curves, Ed25519 keys.
pub(super) fn public_keys(text: &[u8]) -> Vec<Bytes> {
    let mut found = Vec::new();
    for (label, body) in pem_blocks(text) {
        let Some(bytes) = forms::base64(&letters(body)) else { continue };
        if label.starts_with(b"OPENSSH") {
            openssh(&bytes, &mut found);
        } else {
            walk(&bytes, 0, &mut found);
        }
    }
    let words = text.split(u8::is_ascii_whitespace).collect::<Vec<_>>();
    for pair in words.windows(2).filter(|w| w[0].starts_with(b"ssh-") || w[0].starts_with(b"ecdsa-sha2-")) {
        if let Some(blob) = forms::base64(pair[1]) {
            ssh_blob(&blob, &mut found);
        }
    }
    found.sort_by(|a, b| a.as_slice().cmp(b));
    found.dedup();
    found
}

/// Labels and bodies of the PEM blocks in `text` (RFC 7468).
fn pem_blocks(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    let find = |text: &[u8], what: &[u8]| memchr::memmem::find(text, what);
    let (mut rest, mut blocks) = (text, Vec::new());
    while let Some(begin) = find(rest, b"-----BEGIN ") {
        let Some(label) = find(&rest[begin + 11..], b"-----") else { break };
        let body = begin + 11 + label + 5;
        let Some(end) = find(&rest[body..], b"-----END ") else { break };
        blocks.push((&rest[begin + 11..begin + 11 + label], &rest[body..body + end]));
        rest = &rest[body + end + 9..];
    }
    blocks
}

/// The base64 of a block's body, whose line ends may be escaped.
fn letters(body: &[u8]) -> Bytes {
    let mut out = Bytes::new(Vec::with_capacity(body.len()));
    let mut at = 0;
    while at < body.len() {
        match body[at] {
            b'\\' => at += 1,
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') => out.push(byte),
            _ => {}
        }
        at += 1;
    }
    out
}

/// Collects the public keys of the elements in `bytes`.
fn walk(bytes: &[u8], depth: usize, found: &mut Vec<Bytes>) {
    let (mut rest, mut modulus) = (bytes, false);
    let ed25519 = memchr::memmem::find(&bytes[..bytes.len().min(64)], ED25519).is_some();
    while let Some((tag, content, after)) = element(rest) {
        match tag {
            0x02 if content.len() >= MODULUS && !modulus => {
                modulus = true;
                keep(number(content), found);
            }
            0x03 | 0x81 => match content.split_first() {
                Some((0, point @ [0x04, ..])) if matches!(point.len(), 65 | 97 | 133) => keep(point, found),
                Some((0, key)) if key.len() == 32 => keep(key, found),
                Some((0, inner)) if depth < DEPTH => walk(inner, depth + 1, found),
                _ => {}
            },
            // The seed of an Ed25519 key in PKCS#8 (RFC 8410) is an octet string inside another.
            0x04 if ed25519 && matches!(content, [0x04, 0x20, ..] if content.len() == 34) => {
                if let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(&content[2..]) {
                    keep(pair.public_key().as_ref(), found);
                }
            }
            0x04 | 0x30 | 0x31 | 0xa0..=0xa3 if depth < DEPTH => walk(content, depth + 1, found),
            _ => {}
        }
        rest = after;
    }
}

/// Source: PROTOCOL.key of openssh-portable. The public half stands in the clear, also where the other is encrypted.
fn openssh(bytes: &[u8], found: &mut Vec<Bytes>) {
    let Some(rest) = bytes.strip_prefix(b"openssh-key-v1\0") else { return };
    let fields = (0..3).try_fold(rest, |rest, _| counted(rest).map(|(_, rest)| rest));
    let blob = fields.and_then(|rest| counted(rest.get(4..)?)).map(|(blob, _)| blob);
    if let Some(blob) = blob {
        ssh_blob(blob, found);
    }
}

/// Source: RFC 4253, section 6.6, RFC 5656 and RFC 8709.
fn ssh_blob(blob: &[u8], found: &mut Vec<Bytes>) {
    let Some((kind, rest)) = counted(blob) else { return };
    // In front of the key: the exponent, the curve's name, nothing.
    let key = match kind {
        b"ssh-rsa" => counted(rest).and_then(|(_, rest)| counted(rest)).map(|(n, _)| number(n)),
        b"ssh-ed25519" => counted(rest).map(|(key, _)| key),
        _ if kind.starts_with(b"ecdsa-sha2-") => {
            counted(rest).and_then(|(_, rest)| counted(rest)).map(|(point, _)| point)
        }
        _ => None,
    };
    if let Some(key) = key {
        keep(key, found);
    }
}

/// A string with its length in four bytes before it, and what follows.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*len) as usize)
}

/// A number without its leading zeros.
fn number(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|&&b| b == 0).count()..]
}

fn keep(key: &[u8], found: &mut Vec<Bytes>) {
    if key.len() >= 32 {
        found.push(Bytes::new(key.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn openssl(folder: &std::path::Path, args: &[&str]) {
        let run = Command::new("openssl").args(args).current_dir(folder).output().unwrap();
        assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    }

    #[test]
    fn a_private_key_is_known_by_its_certificate() {
        let dir = tempfile::tempdir().unwrap();
        for algorithm in ["rsa:2048", "ec", "ed25519"] {
            let mut args =
                vec!["req", "-x509", "-nodes", "-newkey", algorithm, "-keyout", "k.pem", "-out", "c.pem"];
            args.extend(["-subj", "/CN=x", "-days", "2"]);
            if algorithm == "ec" {
                args.extend(["-pkeyopt", "ec_paramgen_curve:P-256"]);
            }
            openssl(dir.path(), &args);
            let read = |name: &str| public_keys(&std::fs::read(dir.path().join(name)).unwrap());
            let (key, certificate) = (read("k.pem"), read("c.pem"));
            assert!(!key.is_empty() && key.iter().any(|k| certificate.contains(k)), "{algorithm}");
            let escaped = std::fs::read_to_string(dir.path().join("k.pem")).unwrap().replace('\n', "\\n");
            assert_eq!(public_keys(escaped.as_bytes()), key, "{algorithm}");
        }
    }

    #[test]
    fn nonsense_has_no_key() {
        for text in [
            &b""[..],
            b"-----BEGIN X-----",
            b"-----BEGIN X-----AAAA-----END X-----",
            b"ssh-rsa AAAA",
            b"ssh-rsa",
        ] {
            assert!(public_keys(text).is_empty());
        }
        assert!(
            public_keys(&[b"-----BEGIN X-----\n", &b"MIIB".repeat(900)[..], b"-----END X-----"].concat())
                .len()
                < 2
        );
    }
}
