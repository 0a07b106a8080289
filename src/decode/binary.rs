//! Whether content is worth reading as text at all: the policy of sources that skip binary files, but for programs.

/// First bytes by which formats that hold no readable text are known.
const MAGIC: &[&[u8]] = &[
    b"\x7fELF",
    b"MZ\x90\0",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\0asm",
    b"BC\xc0\xde",
    b"!<arch>\n",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"\0\0\x01\0",
    b"8BPS",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"%PDF-",
    b"SQLite format 3\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"OggS",
    b"ID3",
    b"fLaC",
    b"\x1a\x45\xdf\xa3",
    b"wOFF",
    b"wOF2",
    b"\0\x01\0\0\0",
    b"OTTO\0",
    b"PACK\0\0\0\x02",
    b"\xfftOc",
];

/// First bytes of programs, libraries and documents of old formats: what people wrote stands in them as it is.
const PROGRAMS: &[&[u8]] = &[
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\0asm",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
];

/// How much of the content is looked at, in bytes.
const SAMPLE: usize = 8 << 10;

/// Whether `bytes`, the beginning of some content or all of it, is binary: it has the first bytes of such a format,
/// or control characters are more than a twentieth of its first 8 KiB. UTF-16 is text, and so is text with a few zeros.
pub fn is_binary(bytes: &[u8]) -> bool {
    if MAGIC.iter().any(|magic| bytes.starts_with(magic)) || is_media(bytes) {
        return true;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    // Sums of at most 255 bytes are kept in a byte each, which vector instructions do many of at once.
    let sum = |part: &[u8]| part.iter().map(|&b| u8::from(is_control(b))).sum::<u8>();
    let control: usize = sample.chunks(usize::from(u8::MAX)).map(|part| usize::from(sum(part))).sum();
    control > 1 && control * 20 > sample.len() && !is_utf16(sample)
}

/// Whether what begins with `bytes` is left out as holding no text that people wrote: it is binary, and no program.
pub fn is_opaque(bytes: &[u8]) -> bool {
    is_binary(bytes) && !PROGRAMS.iter().any(|magic| bytes.starts_with(magic))
}

/// Formats whose mark stands a few bytes in: RIFF (WebP, WAV, AVI) and ISO media (MP4, HEIC).
fn is_media(bytes: &[u8]) -> bool {
    let at = |i: usize, mark: &[u8]| bytes.get(i..i + mark.len()) == Some(mark);
    let riff = at(0, b"RIFF") && [&b"WEBP"[..], b"WAVE", b"AVI "].iter().any(|kind| at(8, kind));
    riff || (at(4, b"ftyp") && bytes[0] == 0)
}

const fn is_control(byte: u8) -> bool {
    // 0 to 6, 14 to 26, 28 to 31; without branches.
    (byte < 7) | (byte.wrapping_sub(14) < 13) | (byte.wrapping_sub(28) < 4)
}

/// Whether most of `sample` is text in UTF-16.
fn is_utf16(sample: &[u8]) -> bool {
    let decoded: usize = super::wide(sample).iter().map(|w| w.span.len()).sum();
    let whole = super::wide(sample).into_iter().next().filter(|w| w.span.len() + 4 > sample.len());
    // Read as UTF-16 throughout, it must hold few control characters there too.
    let readable =
        whole.is_none_or(|w| w.text.iter().filter(|&&b| is_control(b)).count() * 20 < w.text.len());
    readable && decoded * 2 > sample.len()
}

#[cfg(test)]
mod tests {
    use super::{is_binary, is_opaque};

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        assert!(is_binary(b"\x7fELF\x02\x01\x01 readable text after it"));
        assert!(is_binary(b"\x89PNG\r\n\x1a\n"));
        assert!(is_binary(b"PK\x03\x04rest of an archive"));
        assert!(is_binary(b"RIFF\x10\0\0\0WEBPVP8 "));
    }

    #[test]
    fn programs_hold_text_and_pictures_do_not() {
        assert!(!is_opaque(b"\x7fELF\x02\x01\x01\0\0\0\0") && !is_opaque(b"MZ\x90\0\x03\0\0\0\x04\0\0"));
        assert!(is_opaque(b"\x89PNG\r\n\x1a\n") && is_opaque(&[0; 512]) && !is_opaque(b"text"));
    }

    #[test]
    fn text_with_a_zero_in_it_is_text() {
        assert!(!is_binary(b"password = \"x\"\n\0more text that goes on for a while, and then some"));
        assert!(!is_binary(b""));
        assert!(!is_binary(b"MZ is how this README begins"));
        assert!(!is_binary("naïve Latin text, \u{1b}[31mred\u{1b}[0m".as_bytes()));
    }

    #[test]
    fn utf16_is_text_and_noise_is_not() {
        assert!(!is_binary(&utf16("password = hunter2-and-more\r\n"))); // leakward:allow
        assert!(!is_binary(
            &[&b"\xff\xfe"[..], &utf16("中文 text with a secret inside: abcdefghijklm")].concat()
        ));
        let noise: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert!(is_binary(&noise));
        assert!(is_binary(&[0; 512]));
    }
}
