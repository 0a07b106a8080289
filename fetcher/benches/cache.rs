//! What a read costs: of a value that is held, with its expiry checked; by two threads at once; through a handle and by
//! name; and in allocations. Prints one line for each figure, and fails when one misses its bound by a factor of three,
//! which no busy machine explains.
//!
//! `cargo bench -p leakward-fetcher --bench cache`; `bench/cached-read` runs the peer too.
#![expect(clippy::print_stdout, reason = "figures are its output")]
#![expect(unsafe_code, reason = "an allocator that counts is unsafe by its trait")]
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use leakward_fetcher::provider::MockProvider;
use leakward_fetcher::{Policy, SecretPath, SecretRef, SecretsManager};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Rounds of one figure; the best counts, because others use the machine too.
const ROUNDS: usize = 20;
/// Reads in one round.
const READS: u32 = 500_000;

/// Nanoseconds of one call of `read`, at best.
fn nanos(mut read: impl FnMut()) -> f64 {
    let round = |_| {
        let begun = Instant::now();
        (0..READS).for_each(|_| read());
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(READS)
    };
    (0..ROUNDS).map(round).fold(f64::MAX, f64::min)
}

fn figure(name: &str, value: f64, unit: &str, target: &str, missed: bool) {
    println!("{name:<52} {value:>9.1} {unit:<10} (target {target})");
    assert!(!missed, "{name}: {value} {unit}, target {target}");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let mock = MockProvider::new();
    (0..1000).for_each(|i| drop(mock.put(&format!("app/{i}"), "value")));
    let policy = Policy::default().with_ttl(Duration::from_secs(3600));
    let manager = SecretsManager::builder().provider("", mock).policy(policy).build().unwrap();
    let names: Vec<_> =
        (0..1000).map(|i| SecretRef::current(SecretPath::parse(&format!("app/{i}")).unwrap())).collect();
    runtime.block_on(async {
        for name in &names {
            manager.read(name).await.unwrap();
        }
    });
    let handle = manager.secret(&names[500]).unwrap();

    let by_handle = nanos(|| drop(black_box(handle.cached().unwrap())));
    figure("cached read through a handle", by_handle, "ns", "60", by_handle > 180.0);
    let by_name = nanos(|| drop(black_box(manager.cached(black_box(&names[500])).unwrap())));
    figure("cached read by name, of 1,000", by_name, "ns", "60", by_name > 180.0);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    (0..10_000).for_each(|i| drop(black_box(manager.cached(&names[i % 1000]).unwrap())));
    (0..10_000).for_each(|_| drop(black_box(handle.cached().unwrap())));
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    figure("allocations in 20,000 cached reads", allocations as f64, "", "0", allocations > 0);

    for (what, spread) in [("of one secret", 0), ("each of its own secret", 500)] {
        let reads = both_cores(&manager, &names, spread);
        let name = format!("reads on two cores, {what}");
        figure(&name, reads / 1e6, "M/s", "20", reads < 20e6 / 3.0);
    }
}

/// Reads a second of two threads, the second `spread` names after the first; the best of five rounds.
fn both_cores(manager: &SecretsManager, names: &[SecretRef], spread: usize) -> f64 {
    let round = |_| {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..2 {
                scope.spawn(move || {
                    let name = &names[thread * spread];
                    (0..5 * READS).for_each(|_| drop(black_box(manager.cached(black_box(name)).unwrap())));
                });
            }
        });
        f64::from(10 * READS) / begun.elapsed().as_secs_f64()
    };
    (0..5).map(round).fold(0.0, f64::max)
}
