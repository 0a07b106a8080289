//! What stands between a key and its value: closing quotes, types, operators, tags.

use super::literal::{line_end, quote_len, skip_blanks, skip_space};
use crate::model::Span;

/// How a key and its value are tied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// `=`, `:=`, `=>`, `->`, `+=`…
    Assign,
    /// `:`
    Colon,
    /// `==`, `!=`
    Compare,
    /// `||`, `??`, `?:`, `or`, `:-`: a value for want of a better one.
    Default,
    /// A call: `setPassword("x")`.
    Call,
    /// `"password", "x"`: key and value are two arguments.
    Argument,
    /// `<password>x</password>`
    Markup,
    /// `name="password" value="x"`, `name: PASSWORD` ⏎ `value: x`
    Companion,
    /// Nothing but blanks: `password "x"`, `--password x`.
    Blank,
}

/// The space between a key and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// What ties them.
    pub tie: Tie,
    /// Where the value may begin; blanks are skipped.
    pub value: usize,
    /// Whether the key stands in quotes.
    pub quoted_key: bool,
}

impl Gap {
    /// Reads on behind a key at `key`. Most keys in running text end here: the first byte decides.
    pub(super) fn read(text: &[u8], key: Span) -> Option<Self> {
        let (mut at, quoted_key) = closing(text, key);
        if text.get(at) == Some(&b'>') {
            return markup(text, key, at, quoted_key);
        }
        if let Some(close) = tag_end(text, key, at) {
            return markup(text, key, close, quoted_key);
        }
        let behind_key = at;
        at = skip_blanks(text, at);
        let gap = |tie, value| Some(Self { tie, value: skip_blanks(text, value), quoted_key });
        let rest = &text[at..];
        let plain = match *rest.first()? {
            b'=' => equals(rest),
            b':' => return colon(text, at, quoted_key).and_then(|(tie, value)| gap(tie, value)),
            b',' => return comma(text, key, at, quoted_key),
            b'(' => return gap(Tie::Call, skip_space(text, at + 1)),
            b'-' if rest.starts_with(b"->") && quote_len(&text[skip_blanks(text, at + 2)..]).is_some() => {
                Some((Tie::Assign, 2))
            }
            b'<' if rest.starts_with(b"<-") => Some((Tie::Assign, 2)),
            b'!' if rest.starts_with(b"!=") => {
                Some((Tie::Compare, if rest.starts_with(b"!==") { 3 } else { 2 }))
            }
            b'+' if rest.starts_with(b"+=") => Some((Tie::Assign, 2)),
            b'.' if rest.starts_with(b".=") => Some((Tie::Assign, 2)),
            b'|' if rest.starts_with(b"||=") => Some((Tie::Assign, 3)),
            b'|' if rest.starts_with(b"||") => Some((Tie::Default, 2)),
            b'?' => question(text, at),
            b'[' => return array(text, at, quoted_key),
            b'/' if at > behind_key && quoted_key => None,
            b'"' | b'\'' | b'`' | b'\\' | b'&' | 0xe2 if !quoted_key => Some((Tie::Blank, 0)),
            b if at > behind_key && !quoted_key => words(rest).or_else(|| blank(b)),
            b if at > behind_key && b.is_ascii_alphabetic() => {
                return companion(text, at).map(|value| Self { tie: Tie::Companion, value, quoted_key });
            }
            b'\n' | b'\r' => {
                let next = skip_space(text, at);
                return companion(text, next).map(|value| Self { tie: Tie::Companion, value, quoted_key });
            }
            _ => None,
        };
        let (tie, length) = plain?;
        gap(tie, at + length)
    }
}

/// Skips what closes the key itself: quotes, brackets, emphasis. Says whether the key was quoted.
fn closing(text: &[u8], key: Span) -> (usize, bool) {
    let mut at = key.end;
    let quote =
        quote_len(&text[at..]).filter(|_| key.start > 0 && !text[key.start - 1].is_ascii_whitespace());
    if let Some(length) = quote {
        at += length;
    } else if text[at..].starts_with(&[0xe2, 0x80, 0x9d]) {
        at += 3;
    }
    while let Some(b']' | b')' | b'*' | b'}' | b'`') = text.get(at) {
        // `password)` ends a call or a list: only `env("password")` goes on.
        if text[at] != b']' && text[at] != b'*' && quote.is_none() {
            break;
        }
        at += 1;
    }
    (at, quote.is_some())
}

/// `=`, `==`, `===`, `=>`. `=~` matches a pattern and ties no value.
fn equals(rest: &[u8]) -> Option<(Tie, usize)> {
    match rest {
        [b'=', b'=', b'=', ..] => Some((Tie::Compare, 3)),
        [b'=', b'=', ..] => Some((Tie::Compare, 2)),
        [b'=', b'>', ..] => Some((Tie::Assign, 2)),
        [b'=', b'~', ..] => None,
        _ => Some((Tie::Assign, 1)),
    }
}

