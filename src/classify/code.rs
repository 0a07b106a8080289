//! Bare text that a compiler reads: numbers with a type, types, calls of macros, flags, bytes in escapes.

/// A number as programs write it: with a base, with a type behind it or cast to one, counted with operators.
/// `-2147024809i32`, `0xC0000307_u32`, `0b0010`, `0x1FUL`. Plain decimal digits are left to others.
pub(super) fn is_number_literal(value: &[u8]) -> bool {
    let text = value.strip_suffix(b".").unwrap_or(value);
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (digits, based): (fn(&u8) -> bool, bool) = match text {
        [b'0', b'x' | b'X', ..] => (u8::is_ascii_hexdigit, true),
        [b'0', b'b' | b'B', ..] => (|b| matches!(b, b'0' | b'1'), true),
        [b'0', b'o' | b'O', ..] => (|b| matches!(b, b'0'..=b'7'), true),
        _ => (u8::is_ascii_digit, false),
    };
    let body = &text[if based { 2 } else { 0 }..];
    let length = body.iter().take_while(|b| digits(b) || **b == b'_').count();
    let rest = &body[length..];
    if length == 0 || length > 20 {
        return false;
    }
    match rest.first() {
        None => based && length <= 16,
        // `0x20+0x10*$i`
        Some(b'+' | b'*' | b'|' | b'<' | b'>' | b'^' | b'/') => based,
        Some(_) => is_suffix(rest, based),
    }
}

/// What names a number's type behind its digits.
fn is_suffix(rest: &[u8], based: bool) -> bool {
    const TYPES: &[&str] = &[
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64",
    ];
    const LETTERS: &[&str] = &["u", "l", "ul", "lu", "ll", "ull", "llu", "n", "z", "uz"];
    let is = |list: &[&str]| list.iter().any(|t| rest.eq_ignore_ascii_case(t.as_bytes()));
    is(TYPES) || based && is(LETTERS)
}

/// A type, as far as it is not a plain name: `&[u8]`, `Option<Vec<u16>>`, `Arc<dyn` (cut at the blank), `*mut T`.
pub(super) fn is_type(value: &[u8]) -> bool {
    let pointed = match value {
        [b'&', b'\'' | b'[', ..] => return true,
        [b'&' | b'*', rest @ ..] => rest,
        _ => value,
    };
    if [&b"mut"[..], b"const"].contains(&pointed) && pointed.len() < value.len() {
        return true;
    }
    let name =
        pointed.iter().take_while(|b| b.is_ascii_alphabetic() || matches!(b, b':' | b'.' | b'_')).count();
    let Some([b'<' | b'[', inner @ ..]) = pointed.get(name..) else { return false };
    // `std::vector<`, `List<`: at least two letters, and a type inside.
    let typed = matches!(inner.first(), Some(b) if b.is_ascii_alphabetic() || b"&'([*_]?".contains(b));
    let plain = inner.iter().all(|b| b.is_ascii_alphanumeric() || b"<>&'()[]*_:;,.?= +-".contains(b));
    name >= 2 && typed && plain
}

/// `vec![0; n]`, `concat!("a")`.
pub(super) fn is_macro_call(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b':')).count();
    name >= 2 && matches!(value.get(name..), Some([b'!', b'(' | b'[' | b'{', ..]))
}

/// A name as programs give them, hardly any digits in it but at the end of a type: `c_ulong`, `CFTypeRef`, `Avx512`.
pub(super) fn is_variable_name(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let numbered = letters >= 3
        && value[0].is_ascii_uppercase()
        && value[letters..].iter().all(|b| b.is_ascii_digit() || *b == b'_');
    (digits * 4 <= value.len() || numbered)
        && value.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// A flag of a command: `-Zbuild-std`, `--locked`.
pub(super) fn is_flag(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"-").map(|v| v.strip_prefix(b"-").unwrap_or(v));
    name.is_some_and(|name| {
        name.len() >= 2 && name.iter().all(|b| b.is_ascii_alphabetic() || *b == b'-') && name.contains(&b'-')
            || value.starts_with(b"--") && name.iter().all(u8::is_ascii_lowercase)
    })
}

/// Raw bytes, most of them written as `\x9b` or `%9b`: keys of tests and of protocols, not what people choose or are given.
pub(super) fn is_escaped_bytes(value: &[u8]) -> bool {
    let escapes = value.windows(2).filter(|p| p[0] == b'\\' && matches!(p[1], b'x' | b'0')).count();
    let hex = |p: &[u8]| p[0] == b'%' && p[1].is_ascii_hexdigit() && p[2].is_ascii_hexdigit();
    let percents = value.windows(3).filter(|p| hex(p)).count();
    escapes >= 3 && escapes * 4 * 10 >= value.len() * 6
        || percents >= 2 && percents * 3 * 10 >= value.len() * 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_programs_are_seen() {
        for value in [
            "1024u32",
            "-2147024809i32",
            "0xC0000307_u32",
            "2965u64",
            "0b0010.",
            "0x1FUL",
            "0x20+0x10*$i",
            "1_000_000usize",
        ] {
            assert!(is_number_literal(value.as_bytes()), "{value}");
        }
        for value in ["47863826", "0xhunter", "12u3r5", "9981lu", "0x", "77a93bc1"] {
            assert!(!is_number_literal(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn types_macros_and_flags_are_seen() {
        for value in ["&[u8]", "Option<Vec<u16>>", "Arc<dyn", "&Arc<dyn", "Spanned<&'a", "&'a", "string[]"] {
            assert!(is_type(value.as_bytes()), "{value}");
        }
        for value in ["a<b", "kT9x<vQ2m", "hunter2", "&kT9xvQ2m", "Tiger<3!"] {
            assert!(!is_type(value.as_bytes()), "{value}");
        }
        assert!(is_macro_call(b"vec![0u8; n]") && !is_macro_call(b"wow!great"));
        assert!(is_flag(b"-Zbuild-std") && is_flag(b"--locked") && !is_flag(b"-kT9x-vQ2m"));
    }

    #[test]
    fn names_of_programs_are_seen() {
        assert!(is_variable_name(b"Avx512") && is_variable_name(b"Sse4_2"));
        assert!(is_variable_name(b"c_ulong") && is_variable_name(b"NID_pbe_WithSHA1And3_Key"));
        assert!(!is_variable_name(b"kT9x-vQ2m") && !is_variable_name(b"kT9x8vQ2m7"));
    }

    #[test]
    fn bytes_in_escapes_are_seen() {
        assert!(is_escaped_bytes(b"%F0%9F%92%A9") && !is_escaped_bytes(b"kT9x%40vQ2m%21"));
        assert!(is_escaped_bytes(br"\x9b\xbe\x43k") && !is_escaped_bytes(br"kT9x\x20vQ2m-and-more"));
    }
}
