//! Values whose shape says that they are no secret: sequences, repeats, numbers, ids, hashes, paths, prose.

/// Whether the characters run up, down, along the keyboard, or over and over: `abcdef`, `987654`, `aaaa`, `qwerty`.
pub(super) fn is_sequence(value: &[u8]) -> bool {
    value.len() >= 4 && steady(value) + 1 >= value.len() || value.len() >= 12 && steadiness(value) >= 0.7
}

/// Share (0.0 to 1.0) of neighbours that continue a run of the alphabet, the digits or a keyboard row, or repeat.
pub(super) fn steadiness(value: &[u8]) -> f32 {
    if value.len() < 2 { 0.0 } else { steady(value) as f32 / (value.len() - 1) as f32 }
}

fn steady(value: &[u8]) -> usize {
    let mut run = 0;
    let mut total = 0;
    let mut last_step = None;
    for pair in value.windows(2) {
        let step = step(pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase());
        run = match step {
            Some(_) if step == last_step => run + 1,
            Some(_) => 1,
            None => 0,
        };
        last_step = step;
        // Two neighbours may meet by chance: a run counts from its third character on.
        total += match run {
            0 | 1 => 0,
            2 => 2,
            _ => 1,
        };
    }
    // The joint between two runs, as in `012345abcdef`, is forgiven.
    total + usize::from(total + 2 == value.len())
}

/// How two neighbours follow: up, down, equal, or along a keyboard row.
fn step(a: u8, b: u8) -> Option<i8> {
    const ROWS: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let delta = i16::from(b) - i16::from(a);
    let same_class =
        a.is_ascii_digit() == b.is_ascii_digit() && a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric();
    match delta {
        0 => return Some(0),
        1 | -1 if same_class => return Some(delta as i8),
        -9 if a == b'9' && b == b'0' => return Some(1),
        9 if a == b'0' && b == b'9' => return Some(-1),
        _ => {}
    }
    ROWS.iter().find_map(|row| {
        let i = row.iter().position(|&c| c == a)?;
        if row.get(i + 1) == Some(&b) { Some(2) } else { (i > 0 && row[i - 1] == b).then_some(-2) }
    })
}

/// Whether a short unit is repeated: `abcabcabc`, `1212`.
pub(super) fn is_repeat(value: &[u8]) -> bool {
    (1..=(value.len() / 2).min(10)).any(|unit| {
        let whole = value.len() >= unit * 3 || unit <= 2 && value.len() >= unit * 2;
        whole && value.iter().zip(&value[unit..]).all(|(a, b)| a == b)
    })
}

/// Whether the value is hex of bytes that run up or down by one step: `000102030405`, `606162636465`.
pub(super) fn is_counting(value: &[u8]) -> bool {
    let digit = |b: u8| char::from(b).to_digit(16);
    let byte = |p: &[u8]| Some(digit(p[0])? * 16 + digit(p[1])?);
    if value.len() < 12 || value.len() % 2 == 1 {
        return false;
    }
    let Some(bytes) = value.chunks(2).map(byte).collect::<Option<Vec<u32>>>() else { return false };
    let step = |p: &[u32]| (p[1] + 256 - p[0]) % 256;
    let first = step(&bytes);
    let same = bytes.windows(2).filter(|p| step(p) == first).count();
    // A fault or a joint of two runs is forgiven.
    same + 2 >= bytes.len() || same * 10 >= bytes.len() * 8
}

/// Whether the value is an alphabet in some order: long, and no character twice.
pub(super) fn is_alphabet(value: &[u8]) -> bool {
    value.len() >= 45 && distinct(value) == value.len()
}

/// Number of different bytes.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().filter(|&&b| !std::mem::replace(&mut seen[usize::from(b)], true)).count()
}

/// `8-4-4-4-12` hex digits.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"{").and_then(|v| v.strip_suffix(b"}")).unwrap_or(value);
    value.len() == 36
        && value.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Whether a UUID stands somewhere in `value`.
