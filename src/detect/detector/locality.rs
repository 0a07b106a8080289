//! Inheriting what a delta copied and searching the rest finds what a search of the whole finds.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::delta::{Copied, Delta};
use super::super::testing::{detector, rule};
use super::*;

/// Pieces of text: words that wake rules, tokens, and what stands between them.
const PIECES: &[&str] = &[
    "ghx_0123456789abcdefghij0123456789ABCDEF",
    "ghx_",
    "0123456789abcdef",
    "0123456789abcdef0123456789abcdef",
    "datadog",
    "DATADOG_KEY = ",
    " = ",
    "\"",
    "\n",
    "\r\n",
    "pin:",
    "1234",
    "-----BEGIN KEY-----",
    "-----END KEY-----",
    "MIIEpAIBAAKCAQEAu5m7\n",
    "password",
    "=hunter2-hunter3",                  // leakward:allow
    "postgres://user:s3cr3t-pw@host/db", // leakward:allow
    "k=",
    "x",
    "é",
    "................................................................",
    "The quick brown fox jumps over the lazy dog; ",
    "w\0i\0d\0e\0 \0t\0e\0x\0t\0 \0k\0=\0a\0b\0c\0d\0 \0",
    "\0",
];

fn rules() -> Detector {
    let far = Rule {
        reach: 4000,
        ..rule("far", r"-----BEGIN KEY-----([^-]{20,3000})-----END KEY-----", &["-----begin"])
    };
    let url = Rule { extractor: crate::rule::Extractor::Builtin("url".into()), ..rule("url", "", &[]) };
    let password = Rule {
        extractor: crate::rule::Extractor::Builtin("assignment-password".into()),
        ..rule("password", "", &[])
    };
    detector([
        rule("prefix", r"\b(ghx_[0-9A-Za-z]{36})\b", &["ghx_"]),
        rule(
            "context",
            r#"(?i)[\w.-]{0,50}?datadog[\w.-]{0,20}["' ]{0,3}=["' ]{0,5}([0-9a-f]{16,32})\b"#,
            &["datadog"],
        ),
        rule("short", r"pin:(\d{4})$", &["pin:"]),
        rule("start", r"^k=(\w{4})", &["k="]),
        rule("edge", r"\Ak=(\w{4})|k=(?:\w{4})\z", &["k="]),
        rule("run", r"[0-9a-f]{32}", &[]),
        far,
        url,
        password,
    ])
}

/// One step of a delta.
#[derive(Debug, Clone)]
enum Step {
    /// Copies the part of the base between these two of 1000 points.
    Copy(usize, usize),
    Insert(Vec<usize>),
}

fn text(pieces: &[usize]) -> Vec<u8> {
    pieces.iter().flat_map(|&i| PIECES[i].bytes()).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let copy = (0..1000usize, 0..1000usize).prop_map(|(a, b)| Step::Copy(a.min(b), a.max(b)));
    let rest = (0..1000usize).prop_map(|a| Step::Copy(a, 1000));
    let first = (0..1000usize).prop_map(|a| Step::Copy(0, a));
    let insert = vec(0..PIECES.len(), 0..4).prop_map(Step::Insert);
    vec(prop_oneof![copy, rest, first, Just(Step::Copy(0, 1000)), insert], 0..6)
}

/// The blob that `steps` make from `base`, and what it copies.
fn build(base: &[u8], steps: &[Step]) -> (Vec<u8>, Vec<Copied>) {
    let (mut blob, mut copied) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Insert(pieces) => blob.extend(text(pieces)),
            Step::Copy(a, b) => {
                let (from, end) = (a * base.len() / 1000, b * base.len() / 1000);
                if from < end {
                    copied.push(Copied { from, to: blob.len(), len: end - from });
                    blob.extend_from_slice(&base[from..end]);
                }
            }
        }
    }
    (blob, copied)
}

/// What tells two candidates apart.
type Key = (String, Span, Span, Reads);

fn key(c: &Candidate<'_>, by: isize) -> Key {
    (c.rule.id.to_string(), c.span.shifted(by), c.matched.shifted(by), c.reads.shifted(by))
}

fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    std::collections::BTreeSet::from_iter(items).into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inherited_and_found_together_are_all(base in vec(0..PIECES.len(), 0..80), steps in steps()) {
        let detector = rules();
        let mut scratch = Scratch::default();
        let base = text(&base);
        let (blob, copied) = build(&base, &steps);
        let delta = Delta { copied: &copied, base_len: base.len(), len: blob.len() };

        let mut known = Vec::new();
        let before = detector.find(&mut scratch, &base, &mut |c| known.push(c));
        let mut all = Vec::new();
        let after = detector.find(&mut scratch, &blob, &mut |c| all.push(key(&c, 0)));
        if before.whole {
            return Ok(());
        }
        let wakes: Vec<_> =
            before.wakes.iter().flat_map(|w| delta.carried(w.reads).map(|by| w.shifted(by))).collect();
        let mut found: Vec<_> =
            known.iter().flat_map(|c| delta.carried(c.reads).map(|by| key(c, by))).collect();
        let new = detector.find_in(&mut scratch, &blob, &delta.changed(), &wakes, &mut |c| found.push(key(&c, 0)));
        match new {
            Ok(new) => {
                prop_assert!(!after.whole, "a blob that must be searched in full was not");
                prop_assert_eq!(set(found), set(all));
                prop_assert_eq!(set(wakes.into_iter().chain(new.wakes)), set(after.wakes));
            }
            Err(NotLocal) => prop_assert!(blob.contains(&0), "text without zeros is searched in part"),
        }
    }
}
