//! Tokens that end in the CRC32 of what stands before it: GitHub, npm, Grafana, Cloudflare, Atlassian.

use super::radix::{BASE62, digits};
use super::{Checked, PASSED};

/// Characters of the random part, and of its checksum, in GitHub's and npm's tokens.
const RANDOM: usize = 30;
const CHECK: usize = 6;

/// `<prefix>_`, 30 random characters, CRC32 of these in base 62. Longer tokens have no documented checksum.
///
/// Source: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>
pub(super) fn base62(secret: &[u8]) -> Checked {
    let body = after_underscore(secret);
    if body.len() != RANDOM + CHECK {
        return Checked::unknown();
    }
    let (random, check) = body.split_at(RANDOM);
    Checked::strict(base62_of(random) == check)
}

/// The checksum of GitHub's and npm's tokens: 6 characters.
pub(super) fn base62_of(random: &[u8]) -> Vec<u8> {
    digits(crc32fast::hash(random).into(), BASE62, CHECK)
}

/// `glsa_`, 32 characters, `_`, CRC32 of all before, lowest byte first, in hex.
///
/// Source: `PrefixedKey::CalculateChecksum` of grafana/grafana.
pub(super) fn grafana(secret: &[u8]) -> Checked {
    let Some((key, check)) = secret.split_last_chunk::<9>() else { return Checked::failed() };
    Checked::strict(check[0] == b'_' && check[1..].eq_ignore_ascii_case(grafana_of(key).as_bytes()))
}

/// The checksum of Grafana's service account tokens: 8 hex digits.
pub(super) fn grafana_of(key: &[u8]) -> String {
    hex(&crc32fast::hash(key).to_le_bytes())
}

/// `cfut_`, `cfat_` or `cfk_`, 40 characters, 8 hex digits: CRC32 of the 40 in every token seen. The provider
/// documents the field, not the algorithm.
pub(super) fn cloudflare(secret: &[u8]) -> Checked {
    let body = after_underscore(secret);
    match body.split_last_chunk::<8>() {
        Some((key, check)) if cloudflare_of(key).as_bytes() == check => Checked::passed(PASSED),
        _ => Checked::unknown(),
    }
}

/// The checksum of Cloudflare's tokens: 8 hex digits.
pub(super) fn cloudflare_of(key: &[u8]) -> String {
    hex(&crc32fast::hash(key).to_be_bytes())
}

/// `ATATT3…=`, then 8 upper-case hex digits: CRC32 of all before in every token seen. Not documented.
pub(super) fn atlassian(secret: &[u8]) -> Checked {
    match secret.split_last_chunk::<8>() {
        Some((key, check)) if atlassian_of(key).as_bytes() == check => Checked::passed(PASSED),
        _ => Checked::unknown(),
    }
}

/// The checksum of Atlassian's tokens: 8 hex digits.
pub(super) fn atlassian_of(key: &[u8]) -> String {
    hex(&crc32fast::hash(key).to_be_bytes()).to_ascii_uppercase()
}

fn after_underscore(secret: &[u8]) -> &[u8] {
    let start = secret.iter().position(|&b| b == b'_').map_or(0, |i| i + 1);
    &secret[start..]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{base62, grafana};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};

    #[test]
    fn github_s_published_token_passes() {
        // Source: the article above.
        let token = ["ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"].concat();
        assert_eq!(base62(token.as_bytes()).outcome, Passed);
        assert_eq!(base62(token.replace("zQ", "zq").as_bytes()).outcome, Failed);
    }

    #[test]
    fn a_longer_github_token_is_left_alone() {
        assert_eq!(base62(&[b"ghr_".as_slice(), &[b'a'; 76]].concat()).outcome, Unknown);
    }

    #[test]
    fn grafana_s_own_test_token_passes() {
        // Source: the test of `PrefixedKey` in grafana/grafana.
        let token = ["glsa_", "yscW25imSKJIuav8zF37RZmnbiDvB05G", "_fcaaf58a"].concat();
        assert_eq!(grafana(token.as_bytes()).outcome, Passed);
        assert_eq!(grafana(token.replace("fca", "fcb").as_bytes()).outcome, Failed);
        assert_eq!(grafana(b"glsa_").outcome, Failed);
    }
}
