//! Single flight.

use leakward_fetcher::provider::Operation;
use leakward_fetcher::{FaultKind, Policy, ReadError};

use crate::rig::{Rig, current, fault, secs, settle};

#[tokio::test]
async fn a_thousand_first_reads_are_one_call() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.mock.hold();
    let readers: Vec<_> = (0..1000)
        .map(|_| {
            let manager = rig.manager.clone();
            tokio::spawn(async move { manager.read(&current("db/main")).await.unwrap().secret().len() })
        })
        .collect();
    rig.mock.reached(1).await;
    settle().await;
    rig.mock.release();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 3);
    }
    assert_eq!(rig.mock.count(Operation::Fetch), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_who_come_while_a_fetch_lands_do_not_fetch_again() {
    let rig = Rig::new();
    for round in 0..400 {
        let path = format!("db/{round}");
        rig.mock.put(&path, "one");
        let readers: Vec<_> = (0..24)
            .map(|_| {
                let (manager, path) = (rig.manager.clone(), path.clone());
                tokio::spawn(async move { manager.read(&current(&path)).await.unwrap().secret().len() })
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.await.unwrap(), 3);
        }
        assert_eq!(rig.mock.fetches(&path), 1, "round {round}");
        rig.clock.advance(secs(1));
    }
}

#[tokio::test]
async fn a_reader_who_goes_away_does_not_take_the_fetch_along() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.mock.hold();
    let manager = rig.manager.clone();
    let reader = tokio::spawn(async move { manager.read(&current("db/main")).await });
    rig.mock.reached(1).await;
    reader.abort();
    assert!(reader.await.unwrap_err().is_cancelled());
    rig.mock.release();
    settle().await;
    assert!(rig.manager.cached(&current("db/main")).is_some());
}

#[tokio::test]
async fn each_reader_keeps_its_own_deadline() {
    let rig = Rig::with(Policy::default(), |b| b);
    rig.mock.put("db/main", "one");
    rig.mock.hold();
    let manager = rig.manager.clone();
    let reader = tokio::spawn(async move { manager.read(&current("db/main")).await });
    rig.mock.reached(1).await;
    rig.pass(secs(2)).await;
    assert!(matches!(reader.await.unwrap(), Err(ReadError::Deadline { .. })));
    rig.mock.release();
    settle().await;
    assert!(rig.manager.cached(&current("db/main")).is_some(), "the fetch went on");
}

#[tokio::test]
async fn an_invalidation_overtakes_the_fetch_on_its_way() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    rig.manager.purge(&current("db/main"));
    rig.mock.hold();
    let manager = rig.manager.clone();
    let reader = tokio::spawn(async move { manager.read(&current("db/main")).await });
    rig.mock.reached(2).await;
    // The fetch on its way would bring what was there before the invalidation.
    rig.manager.invalidate(&current("db/main"));
    rig.mock.put("db/main", "two");
    rig.mock.release();
    assert_eq!(reader.await.unwrap().unwrap().secret().expose(), b"two");
    assert_eq!(rig.mock.fetches("db/main"), 3);
}

#[tokio::test]
async fn an_error_is_shared_by_those_who_waited_and_by_nobody_else() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.mock.fail_next("db/main", 1, fault(FaultKind::Backend));
    rig.mock.hold();
    let read = || {
        let manager = rig.manager.clone();
        tokio::spawn(async move { manager.read(&current("db/main")).await })
    };
    let readers = [read(), read(), read()];
    rig.mock.reached(1).await;
    settle().await;
    rig.mock.release();
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap_err().fault_kind(), Some(FaultKind::Backend));
    }
    assert_eq!(rig.mock.fetches("db/main"), 1);
    rig.read("db/main").await;
}

#[tokio::test]
async fn a_provider_that_panics_is_an_error_and_not_the_end() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.mock.panic_next("db/main");
    let error = rig.manager.read(&current("db/main")).await.unwrap_err();
    assert!(matches!(error, ReadError::Panicked(_)));
    assert_eq!(rig.read("db/main").await.secret().expose(), b"one");
}

#[tokio::test]
async fn ten_thousand_paths_are_one_call_each() {
    let rig = Rig::with(Policy::default().with_read_budget(secs(100)), |b| b.limits(1e6, 1e6, 64));
    for number in 0..10_000 {
        rig.mock.put(&format!("app/{number}"), number.to_string());
    }
    for number in 0..10_000 {
        let reading = rig.read(&format!("app/{number}")).await;
        assert_eq!(reading.secret().expose(), number.to_string().as_bytes());
    }
    assert_eq!(rig.mock.count(Operation::Fetch), 10_000);
    assert_eq!(rig.manager.len(), 10_000);
}

#[tokio::test]
async fn a_storm_of_rotations_ends_with_the_newest_version() {
    let rig = Rig::new();
    let handle = {
        rig.mock.put("db/main", "0");
        rig.manager.secret_at("db/main").unwrap()
    };
    handle.read().await.unwrap();
    for number in 1..=200 {
        rig.mock.put("db/main", number.to_string());
        handle.invalidate();
        let _ = handle.read().await;
        tokio::task::yield_now().await;
    }
    settle().await;
    handle.invalidate();
    handle.read().await.unwrap();
    settle().await;
    assert_eq!(handle.read().await.unwrap().secret().expose(), b"200");
}
