//! Starting with the provider down, and going away.

use leakward_fetcher::provider::MockProvider;
use leakward_fetcher::{FaultKind, Need, Policy, SecretsManager};

use crate::rig::{Rig, current, fault, secs, settle};

#[tokio::test]
async fn prefetch_returns_at_once_and_readiness_follows() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.mock.put("db/extra", "two");
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.manager
        .prefetch([(current("db/main"), Need::Required), (current("db/extra"), Need::Optional)])
        .unwrap();
    rig.pass(secs(20)).await;
    let readiness = rig.manager.readiness();
    assert!(!readiness.is_ready());
    assert_eq!(readiness.missing, [current("db/main")]);
    assert_eq!(readiness.missing_optional, [current("db/extra")]);
    rig.mock.recover();
    rig.pass(secs(130)).await;
    assert!(rig.manager.readiness().is_ready());
    assert_eq!(rig.manager.ready(secs(0)).await.missing_optional, []);
}

#[tokio::test]
async fn what_is_prefetched_is_refreshed_though_nobody_reads() {
    let rig = Rig::with(Policy::default().with_ttl(secs(60)).with_idle(secs(1)), |b| b);
    rig.mock.put("db/main", "one");
    rig.manager.prefetch([(current("db/main"), Need::Required)]).unwrap();
    rig.pass(secs(600)).await;
    assert!(rig.mock.fetches("db/main") >= 12);
    assert!(rig.manager.readiness().is_ready());
}

#[tokio::test]
async fn a_prefetched_secret_that_appears_later_is_found() {
    let rig = Rig::new();
    rig.manager.prefetch([(current("db/new"), Need::Required)]).unwrap();
    settle().await;
    assert!(!rig.manager.readiness().is_ready());
    rig.mock.put("db/new", "one");
    rig.pass(secs(12)).await;
    assert!(rig.manager.readiness().is_ready());
}

#[tokio::test]
async fn the_last_handle_takes_everything_along() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.manager.prefetch([(current("db/main"), Need::Required)]).unwrap();
    let weak = std::sync::Arc::downgrade(rig.read("db/main").await.entry());
    let Rig { manager, clock, .. } = rig;
    drop(manager);
    settle().await;
    assert!(weak.upgrade().is_none(), "the value is gone");
    assert_eq!(clock.next_due(), None, "no task is left");
}

#[tokio::test]
async fn longest_prefix_decides_provider_and_policy() {
    let (team, rest) = (MockProvider::named("team"), MockProvider::named("rest"));
    team.put("team/a", "t");
    rest.put("teamwork/a", "r");
    let manager = SecretsManager::builder()
        .provider("team", team.clone())
        .provider("", rest.clone())
        .policy_for("team/a", Policy::default().with_ttl(secs(10)))
        .build()
        .unwrap();
    manager.read(&current("teamwork/a")).await.unwrap();
    let reading = manager.read(&current("team/a")).await.unwrap();
    assert_eq!(reading.fresh_until().since(reading.fetched_at()), secs(10));
    assert_eq!((team.fetches("team/a"), rest.fetches("teamwork/a")), (1, 1));
}