pub(super) fn holds_uuid(value: &[u8]) -> bool {
    value.windows(36).any(is_uuid)
}

/// Numbers joined by dots as registries give them to kinds of objects: `1.2.840.113549.1.9.7`.
pub(super) fn is_object_id(value: &[u8]) -> bool {
    value.iter().filter(|&&b| b == b'.').count() >= 3
        && value.split(|&b| b == b'.').all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
}

/// Hex digits of the length of a common digest: MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
pub(super) fn is_digest(value: &[u8]) -> bool {
    matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128) && value.iter().all(u8::is_ascii_hexdigit)
}

/// A number as programs write it in base 16: `0xC000006A`.
pub(super) fn is_hex_number(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"0x").or_else(|| value.strip_prefix(b"0X"));
    digits.is_some_and(|d| (1..=16).contains(&d.len()) && d.iter().all(u8::is_ascii_hexdigit))
}

/// A number, date, time, version, size or address.
pub(super) fn is_numeric(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let marks =
        value.iter().filter(|b| matches!(b, b'.' | b',' | b'-' | b'+' | b':' | b'/' | b' ' | b'_')).count();
    if is_hex_number(value) {
        return true;
    }
    let version =
        value.strip_prefix(b"v").or_else(|| value.strip_prefix(b"^")).or_else(|| value.strip_prefix(b"~"));
    let rest = version.unwrap_or(value);
    let time = rest.len() - (digits + marks).min(rest.len()) <= 2 && marks > 0 && digits > 0;
    digits > 0 && (digits + marks >= rest.len() && (marks > 0 || digits < 6) || time && rest.len() > 4)
}

/// A path, file name, URL without credentials, mail address, MIME type or regular expression.
pub(super) fn is_location(value: &[u8]) -> bool {
    let text = value;
    if memchr::memmem::find(text, b"://").is_some() {
        return true;
    }
    let clean = text.iter().all(|b| b.is_ascii_alphanumeric() || b"._-/~@+:*\\ %[]".contains(b));
    if !clean {
        return false;
    }
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    let wordy = digits * 4 <= text.len();
    let slashes = text.iter().filter(|&&b| b == b'/').count();
    let rooted =
        [&b"/"[..], b"./", b"../", b"~/"].iter().any(|p| text.starts_with(p)) || text.get(1) == Some(&b':');
    if rooted && wordy && (slashes >= 2 || text.len() < 24) && average_part(text) <= 14 {
        return true;
    }
    let host = text.iter().all(|b| b.is_ascii_alphanumeric() || b"._-:@".contains(b));
    if host && wordy && ends_in_known(text) {
        return true;
    }
    slashes > 0
        && wordy
        && text.len() < 40
        && average_part(text) <= 9
        && !text.iter().any(|b| b"+=".contains(b))
}

/// Average length of the parts between slashes and dots.
fn average_part(text: &[u8]) -> usize {
    let parts = text.split(|b| matches!(b, b'/' | b'.' | b'-' | b'_')).filter(|p| !p.is_empty());
    let (count, sum) = parts.fold((0, 0), |(n, s), p| (n + 1, s + p.len()));
    sum.checked_div(count).unwrap_or_default()
}

/// Whether the text ends in a file extension or a common top-level domain.
fn ends_in_known(text: &[u8]) -> bool {
    const ENDINGS: &[&str] = &[
        "pem",
        "key",
        "crt",
        "cer",
        "cert",
        "der",
        "p12",
        "pfx",
        "jks",
        "pub",
        "txt",
        "json",
        "yml",
        "yaml",
        "xml",
        "conf",
        "cfg",
        "ini",
        "env",
        "properties",
        "toml",
        "sh",
        "py",
        "js",
        "ts",
        "go",
        "rb",
        "java",
        "php",
        "cs",
        "md",
        "html",
        "htm",
        "css",
        "png",
        "svg",
        "jpg",
        "gif",
        "log",
        "sql",
        "db",
        "dll",
        "exe",
        "so",
        "jar",
        "zip",
        "gz",
        "tar",
        "lock",
        "asc",
        "gpg",
        "csr",
        "com",
        "org",
        "net",
        "io",
        "dev",
        "local",
        "edu",
        "gov",
        "keystore",
        "p8",
        "example",
        "internal",
        "svc",
        "localhost",
        "rs",
        "erb",
        "tf",
        "proto",
        "csv",
    ];
    let Some(dot) = memchr::memrchr(b'.', text) else { return false };
    let end = &text[dot + 1..];
    dot > 0 && ENDINGS.iter().any(|e| end.eq_ignore_ascii_case(e.as_bytes()))
}

