//! A known value must not show up where it has no business: in logs, in `Debug`, in errors, and in the
//! process's own memory once it was dropped.

use std::fmt::Write as _;
use std::fs;
use std::sync::{Mutex, OnceLock};

use leakward_fetcher::provider::MockProvider;
use leakward_fetcher::provider::file::FileProvider;
use leakward_fetcher::{FaultKind, SecretProvider, SecretsManager};

use crate::bao::Bao;
use crate::memory::{Canary, held_and_after, tell};
use crate::rig::{current, fault};

#[tokio::test]
async fn a_dropped_value_of_the_mock_is_gone_from_memory() {
    let canary = Canary::new();
    let mock = MockProvider::new();
    canary.with(|value| mock.put("canary", value));
    let (held, after) = held_and_after(&canary, mock, "canary").await;
    assert_eq!((held, after), (2, 0), "the mock's own copy and the cache's");
}

#[tokio::test]
async fn a_dropped_value_of_a_file_is_gone_from_memory() {
    let canary = Canary::new();
    let root = tempfile::tempdir().unwrap();
    canary.with(|value| fs::write(root.path().join("canary"), value).unwrap());
    let (held, after) = held_and_after(&canary, FileProvider::new(root.path()), "canary").await;
    assert_eq!((held, after), (1, 0));
}

#[tokio::test]
async fn a_dropped_value_of_openbao_is_gone_from_memory() {
    let canary = Canary::new();
    let bao = Bao::start().await;
    bao.ready("secret/").await;
    tell(&bao, &canary);
    let (held, after) = held_and_after(&canary, bao.provider(), "secret/canary").await;
    assert!(held >= 1, "the measurement finds what is there");
    assert_eq!(after, 0);
}

/// Writes down every span and event with all its fields.
///
/// For the whole process: `tracing` remembers for each place in the code whether anybody wants it, and asks only
/// the subscriber of the thread that comes by first.
struct Recorder;

static LOG: OnceLock<Mutex<String>> = OnceLock::new();

fn log() -> std::sync::MutexGuard<'static, String> {
    LOG.get_or_init(Mutex::default).lock().unwrap()
}

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut log = log();
        log.push_str(span.metadata().name());
        span.record(&mut Fields(&mut log));
        log.push('\n');
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Fields(&mut log()));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Fields(&mut log()));
        log().push('\n');
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn logs_debug_and_errors_do_not_show_the_value() {
    tracing::subscriber::set_global_default(Recorder).unwrap();
    let canary = Canary::new();
    let bao = Bao::start().await;
    bao.ready("secret/").await;
    tell(&bao, &canary);
    let manager = SecretsManager::builder()
        .provider("", bao.provider())
        .provider("mock", MockProvider::new())
        .build()
        .unwrap();
    let mut events = manager.events();
    let mut out = String::new();
    let handle = manager.secret_at("secret/canary").unwrap();
    let reading = handle.read().await.unwrap();
    let field = reading.field("value").unwrap();
    assert_eq!(canary.count(field.expose()), 1, "the value is there");
    let pair = handle.current_and_previous().await.unwrap();
    let _ = write!(out, "{reading:?} {:?} {field:?} {handle:?} {manager:?} {pair:?}", reading.entry());
    let _ = write!(out, "{:?} {:?}", field.field("x"), reading.secret());
    let _ = write!(out, "{:?}", bao.provider().fetch(&current("secret/canary")).await.unwrap());
    for path in ["secret/none", "nomount/x", "mock/none"] {
        let error = manager.read_path(path).await.unwrap_err();
        let _ = write!(out, "{error} {error:?}");
    }
    let mock = MockProvider::new();
    canary.with(|value| mock.put("a", value));
    mock.fail_next("a", 1, fault(FaultKind::Denied));
    let _ = write!(out, "{mock:?} {:?}", mock.fetch(&current("a")).await);
    manager.shutdown().await;
    while let Ok(event) = events.try_recv() {
        let _ = write!(out, "{event:?}");
    }
    let log = log().clone();
    assert!(log.contains("secret fetched"), "the log was recorded");
    assert!(log.contains("fetch secret=secret/canary provider="), "a fetch is a span");
    assert_eq!(canary.count(out.as_bytes()), 0);
    assert_eq!(canary.count(log.as_bytes()), 0);
}
