//! What it costs to judge generic values: one candidate alone, and files that hold up to a million.
//!
//! `cargo bench --bench candidates` prints processor time per candidate. The classifier has 2 µs for one; a file of
//! ten times as many candidates may take ten times as long, and no more memory than its text and findings.

#![allow(clippy::print_stdout, reason = "a bench talks to whoever runs it")]

use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use leakward::classify::{Judgement, KeyKind, Model, Subject, Syntax, add_path, judge, weigh};
use leakward::detect::{Detector, Scratch};
use leakward::model::Blob;
use leakward::rule::RulePack;

/// Values of each kind that is judged: passwords, tokens, keys, noise.
const VALUES: &[(&str, KeyKind, &str)] = &[
    ("db_password", KeyKind::Password, "kT9x-vQ2m-77a93bc1"),
    ("password", KeyKind::Password, "Sparrow42!meadow"),
    ("access_token", KeyKind::Token, "f3a9c07be51d4426a8f07c19b2d3e4f5"),
    ("api_key", KeyKind::Key, "q8Zr2LxVtY4mNc6BwJ0sKdHfGp1TuEi7"),
    ("client_secret", KeyKind::Secret, "V3ry_l0ng-s3cr3t.value~with8marks"),
    ("password", KeyKind::Password, "please enter it"),
    ("auth", KeyKind::Credential, "settings/login/form"),
];

fn main() {
    judged_alone();
    for lines in [10_000, 100_000, 1_000_000] {
        in_one_file(lines);
    }
}

fn judged_alone() {
    const ROUNDS: usize = 200_000;
    let lexicon = Model::embedded().lexicon();
    let start = seconds();
    for round in 0..ROUNDS {
        let (key, kind, value) = VALUES[round % VALUES.len()];
        let subject = Subject {
            before: b"        conn = connect(host, user=\"app\", ",
            after: b", timeout=5)",
            ..Subject::new(key.as_bytes(), kind, value.as_bytes(), Syntax::Quoted)
        };
        if let Judgement::Open(mut evidence) = judge(black_box(&subject), &lexicon) {
            add_path(&mut evidence, b"src/settings/database.py");
            black_box(weigh(&evidence));
        }
    }
    println!("a value alone: {:.2} µs", (seconds() - start) * 1e6 / ROUNDS as f64);
}

fn in_one_file(lines: usize) {
    let text: String = (0..lines)
        .map(|i| {
            let n = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("service_{i}_password = \"kT{n:016x}vQ\"\n")
        })
        .collect();
    let detector = Detector::new(Arc::new(RulePack::builtin())).expect("every rule can run");
    let (mut scratch, mut found) = (Scratch::default(), 0);
    let start = seconds();
    detector.detect(&mut scratch, &Blob::whole(text.as_bytes()), Some(b"settings.py"), &mut |_| found += 1);
    let took = seconds() - start;
    let each = took * 1e6 / lines as f64;
    println!(
        "{lines:>9} candidates in {:.0} MB: {took:.2} s, {each:.2} µs each, {found} found",
        text.len() as f64 / 1e6
    );
}

/// Processor time of this thread, in seconds; time of day where the system does not tell.
fn seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = stat.and_then(|s| s.split(' ').next()?.parse::<f64>().ok());
    ran.map_or_else(|| START.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}
