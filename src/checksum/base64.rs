//! Base64 as it stands in the wild: either alphabet, padded or not.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT.with_encode_padding(false));

/// Bytes that `text` stands for, in whichever alphabet it is written; `None` when it is no base64.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let engine = if text.iter().any(|b| matches!(b, b'-' | b'_')) { &URL } else { &PLAIN };
    engine.decode(text).ok().map(Zeroizing::new)
}

/// `bytes` in the standard alphabet, padded.
pub(super) fn encode(bytes: &[u8]) -> String {
    PLAIN.encode(bytes)
}

/// `bytes` in the URL alphabet, without padding.
pub(super) fn encode_url(bytes: &[u8]) -> String {
    URL.encode(bytes)
}