/// `:`, `:=`, `:-`, or a type with a value behind it: `: String = "x"`.
fn colon(text: &[u8], at: usize, quoted_key: bool) -> Option<(Tie, usize)> {
    match text.get(at + 1) {
        // Makefiles: `::=`, `:::=`.
        Some(b':') => {
            let colons = text[at..].iter().take(4).take_while(|&&b| b == b':').count();
            return (text.get(at + colons) == Some(&b'=')).then_some((Tie::Assign, at + colons + 1));
        }
        Some(b'=') => return Some((Tie::Assign, at + 2)),
        Some(b'-') if text.get(at + 2).is_some_and(|b| !b.is_ascii_whitespace()) => {
            return Some((Tie::Default, at + 2));
        }
        _ => {}
    }
    if !quoted_key && let Some(value) = behind_type(text, at + 1) {
        return Some((Tie::Assign, value));
    }
    // Markdown closes its emphasis behind the colon: `**Password:** x`.
    let stars = text[at + 1..].iter().take(2).take_while(|&&b| b == b'*').count();
    Some((Tie::Colon, at + 1 + stars))
}

/// Where the value behind a type annotation and `=` begins.
fn behind_type(text: &[u8], at: usize) -> Option<usize> {
    let end = line_end(text, at).min(at + 60);
    let length =
        text[at..end].iter().position(|&b| !(b.is_ascii_alphanumeric() || b"_<>[]&'|?,. *:".contains(&b)))?;
    let equal = at + length;
    let known = text[at..equal].iter().any(u8::is_ascii_alphabetic) && text[equal] == b'=';
    let tie = !matches!(text.get(equal + 1), Some(b'=' | b'>'));
    let spaced = text[equal - 1] == b' ' || quote_len(&text[equal + 1..]).is_some();
    (known && tie && spaced).then_some(equal + 1)
}

/// `password?: string = "x"`, `password ?? "x"`, `password ?: "x"`, `PASSWORD ?= x`.
fn question(text: &[u8], at: usize) -> Option<(Tie, usize)> {
    match &text[at..] {
        [b'?', b'?', b'=', ..] => Some((Tie::Assign, 3)),
        [b'?', b'?', ..] => Some((Tie::Default, 2)),
        [b'?', b'=', ..] => Some((Tie::Assign, 2)),
        [b'?', b':', ..] => match behind_type(text, at + 2) {
            Some(value) => Some((Tie::Assign, value - at)),
            None => Some((Tie::Default, 2)),
        },
        _ => None,
    }
}

/// `"password", "x"` or `"name": "password", "value": "x"`.
fn comma(text: &[u8], key: Span, at: usize, quoted_key: bool) -> Option<Gap> {
    let next = skip_space(text, at + 1);
    if let Some(value) = companion(text, next).filter(|_| quoted_key) {
        return Some(Gap { tie: Tie::Companion, value, quoted_key });
    }
    let prefixed = text.get(next).is_some_and(|b| b"bfrN@".contains(b));
    let literal = quote_len(&text[(next + usize::from(prefixed)).min(text.len())..]).is_some();
    // A name is text: of `b"password", b"salt"` neither names the other. On lines of their own, members of a list do
    // not either, but the arguments of a call may.
    let before = text[..key.start.saturating_sub(1)].trim_ascii_end();
    let bytes = before.ends_with(b"b") && text.get(next) == Some(&b'b');
    let apart = text[at..next].contains(&b'\n') && !before.ends_with(b"(");
    (quoted_key && literal && !bytes && !apart).then_some(Gap { tie: Tie::Argument, value: next, quoted_key })
}

/// `password[] = "x"`, `password[32] = "x"`; an index is passed over, nothing else.
fn array(text: &[u8], at: usize, quoted_key: bool) -> Option<Gap> {
    let inside = text[at + 1..].iter().take(12).take_while(|b| b.is_ascii_alphanumeric()).count();
    let close = at + 1 + inside;
    if text.get(close) != Some(&b']') {
        return None;
    }
    let equal = skip_blanks(text, close + 1);
    let (tie, length) = equals(text.get(equal..).filter(|rest| rest.first() == Some(&b'='))?)?;
    Some(Gap { tie, value: skip_blanks(text, equal + length), quoted_key })
}

/// `<password>x`, `<password encoding="x">x`, `name="password">x`. The key must stand in a tag.
fn markup(text: &[u8], key: Span, at: usize, quoted_key: bool) -> Option<Gap> {
    let opened = key.start > 0 && matches!(text[key.start - 1], b'<' | b':');
    (opened || quoted_key).then_some(Gap { tie: Tie::Markup, value: skip_blanks(text, at + 1), quoted_key })
}

/// Where the tag closes whose name is the key: `<password encoding="base64">`.
fn tag_end(text: &[u8], key: Span, at: usize) -> Option<usize> {
    let named = text.get(at) == Some(&b' ') && text[..key.start].ends_with(b"<")
        || text[..key.start].ends_with(b":") && text.get(at) == Some(&b' ') && tag_opens(text, key.start - 1);
    let attributes =
        text[at..].iter().take(160).position(|b| matches!(b, b'>' | b'<' | b'\n')).filter(|_| named)?;
    (text[at + attributes] == b'>' && text[at + attributes - 1] != b'/').then_some(at + attributes)
}

