//! Refreshing ahead of time, in the background.

use leakward_fetcher::provider::Operation;
use leakward_fetcher::{Event, FaultKind, Freshness, Policy};

use crate::rig::{Rig, current, fault, secs, settle};

#[tokio::test]
async fn the_second_read_is_cached() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    assert_eq!(rig.read("db/main").await.secret().expose(), b"one");
    assert!(rig.manager.cached(&current("db/main")).is_some());
    rig.read("db/main").await;
    assert_eq!(rig.mock.fetches("db/main"), 1);
}

#[tokio::test]
async fn the_refresh_runs_between_63_and_77_percent_and_readers_never_wait() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.put("db/main", "two");
    // 0.7 · 60 s ± 10 % = 37.8 s to 46.2 s
    rig.pass(secs(37)).await;
    assert_eq!(rig.mock.fetches("db/main"), 1);
    rig.pass(secs(10)).await;
    assert_eq!(rig.mock.fetches("db/main"), 2);
    let reading = rig.manager.cached(&current("db/main")).unwrap();
    assert_eq!(reading.secret().expose(), b"two");
}

#[tokio::test]
async fn refreshing_goes_on_for_as_long_as_somebody_reads() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    for _ in 0..20 {
        assert!(rig.read("db/main").await.is_fresh());
        rig.pass(secs(30)).await;
    }
    let fetches = rig.mock.fetches("db/main");
    assert!((13..=16).contains(&fetches), "600 s at 37.8 s to 46.2 s each, was {fetches}");
}

#[tokio::test]
async fn nobody_reads_so_refreshing_ends_and_the_value_is_wiped() {
    let mut rig = Rig::with(Policy::default().with_ttl(secs(60)).with_idle(secs(100)), |b| b);
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.pass(secs(600)).await;
    assert!(rig.mock.fetches("db/main") <= 4, "{}", rig.mock.fetches("db/main"));
    assert!(rig.events().contains(&Event::Expired { secret: current("db/main") }));
    assert_eq!(rig.manager.len(), 0);
}

#[tokio::test]
async fn an_unchanged_version_extends_freshness_without_a_change() {
    let mut rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.events();
    rig.pass(secs(50)).await;
    assert_eq!(rig.mock.fetches("db/main"), 2);
    let events = rig.events();
    assert!(!events.iter().any(|event| matches!(event, Event::Changed { .. })), "{events:?}");
    rig.pass(secs(30)).await;
    assert!(rig.manager.cached(&current("db/main")).is_some(), "fresh beyond the first 60 s");
}

#[tokio::test]
async fn a_failed_refresh_changes_nothing_and_is_tried_again() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.put("db/main", "two");
    rig.mock.fail_next("db/main", 4, fault(FaultKind::Backend));
    rig.pass(secs(59)).await;
    assert_eq!(rig.read("db/main").await.secret().expose(), b"two");
    assert_eq!(rig.mock.fetches("db/main"), 6);
}

#[tokio::test]
async fn invalidate_serves_stale_and_refreshes_behind() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.put("db/main", "two");
    rig.manager.invalidate(&current("db/main"));
    let reading = rig.read("db/main").await;
    assert_eq!(reading.secret().expose(), b"one");
    assert!(matches!(reading.freshness(), Freshness::Stale { .. }));
    settle().await;
    assert_eq!(rig.read("db/main").await.secret().expose(), b"two");
}

#[tokio::test]
async fn a_watch_gives_each_new_version_and_keeps_the_secret_refreshed() {
    let rig = Rig::with(Policy::default().with_ttl(secs(60)).with_idle(secs(1)), |b| b);
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    let mut watch = handle.watch();
    assert_eq!(watch.changed().await.unwrap().secret().expose(), b"one");
    for value in ["two", "three"] {
        rig.mock.put("db/main", value);
        rig.pass(secs(50)).await;
        assert_eq!(watch.changed().await.unwrap().secret().expose(), value.as_bytes());
    }
    drop(watch);
    let before = rig.mock.fetches("db/main");
    rig.pass(secs(300)).await;
    assert!(rig.mock.fetches("db/main") <= before + 1, "the drop of the watch ends its interest");
}

#[tokio::test]
async fn current_and_previous_come_from_the_rotation_or_from_the_provider() {
    let rig = Rig::new();
    rig.mock.put("keys/jwt", "one");
    rig.mock.put("keys/jwt", "two");
    let handle = rig.manager.secret_at("keys/jwt").unwrap();
    let pair = handle.current_and_previous().await.unwrap();
    assert_eq!(pair.current.secret().expose(), b"two");
    assert_eq!(pair.previous.unwrap().secret().expose(), b"one");
    rig.mock.put("keys/jwt", "three");
    handle.refresh().await.unwrap();
    let pair = handle.current_and_previous().await.unwrap();
    assert_eq!(pair.current.secret().expose(), b"three");
    assert_eq!(pair.previous.unwrap().secret().expose(), b"two");
}

#[tokio::test]
async fn a_forced_refresh_asks_the_provider_once_in_five_seconds() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    handle.read().await.unwrap();
    rig.mock.put("db/main", "two");
    for _ in 0..10 {
        assert_eq!(handle.refresh().await.unwrap().secret().expose(), b"two");
    }
    assert_eq!(rig.mock.fetches("db/main"), 2);
    rig.jump(secs(5)).await;
    handle.refresh().await.unwrap();
    assert_eq!(rig.mock.count(Operation::Fetch), 3);
}

#[tokio::test]
async fn a_rotation_that_is_due_and_does_not_come_is_polled_without_a_loop() {
    let rig = Rig::with(Policy::default(), |b| b);
    rig.mock.put_rotating("db/static", "one", secs(0));
    rig.read("db/static").await;
    rig.pass(secs(30)).await;
    let polls = rig.mock.fetches("db/static");
    assert!((7..=14).contains(&polls), "1 s growing to 5 s over 30 s, was {polls}");
}

#[tokio::test]
async fn a_value_that_failed_is_replaced_once_for_all_who_ask() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    let failed = handle.read().await.unwrap();
    rig.mock.put("db/main", "two");
    for _ in 0..10 {
        assert_eq!(handle.replace(&failed).await.unwrap().secret().expose(), b"two");
    }
    assert_eq!(rig.mock.fetches("db/main"), 2);
    // The second value fails as well, within the pause.
    let failed = handle.read().await.unwrap();
    rig.mock.put("db/main", "three");
    let replace = tokio::spawn(async move { handle.replace(&failed).await.unwrap().secret().len() });
    rig.pass(secs(4)).await;
    assert_eq!(rig.mock.fetches("db/main"), 2, "not within 5 s");
    rig.pass(secs(2)).await;
    assert_eq!(replace.await.unwrap(), "three".len());
    assert_eq!(rig.mock.fetches("db/main"), 3);
}
