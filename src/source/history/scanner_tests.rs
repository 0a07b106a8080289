//! What is found in a blob does not depend on whether it was read whole or through a chain of deltas.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use proptest::collection::vec;
use proptest::prelude::*;

use super::scanner::{Found, Scanner};
use crate::checksum::example::render;
use crate::detect::Detector;
use crate::model::{Candidate, Span};
use crate::rule::RulePack;
use crate::source::odb::apply;

/// The built-in rules: they look across lines, join parts, decode.
fn detector() -> &'static Detector {
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    DETECTOR.get_or_init(|| Detector::new(Arc::new(RulePack::builtin())).unwrap())
}

/// Pieces of text: examples of rules, plain and encoded, and what stands between them.
fn pieces() -> &'static [Vec<u8>] {
    static PIECES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    PIECES.get_or_init(|| {
        let pack = RulePack::builtin();
        let examples = pack.rules().iter().flat_map(|rule| rule.positive.iter().chain(rule.negative.iter()));
        let examples: Vec<String> =
            examples.enumerate().filter_map(|(i, e)| render(e, &i.to_string()).ok()).collect();
        assert!(examples.len() > 300, "{}", examples.len());
        let mut pieces: Vec<Vec<u8>> = examples.iter().map(|e| e.clone().into_bytes()).collect();
        for example in examples.iter().step_by(7) {
            let wide =
                |bytes: fn(u16) -> [u8; 2]| example.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
            pieces.extend([wide(u16::to_le_bytes), wide(u16::to_be_bytes)]);
            pieces.push(base64::engine::general_purpose::STANDARD.encode(example).into_bytes());
            let each = |write: fn(u8) -> String| example.bytes().map(write).collect::<String>().into_bytes();
            pieces.push(each(|b| format!("{b:02x}")));
            pieces.push(each(|b| format!("%{b:02X}")));
            pieces.push(each(|b| format!("\\u{b:04x}")));
            pieces.push(each(|b| format!("&#{b};")));
            pieces.push(compressed(example).into_bytes());
            let wrapped = base64::engine::general_purpose::STANDARD.encode(example.repeat(3));
            pieces.push(wrapped.as_bytes().chunks(64).collect::<Vec<_>>().join(&b"\n"[..]));
            // Examples cut in two: other pieces may make them whole.
            let (a, b) = example.as_bytes().split_at(example.len() / 2);
            pieces.extend([a.to_vec(), b.to_vec()]);
        }
        let between: [&[u8]; 19] = [
            b"\n",
            b"\n",
            b"\r\n",
            b" ",
            b"\n\n",
            b"\"",
            b" = ",
            b"key: ",
            b"\0",
            b"\xff\xfe",
            b"'; ",
            b"x",
            b"\\\n",
            b"\" + \"",
            b"\"\n  \"",
            b"%5F",
            b"\\u005f",
            b"=\n",
            "naïve text, ".as_bytes(),
        ];
        // Half of all pieces stand between others.
        let count = pieces.len();
        pieces.extend(between.iter().cycle().take(count).map(|b| b.to_vec()));
        pieces.extend([b"filler words ".repeat(200), b"A1b2C3d4".repeat(300), vec![b'\n'; 50]]);
        pieces
    })
}

/// `text` as Helm stores it.
fn compressed(text: &str) -> String {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    base64::engine::general_purpose::STANDARD.encode(encoder.finish().unwrap())
}

/// One step of a delta. Places are parts of 1000 of the base.
#[derive(Debug, Clone)]
enum Step {
    Copy(usize, usize),
    Insert(Vec<usize>),
}

fn text(chosen: &[usize]) -> Vec<u8> {
    chosen.iter().flat_map(|&i| pieces()[i % pieces().len()].iter().copied()).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let part = (0..1000usize, 0..1000usize).prop_map(|(a, b)| Step::Copy(a.min(b), a.max(b)));
    let ends =
        (0..1000usize).prop_flat_map(|a| prop_oneof![Just(Step::Copy(0, a)), Just(Step::Copy(a, 1000))]);
    let insert = vec(any::<usize>(), 1..4).prop_map(Step::Insert);
    // Mostly what edits do: a head that stays, something new, a tail that stays.
    let edit = (0..1000usize, 0..30usize, vec(any::<usize>(), 0..3)).prop_map(|(at, gone, new)| {
        vec![Step::Copy(0, at), Step::Insert(new), Step::Copy((at + gone).min(1000), 1000)]
    });
    prop_oneof![3 => edit, 1 => vec(prop_oneof![part, ends, insert], 0..6)]
}

/// The delta that does `steps` to `base`, as git writes it.
fn delta(base: &[u8], steps: &[Step]) -> Vec<u8> {
    let (mut code, mut size) = (Vec::new(), 0);
    for step in steps {
        match step {
            Step::Insert(chosen) => {
                let new = text(chosen);
                size += new.len();
                for part in new.chunks(127) {
                    code.push(part.len() as u8);
                    code.extend(part);
                }
            }
            Step::Copy(a, b) => {
                let (mut from, end) = (a * base.len() / 1000, b * base.len() / 1000);
                size += end - from;
                while from < end {
                    let len = (end - from).min(0xff_ffff);
                    code.push(0xff);
                    code.extend(&(from as u32).to_le_bytes());
                    code.extend(&(len as u32).to_le_bytes()[..3]);
                    from += len;
                }
            }
        }
    }
    let mut delta = Vec::new();
    for mut number in [base.len(), size] {
        while number >= 0x80 {
            delta.push(number as u8 | 0x80);
            number >>= 7;
        }
        delta.push(number as u8);
    }
    delta.extend(code);
    delta
}

/// What tells two candidates apart.
type Key = (Span, String, Span, Vec<Span>, Vec<&'static str>);

fn keys(candidates: &[Candidate<'_>]) -> Vec<Key> {
    let key = |c: &Candidate<'_>| {
        let parts = c.parts.iter().map(|&(_, span)| span).collect();
        (c.span, c.rule.id.to_string(), c.matched, parts, c.layers.clone())
    };
    let mut keys: Vec<_> = candidates.iter().map(key).collect();
    keys.sort();
    keys
}

fn chain_is_as_whole(base: Vec<u8>, chain: &[Vec<Step>]) -> Result<(), TestCaseError> {
    let (mut scanner, mut plain) = (Scanner::new(detector()), Scanner::new(detector()));
    let mut found: Found<'_> = scanner.scan(&base);
    let mut base = base;
    for steps in chain {
        let (mut blob, mut pieces) = (Vec::new(), Vec::new());
        apply(&base, &delta(&base, steps), 1 << 24, &mut blob, &mut pieces).unwrap();
        found = scanner.scan_delta(&blob, &pieces, base.len(), &found);
        let whole = plain.scan(&blob);
        prop_assert_eq!(keys(&scanner.settled(&blob, &found)), keys(&plain.settled(&blob, &whole)));
        base = blob;
    }
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases, ..config } }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn deltas_leave_nothing_out(
        base in vec(any::<usize>(), 0..60),
        chain in vec(steps(), 1..5),
    ) {
        chain_is_as_whole(text(&base), &chain)?;
    }
}

proptest! {
    #![proptest_config(config(8))]

    #[test]
    fn deltas_in_huge_lines_leave_nothing_out(
        base in vec(any::<usize>(), 0..20),
        chain in vec(steps(), 1..4),
        times in 20..60usize,
    ) {
        let line = text(&base).into_iter().filter(|&b| b != b'\n' && b != b'\r').collect::<Vec<_>>();
        chain_is_as_whole(line.repeat(times), &chain)?;
    }
}
