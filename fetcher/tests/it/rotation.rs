//! Rotation hooks: order, refusal, rollback, time limits, panics.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use leakward_fetcher::client::{HookError, Rotation, Step};
use leakward_fetcher::{Event, FaultKind, Policy, RotationHook};

use crate::rig::{Rig, current, fault, secs, settle};

type Diary = Arc<Mutex<Vec<String>>>;

/// Writes down what it is told, and does what the test wants.
#[derive(Clone)]
struct Clerk {
    name: &'static str,
    diary: Diary,
    prepare: Arc<Mutex<Mood>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Agree,
    Refuse,
    Panic,
    Hang,
}

impl Clerk {
    fn new(name: &'static str, diary: &Diary) -> Self {
        Self { name, diary: diary.clone(), prepare: Arc::new(Mutex::new(Mood::Agree)) }
    }

    fn mood(&self, mood: Mood) {
        *self.prepare.lock().unwrap() = mood;
    }

    fn note<'a>(&'a self, step: &'static str, rotation: &'a Rotation) -> Step<'a> {
        let mood = *self.prepare.lock().unwrap();
        Box::pin(async move {
            let old = rotation.old.as_ref().map_or("-", |old| old.version().as_str());
            let line = format!("{} {step} {old}>{}", self.name, rotation.new.version());
            self.diary.lock().unwrap().push(line);
            match mood {
                Mood::Agree => Ok(()),
                Mood::Refuse if step == "prepare" => Err(HookError("login with the new password failed")),
                Mood::Panic if step == "prepare" => panic!("scripted"),
                Mood::Hang if step == "prepare" => std::future::pending().await,
                _ => Ok(()),
            }
        })
    }
}

impl RotationHook for Clerk {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        self.note("prepare", rotation)
    }

    fn unprepare<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        self.note("unprepare", rotation)
    }

    fn committed<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        self.note("committed", rotation)
    }

    fn drain<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        self.note("drain", rotation)
    }

    fn retire<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        self.note("retire", rotation)
    }
}

struct Office {
    rig: Rig,
    diary: Diary,
    first: Clerk,
    second: Clerk,
}

impl Office {
    fn new() -> Self {
        Self::refusing(3)
    }

    /// With a version left alone after so many refusals.
    fn refusing(times: u32) -> Self {
        let diary = Diary::default();
        let (first, second) = (Clerk::new("a", &diary), Clerk::new("b", &diary));
        let (a, b) = (first.clone(), second.clone());
        let policy = Policy::default().with_ttl(secs(60)).with_max_rejections(times);
        let rig = Rig::with(policy, |builder| builder.hook("", a).hook("db", b));
        rig.mock.put("db/main", "one");
        Self { rig, diary, first, second }
    }

    fn diary(&self) -> Vec<String> {
        std::mem::take(&mut *self.diary.lock().unwrap())
    }

    async fn refresh(&self) -> bool {
        let handle = self.rig.manager.secret_at("db/main").unwrap();
        self.rig.pass(secs(5)).await;
        let refresh = tokio::spawn(async move { handle.refresh().await.is_ok() });
        settle().await;
        self.rig.pass(secs(15)).await;
        refresh.await.unwrap()
    }

    async fn value(&self) -> Vec<u8> {
        self.rig.read("db/main").await.secret().expose().to_vec()
    }
}

#[tokio::test]
async fn steps_run_in_order_and_retire_in_reverse() {
    let office = Office::new();
    office.rig.read("db/main").await;
    assert!(office.diary().is_empty(), "the first value is no rotation");
    office.rig.mock.put("db/main", "two");
    assert!(office.refresh().await);
    let expected = [
        "a prepare 1>2",
        "b prepare 1>2",
        "a committed 1>2",
        "b committed 1>2",
        "a drain 1>2",
        "b drain 1>2",
        "b retire 1>2",
        "a retire 1>2",
    ];
    assert_eq!(office.diary(), expected);
    office.rig.pass(secs(120)).await;
    assert!(office.diary().is_empty(), "each version once");
}

