//! Leases: renewed at two thirds, replaced when capped, bounded by the login.

use leakward_fetcher::provider::Operation;
use leakward_fetcher::{Event, FaultKind, Policy};

use crate::rig::{Rig, current, fault, secs};

fn rig() -> Rig {
    Rig::with(Policy::default().with_ttl(secs(5)), |b| b)
}

async fn user(rig: &Rig) -> String {
    rig.read("db/creds").await.field("username").unwrap().expose_text().unwrap().to_owned()
}

#[tokio::test]
async fn a_lease_is_renewed_at_two_thirds_and_the_credentials_stay() {
    let rig = rig();
    rig.mock.lend("db/creds", secs(300), 10);
    assert_eq!(user(&rig).await, "user-1");
    rig.pass(secs(179)).await;
    assert_eq!(rig.mock.count(Operation::Renew), 0, "the policy's TTL of 5 s plays no part");
    rig.pass(secs(42)).await;
    assert_eq!(rig.mock.count(Operation::Renew), 1);
    rig.pass(secs(200)).await;
    assert_eq!(user(&rig).await, "user-1");
    assert_eq!(rig.mock.fetches("db/creds"), 1);
}

#[tokio::test]
async fn a_capped_renewal_brings_new_credentials_before_the_old_end() {
    let rig = rig();
    rig.mock.lend("db/creds", secs(300), 1);
    user(&rig).await;
    rig.pass(secs(225)).await;
    assert_eq!(user(&rig).await, "user-2");
    assert_eq!((rig.mock.count(Operation::Renew), rig.mock.fetches("db/creds")), (1, 2));
}

#[tokio::test]
async fn a_lease_that_cannot_be_renewed_is_replaced_with_overlap() {
    let rig = rig();
    rig.mock.lend("db/creds", secs(300), 0);
    let end = rig.read("db/creds").await.hard_until();
    rig.pass(secs(225)).await;
    assert_eq!(user(&rig).await, "user-2");
    use leakward_fetcher::Clock;
    assert!(end.since(rig.clock.now()) >= secs(40), "the old ones live on meanwhile");
    assert_eq!(rig.mock.count(Operation::Renew), 0);
}

#[tokio::test]
async fn a_lease_that_is_gone_is_replaced_at_once() {
    let mut rig = rig();
    rig.mock.lend("db/creds", secs(300), 5);
    let lease = {
        let reading = rig.read("db/creds").await;
        reading.entry().clone()
    };
    use leakward_fetcher::SecretProvider;
    rig.mock.revoke(lease.lease().unwrap()).await.unwrap();
    rig.pass(secs(225)).await;
    assert_eq!(user(&rig).await, "user-2");
    let withdrawn = Event::Withdrawn { secret: current("db/creds"), kind: FaultKind::LeaseGone };
    assert!(rig.events().contains(&withdrawn));
}

#[tokio::test]
async fn one_failed_renewal_does_not_lose_the_lease() {
    let rig = rig();
    rig.mock.lend("db/creds", secs(300), 10);
    user(&rig).await;
    rig.pass(secs(170)).await;
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.pass(secs(60)).await;
    assert_eq!(user(&rig).await, "user-1");
    rig.mock.recover();
    rig.pass(secs(60)).await;
    assert_eq!(user(&rig).await, "user-1");
    assert!(rig.mock.count(Operation::Renew) >= 2);
    assert_eq!(rig.mock.fetches("db/creds"), 1);
}

#[tokio::test]
async fn a_lease_ends_with_the_login_that_asked_for_it() {
    let rig = rig();
    rig.mock.lend_under_login("db/creds", secs(3600), 10, secs(60));
    let reading = rig.read("db/creds").await;
    assert_eq!(reading.hard_until().since(reading.fetched_at()), secs(54));
    rig.pass(secs(45)).await;
    assert!(rig.mock.count(Operation::Renew) >= 1, "due at two thirds of the login's life");
}

#[tokio::test]
async fn a_failed_login_with_leased_credentials_fetches_new_ones() {
    let rig = rig();
    rig.mock.lend("db/creds", secs(300), 10);
    let handle = rig.manager.secret_at("db/creds").unwrap();
    handle.read().await.unwrap();
    let fresh = handle.refresh().await.unwrap();
    assert_eq!(fresh.field("username").unwrap().expose(), b"user-2");
    assert_eq!(rig.mock.count(Operation::Renew), 0);
}

#[tokio::test]
async fn nobody_reads_so_a_lease_is_left_to_end() {
    let rig = Rig::with(Policy::default().with_idle(secs(60)), |b| b);
    rig.mock.lend("db/creds", secs(100), 99);
    user(&rig).await;
    rig.pass(secs(1000)).await;
    assert!(rig.mock.count(Operation::Renew) <= 1);
    assert_eq!(rig.manager.len(), 0);
}
