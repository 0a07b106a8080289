//! What others leave in freed memory is wiped by the allocator; in a binary of its own, because there is one
//! allocator for a whole program.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "it/bao.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod bao;
#[path = "it/memory.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
mod memory;

use bao::Bao;
use leakward_fetcher::wipe::WipingAllocator;
use memory::{Canary, held_and_after, tell};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

#[tokio::test]
async fn a_dropped_value_that_came_over_tls_is_gone_from_memory() {
    let canary = Canary::new();
    let bao = Bao::start_tls().await;
    bao.ready("secret/").await;
    tell(&bao, &canary);
    let (held, after) = held_and_after(&canary, bao.provider(), "secret/canary").await;
    assert!(held >= 1, "the measurement finds what is there");
    assert_eq!(after, 0);
}

#[test]
fn what_grows_leaves_nothing_behind() {
    let canary = Canary::new();
    let mut text = Vec::with_capacity(24);
    canary.with(|value| text.extend_from_slice(value));
    text.reserve_exact(1 << 20);
    assert_eq!(canary.count_in_memory(), 1);
    text.truncate(24);
    text.shrink_to_fit();
    assert_eq!(canary.count_in_memory(), 1);
    drop(text);
    assert_eq!(canary.count_in_memory(), 0);
}
