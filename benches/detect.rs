//! Speed of detection on real text, one core, text in memory.
//!
//! `cargo bench --bench detect -- [DIR] [--mb N] [--extra N] [--only prefilter|find|detect]` reads up to N MB (default
//! 200) of text files under DIR (default: the crate sources that cargo has unpacked) and prints what each stage takes
//! (processor time, best of five rounds). `--extra` adds so many made-up provider rules to the built-in ones.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to whoever runs it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use leakward::decode::is_binary;
use leakward::detect::{Detector, Scratch};
use leakward::model::Blob;
use leakward::rule::{Confidence, Extractor, Rule, RulePack, Severity, Text};

/// Names that made-up rules look for in the context of a value: many are everyday words, as product names are.
const NAMES: &[&str] = &[
    "acme", "airtable", "alpha", "apollo", "atlas", "beacon", "bolt", "branch", "buffer", "canvas", "circle",
    "clear", "close", "cloud", "coda", "copper", "cursor", "datadog", "delta", "drift", "drone", "fastly",
    "figma", "fixer", "float", "front", "fusion", "github", "google", "harvest", "heap", "here", "hive",
    "hunter", "index", "infra", "jira", "kit", "lambda", "launch", "line", "linear", "locker", "mapbox",
    "matrix", "meta", "mux", "neon", "netlify", "notion", "orbit", "packet", "panel", "pixel", "plaid",
    "podio", "pulse", "qubit", "radar", "render", "replica", "ring", "route", "runner", "sanity", "scale",
    "segment", "sentry", "shard", "shift", "signal", "slack", "snap", "sonar", "spark", "square", "stack",
    "stream", "stripe", "swift", "tatum", "teller", "trace", "twist", "unity", "vault", "vector", "vercel",
    "wave", "webex", "wise", "wit", "zapier", "zeta", "zoom", "zulip",
];

struct Arguments {
    root: PathBuf,
    megabytes: usize,
    extra: usize,
    only: Option<String>,
}

fn main() {
    let arguments = arguments();
    let texts = texts(&arguments.root, arguments.megabytes << 20);
    let bytes: usize = texts.iter().map(Vec::len).sum();
    println!("{} files, {:.1} MB under {}", texts.len(), bytes as f64 / 1e6, arguments.root.display());
    let start = seconds();
    let mut pack = RulePack::builtin();
    made_up(arguments.extra).for_each(|rule| pack.insert(rule));
    let detector = Detector::new(Arc::new(pack)).expect("every rule can run");
    println!("{} rules ready in {:.2} ms", detector.pack().rules().len(), (seconds() - start) * 1e3);
    let mut scratch = Scratch::default();
    let wanted = |stage: &str| arguments.only.as_deref().is_none_or(|only| only == stage);
    if wanted("prefilter") {
        measure("prefilter", bytes, "hits", || {
            let mut hits = 0;
            texts.iter().for_each(|text| detector.hits(text, &mut |_| hits += 1));
            hits
        });
        print_hits(&detector, &texts, bytes);
    }
    if wanted("find") {
        measure("find", bytes, "candidates", || {
            let mut found = 0;
            for text in &texts {
                detector.find(&mut scratch, text, &mut |_| found += 1);
            }
            found
        });
    }
    if wanted("detect") {
        measure("detect", bytes, "candidates", || {
            let mut found = 0;
            for text in &texts {
                detector.detect(&mut scratch, &Blob::whole(text), None, &mut |_| found += 1);
            }
            found
        });
    }
}

fn measure(stage: &str, bytes: usize, what: &str, mut run: impl FnMut() -> usize) {
    let mut best = f64::INFINITY;
    let mut found = 0;
    for _ in 0..5 {
        let start = seconds();
        found = run();
        best = best.min(seconds() - start);
    }
    let (rate, each) = (bytes as f64 / best / 1e6, found as f64 * 1e6 / bytes as f64);
    println!("{stage:10} {:8.1} ms  {rate:7.0} MB/s  {found} {what}, {each:.1} a MB", best * 1e3);
}

