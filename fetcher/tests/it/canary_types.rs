//! A known value must not show up where it has no business: what is set up with it, what panics over it, what is recorded
//! and counted.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use leakward_fetcher::client::{AuditRecord, AuditSink, Rotation, RotationHook, Step};
use leakward_fetcher::http::{Address, Buffer, Method, Request};
use leakward_fetcher::pool::Rollover;
use leakward_fetcher::provider::vault::{Login, SecretId, VaultConfig, VaultProvider};
use leakward_fetcher::provider::{Lease, Lifetime, MockProvider};
use leakward_fetcher::{Fetched, Policy, Secret, SecretsManager, Version};

use crate::memory::Canary;
use crate::rig::{Rig, current, secs};

fn held(canary: &Canary) -> Secret {
    canary.with(Secret::copy_of)
}

fn hides(canary: &Canary, what: &dyn Debug) {
    for text in [format!("{what:?}"), format!("{what:#?}")] {
        assert_eq!(canary.count(text.as_bytes()), 0, "a value was printed");
        assert!(!text.is_empty());
    }
}

#[test]
fn what_logs_in_with_a_value_does_not_print_it() {
    let canary = Canary::new();
    let address = Address::parse("http://127.0.0.1:1").unwrap();
    let approle = |secret_id| Login::AppRole { mount: "approle".into(), role_id: "role".into(), secret_id };
    let logins = [
        Login::Token(held(&canary)),
        approle(SecretId::Plain(held(&canary))),
        Login::Userpass { mount: "userpass".into(), user: "ann".into(), password: held(&canary) },
    ];
    for login in logins {
        hides(&canary, &login);
        let config = VaultConfig::new(address.clone(), login);
        hides(&canary, &config);
        hides(&canary, &VaultProvider::new(config).unwrap());
    }
}

#[test]
fn requests_buffers_and_leases_do_not_print_what_they_carry() {
    let canary = Canary::new();
    let value = held(&canary);
    let mut body = Buffer::default();
    body.extend(value.expose());
    hides(&canary, &body);
    let request = Request::new(Method::Post, "/v1/x".to_owned()).secret_header("x-vault-token", &value);
    hides(&canary, &request.json(body));
    hides(&canary, &Lease::new(held(&canary), secs(1)));
    let fetched = Fetched::new(held(&canary), Version::new("1"));
    hides(&canary, &fetched.with_lifetime(Lifetime::Leased(Lease::new(held(&canary), secs(1)))));
    let mock = MockProvider::new();
    mock.put("a", value.expose());
    hides(&canary, &mock);
}

#[tokio::test]
async fn a_client_at_work_does_not_print_what_it_holds() {
    let (rig, canary) = (Rig::new(), Canary::new());
    canary.with(|value| rig.mock.put("a", value));
    let handle = rig.manager.secret_at("a").unwrap();
    let reading = handle.read().await.unwrap();
    let rollover = Rollover::new(handle.clone());
    let (_, ticket) = rollover.ticket().await.unwrap();
    let watch = handle.watch();
    let pair = handle.current_and_previous().await.unwrap();
    let rotation = Rotation { secret: current("a"), old: None, new: reading.entry().clone() };
    let all: [&dyn Debug; 9] =
        [&rig.manager, &handle, &reading, reading.entry(), &rollover, &ticket, &watch, &pair, &rotation];
    all.iter().for_each(|what| hides(&canary, what));
    hides(&canary, &rig.manager.readiness());
    hides(&canary, &rig.manager.breakers());
}

/// Panics over everything that it was given.
struct Clumsy;

impl RotationHook for Clumsy {
    fn name(&self) -> &str {
        "clumsy"
    }

    fn prepare<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        Box::pin(async move { panic!("over {rotation:?} {:?}", rotation.new.secret()) })
    }
}

#[tokio::test]
async fn a_panic_over_a_value_does_not_print_it() {
    static SAID: Mutex<String> = Mutex::new(String::new());
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |about| {
        SAID.lock().unwrap().push_str(&format!("{about}"));
        before(about);
    }));
    let (mut rig, canary) = (Rig::new(), Canary::new());
    rig.mock.put("a", "one");
    let handle = rig.manager.secret_at("a").unwrap();
    handle.read().await.unwrap();
    let _guard = handle.hook(Clumsy);
    canary.with(|value| rig.mock.put("a", value));
    rig.pass(secs(50)).await;
    let events = rig.events();
    assert!(SAID.lock().unwrap().contains("Rotation"), "it panicked");
    assert_eq!(canary.count(SAID.lock().unwrap().as_bytes()), 0);
    hides(&canary, &events);
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

impl AuditSink for Kept {
    fn record(&self, record: &AuditRecord<'_>) {
        self.0.lock().unwrap().push_str(&format!("{record:?}"));
    }
}

#[tokio::test]
async fn the_audit_does_not_keep_the_value() {
    let (kept, canary) = (Kept::default(), Canary::new());
    let mock = MockProvider::new();
    canary.with(|value| mock.put("a", value));
    let builder = SecretsManager::builder().provider("", mock).policy(Policy::default());
    let manager = builder.audit(kept.clone()).audit_reads().build().unwrap();
    for _ in 0..3 {
        manager.read_path("a").await.unwrap();
    }
    assert!(manager.read_path("b").await.is_err());
    let kept = kept.0.lock().unwrap();
    assert!(kept.contains("Read") && kept.contains("Fetch"));
    assert_eq!(canary.count(kept.as_bytes()), 0);
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn metrics_name_neither_value_nor_secret() {
    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

    struct Names(Arc<Mutex<String>>);

    impl Recorder for Names {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            self.0.lock().unwrap().push_str(&format!("{key:?}"));
            Counter::noop()
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            self.0.lock().unwrap().push_str(&format!("{key:?}"));
            Gauge::noop()
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            self.0.lock().unwrap().push_str(&format!("{key:?}"));
            Histogram::noop()
        }
    }

    let (names, canary) = (Arc::new(Mutex::new(String::new())), Canary::new());
    let recorder = Names(names.clone());
    let _local = metrics::set_default_local_recorder(&recorder);
    let rig = Rig::new();
    canary.with(|value| rig.mock.put("name-of-the-secret", value));
    rig.read("name-of-the-secret").await;
    rig.manager.read(&current("absent")).await.unwrap_err();
    let names = names.lock().unwrap().clone();
    assert!(names.contains("leakward_fetches_total"), "{names}");
    assert!(!names.contains("name-of-the-secret"), "{names}");
    assert_eq!(canary.count(names.as_bytes()), 0);
}
