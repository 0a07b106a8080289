//! The pipeline over blobs in memory.

use std::ops::ControlFlow;

use super::*;
use crate::model::{Blob, Origin, Place};
use crate::rule::RulePack;
use crate::source::Visitor;

/// Blobs by path, dealt to as many visitors as `threads`.
struct Blobs {
    blobs: Vec<(&'static str, Vec<u8>)>,
    threads: usize,
}

impl Source for Blobs {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let mut visitors: Vec<_> = (0..self.threads).map(|_| visitor()).collect();
        for (i, (path, text)) in self.blobs.iter().enumerate() {
            let origin = Origin::new(*path, Place::File);
            let flow = visitors[i % self.threads].visit(&origin, &Blob::whole(text));
            if let ControlFlow::Break(()) = flow {
                break;
            }
        }
        Ok(Tally { blobs: self.blobs.len() as u64, ..Tally::default() })
    }
}

/// A rule for `acme_` and 20 letters or digits.
fn config() -> Config {
    let mut pack = RulePack::default();
    let rule = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-z]{20})\\b'\n";
    crate::rule::load(&mut pack, "test", rule).unwrap();
    Config {
        detector: Arc::new(Detector::new(Arc::new(pack)).unwrap()),
        suppressor: Suppressor::markers_only(),
        min_confidence: Confidence::Low,
        min_severity: Severity::Low,
        parts: Vec::new(),
        show_suppressed: false,
        line_hash: true,
        subject: "blobs".to_owned(),
        root: Root::default(),
        notes: Vec::new(),
        time_limit: None,
        outputs: Vec::new(),
        found: FOUND,
        judges: Vec::new(),
        fail_on: crate::model::State::FAILING.to_vec(),
        audit: None,
        reach: crate::suppress::Reach::Changes,
    }
}

fn token(n: u64) -> String {
    format!("acme_{n:020}")
}

#[test]
fn findings_do_not_depend_on_the_threads() {
    let blobs: Vec<_> = ["c", "a", "b", "e", "d"]
        .into_iter()
        .enumerate()
        .map(|(i, path)| (path, format!("x = {}\nx = {}\n", token(i as u64), token(7)).into_bytes()))
        .collect();
    let outcomes: Vec<_> = [1, 2, 5]
        .into_iter()
        .map(|threads| {
            let outcome = collect(&Blobs { blobs: blobs.clone(), threads }, &config()).unwrap();
            let show =
                |f: &Finding| (f.origin.path.to_string(), f.region, f.fingerprint, f.line_hash.clone());
            outcome.findings.iter().map(show).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(outcomes[0].len(), 10);
    assert!(outcomes[0].is_sorted_by_key(|f| (f.0.clone(), f.1)));
    assert_eq!((&outcomes[0], &outcomes[0]), (&outcomes[1], &outcomes[2]));
}

#[test]
fn equal_lines_have_different_names_and_keep_them_when_they_move() {
    let two = format!("x = {}\nx = {}\n", token(1), token(2));
    let names = |text: String| {
        let outcome =
            collect(&Blobs { blobs: vec![("a", text.into_bytes())], threads: 1 }, &config()).unwrap();
        outcome.findings.iter().map(|f| f.fingerprint).collect::<Vec<_>>()
    };
    let before = names(two.clone());
    assert_ne!(before[0], before[1]);
    assert_eq!(before, names(format!("\n\n# moved\n    {}", two.replace('\n', "\n\n"))));
}

#[test]
fn a_name_tells_nothing_of_values() {
    let names = |a: u64, b: u64| {
        let text = format!("{} and {}", token(a), token(b));
        let outcome =
            collect(&Blobs { blobs: vec![("a", text.into_bytes())], threads: 1 }, &config()).unwrap();
        outcome.findings.iter().map(|f| f.fingerprint).collect::<Vec<_>>()
    };
    assert_eq!(names(1, 2), names(3, 4));
}

#[test]
fn suppressed_findings_do_not_count() {
    let text = format!("x = {} # leakward:allow", token(1));
    let outcome = collect(&Blobs { blobs: vec![("a", text.into_bytes())], threads: 1 }, &config()).unwrap();
    assert_eq!((outcome.findings.len(), outcome.exit_code(FOUND, &[])), (1, 0));
}

#[test]
fn parts_are_not_reported() {
    let config = Config { parts: vec!["acme-key".into()], ..config() };
    let outcome = collect(&Blobs { blobs: vec![("a", token(1).into_bytes())], threads: 1 }, &config).unwrap();
    assert!(outcome.findings.is_empty());
}

#[test]
fn a_scan_that_runs_out_of_time_is_incomplete_and_says_so() {
    let config = Config { time_limit: Some(Duration::ZERO), ..config() };
    let outcome = collect(
        &Blobs { blobs: vec![("a", token(1).into_bytes()), ("b", token(1).into_bytes())], threads: 2 },
        &config,
    )
    .unwrap();
    assert_eq!(outcome.exit_code(FOUND, &[]), FAILED);
    assert_eq!(outcome.tally.gaps.len(), 1);
}

#[test]
fn places_in_utf16_are_those_of_its_text() {
    let text = format!("erste Zeile: ü😀\r\nkey = {} # Ende\r\n", token(1));
    let narrow = search(text.as_bytes());
    for mark in ["", "\u{feff}"] {
        let wide: Vec<u8> = format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let found = search(&wide);
        assert_eq!(found.len(), 1);
        let (a, b) = (&found[0], &narrow[0]);
        assert_eq!((a.region, a.matched_region, a.fingerprint), (b.region, b.matched_region, b.fingerprint));
        assert_eq!(a.excerpt.text, b.excerpt.text);
        assert_eq!(a.excerpt.secret, b.excerpt.secret);
        let bytes: Vec<u8> = token(1).encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(a.span.of(&wide), bytes, "the span is that of the bytes");
    }
}

fn search(bytes: &[u8]) -> Vec<Finding> {
    collect(&Blobs { blobs: vec![("a", bytes.to_vec())], threads: 1 }, &config()).unwrap().findings
}
