//! One file says where secrets live; classes say what is expected of them.

use std::fs;
use std::time::Duration;

use leakward_fetcher::cache::{Class, Sensitivity, Shortfall};
use leakward_fetcher::client::Mapping;
use leakward_fetcher::provider::file::FileProvider;
use leakward_fetcher::{Clock, Event, Policy, SecretsManager};

use crate::rig::{Rig, current, secs};

#[tokio::test]
async fn an_application_names_it_and_the_operator_decides_where_it_lives() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("mounts/pg")).unwrap();
    fs::write(root.path().join("mounts/pg/creds.json"), r#"{"user":"u","password":"pw"}"#).unwrap();
    fs::write(root.path().join("mounts/pg/port"), "5432\n").unwrap();
    let file = root.path().join("leakward-secrets.toml");
    let text = format!(
        "[providers.mounts]\nkind = 'file'\nroot = {:?}\ntrim = true\n\
         [providers.vars]\nkind = 'environment'\n\
         [secrets.\"db/main\"]\nprovider = 'mounts'\npath = 'pg/creds.json'\n\
         [secrets.\"db/settings\"]\nprovider = 'mounts'\npath = 'pg'\n\
         [secrets.\"path\"]\nprovider = 'vars'\n\
         [policies.db]\nttl = '10s'\nmax_stale = '3s'\n",
        root.path().join("mounts")
    );
    fs::write(&file, text).unwrap();
    let mapping = Mapping::from_file(&file).unwrap();
    assert_eq!(mapping.secrets().next(), Some(("db/main", "mounts", "pg/creds.json")));
    let manager = mapping.builder().await.unwrap().build().unwrap();
    let main = manager.read(&current("db/main")).await.unwrap();
    assert_eq!(main.field("password").unwrap().expose(), b"pw");
    assert_eq!(main.hard_until().since(main.fetched_at()), secs(13));
    assert_eq!(manager.read(&current("db/settings/port")).await.unwrap().secret().expose(), b"5432");
    assert!(!manager.read(&current("path")).await.unwrap().secret().is_empty());
    let stranger = manager.read(&current("other")).await.unwrap_err();
    assert_eq!(stranger.to_string(), "other: no provider is configured for this path");
}

#[tokio::test]
async fn one_field_of_a_value_may_stand_for_it() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("creds"), r#"{"password":"pw"}"#).unwrap();
    let builder = SecretsManager::builder().provider("raw", FileProvider::new(root.path()));
    let manager = builder.map("db/password", "creds", Some("password")).build().unwrap();
    assert_eq!(manager.read(&current("db/password")).await.unwrap().secret().expose(), b"pw");
    fs::write(root.path().join("creds"), r#"{"other":"pw"}"#).unwrap();
    let handle = manager.secret_at("db/password").unwrap();
    let error = handle.refresh().await.unwrap_err();
    assert_eq!(error.to_string(), "db/password: the value has no field password");
}

#[tokio::test]
async fn a_stored_secret_where_lent_ones_are_demanded_is_reported_once() {
    let class =
        Class { name: "database".into(), sensitivity: Sensitivity::High, rotate_within: None, dynamic: true };
    let mut rig = Rig::with(Policy::default().with_class(class), |b| b);
    rig.mock.put("db/main", "one");
    rig.mock.lend("db/creds", secs(600), 0);
    rig.read("db/main").await;
    rig.read("db/creds").await;
    rig.pass(secs(400)).await;
    let reports: Vec<_> = rig
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::ShortOfClass { secret, shortfall, .. } => Some((secret.to_string(), shortfall)),
            _ => None,
        })
        .collect();
    assert_eq!(reports, [("db/main".to_owned(), Shortfall::Static)]);
}

#[tokio::test]
async fn a_value_that_was_not_rotated_in_time_is_reported() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("key"), "one").unwrap();
    let clock = leakward_fetcher::clock::ManualClock::new();
    let day = Duration::from_secs(86_400);
    clock.set_wall(std::time::SystemTime::now() + 91 * day);
    let class = Class {
        name: "keys".into(),
        sensitivity: Sensitivity::Critical,
        rotate_within: Some(90 * day),
        dynamic: false,
    };
    let builder = SecretsManager::builder().provider("", FileProvider::new(root.path()));
    let builder = builder.policy_for("*", Policy::default().with_class(class)).clock(clock.clone());
    let manager = builder.build().unwrap();
    let mut events = manager.events();
    manager.read(&current("key")).await.unwrap();
    assert!(clock.wall() > std::time::SystemTime::now());
    let mut ages = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::ShortOfClass { shortfall: Shortfall::Overdue { age }, .. } = event {
            ages.push(age);
        }
    }
    assert!(ages.len() == 1 && ages[0] > 90 * day && ages[0] < 92 * day, "{ages:?}");
}