/// Whether a namespace's name and `<` stand in front of the colon at `colon`.
fn tag_opens(text: &[u8], colon: usize) -> bool {
    let name = text[..colon].iter().rev().take(24).take_while(|b| b.is_ascii_alphanumeric()).count();
    text[..colon - name].ends_with(b"<")
}

/// Words that tie: `or`, `is`, Go's `string =`, SQL's `BY`.
fn words(rest: &[u8]) -> Option<(Tie, usize)> {
    let full = rest.len();
    const WORDS: &[(&[u8], Tie)] =
        &[(b"or ", Tie::Default), (b"is ", Tie::Blank), (b"DEFAULT ", Tie::Default), (b"eq ", Tie::Compare)];
    if let Some((word, tie)) = WORDS.iter().find(|(w, _)| rest.starts_with(w)) {
        return Some((*tie, word.len()));
    }
    // `password string = "x"`, `password As String = "x"`: a type, then the operator.
    let rest = rest.strip_prefix(b"As ").unwrap_or(rest);
    let shift = full - rest.len();
    let word = rest.iter().take(24).take_while(|b| b.is_ascii_alphanumeric() || b"[]*_".contains(b)).count();
    let equal = skip_blanks(rest, word);
    let behind = rest.get(equal..)?;
    (word > 0 && behind.first() == Some(&b'=')).then_some(())?;
    let (tie, length) = equals(behind)?;
    let literal = quote_len(&behind[skip_blanks(behind, length)..]).is_some();
    literal.then_some((tie, shift + equal + length))
}

/// A bare value behind blanks.
fn blank(first: u8) -> Option<(Tie, usize)> {
    first.is_ascii_graphic().then_some((Tie::Blank, 0))
}

/// Where the value of a `value=` that accompanies the key begins, when one stands at `at`.
fn companion(text: &[u8], at: usize) -> Option<usize> {
    const NAMES: [&str; 4] = ["value", "default", "val", "content"];
    let open = at + quote_len(text.get(at..)?).unwrap_or(0);
    let rest = &text[open..];
    let name =
        NAMES.iter().find(|n| rest.get(..n.len()).is_some_and(|r| r.eq_ignore_ascii_case(n.as_bytes())))?;
    let mut next = open + name.len();
    next += quote_len(&text[next..]).unwrap_or(0);
    next = skip_blanks(text, next);
    matches!(text.get(next)?, b'=' | b':').then(|| skip_blanks(text, next + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Tie, &str)> {
        let at = text.find("pass").unwrap();
        let gap = Gap::read(text.as_bytes(), Span::new(at, at + 4))?;
        Some((gap.tie, &text[gap.value..]))
    }

    #[test]
    fn operators_of_many_languages_tie() {
        for (text, tie) in [
            ("pass = v", Tie::Assign),
            ("'pass' => v", Tie::Assign),
            ("pass := v", Tie::Assign),
            ("pass ::= v", Tie::Assign),
            ("$pass .= v", Tie::Assign),
            ("x[\"pass\"] = v", Tie::Assign),
            ("pass: String = v", Tie::Assign),
            ("pass?: string = v", Tie::Assign),
            ("pass string = \"v", Tie::Assign),
            ("pass[16] = v", Tie::Assign),
            ("pass: v", Tie::Colon),
            ("{\\\"pass\\\": v", Tie::Colon),
            ("**pass:** v", Tie::Colon),
            ("pass == v", Tie::Compare),
            ("${pass:-v", Tie::Default),
            ("env(\"pass\") ?: v", Tie::Default),
            ("process.env.pass || v", Tie::Default),
            ("pass(v", Tie::Call),
            ("put(\"pass\", \"v", Tie::Argument),
            ("<pass>v", Tie::Markup),
            ("<x name=\"pass\">v", Tie::Markup),
            ("<x key=\"pass\" value=v", Tie::Companion),
            ("\"name\": \"pass\", \"value\": v", Tie::Companion),
            ("name: pass\n  value: v", Tie::Companion),
            ("pass \"v", Tie::Blank),
        ] {
            let (found, rest) = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found, tie, "{text}");
            assert!(rest.trim_matches('"') == "v", "{text} leaves {rest}");
        }
    }

    #[test]
    fn members_of_a_list_do_not_name_each_other() {
        for text in ["[\n  \"pass\",\n  \"v\",\n]", "f(b\"pass\", b\"v\")"] {
            assert_eq!(read(text), None, "{text}");
        }
        let call = read(".header(\n  \"pass\",\n  \"v\",\n)");
        assert_eq!(call.map(|(tie, _)| tie), Some(Tie::Argument));
    }

    #[test]
    fn running_text_and_paths_do_not_tie() {
        for text in ["the pass, or", "pass::new", "pass\n", "pass)", "pass;", "pass =~ x", "foo(pass, \"x\")"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
