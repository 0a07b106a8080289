//! r2d2, whose threads know no runtime, and what pools may learn from an age.

use std::fmt;
use std::time::Duration;

use leakward_fetcher::clock::ManualClock;
use leakward_fetcher::pool::{Rolling, Rollover};
use leakward_fetcher::provider::MockProvider;
use leakward_fetcher::{Policy, SecretsManager};

/// Opens nothing: a connection is the value that it was opened with. `refused` opens none.
struct Opener(Vec<u8>);

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl r2d2::ManageConnection for Opener {
    type Connection = Vec<u8>;
    type Error = Refused;

    fn connect(&self) -> Result<Vec<u8>, Refused> {
        if self.0 == b"refused" { Err(Refused) } else { Ok(self.0.clone()) }
    }

    fn is_valid(&self, _: &mut Vec<u8>) -> Result<(), Refused> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Vec<u8>) -> bool {
        false
    }
}

fn client() -> (MockProvider, ManualClock, SecretsManager) {
    let (mock, clock) = (MockProvider::new(), ManualClock::new());
    mock.put("db", "one");
    let policy = Policy::default().with_ttl(Duration::from_secs(60));
    let builder = SecretsManager::builder().provider("", mock.clone()).clock(clock.clone()).policy(policy);
    (mock, clock, builder.build().unwrap())
}

async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn rotate(mock: &MockProvider, manager: &SecretsManager, value: &str) {
    mock.put("db", value);
    manager.changed(&"db".parse().unwrap());
    settle().await;
}

#[tokio::test]
async fn r2d2_hands_out_no_connection_of_an_older_value() {
    let (mock, _clock, manager) = client();
    let handle = manager.secret_at("db").unwrap();
    handle.read().await.unwrap();
    let rollover = Rollover::new(handle);
    let rolling = Rolling::new(&rollover, |reading| Opener(reading.secret().expose().to_vec()));
    let pool = r2d2::Pool::builder().max_size(2).build(rolling).unwrap();
    let held = pool.get().unwrap();
    assert_eq!(held.as_slice(), b"one");
    rotate(&mock, &manager, "two").await;
    assert_eq!(held.as_slice(), b"one", "what is in use stays in use");
    drop(held);
    assert_eq!(pool.get().unwrap().as_slice(), b"two");
    assert_eq!(pool.get().unwrap().as_slice(), b"two");
}

#[tokio::test]
async fn a_pool_drains_when_its_last_old_connection_is_closed() {
    let (mock, _clock, manager) = client();
    let handle = manager.secret_at("db").unwrap();
    handle.read().await.unwrap();
    let rollover = Rollover::new(handle.clone());
    let _hook = handle.hook(rollover.clone());
    let (_, old) = rollover.ticket().await.unwrap();
    rotate(&mock, &manager, "two").await;
    let (reading, new) = rollover.ticket().await.unwrap();
    assert_eq!(reading.secret().expose(), b"two");
    assert!(!old.is_good() && new.is_good());
    assert_eq!(rollover.open(), (2, 1));
    drop(old);
    assert_eq!(rollover.open(), (1, 0));
}

#[tokio::test]
async fn an_age_tells_which_value_a_connection_may_have() {
    let (mock, clock, manager) = client();
    let handle = manager.secret_at("db").unwrap();
    handle.read().await.unwrap();
    let rollover = Rollover::new(handle);
    let secs = Duration::from_secs;
    assert!(rollover.accepts(secs(1)));
    clock.advance(secs(10));
    rotate(&mock, &manager, "two").await;
    assert!(!rollover.accepts(secs(1)), "opened before the change");
    clock.advance(secs(3));
    assert!(!rollover.accepts(secs(4)), "opened before the change");
    assert!(rollover.accepts(secs(2)), "opened after it");
    clock.advance(secs(3));
    assert!(!rollover.accepts(secs(5)), "begun, perhaps, before the change");
    assert!(rollover.accepts(Duration::ZERO));
    manager.purge(&leakward_fetcher::SecretRef::current("db".parse().unwrap()));
    assert!(!rollover.accepts(Duration::ZERO), "nothing is held");
}

#[tokio::test]
async fn a_condemned_connection_asks_for_another_value_once() {
    let (mock, _clock, manager) = client();
    let handle = manager.secret_at("db").unwrap();
    handle.read().await.unwrap();
    let rollover = Rollover::new(handle);
    let (_, mut one) = rollover.ticket().await.unwrap();
    let (_, mut two) = rollover.ticket().await.unwrap();
    mock.put("db", "two");
    let before = mock.attempts().len();
    one.condemn();
    assert!(!one.is_good());
    settle().await;
    two.condemn();
    settle().await;
    let (reading, three) = rollover.ticket().await.unwrap();
    assert_eq!(reading.secret().expose(), b"two");
    assert!(three.is_good());
    assert_eq!(mock.attempts().len() - before, 1);
}