#[tokio::test]
async fn a_refusal_keeps_the_old_value_and_undoes_what_was_prepared() {
    let mut office = Office::refusing(100);
    office.rig.read("db/main").await;
    office.second.mood(Mood::Refuse);
    office.rig.mock.put("db/main", "two");
    assert!(!office.refresh().await);
    assert_eq!(office.diary()[..3], ["a prepare 1>2", "b prepare 1>2", "a unprepare 1>2"]);
    assert_eq!(office.value().await, b"one");
    let failed = office.rig.events().into_iter().any(
        |event| matches!(event, Event::HookFailed { hook, step: "prepare", degraded: false, .. } if &*hook == "b"),
    );
    assert!(failed);
    office.second.mood(Mood::Agree);
    office.rig.pass(secs(30)).await;
    assert_eq!(office.value().await, b"two");
}

#[tokio::test]
async fn a_version_refused_three_times_is_left_alone_until_it_changes() {
    let office = Office::new();
    office.rig.read("db/main").await;
    office.first.mood(Mood::Refuse);
    office.rig.mock.put("db/main", "bad");
    office.refresh().await;
    office.rig.pass(secs(40)).await;
    let prepares = office.diary().iter().filter(|line| line.starts_with("a prepare")).count();
    assert_eq!(prepares, 3);
    office.first.mood(Mood::Agree);
    office.rig.mock.put("db/main", "good");
    office.rig.pass(secs(20)).await;
    assert_eq!(office.value().await, b"good");
}

#[tokio::test]
async fn a_hook_that_panics_or_hangs_refuses() {
    for mood in [Mood::Panic, Mood::Hang] {
        let office = Office::refusing(100);
        office.rig.read("db/main").await;
        office.first.mood(mood);
        office.rig.mock.put("db/main", "two");
        assert!(!office.refresh().await);
        assert_eq!(office.value().await, b"one");
        office.first.mood(Mood::Agree);
        office.rig.pass(secs(40)).await;
        assert_eq!(office.value().await, b"two");
    }
}

#[tokio::test]
async fn at_the_old_values_end_the_new_one_is_published_though_refused() {
    let mut office = Office::new();
    office.rig.read("db/main").await;
    office.first.mood(Mood::Refuse);
    office.rig.mock.put("db/main", "two");
    office.rig.pass(secs(119)).await;
    assert_eq!(office.value().await, b"one");
    office.rig.pass(secs(70)).await;
    assert_eq!(office.value().await, b"two");
    let degraded = office
        .rig
        .events()
        .into_iter()
        .any(|event| matches!(event, Event::HookFailed { degraded: true, .. }));
    assert!(degraded);
}

#[tokio::test]
async fn readers_keep_the_old_value_while_a_hook_prepares() {
    let office = Office::new();
    office.rig.read("db/main").await;
    office.first.mood(Mood::Hang);
    office.rig.mock.put("db/main", "two");
    office.rig.manager.invalidate(&current("db/main"));
    office.value().await;
    settle().await;
    assert_eq!(office.diary(), ["a prepare 1>2"]);
    assert_eq!(office.value().await, b"one");
}

#[tokio::test]
async fn a_refused_lease_is_given_back_and_a_drained_one_is_revoked() {
    let diary = Diary::default();
    let clerk = Clerk::new("a", &diary);
    let hook = clerk.clone();
    let rig = Rig::with(Policy::default(), |b| b);
    rig.mock.lend("db/creds", secs(100), 0);
    let handle = rig.manager.secret_at("db/creds").unwrap();
    let first = handle.read().await.unwrap().lease().unwrap().tag();
    let guard = handle.hook(hook);
    clerk.mood(Mood::Refuse);
    let refused = handle.clone();
    let refresh = tokio::spawn(async move { refused.refresh().await.is_ok() });
    rig.pass(Duration::from_millis(50)).await;
    assert!(!refresh.await.unwrap());
    settle().await;
    assert_eq!(rig.mock.revoked().len(), 1, "the new credentials that nobody got");
    clerk.mood(Mood::Agree);
    rig.pass(secs(10)).await;
    assert_ne!(handle.read().await.unwrap().lease().unwrap().tag(), first);
    assert!(rig.mock.revoked().contains(&first), "the old credentials, after they were drained");
    drop(guard);
}

