//! What each kind of failure does.

use std::time::Duration;

use leakward_fetcher::cache::BreakerState;
use leakward_fetcher::provider::Operation;
use leakward_fetcher::{Event, FaultKind, Policy, ReadError};

use crate::rig::{Rig, current, fault, secs};

async fn failure(rig: &Rig, path: &str) -> ReadError {
    rig.manager.read(&current(path)).await.unwrap_err()
}

/// Reads while the clock runs, for reads that wait for a retry.
async fn failure_in_time(rig: &Rig, path: &str) -> ReadError {
    rig.read_in_time(path).await.unwrap_err()
}

#[tokio::test]
async fn an_absent_secret_is_remembered_for_a_while() {
    let rig = Rig::new();
    for kind in [FaultKind::NotFound, FaultKind::Deleted, FaultKind::Disabled] {
        let path = format!("app/{}", kind.name());
        rig.mock.fail_next(&path, 1, fault(kind));
        rig.mock.put(&path, "later");
        for _ in 0..5 {
            assert_eq!(failure(&rig, &path).await.fault_kind(), Some(kind));
        }
        assert_eq!(rig.mock.fetches(&path), 1);
        rig.pass(secs(11)).await;
        assert_eq!(rig.read(&path).await.secret().expose(), b"later");
    }
}

#[tokio::test]
async fn a_missing_namespace_or_mount_is_not_an_absent_secret() {
    let rig = Rig::new();
    rig.mock.put("app/a", "one");
    rig.mock.fail_next("app/a", 1, fault(FaultKind::NoRoute));
    assert_eq!(failure(&rig, "app/a").await.fault_kind(), Some(FaultKind::NoRoute));
    rig.read("app/a").await;
}

#[tokio::test]
async fn a_deleted_secret_is_not_served_stale() {
    let mut rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.mock.delete("db/main");
    rig.pass(secs(50)).await;
    assert_eq!(failure(&rig, "db/main").await.fault_kind(), Some(FaultKind::Deleted));
    let withdrawn = Event::Withdrawn { secret: current("db/main"), kind: FaultKind::Deleted };
    assert!(rig.events().contains(&withdrawn));
}

#[tokio::test]
async fn a_denial_that_survives_a_new_login_takes_the_value_away() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.mock.allow_relogin(true);
    rig.read("db/main").await;
    rig.mock.fail_next("db/main", 2, fault(FaultKind::Denied));
    rig.pass(secs(50)).await;
    assert_eq!(rig.mock.count(Operation::Relogin), 1);
    assert_eq!(failure(&rig, "db/main").await.fault_kind(), Some(FaultKind::Denied));
}

#[tokio::test]
async fn a_denial_that_a_new_login_cures_is_not_seen() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.mock.allow_relogin(true);
    rig.mock.fail_next("db/main", 1, fault(FaultKind::Denied));
    rig.read("db/main").await;
    assert_eq!(rig.mock.count(Operation::Relogin), 1);
}

#[tokio::test]
async fn many_denials_are_one_login() {
    let rig = Rig::new();
    rig.mock.allow_relogin(true);
    for number in 0..50 {
        let path = format!("app/{number}");
        rig.mock.put(&path, "x");
        rig.mock.fail_next(&path, 2, fault(FaultKind::Denied));
        failure(&rig, &path).await;
    }
    assert_eq!(rig.mock.count(Operation::Relogin), 1);
}

