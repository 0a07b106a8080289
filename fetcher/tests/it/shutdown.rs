//! Going away: leases given back, logins ended, values wiped.

use leakward_fetcher::client::Farewell;
use leakward_fetcher::provider::Operation;
use leakward_fetcher::{Event, FaultKind, Policy, ReadError};

use crate::rig::{Rig, current, fault, secs, settle};

#[tokio::test]
async fn leases_are_given_back_newest_first_and_values_are_wiped() {
    let mut rig = Rig::with(Policy::default(), |b| b);
    let mut tags = Vec::new();
    for number in 0..20 {
        let path = format!("db/{number}");
        rig.mock.lend(&path, secs(300), 1);
        tags.push(rig.read(&path).await.lease().unwrap().tag());
    }
    let weak = std::sync::Arc::downgrade(rig.read("db/0").await.entry());
    assert_eq!(rig.manager.shutdown().await, Farewell { revoked: 20, left: 0 });
    tags.reverse();
    assert_eq!(rig.mock.revoked(), tags);
    assert_eq!(rig.mock.count(Operation::Close), 1);
    assert!(weak.upgrade().is_none());
    assert!(matches!(rig.manager.read(&current("db/0")).await, Err(ReadError::Closed)));
    assert_eq!(rig.events().last(), Some(&Event::Closed));
    assert_eq!(rig.manager.shutdown().await, Farewell { revoked: 0, left: 0 });
}

#[tokio::test]
async fn a_provider_that_hangs_holds_the_shutdown_up_for_a_bounded_time() {
    let rig = Rig::with(Policy::default(), |b| b);
    for number in 0..20 {
        let path = format!("db/{number}");
        rig.mock.lend(&path, secs(300), 1);
        rig.read(&path).await;
    }
    rig.mock.hold();
    let manager = rig.manager.clone();
    let farewell = tokio::spawn(async move { manager.shutdown().await });
    rig.pass(secs(16)).await;
    assert_eq!(farewell.await.unwrap(), Farewell { revoked: 0, left: 20 });
}

#[tokio::test]
async fn a_fetch_on_its_way_does_not_bring_a_value_back() {
    let rig = Rig::with(Policy::default(), |b| b);
    rig.mock.lend("db/creds", secs(300), 1);
    rig.mock.hold();
    let manager = rig.manager.clone();
    let reader = tokio::spawn(async move { manager.read(&current("db/creds")).await });
    rig.mock.reached(1).await;
    let manager = rig.manager.clone();
    let farewell = tokio::spawn(async move { manager.shutdown().await });
    settle().await;
    rig.mock.release();
    farewell.await.unwrap();
    assert!(matches!(reader.await.unwrap(), Err(ReadError::Closed)));
    assert_eq!(rig.mock.revoked().len(), 1, "credentials that arrived too late are given back");
    assert!(rig.manager.cached(&current("db/creds")).is_none());
}

#[tokio::test]
async fn a_watch_ends_with_the_client() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    let mut watch = handle.watch();
    assert!(watch.changed().await.is_some());
    let next = tokio::spawn(async move { watch.changed().await.is_none() });
    settle().await;
    rig.manager.shutdown().await;
    assert!(next.await.unwrap());
}

#[tokio::test]
async fn a_failing_provider_is_told_goodbye_all_the_same() {
    let rig = Rig::with(Policy::default(), |b| b);
    rig.mock.lend("db/creds", secs(300), 1);
    rig.read("db/creds").await;
    rig.mock.break_down(fault(FaultKind::Transient));
    assert_eq!(rig.manager.shutdown().await, Farewell { revoked: 0, left: 1 });
}
