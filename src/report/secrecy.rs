//! No format shows a planted secret, raw or encoded, wherever it stands. Tests only.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{Format, Options, sample};
use crate::model::{Commit, Finding, Origin, Place, Span, Suppression, Tally};

/// Values of every shape, none of which may be seen.
const PLANTED: [&str; 6] = [
    "tok_0123456789abcdefghijklmnopqrstuvWXYZ",
    "hunter2!",
    "with/slash+plus=equals&amp;percent%41xyz",
    "quote\"back\\slash'tick-and-more-characters",
    "-----BEGIN KEY-----\nMIIBVQIBADANBgkqhkiG9w0BAQEF\n-----END KEY-----",
    "pässwörd-mit-umlauten-und-länge",
];

/// A finding of `value` with the value, and encodings of it, in every text that a report may show.
fn planted(value: &str, variant: u32) -> Finding {
    let encoded = STANDARD.encode(format!("user:{value}"));
    let percent: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
    let line = format!("# was {value}; key = '{value}' # {encoded} {percent} {value}\n");
    let path = if variant.is_multiple_of(2) { "src/a.py".to_owned() } else { format!("keys/{value}.txt") };
    let mut finding = sample::finding(&path, &line.replace("# was", "# is"), value);
    let commit = Commit {
        order: 0,
        id: "0123456789abcdef0123456789abcdef01234567".into(),
        author: value.to_owned(),
        email: format!("{value}@example.org"),
        time: 1_700_000_000,
        message: format!("add {value} and {encoded}"),
    };
    finding.matched = crate::model::Secret::new(format!("key = '{value}' '{value}'").as_bytes());
    match variant % 3 {
        0 => finding.origin.place = Place::Commit(Arc::new(commit)),
        1 => {
            finding.origin =
                Origin::new("", Place::Message(Arc::new(commit), crate::model::MessageKind::Commit))
        }
        _ => finding.excerpt.others = vec![Span::new(0, 3)],
    }
    if variant.is_multiple_of(5) {
        finding.suppressed = Some(Suppression::Marker("leakward:allow"));
    }
    finding
}

/// Ways in which `value` could be read back from a report.
fn traces(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap();
    let percent: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
    vec![
        value.to_owned(),
        json.trim_matches('"').to_owned(),
        STANDARD.encode(value).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(value),
        STANDARD.encode(format!("user:{value}")),
        percent,
        // Of a long value, also what is left when the mask shows the ends.
        value.get(4..value.len() - 4).filter(|rest| rest.len() >= 16).unwrap_or(value).to_owned(),
    ]
}

fn report(format: Format, findings: &[Finding], show_secrets: bool, color: bool) -> String {
    let options = Options { show_secrets, color, width: 100, ..Options::for_file() };
    let (tally, pack) = (Tally::default(), sample::pack());
    let mut out = Vec::new();
    format.reporter(&options).report(&sample::summary(findings, &tally, &pack), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn no_format_shows_a_planted_secret() {
    for value in PLANTED {
        for variant in 0..6 {
            let findings = [planted(value, variant)];
            for format in Format::ALL {
                for color in [false, true] {
                    let text = report(format, &findings, false, color);
                    for trace in traces(value) {
                        assert!(
                            !text.contains(&trace),
                            "{} shows {trace:?} ({variant}):\n{text}",
                            format.name()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_format_says_something_of_each_finding() {
    for format in Format::ALL {
        let text = report(format, &[planted(PLANTED[0], 2)], false, false);
        assert!(text.contains("tok_****************************WXYZ"), "{}", format.name());
    }
}

#[test]
fn show_secrets_shows_them() {
    for format in Format::ALL {
        let text = report(format, &[sample::finding("a", PLANTED[0], PLANTED[0])], true, false);
        assert!(text.contains(PLANTED[0]), "{}", format.name());
    }
}

#[test]
fn debug_output_of_a_finding_holds_no_secret() {
    let text = format!("{:?}", sample::finding("a", PLANTED[0], PLANTED[0]));
    assert!(!text.contains(PLANTED[0]) && !text.contains("0123456789abcdef"), "{text}");
}