#[tokio::test]
async fn transient_failures_are_retried_up_to_three_attempts() {
    let rig = Rig::new();
    rig.mock.put("app/a", "one");
    rig.mock.fail_next("app/a", 3, fault(FaultKind::Transient));
    assert_eq!(failure_in_time(&rig, "app/a").await.fault_kind(), Some(FaultKind::Transient));
    assert_eq!(rig.mock.fetches("app/a"), 3);
    rig.mock.put("ok/b", "one");
    rig.mock.fail_next("ok/b", 2, fault(FaultKind::Transient));
    let manager = rig.manager.clone();
    let read = tokio::spawn(async move { manager.read(&current("ok/b")).await });
    rig.pass(secs(2)).await;
    assert!(read.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_backend_failure_is_not_retried_at_once() {
    let rig = Rig::new();
    rig.mock.put("app/a", "one");
    rig.mock.fail_next("app/a", 1, fault(FaultKind::Backend));
    failure_in_time(&rig, "app/a").await;
    assert_eq!(rig.mock.fetches("app/a"), 1);
}

#[tokio::test]
async fn new_credentials_are_asked_for_twice_at_most_and_orphans_are_counted() {
    let mut rig = Rig::new();
    rig.mock.lend("db/creds", secs(60), 0);
    rig.mock.fail_next("db/creds", 9, fault(FaultKind::Transient));
    failure_in_time(&rig, "db/creds").await;
    assert_eq!(rig.mock.fetches("db/creds"), 2);
    let orphans = rig.events().into_iter().filter(|e| matches!(e, Event::LeaseOrphaned { .. })).count();
    assert_eq!(orphans, 2);
}

#[tokio::test]
async fn throttling_is_waited_out_as_long_as_the_provider_asks() {
    let rig = Rig::with(Policy::default().with_read_budget(secs(5)), |b| b);
    rig.mock.put("app/a", "one");
    rig.mock.fail_next("app/a", 1, fault(FaultKind::Throttled).with_retry_after(secs(3)));
    let manager = rig.manager.clone();
    let read = tokio::spawn(async move { manager.read(&current("app/a")).await });
    rig.pass(Duration::from_millis(2900)).await;
    assert_eq!(rig.mock.fetches("app/a"), 1);
    rig.pass(Duration::from_millis(1200)).await;
    assert!(read.await.unwrap().is_ok());
}

#[tokio::test]
async fn throttling_does_not_open_the_breaker() {
    let rig = Rig::new();
    for number in 0..20 {
        let path = format!("app/{number}");
        rig.mock.fail_next(&path, 3, fault(FaultKind::Throttled));
        failure_in_time(&rig, &path).await;
    }
    assert!(rig.manager.breakers().iter().all(|(_, _, state)| *state == BreakerState::Closed));
}

#[tokio::test]
async fn the_breaker_opens_per_mount_and_closes_by_itself() {
    let rig = Rig::new();
    for number in 0..10 {
        let path = format!("bad/{number}");
        rig.mock.put(&path, "x");
        rig.mock.fail_next(&path, 1, fault(FaultKind::Backend));
        failure(&rig, &path).await;
    }
    assert_eq!(rig.mock.count(Operation::Fetch), 5, "the other five were not sent");
    rig.mock.put("good/a", "one");
    rig.read("good/a").await;
    let state = |domain: &str| rig.manager.breakers().into_iter().find(|b| b.1 == domain).unwrap().2;
    assert_eq!((state("bad"), state("good")), (BreakerState::Open, BreakerState::Closed));
    rig.pass(secs(2)).await;
    rig.read("bad/0").await;
    assert_eq!(state("bad"), BreakerState::Closed);
}

#[tokio::test]
async fn the_breakers_pause_does_not_outlast_a_value_whose_provider_is_back() {
    for seed in 0..12 {
        let policy = Policy::default().with_ttl(secs(100)).with_max_stale(secs(100));
        let rig = Rig::with(policy, |builder| builder.seed(seed));
        rig.mock.put("db/main", "one");
        let handle = rig.manager.secret_at("db/main").unwrap();
        let _pinned = (handle.read().await.unwrap(), handle.watch());
        rig.mock.break_down(fault(FaultKind::Transient));
        rig.pass(secs(170)).await;
        assert!(!handle.held().unwrap().is_fresh(), "it is out for long");
        rig.mock.recover();
        rig.pass(secs(28)).await;
        assert!(
            handle.held().is_some_and(|held| held.is_fresh()),
            "seed {seed}: asked before the end at 200 s"
        );
    }
}

#[tokio::test]
async fn a_value_with_hours_left_leaves_the_breakers_pauses_alone() {
    let rig = Rig::with(Policy::default().with_ttl(secs(9000)).with_max_stale(secs(9000)), |b| b);
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    let _pinned = (handle.read().await.unwrap(), handle.watch());
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.pass(secs(7000)).await;
    let before = rig.mock.count(Operation::Fetch);
    rig.pass(secs(600)).await;
    let asked = rig.mock.count(Operation::Fetch) - before;
    assert!((3..=12).contains(&asked), "one probe a minute, was {asked}");
}

#[tokio::test]
async fn retries_do_not_multiply_an_outage() {
    let rig = Rig::new();
    for number in 0..200 {
        let path = format!("m{number}/a");
        rig.mock.fail_next(&path, 3, fault(FaultKind::Transient));
        failure_in_time(&rig, &path).await;
    }
    let attempts = rig.mock.count(Operation::Fetch);
    assert!(attempts <= 200 + 10 + 20, "a tenth and the reserve at most, was {attempts}");
}

#[tokio::test]
async fn a_hanging_attempt_ends_at_its_time_limit() {
    let rig = Rig::with(Policy::default().with_read_budget(secs(60)), |b| b);
    rig.mock.put("app/a", "one");
    rig.mock.hold();
    let manager = rig.manager.clone();
    let read = tokio::spawn(async move { manager.read(&current("app/a")).await });
    rig.pass(secs(6)).await;
    assert_eq!(read.await.unwrap().unwrap_err().fault_kind(), Some(FaultKind::Transient));
    assert_eq!(rig.mock.fetches("app/a"), 2, "3 s each within 5 s");
}

#[tokio::test]
async fn errors_name_the_path_and_the_cause() {
    let rig = Rig::new();
    let error = failure(&rig, "app/none").await;
    assert_eq!(error.to_string(), "app/none: mock: no such secret");
}
