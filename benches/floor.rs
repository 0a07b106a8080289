//! The floor of a history scan: inflates every object of a repository once and does nothing with it.
//!
//! `cargo bench --bench floor -- REPO [blob|tree|commit|all] [THREADS]` prints objects, bytes and seconds.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to whoever runs it")]

use std::sync::atomic::Ordering;
use std::time::Instant;

use leakward::source::odb::{
    Grove, Kinds, Layout, Object, ObjectKind, Odb, OdbError, Progress, Visitor, Walk,
};

struct Idle {
    unreadable: u64,
}

impl Visitor for Idle {
    type Legacy = ();

    fn object(&mut self, _: Object<'_, ()>) {}

    fn unreadable(&mut self, _: u32, why: OdbError) {
        eprintln!("unreadable: {why}");
        self.unreadable += 1;
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let Some(repository) = arguments.first() else {
        println!("floor: name a repository to measure");
        return;
    };
    let kinds = match arguments.get(1).map_or("blob", String::as_str) {
        "all" => Kinds::ALL,
        word => Kinds::of(&[ObjectKind::from_word(word.as_bytes()).expect("a kind of object")]),
    };
    let threads = arguments.get(2).map_or(2, |t| t.parse().expect("a number of threads"));
    let start = Instant::now();
    let layout = Layout::discover(repository.as_ref()).expect("a repository");
    let odb = Odb::open(&layout).expect("an object database");
    let opened = start.elapsed();
    let walk = Walk { threads, budget: 256 << 20, limit: 1 << 30, kinds };
    let progress = Progress::default();
    let visitors =
        walk.run(&odb, &Grove::default(), &progress, &|_| true, &|| Idle { unreadable: 0 }).expect("a walk");
    let (objects, bytes) = (progress.objects.load(Ordering::Relaxed), progress.bytes.load(Ordering::Relaxed));
    let unreadable: u64 = visitors.iter().map(|v| v.unreadable).sum();
    println!(
        "{objects} objects, {bytes} bytes, {unreadable} unreadable; opened in {:.3} s, done in {:.3} s",
        opened.as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter(|l| l.starts_with("RssAnon") || l.starts_with("VmHWM"))
        .for_each(|l| println!("{l}"));
}
