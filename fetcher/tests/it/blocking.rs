//! The client without an async runtime.

use std::time::Duration;

use leakward_fetcher::blocking::SecretsManager;
use leakward_fetcher::client::{BuildError, Farewell};
use leakward_fetcher::provider::MockProvider;
use leakward_fetcher::{Need, ReadError};

use crate::rig::current;

fn client(mock: &MockProvider) -> SecretsManager {
    let mock = mock.clone();
    let set_up =
        || async { Ok::<_, BuildError>(leakward_fetcher::SecretsManager::builder().provider("", mock)) };
    SecretsManager::build(set_up).unwrap()
}

#[test]
fn threads_read_without_a_runtime() {
    let mock = MockProvider::new();
    mock.put("db/main", "one");
    let manager = client(&mock);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(manager.read_path("db/main").unwrap().secret().expose(), b"one"));
        }
    });
    assert_eq!(mock.fetches("db/main"), 1);
    let failed = manager.read_path("db/main").unwrap();
    mock.put("db/main", "two");
    assert_eq!(manager.replace(&current("db/main"), &failed).unwrap().secret().expose(), b"two");
    let pair = manager.current_and_previous(&current("db/main")).unwrap();
    assert_eq!(pair.previous.unwrap().secret().expose(), b"one");
}

#[test]
fn it_starts_waits_and_goes_away_in_order() {
    let mock = MockProvider::new();
    mock.lend("db/creds", Duration::from_secs(300), 1);
    let manager = client(&mock);
    manager.prefetch([(current("db/creds"), Need::Required)]).unwrap();
    assert!(manager.ready(Duration::from_secs(30)).is_ready());
    assert_eq!(manager.shutdown(), Farewell { revoked: 1, left: 0 });
}

#[test]
fn a_provider_that_panics_does_not_hang_the_caller() {
    let mock = MockProvider::new();
    mock.put("db/main", "one");
    mock.panic_next("db/main");
    let manager = client(&mock);
    assert!(matches!(manager.read_path("db/main"), Err(ReadError::Panicked(_))));
}

#[tokio::test]
async fn it_may_be_called_from_inside_a_runtime() {
    let mock = MockProvider::new();
    mock.put("db/main", "one");
    assert_eq!(client(&mock).read_path("db/main").unwrap().secret().expose(), b"one");
}