/// Prints the keywords that are hit most.
fn print_hits(detector: &Detector, texts: &[Vec<u8>], bytes: usize) {
    let mut hits: std::collections::BTreeMap<&[u8], usize> = std::collections::BTreeMap::new();
    texts.iter().for_each(|text| detector.hits(text, &mut |keyword| *hits.entry(keyword).or_default() += 1));
    let mut hits: Vec<_> = hits.into_iter().collect();
    hits.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let rate = |n: usize| n as f64 * 1e6 / bytes as f64;
    let most = hits.iter().take(40).map(|(k, n)| format!("{} {:.0}", String::from_utf8_lossy(k), rate(*n)));
    println!("hits a MB: {}", most.collect::<Vec<_>>().join(", "));
}

/// Time that this thread has run, in seconds, where the system tells it: the bench may not have a core for itself.
fn seconds() -> f64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran =
        stat.and_then(|s| s.split(' ').next()?.parse::<f64>().ok()).map(|nanoseconds| nanoseconds / 1e9);
    ran.unwrap_or_else(|| START.elapsed().as_secs_f64())
}

fn arguments() -> Arguments {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
    let root = cargo.unwrap_or_else(home).join("registry/src");
    let mut parsed = Arguments { root, megabytes: 200, extra: 0, only: None };
    let mut words = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse().ok()).expect("a number");
        match word.as_str() {
            "--mb" => parsed.megabytes = number(),
            "--extra" => parsed.extra = number(),
            "--only" => parsed.only = words.next(),
            _ => parsed.root = word.into(),
        }
    }
    parsed
}

/// Text files under `root`, in the order of their paths, until they hold `limit` bytes; one in three where there is
/// more, so that no single crate is all there is.
fn texts(root: &Path, limit: usize) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path)
        .collect();
    paths.sort();
    let mut texts = Vec::new();
    let mut total = 0;
    for (_, path) in (0..).zip(paths).filter(|(i, _)| i % 3 == 0) {
        let Ok(text) = std::fs::read(path) else { continue };
        if total >= limit {
            break;
        }
        if text.len() < 4 << 20 && !is_binary(&text) {
            total += text.len();
            texts.push(text);
        }
    }
    texts
}

/// `n` rules such as providers' are: two in three with a prefix of their own, one with a name in the context.
fn made_up(n: usize) -> impl Iterator<Item = Rule> {
    let mut state = 7u64;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    (0..n).map(move |i| {
        let (keyword, pattern) = if i % 3 == 0 {
            let name = NAMES[(i / 3) % NAMES.len()].to_owned() + ["", "_", "-api"][i / 3 / NAMES.len() % 3];
            let len = [32, 40, 24, 64][i / 3 % 4];
            let value = ["0-9a-f", "0-9A-Za-z", "0-9A-Za-z_-"][i / 3 % 3];
            let pattern = format!(
                r#"(?i){name}[\w .-]{{0,20}}["' ]{{0,3}}(?:=|:|=>|:=)["' ]{{0,5}}([{value}]{{{len}}})(?:["';\s]|$)"#
            );
            (name, pattern)
        } else {
            let word: String = (0..2 + next(4)).map(|_| char::from(b'a' + next(26) as u8)).collect();
            let prefix = word + ["_", "-", "."][next(3)];
            (prefix.clone(), format!(r"\b({}[0-9A-Za-z]{{{}}})\b", prefix.replace('.', r"\."), 20 + next(30)))
        };
        rule(format!("made-up-{i}"), keyword, pattern)
    })
}

fn rule(id: String, keyword: String, pattern: String) -> Rule {
    Rule {
        id: id.into(),
        title: Text::default(),
        severity: Severity::High,
        confidence: Confidence::Medium,
        keywords: vec![Text::Owned(keyword)].into(),
        extractor: Extractor::Pattern(pattern.into()),
        group: 1,
        min_entropy: Some(3.0),
        checksum: None,
        path: None,
        stopwords: Vec::new().into(),
        requires: Vec::new().into(),
        reach: 256,
        source: Text::default(),
        revoke: Text::default(),
        live: None,
        tags: Vec::new().into(),
        positive: Vec::new().into(),
        negative: Vec::new().into(),
    }
}