#[tokio::test]
async fn a_dropped_guard_takes_the_hook_out() {
    let diary = Diary::default();
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    handle.read().await.unwrap();
    drop(handle.hook(Clerk::new("a", &diary)));
    rig.mock.put("db/main", "two");
    handle.refresh().await.unwrap();
    settle().await;
    assert!(diary.lock().unwrap().is_empty());
}

#[tokio::test]
async fn user_and_password_change_as_one() {
    let rig = Rig::new();
    rig.mock.put("db/user", r#"{"user":"app_a","password":"pa"}"#);
    let handle = rig.manager.secret_at("db/user").unwrap();
    let old = handle.read().await.unwrap();
    rig.mock.put("db/user", r#"{"user":"app_b","password":"pb"}"#);
    rig.mock.fail_next("db/user", 1, fault(FaultKind::Backend));
    assert!(handle.refresh().await.is_err());
    rig.jump(secs(5)).await;
    handle.refresh().await.unwrap();
    let pair = handle.current_and_previous().await.unwrap();
    let fields = |r: &leakward_fetcher::Reading| {
        let text = |name| r.field(name).unwrap().expose_text().unwrap().to_owned();
        (text("user"), text("password"))
    };
    assert_eq!(fields(&old), ("app_a".into(), "pa".into()), "a reading is not changed under its reader");
    assert_eq!(fields(&pair.current), ("app_b".into(), "pb".into()));
    assert_eq!(fields(&pair.previous.unwrap()), ("app_a".into(), "pa".into()));
}

/// Looks at a watch in the middle of a publication, as another thread may.
#[derive(Clone, Default)]
struct Peeping(std::sync::Arc<std::sync::Mutex<(Option<leakward_fetcher::client::Watch>, Vec<String>)>>);

impl leakward_fetcher::client::ValueObserver for Peeping {
    fn held(&self, _: &leakward_fetcher::SecretRef, _: &std::sync::Arc<leakward_fetcher::cache::Entry>) {
        let (watch, seen) = &mut *self.0.lock().unwrap();
        let Some(watch) = watch else { return };
        let mut next = std::pin::pin!(watch.changed());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if let std::task::Poll::Ready(Some(reading)) = next.as_mut().poll(&mut context) {
            seen.push(reading.secret().expose_text().unwrap().to_owned());
        }
    }

    fn dropped(&self, _: &leakward_fetcher::SecretRef) {}
}

#[tokio::test]
async fn a_watch_hears_of_a_version_when_it_is_there_and_not_before() {
    let peeping = Peeping::default();
    let observer = peeping.clone();
    let rig = Rig::with(Policy::default().with_ttl(secs(60)), |builder| builder.observer(observer));
    rig.mock.put("db/main", "one");
    let handle = rig.manager.secret_at("db/main").unwrap();
    let mut watch = handle.watch();
    assert_eq!(watch.changed().await.unwrap().secret().expose(), b"one");
    peeping.0.lock().unwrap().0 = Some(watch);
    rig.mock.put("db/main", "two");
    handle.refresh().await.unwrap();
    let (watch, seen) = std::mem::take(&mut *peeping.0.lock().unwrap());
    assert_eq!(seen, Vec::<String>::new(), "told too early, it would be the old value");
    assert_eq!(watch.unwrap().changed().await.unwrap().secret().expose(), b"two");
}
