//! What is written in another way is found from any of its triggers, undone, and led back to its place.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::region::{RUN, Regions, triggers};
use super::{Undone, inflated};
use crate::model::Span;
use crate::rule::is_token;

/// The regions of `bytes`, by all of its triggers.
fn regions(bytes: &[u8]) -> Regions {
    let mut regions = Regions::default();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|&&b| is_token(b)).count();
        if run >= RUN {
            regions.at_run(bytes, Span::new(at, at + run));
        }
        let end = at + run.max(1);
        for place in at..end {
            let begins = |t: &&str| {
                bytes.get(place..place + t.len()).is_some_and(|b| b.eq_ignore_ascii_case(t.as_bytes()))
            };
            if triggers().iter().any(begins) {
                regions.at_literal(bytes, place);
            }
        }
        at = end;
    }
    regions
}

/// What the one region of `text` whose layer is `layer` stands for.
#[track_caller]
fn undone(text: &str, layer: &str) -> Undone {
    let bytes = text.as_bytes();
    let all: Vec<_> =
        regions(bytes).found.iter().map(|r| r.undone(bytes)).filter(|u| u.layer == layer).collect();
    assert_eq!(all.len(), 1, "{text:?}: {all:?}");
    all.into_iter().next().unwrap()
}

/// Where `wanted` of what `undone` stands for came from in `text`.
#[track_caller]
fn place<'t>(undone: &Undone, text: &'t str, wanted: &str) -> &'t str {
    let at = memchr::memmem::find(&undone.text, wanted.as_bytes()).unwrap();
    let span = undone.place(Span::new(at, at + wanted.len()));
    &text[span.start..span.end]
}

#[test]
fn a_part_of_base64_lies_in_the_characters_that_hold_its_bits() {
    let plain = "a text that is long enough, with KEY in it";
    let text = format!("x: {} y", STANDARD.encode(plain));
    let undone = undone(&text, "base64");
    assert!(undone.text.starts_with(b"a text that"));
    let characters = place(&undone, &text, "KEY");
    let around = STANDARD.encode(plain);
    assert!(around.contains(characters) && (4..=6).contains(&characters.len()), "{characters}");
}

#[test]
fn lines_of_one_text_are_one_region_with_places_in_each() {
    let plain = "the first line is as long as any other and the second holds a KEY of sorts, the third ends";
    let encoded = STANDARD.encode(plain);
    let lines: Vec<&str> =
        (0..encoded.len()).step_by(60).map(|i| &encoded[i..encoded.len().min(i + 60)]).collect();
    for line_break in ["\n", "\r\n", "\n    "] {
        let text = format!("key: |{line_break}{}\nnext: 1\n", lines.join(line_break));
        let undone = undone(&text, "base64");
        assert_eq!(String::from_utf8_lossy(&undone.text), plain, "{line_break:?}");
        assert!(lines[1].contains(place(&undone, &text, "KEY")), "{line_break:?}");
    }
}

#[test]
fn hashes_names_and_random_bytes_are_no_regions() {
    for text in [
        "sha256-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "this_is_a_long_name_of_a_function_in_some_language_or_other",
        "org/springframework/context/annotation/AnnotationConfigApplicationContext",
        "AAAAB3NzaC1yc2EAAAADAQABAAABgQC7vbqajDw4o6gJy8UtmIbkcpnkO3Kwc4qsEnSZp",
    ] {
        let found = regions(text.as_bytes()).found;
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn marks_count_beside_a_token_or_in_a_row() {
    assert_eq!(undone("k = ghp%5F0123456789abcdef01", "percent").text, b"k = ghp_0123456789abcdef01");
    assert_eq!(undone(r#""\u0067\u0068\u0070\u005f""#, "escapes").text, b"\"ghp_\"");
    let text = r#"k = "0123456789abcdef" + "ghi""#;
    let joined = undone(text, "joined");
    assert_eq!(joined.text, br#"k = "0123456789abcdefghi""#);
    assert_eq!(place(&joined, text, "efghi"), r#"ef" + "ghi"#);
    for text in [r"printf(\n)", "100% sure", "a &amp; b", "x = a + b", r#"f("a", "b")"#] {
        assert!(regions(text.as_bytes()).found.is_empty(), "{text}");
    }
}

#[test]
fn padding_at_the_end_of_a_line_breaks_no_line_of_a_mail() {
    for text in ["key=0123456789abcdef0123==\nnext=1\n", "key=0123456789abcdef012=\nnext=1\n"] {
        assert!(regions(text.as_bytes()).found.is_empty(), "{text}");
    }
    let text = format!("{}0123456789abcdef0123456789abcdef=\nghi and so on\n", "words ".repeat(7));
    let all = undone(&text, "quoted-printable");
    assert!(memchr::memmem::find(&all.text, b"abcdefghi and").is_some());
}

#[test]
fn what_stands_for_itself_is_told_from_what_does_not() {
    let text = "first_0123456789abcdef plain%20 0123456789abcdef%5Fsecond";
    let undone = undone(text, "percent");
    let of = |wanted: &str| {
        let at = memchr::memmem::find(&undone.text, wanted.as_bytes()).unwrap();
        undone.was_disguised(Span::new(at, at + wanted.len()))
    };
    assert!(!of("first_"));
    assert!(of("abcdef_second"));
}

#[test]
fn what_is_compressed_unpacks_within_its_limits() {
    use std::io::Write as _;
    let packed = |plain: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    };
    let small = packed(b"some text");
    let undone = inflated(&small).unwrap().unwrap();
    assert_eq!((undone.text.as_slice(), undone.layer), (&b"some text"[..], "gzip"));
    assert_eq!(undone.place(Span::new(2, 4)), Span::new(0, small.len()));
    assert!(inflated(&packed(&vec![0; 64 << 20])).is_err());
    assert_eq!(inflated(b"plain text").unwrap(), None);
    assert_eq!(inflated(b"\x1f\x8b\x08\x00garbage that is no stream").unwrap(), None);
}

#[test]
fn a_region_that_is_too_long_is_told() {
    let text = STANDARD.encode("words and words ".repeat(100_000));
    let found = regions(text.as_bytes());
    assert!(found.too_long && found.found.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_as_base64_comes_back(plain in "[ -~]{30,300}", lead in "[ \n=:]{0,5}") {
        let text = format!("{lead}{}", STANDARD.encode(&plain));
        let bytes = text.as_bytes();
        let all: Vec<_> = regions(bytes).found.iter().map(|r| r.undone(bytes).text).collect();
        prop_assert!(all.contains(&plain.clone().into_bytes()), "{}: {:?}", text, all);
        let url = URL_SAFE_NO_PAD.encode(&plain);
        let all: Vec<_> = regions(url.as_bytes()).found.iter().map(|r| r.undone(url.as_bytes()).text).collect();
        prop_assert!(all.contains(&plain.into_bytes()), "{}: {:?}", url, all);
    }

    #[test]
    fn places_lie_in_the_region_and_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "(ab\\\\x41|%41|&#65;|\" \\+ \"|[A-Za-z0-9]{20}|[ \n]){0,30}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            for region in regions(bytes).found {
                let undone = region.undone(bytes);
                let mut last = region.span.start;
                for at in 0..undone.text.len() {
                    let span = undone.place(Span::new(at, at + 1));
                    prop_assert!(region.span.contains(span) && span.start >= last, "{region:?} {span:?}");
                    last = span.start;
                }
            }
        }
    }
}