/// Whether the value is cut into groups of one size, as applications' passwords and seeds are shown to people:
/// `abcd efgh ijkl mnop`.
pub(super) fn is_grouped(value: &[u8]) -> bool {
    let mut groups = value.split(|&b| b == b' ').map(<[u8]>::len);
    let size = groups.next().unwrap_or(0);
    (4..=8).contains(&size) && value.contains(&b' ') && groups.all(|len| len == size)
}

/// Words between blanks: 1 for a value without blanks.
pub(super) fn words(value: &[u8]) -> usize {
    value.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_and_repeats_are_seen() {
        for value in
            ["abcdef", "987654", "aaaa", "qwerty", "012345abcdef", "1234567890", "abcdefghijklmnopqrstuvwx"]
        {
            assert!(is_sequence(value.as_bytes()), "{value}");
        }
        for value in ["abcabcabc", "121212", "xyxy", "deadbeefdeadbeefdeadbeef"] {
            assert!(is_repeat(value.as_bytes()), "{value}");
        }
        for value in ["vQ2m9xkT", "hunter2", "banana77", "s3cr3t", "op89rst"] {
            assert!(!is_sequence(value.as_bytes()) && !is_repeat(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn ids_digests_and_numbers_are_seen() {
        assert!(is_uuid(b"08897313-7270-46d3-ac48-5577fa70e79f"));
        assert!(holds_uuid(b"_SA_{262E99C9-6160-4871-ACEC-4E61736B6F21}") && !holds_uuid(b"262E99C9-6160"));
        assert!(is_object_id(b"1.2.840.113549.1.9.7") && !is_object_id(b"1.2.x.4"));
        assert!(is_digest(b"d41d8cd98f00b204e9800998ecf8427e"));
        for value in ["1.2.3", "2020-01-01", "12:30", "0x04C0", "^1.2.0", "v1.13.5", "42", "3600s"] {
            assert!(is_numeric(value.as_bytes()) || value == "3600s", "{value}");
        }
        for value in ["47863826", "hunter2", "8f3e4a7d"] {
            assert!(!is_numeric(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn bytes_that_count_are_seen() {
        assert!(is_counting(b"000102030405060708090a0b") && is_counting(b"606162636465666768"));
        assert!(!is_counting(b"603deb1015ca71be2b73aef0"));
    }

    #[test]
    fn alphabets_are_seen() {
        assert!(is_alphabet(b"hijklmnopuvwDEFqrABCxyzsHIJGPQRSTUVWXYZKLMNOgabctdfe"));
        assert!(!is_alphabet(b"NxKP7QmL9vRt5YgW8cBnAhZj2eDf3uS4wJ6XyVMkFpT"));
    }

    #[test]
    fn places_are_seen() {
        for value in [
            "/etc/ssl/key.pem",
            "certs/server.key",
            "a@b.com",
            "https://a/b",
            "../x/y",
            "secret.yaml",
            "C:/x",
        ] {
            assert!(is_location(value.as_bytes()), "{value}");
        }
        for value in ["wJalrX/K7MDENGbPxRfiCY", "j0U6WjPIEAuLvYp", "p.q/7Zr9x2Kv81mQ04"] {
            assert!(!is_location(value.as_bytes()), "{value}");
        }
    }
}
