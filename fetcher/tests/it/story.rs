//! The whole life of one secret in one piece, with a moved clock; `examples/outage.rs` shows it with real seconds.

use leakward_fetcher::{FaultKind, Policy, ReadError};

use crate::rig::{Rig, current, fault, secs};

#[tokio::test]
async fn a_secret_lives_through_refresh_rotation_outage_and_recovery() {
    let rig = Rig::with(Policy::default().with_ttl(secs(60)), |builder| builder);
    let first = rig.mock.put("db/main", "one");
    assert_eq!(*rig.read("db/main").await.version(), first);
    assert!(rig.read("db/main").await.is_fresh());
    assert_eq!(rig.mock.fetches("db/main"), 1, "the second call is from the cache");
    rig.pass(secs(37)).await;
    assert_eq!(rig.mock.fetches("db/main"), 1, "42 s less a tenth: not yet");
    let second = rig.mock.put("db/main", "two");
    rig.pass(secs(10)).await;
    assert_eq!(rig.mock.fetches("db/main"), 2, "42 s and a tenth: refreshed behind, nobody waited");
    let reading = rig.read("db/main").await;
    assert!(*reading.version() == second && reading.is_fresh());
    drop(reading);
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.pass(secs(62)).await;
    let stale = rig.read("db/main").await;
    assert!(!stale.is_fresh() && *stale.version() == second, "served within the bound");
    drop(stale);
    rig.pass(secs(60)).await;
    let handle = rig.manager.secret(&current("db/main")).unwrap();
    assert!(handle.cached().is_none());
    let read = tokio::spawn(async move { handle.read().await });
    rig.pass(secs(10)).await;
    let refused = read.await.unwrap().unwrap_err();
    assert!(matches!(
        refused,
        ReadError::Fault { .. } | ReadError::BreakerOpen { .. } | ReadError::Deadline { .. }
    ));
    rig.mock.recover();
    rig.pass(secs(120)).await;
    assert!(rig.read("db/main").await.is_fresh(), "it recovers by itself");
}
