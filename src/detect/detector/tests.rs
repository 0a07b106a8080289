//! The detector on small rule packs.

use super::super::prefilter::Looked;
use super::super::testing::{detect, detector, named, rule};
use super::*;
use crate::model::Scope;
use crate::rule::{Requirement, Text};

const TOKEN: &str = "ghx_0123456789abcdefghij0123456789ABCDEF";

fn one(pattern: &'static str, keywords: &'static [&'static str], text: &str) -> Vec<String> {
    let detector = detector([rule("r", pattern, keywords)]);
    named(&detect(&detector, text.as_bytes()), text.as_bytes())
        .into_iter()
        .map(|(_, s)| s.to_owned())
        .collect()
}

#[test]
fn a_token_is_found_between_word_borders() {
    let pattern = r"\b(ghx_[0-9A-Za-z]{36})\b";
    assert_eq!(one(pattern, &["ghx_"], &format!("x = \"{TOKEN}\";")), [TOKEN]);
    assert_eq!(one(pattern, &["ghx_"], TOKEN), [TOKEN]);
    assert_eq!(one(pattern, &["ghx_"], &format!("{TOKEN}x")), Vec::<String>::new());
    assert_eq!(one(pattern, &["ghx_"], &format!("x{TOKEN}")), Vec::<String>::new());
    assert_eq!(one(pattern, &["ghx_"], &format!("é{TOKEN}é")), [TOKEN]);
}

#[test]
fn a_token_on_a_line_of_fifty_megabytes_is_found_wherever_it_stands() {
    let detector = detector([rule("r", r"\b(ghx_[0-9A-Za-z]{36})\b", &["ghx_"])]);
    let mut text = b"var a=1;".repeat(50 * 1024 * 1024 / 8);
    let places = [0, 65_500, 100_000 - 20, 8 << 20, (50 << 20) - 40];
    for at in places {
        text[at..at + 40].copy_from_slice(TOKEN.as_bytes());
        text[at.saturating_sub(1)] = if at == 0 { text[0] } else { b' ' };
        if let Some(after) = text.get_mut(at + 40) {
            *after = b' ';
        }
    }
    let found = detect(&detector, &text);
    assert_eq!(found.iter().map(|c| c.span.start).collect::<Vec<_>>(), places);
}

#[test]
fn a_keyword_in_the_context_wakes_its_rule() {
    let pattern = r#"(?i)[\w.-]{0,50}?datadog[\w.-]{0,20}["' ]{0,3}[=:]["' ]{0,5}([0-9a-f]{32})\b"#;
    let value = "0123456789abcdef0123456789abcdef";
    assert_eq!(one(pattern, &["datadog"], &format!("DATADOG_API_KEY: '{value}'")), [value]);
    assert_eq!(one(pattern, &["datadog"], &format!("my.dd.DataDog = {value}")), [value]);
    assert_eq!(one(pattern, &["datadog"], &format!("data_dog = {value}")), Vec::<String>::new());
    assert_eq!(one(pattern, &["datadog"], "datadog = 0123456789abcdef"), Vec::<String>::new());
}

#[test]
fn a_short_value_is_found_without_any_run() {
    assert_eq!(one(r"pin:(\d{4})\b", &["pin:"], "PIN: pin:1234 pin:12345"), ["1234"]);
    assert_eq!(one(r"(?i)pin:(\d{4})\b", &["pin:"], "PIN:1234"), ["1234"]);
}

#[test]
fn a_rule_without_keywords_is_found_too() {
    assert_eq!(one(r"ab[0-9]{3}-acme", &[], "x ab123-acme"), ["ab123-acme"]);
    assert_eq!(
        one(r"\b[0-9a-f]{32}\b", &[], "id: 0123456789abcdef0123456789abcdef."),
        ["0123456789abcdef0123456789abcdef"]
    );
    assert_eq!(one(r"\b[0-9]{3}\.[0-9]{3}\b", &[], "a 123.456 b"), ["123.456"]);
}

#[test]
fn every_match_on_a_line_is_found() {
    let text = "k=aaaa k=bbbb;k=cccc";
    assert_eq!(one(r"k=(\w{4})", &["k="], text), ["aaaa", "bbbb", "cccc"]);
}

#[test]
fn anchors_hold_at_line_borders() {
    let text = "x\r\nkey=abcdef\r\ny key=ghijkl";
    assert_eq!(one(r"^key=([a-z]{6})$", &["key="], text), ["abcdef"]);
    assert_eq!(one(r"key=([a-z]{6})$", &["key="], text), ["abcdef", "ghijkl"]);
}

#[test]
fn latin1_bytes_are_part_of_a_value() {
    let detector = detector([rule("r", r#"pass = "([^"\n]{4,40})""#, &["pass"])]);
    let text = b"pass = \"m\xfcnchen\""; // leakward:allow
    assert_eq!(detect(&detector, text)[0].span, Span::new(8, 15));
}

#[test]
fn utf16_text_is_read_and_its_places_are_the_blobs() {
    let detector = detector([rule("r", r"\b(ghx_[0-9A-Za-z]{36})\b", &["ghx_"])]);
    let text = format!("秘 token: {TOKEN}\r\n");
    let bytes: Vec<u8> =
        [0xfe_u8, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let found = detect(&detector, &bytes);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].span, Span::new(2 + 2 * 9, 2 + 2 * 9 + 80));
    assert_eq!(found[0].layers, ["utf-16be"]);
    let decoded = found[0].decoded.as_ref().unwrap();
    assert!(decoded.expose() == TOKEN.as_bytes(), "the decoded value is the token");
}

#[test]
fn a_zero_byte_hides_nothing() {
    let detector = detector([rule("r", r"\b(ghx_[0-9A-Za-z]{36})\b", &["ghx_"])]);
    assert_eq!(detect(&detector, format!("\0\0 {TOKEN}").as_bytes()).len(), 1);
    assert_eq!(detect(&detector, format!("\u{0}{TOKEN}\u{0}").as_bytes()).len(), 1);
    assert_eq!(detect(&detector, &[&b"\xff\xfe "[..], TOKEN.as_bytes()].concat()).len(), 1);
}

#[test]
fn parts_are_joined_and_missed() {
    let requires = |mandatory| {
        vec![Requirement { rule: "key".into(), within_lines: 2, within_columns: None, mandatory }]
    };
    let id = |mandatory| Rule { requires: requires(mandatory).into(), ..rule("id", r"id=(\w{4})", &["id="]) };
    let key = || rule("key", r"key=(\w{4})", &["key="]);
    let must = detector([id(true), key()]);
    let near = b"id=aaaa\n\nkey=bbbb\n";
    let far = b"id=aaaa\n\n\nkey=bbbb\n";
    let found = detect(&must, near);
    assert_eq!(found[0].parts.iter().map(|(r, s)| (&*r.id, s.start)).collect::<Vec<_>>(), [("key", 13)]);
    assert_eq!(named(&detect(&must, far), far), [("key".to_owned(), "bbbb")]);
    let may = detector([id(false), key()]);
    assert_eq!(detect(&may, far).len(), 2);
    assert!(detect(&may, far)[0].parts.is_empty());
}

#[test]
fn of_overlapping_candidates_the_telling_one_stays() {
    let generic = Rule {
        tags: vec![Text::Borrowed("generic")].into(),
        ..rule("generic", r#"token = "([^"\n]{8,80})""#, &["token"])
    };
    let specific = rule("specific", r"\b(ghx_[0-9A-Za-z]{36})\b", &["ghx_"]);
    let outer = rule("outer", r"wrap<(\w+)>", &["wrap<"]);
    let detector = detector([generic, specific, outer]);
    let text =
        format!("token = \"{TOKEN} and more\" token = \"other-value-1\" wrap<ghx_{TOKEN}> wrap<x{TOKEN}>");
    let found = detect(&detector, text.as_bytes());
    let names: Vec<_> = found.iter().map(|c| &*c.rule.id).collect();
    assert_eq!(names, ["specific", "generic", "outer", "outer"]);
}

#[test]
fn a_scope_leaves_out_what_lies_outside() {
    let detector = detector([rule("r", r"k=(\w{4})", &["k="])]);
    let text = b"k=aaaa\nk=bbbb\nk=cccc\n";
    let spans = [Span::new(7, 14)];
    let blob = Blob { scope: Scope::Within(&spans), ..Blob::whole(text) };
    let mut found = Vec::new();
    detector.detect(&mut Scratch::default(), &blob, None, &mut |c| found.push(c.span));
    assert_eq!(found, [Span::new(9, 13)]);
}

#[test]
fn a_scratch_serves_one_detector_after_another() {
    let a = detector([rule("a", r"k=(\w{4})", &["k="])]);
    let b = detector([rule("b", r"k=(\w)\w", &["k="])]);
    let mut scratch = Scratch::default();
    for (detector, end) in [(&a, 6), (&b, 3), (&a, 6)] {
        detector.detect(&mut scratch, &Blob::whole(b"k=aaaa"), None, &mut |c| {
            assert_eq!(c.span, Span::new(2, end))
        });
    }
}

#[test]
fn a_faulty_rule_is_named() {
    let fault = |pattern: &'static str| {
        let pack = RulePack::new([rule("acme-key", pattern, &["acme"])]);
        Detector::new(Arc::new(pack)).unwrap_err().to_string()
    };
    assert!(fault("acme(").starts_with("rule acme-key: the pattern is no regular expression"));
    assert_eq!(fault("acme|x*"), "rule acme-key: the pattern matches the empty text");
}

/// Bytes that the rules of `detector` may read in `text`: the windows of all that wakes them.
fn steps(detector: &Detector, text: &[u8]) -> usize {
    let mut steps = text.len();
    detector.prefilter.search(text, Span::new(0, text.len()), &mut Looked::default(), &mut |hit| match hit {
        Hit::Literal(trigger, at) => {
            let woken = &detector.woken[trigger as usize];
            let hit = Span::new(at, at + woken.literal.len());
            let runners = woken.runners.iter().map(|&i| &detector.runners[i as usize]);
            steps += runners.filter(|r| r.heeds(text, hit)).map(|r| r.reads.0 + r.reads.1).sum::<usize>();
        }
        Hit::Run(run) => {
            let runners = detector.by_run.iter().map(|&(_, i)| &detector.runners[i as usize]);
            steps += runners.map(|r| run.len() + r.reads.0 + r.reads.1).sum::<usize>();
        }
    });
    steps
}

#[test]
fn text_that_wakes_every_rule_everywhere_stays_linear() {
    let detector = Detector::new(Arc::new(RulePack::builtin())).unwrap();
    let run = "0123456789abcdef".repeat(4);
    let keywords = detector.woken.iter().map(|w| String::from_utf8_lossy(&w.literal) + &*run);
    let text = keywords.collect::<Vec<_>>().join(" ").into_bytes();
    let once = steps(&detector, &text);
    assert!(once > 20 * text.len(), "every rule wakes: {once} steps for {} bytes", text.len());
    let tenfold = steps(&detector, &text.repeat(10));
    assert!(tenfold < 11 * once, "{once} steps, then {tenfold}");
}

#[test]
fn rules_cost_nothing_on_text_that_cannot_hold_them() {
    let detector = Detector::new(Arc::new(RulePack::builtin())).unwrap();
    let text = b"fn main() { let some_identifier = other_module::longer_name(1, 2); }\n".repeat(50);
    assert_eq!(steps(&detector, &text), text.len());
}
