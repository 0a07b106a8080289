//! Work that threads share: each works on its own heap and gives from it when another one has none.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Tasks given away by busy threads to idle ones. All threads end when all are idle.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
    /// Idle threads for which no task has been given away yet; a hint that costs busy threads one load.
    hungry: AtomicUsize,
    stopped: AtomicBool,
}

#[derive(Debug)]
struct State<T> {
    given: VecDeque<T>,
    idle: usize,
    threads: usize,
}

impl<T> Queue<T> {
    /// A queue between `threads` threads.
    pub(super) fn new(threads: usize) -> Self {
        let state = State { given: VecDeque::new(), idle: 0, threads };
        Self {
            state: Mutex::new(state),
            wake: Condvar::new(),
            hungry: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Whether a thread waits for a task.
    #[inline]
    pub(super) fn is_hungry(&self) -> bool {
        self.hungry.load(Ordering::Relaxed) > 0
    }

    /// Gives a task away.
    pub(super) fn give(&self, task: T) {
        let mut state = self.lock();
        state.given.push_back(task);
        self.count_hungry(&state);
        drop(state);
        self.wake.notify_one();
    }

    /// Waits for a task; `None` when every thread waits, or after [`Queue::stop`].
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        state.idle += 1;
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(task) = state.given.pop_front() {
                state.idle -= 1;
                self.count_hungry(&state);
                return Some(task);
            }
            if state.idle == state.threads {
                self.stopped.store(true, Ordering::Relaxed);
                self.wake.notify_all();
                return None;
            }
            self.count_hungry(&state);
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether threads are to end early.
    #[inline]
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Ends all threads early.
    pub(super) fn stop(&self) {
        let _state = self.lock();
        self.stopped.store(true, Ordering::Relaxed);
        self.wake.notify_all();
    }

    fn count_hungry(&self, state: &State<T>) {
        self.hungry.store(state.idle.saturating_sub(state.given.len()), Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once_and_all_threads_end() {
        let queue = Queue::new(3);
        let done = AtomicUsize::new(0);
        std::thread::scope(|s| {
            for t in 0..3 {
                let (queue, done) = (&queue, &done);
                s.spawn(move || {
                    let mut own: Vec<u32> = if t == 0 { (0..1000).collect() } else { Vec::new() };
                    while let Some(_task) = own.pop().or_else(|| queue.take()) {
                        done.fetch_add(1, Ordering::Relaxed);
                        if queue.is_hungry() && own.len() > 1 {
                            queue.give(own.remove(0));
                        }
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 1000);
    }

    #[test]
    fn a_stopped_queue_hands_out_nothing() {
        let queue = Queue::new(2);
        queue.give(1);
        queue.stop();
        assert_eq!(queue.take(), None);
    }
}
