//! A line on standard error that shows that a long scan moves. Nothing of it reaches a report.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::totals::{scanned, size, time};
use crate::model::{Pace, Paced};

/// Counts what was scanned; once a scan is a second old and standard error is a terminal, shows the counts there
/// until it is dropped. Threads share it.
#[derive(Debug)]
pub struct Progress {
    counts: Arc<Counts>,
    /// The thread that draws, and what stops it: `None` when nobody is there to look.
    drawing: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

#[derive(Debug, Default)]
struct Counts {
    blobs: AtomicU64,
    bytes: AtomicU64,
}

/// How long a scan runs before it shows anything.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two pictures.
const TICK: Duration = Duration::from_millis(100);

impl Progress {
    /// Starts to count. Where `paced` tells how far the scan has come, that is shown instead.
    pub fn start(paced: Option<Paced>) -> Self {
        let counts = Arc::<Counts>::default();
        let drawing = io::stderr().is_terminal().then(|| {
            let (stop, stopped) = mpsc::channel();
            let counts = Arc::clone(&counts);
            (stop, std::thread::spawn(move || draw(&counts, paced.as_deref(), &stopped)))
        });
        Self { counts, drawing }
    }

    /// Counts, and shows nothing wherever it runs.
    pub fn unseen() -> Self {
        Self { counts: Arc::default(), drawing: None }
    }

    /// Counts `bytes` that were scanned, and a blob when they are its first.
    pub fn add(&self, bytes: usize, first: bool) {
        self.counts.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.counts.blobs.fetch_add(u64::from(first), Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            // It panics only if the terminal does; the scan is no worse for it.
            let _ = thread.join();
        }
    }
}

/// Draws `counts`, or what `paced` tells, until `stopped` says so, then leaves no trace.
fn draw(counts: &Counts, paced: Option<&(dyn Fn() -> Pace + Send)>, stopped: &mpsc::Receiver<()>) {
    let begun = Instant::now();
    let waited = |time| stopped.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout);
    if !waited(PATIENCE) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_elapsed(PATIENCE);
    if let Ok(style) = ProgressStyle::with_template("{spinner} scanning: {msg}, {elapsed}") {
        bar.set_style(style);
    }
    loop {
        bar.set_message(match paced {
            Some(paced) => words(paced(), begun.elapsed()),
            None => {
                let [blobs, bytes] = [&counts.blobs, &counts.bytes].map(|n| n.load(Ordering::Relaxed));
                scanned(blobs, bytes)
            }
        });
        bar.tick();
        if !waited(TICK) {
            break;
        }
    }
    bar.finish_and_clear();
}

/// How far a history's scan has come after `elapsed`, how fast it goes, and when it will have read everything.
fn words(pace: Pace, elapsed: Duration) -> String {
    let Pace { objects, total, bytes } = pace;
    if objects == 0 || objects >= total {
        return format!("{objects} objects, {}", size(bytes));
    }
    let rate = (bytes as f64 / elapsed.as_secs_f64().max(0.001)) as u64;
    let left = elapsed.mul_f64((total - objects) as f64 / objects as f64);
    format!("{objects} of {total} objects, {}, {}/s, {} to go", size(bytes), size(rate), time(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_tells_what_is_left() {
        let pace = Pace { objects: 1000, total: 4000, bytes: 600_000_000 };
        let text = words(pace, Duration::from_secs(2));
        assert_eq!(text, "1000 of 4000 objects, 600 MB, 300 MB/s, 6.0 s to go");
        assert_eq!(words(Pace { objects: 4000, ..pace }, Duration::from_secs(9)), "4000 objects, 600 MB");
        assert_eq!(words(Pace::default(), Duration::ZERO), "0 objects, 0 bytes");
    }

    #[test]
    fn counts_add_up_whoever_counts() {
        let progress = Progress::start(None);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| (0..100).for_each(|i| progress.add(3, i == 0)));
            }
        });
        assert_eq!(progress.counts.blobs.load(Ordering::Relaxed), 4);
        assert_eq!(progress.counts.bytes.load(Ordering::Relaxed), 1200);
    }
}
