//! The hard bound of what may be served stale, and what happens at it.

use leakward_fetcher::cache::Cause;
use leakward_fetcher::client::ReadOptions;
use leakward_fetcher::{Event, FaultKind, Freshness, Policy, ReadError};

use crate::rig::{Rig, current, fault, secs, settle};

#[tokio::test]
async fn stale_is_served_within_the_bound_then_refused_then_it_recovers() {
    let mut rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.pass(secs(90)).await;
    let reading = rig.read("db/main").await;
    let Freshness::Stale { age, .. } = reading.freshness() else { panic!() };
    assert_eq!(age, secs(90));
    drop(reading);
    rig.pass(secs(31)).await;
    assert!(rig.read_in_time("db/main").await.is_err());
    assert!(rig.events().contains(&Event::Expired { secret: current("db/main") }));
    rig.mock.recover();
    rig.pass(secs(70)).await;
    assert!(rig.read("db/main").await.is_fresh());
}

#[tokio::test]
async fn the_value_is_dropped_at_its_bound_though_nobody_reads() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    let weak = std::sync::Arc::downgrade(rig.read("db/main").await.entry());
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.jump(secs(119)).await;
    assert!(weak.upgrade().is_some());
    rig.jump(secs(1)).await;
    assert!(weak.upgrade().is_none());
}

#[tokio::test]
async fn a_reader_with_a_stale_value_does_not_wait_for_a_provider_that_hangs() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.hold();
    rig.pass(secs(80)).await;
    // The clock stands: had the read waited for anything, it would never end.
    let reading = rig.read("db/main").await;
    assert!(!reading.is_fresh());
}

#[tokio::test]
async fn a_reader_may_refuse_stale() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.break_down(fault(FaultKind::Backend));
    rig.pass(secs(80)).await;
    let options = ReadOptions { refuse_stale: true, ..ReadOptions::default() };
    assert!(rig.manager.read_with(&current("db/main"), options).await.is_err());
    rig.mock.recover();
    rig.pass(secs(61)).await;
    assert!(rig.manager.read_with(&current("db/main"), options).await.is_ok());
}

#[tokio::test]
async fn the_cause_of_staleness_is_named() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.break_down(fault(FaultKind::Backend));
    rig.pass(secs(61)).await;
    let Freshness::Stale { cause, .. } = rig.read("db/main").await.freshness() else { panic!() };
    assert!(matches!(cause, Cause::Fault(FaultKind::Backend) | Cause::BreakerOpen), "{cause:?}");
}

#[tokio::test]
async fn lent_values_are_never_stale() {
    let rig = Rig::with(Policy::default(), |b| b);
    rig.mock.lend("db/creds", secs(100), 0);
    rig.read("db/creds").await;
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.pass(secs(89)).await;
    assert!(rig.read("db/creds").await.is_fresh());
    rig.pass(secs(2)).await;
    assert!(rig.read_in_time("db/creds").await.is_err());
}

#[tokio::test]
async fn a_step_of_the_calendar_neither_extends_nor_shortens_a_value() {
    use leakward_fetcher::Clock;
    let mut rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.break_down(fault(FaultKind::Transient));
    for hours in [-24_i64, 48] {
        let wall = rig.clock.wall();
        let step = secs(hours.unsigned_abs() * 3600);
        rig.clock.set_wall(if hours < 0 { wall - step } else { wall + step });
        rig.pass(secs(30)).await;
        settle().await;
        assert!(rig.manager.read(&current("db/main")).await.is_ok());
        let stepped = rig.events().into_iter().find_map(|event| match event {
            Event::ClockStepped { seconds } => Some(seconds),
            _ => None,
        });
        assert!(stepped.is_some_and(|s| (s - hours * 3600).abs() <= 1), "{stepped:?}");
    }
    rig.pass(secs(61)).await;
    assert!(rig.read_in_time("db/main").await.is_err());
}

#[tokio::test]
async fn a_suspend_past_the_bound_leaves_nothing_to_serve() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    handle.read().await.unwrap();
    rig.mock.break_down(fault(FaultKind::Backend));
    // No task has run yet after the machine woke up.
    rig.clock.advance(secs(3600));
    assert!(handle.cached().is_none());
    assert!(matches!(handle.read().await, Err(ReadError::Fault { .. })));
}

#[tokio::test]
async fn a_rotated_value_is_kept_as_previous_and_then_dropped() {
    let rig = Rig::with(Policy::default().with_ttl(secs(60)).with_keep_previous(secs(20)), |b| b);
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    handle.read().await.unwrap();
    rig.mock.put("db/main", "two");
    handle.refresh().await.unwrap();
    let previous = handle.current_and_previous().await.unwrap().previous.unwrap();
    let weak = std::sync::Arc::downgrade(previous.entry());
    drop(previous);
    rig.pass(secs(19)).await;
    assert!(weak.upgrade().is_some());
    rig.pass(secs(2)).await;
    assert!(weak.upgrade().is_none());
    assert!(handle.current_and_previous().await.unwrap().previous.is_none());
}
