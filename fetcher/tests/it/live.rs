//! The whole client against real servers. What the server saw is read from its audit log.

use std::time::{Duration, Instant};

use leakward_fetcher::cache::Cause;
use leakward_fetcher::http::Method;
use leakward_fetcher::{FaultKind, Freshness, Policy, ReadError, Reading, SecretsManager};

use crate::bao::Bao;
use crate::postgres::{ADMIN, Postgres};
use crate::rig::current;

fn client(bao: &Bao, policy: Policy) -> SecretsManager {
    SecretsManager::builder().provider("", bao.provider()).policy(policy).build().unwrap()
}

fn text(reading: &Reading, name: &str) -> String {
    reading.field(name).unwrap().expose_text().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_first_reads_are_one_request_in_the_audit_log() {
    let bao = Bao::start().await;
    bao.post("secret/data/app", r#"{"data":{"value":"one"}}"#).await;
    // One patient attempt: a retry on a busy machine would be a second request, and not what is counted.
    let mut policy = Policy::default().with_read_budget(Duration::from_secs(20));
    (policy.attempts, policy.attempt_timeout, policy.fetch_timeout) =
        (1, Duration::from_secs(20), Duration::from_secs(20));
    let manager = client(&bao, policy);
    let readers: Vec<_> = (0..1000)
        .map(|_| {
            let manager = manager.clone();
            tokio::spawn(async move { text(&manager.read_path("secret/app").await.unwrap(), "value") })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), "one");
    }
    assert_eq!(bao.requests_for("secret/data/app"), 1 + 1, "one to write it, one to read it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_does_not_slow_readers_with_a_stale_value() {
    let bao = Bao::start().await;
    bao.post("secret/data/app", r#"{"data":{"value":"one"}}"#).await;
    let ttl = Duration::from_millis(1500);
    let manager = client(&bao, Policy::default().with_ttl(ttl).with_max_stale(Duration::from_secs(3)));
    let handle = manager.secret_at("secret/app").unwrap();
    let weak = std::sync::Arc::downgrade(handle.read().await.unwrap().entry());
    bao.signal("-STOP");
    let (begun, mut times, mut stale) = (Instant::now(), Vec::new(), 0);
    loop {
        let one = Instant::now();
        let Ok(reading) = handle.read().await else { break };
        times.push(one.elapsed());
        stale += usize::from(!reading.is_fresh());
        assert!(begun.elapsed() < Duration::from_secs(8), "stale is not served for ever");
        drop(reading);
        tokio::task::yield_now().await;
    }
    let bound = begun.elapsed();
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(1), "p99 was {p99:?} over {} reads", times.len());
    assert!(stale > 100, "{stale} stale reads");
    assert!(bound < Duration::from_secs(8) && bound > Duration::from_secs(4), "{bound:?}");
    assert!(weak.upgrade().is_none(), "the value is gone");
    bao.signal("-CONT");
    let budget = Duration::from_secs(20);
    let options = leakward_fetcher::client::ReadOptions { budget: Some(budget), ..Default::default() };
    let begun = Instant::now();
    let reading = loop {
        match handle.read_with(options).await {
            Ok(reading) => break reading,
            Err(error) => assert!(begun.elapsed() < budget, "{error}"),
        }
    };
    assert_eq!(text(&reading, "value"), "one");
}

#[tokio::test]
async fn a_sealed_server_is_named_as_the_cause() {
    let bao = Bao::start().await;
    bao.post("secret/data/app", r#"{"data":{"value":"one"}}"#).await;
    let manager = client(&bao, Policy::default());
    let handle = manager.secret_at("secret/app").unwrap();
    handle.read().await.unwrap();
    bao.call(Method::Put, "sys/seal", "").await;
    assert!(handle.refresh().await.is_err());
    let Freshness::Stale { cause, .. } = handle.read().await.unwrap().freshness() else { panic!() };
    assert!(matches!(cause, Cause::Fault(FaultKind::Transient) | Cause::BreakerOpen), "{cause:?}");
}

#[tokio::test]
async fn a_deleted_version_is_not_served_after_it_was_seen() {
    let bao = Bao::start().await;
    bao.post("secret/data/app", r#"{"data":{"value":"one"}}"#).await;
    let manager = client(&bao, Policy::default());
    let handle = manager.secret_at("secret/app").unwrap();
    handle.read().await.unwrap();
    bao.post("secret/delete/app", r#"{"versions":[1]}"#).await;
    let error = handle.refresh().await.unwrap_err();
    assert_eq!(error.fault_kind(), Some(FaultKind::Deleted));
    let again = handle.read().await.unwrap_err();
    assert!(matches!(again, ReadError::Fault { .. }));
}

async fn database(bao: &Bao, postgres: &Postgres) {
    bao.post("sys/mounts/database", r#"{"type":"database"}"#).await;
    let url = format!(
        "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
        postgres.port
    );
    let config = format!(
        r#"{{"plugin_name":"postgresql-database-plugin","allowed_roles":"*","connection_url":"{url}","username":"postgres","password":"{ADMIN}"}}"#
    );
    bao.post("database/config/pg", &config).await;
    let create =
        r#"CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"#;
    let role = format!(
        r#"{{"db_name":"pg","creation_statements":["{create}"],"default_ttl":"6s","max_ttl":"10s"}}"#
    );
    bao.post("database/roles/app", &role).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_go_on_through_lease_ends_revocation_and_an_outage() {
    let (bao, postgres) = (Bao::start().await, Postgres::start());
    database(&bao, &postgres).await;
    let manager = client(&bao, Policy::default().with_read_budget(Duration::from_secs(10)));
    let handle = manager.secret_at("database/creds/app").unwrap();
    let (begun, mut users, mut logins) = (Instant::now(), Vec::new(), 0);
    let (mut frozen, mut thawed, mut revoked, mut revocations) = (false, false, false, 0);
    while begun.elapsed() < Duration::from_secs(24) {
        let past = |seconds| begun.elapsed() > Duration::from_secs(seconds);
        if past(5) && !frozen {
            bao.signal("-STOP");
            frozen = true;
        }
        // Shorter than what a lease that is about to be renewed has left.
        if past(6) && !thawed {
            bao.signal("-CONT");
            thawed = true;
        }
        let reading = handle.read().await.unwrap();
        let (user, password) = (text(&reading, "username"), text(&reading, "password"));
        match postgres.query(&user, &password, "select current_user") {
            // Still the credentials that were not revoked, or new ones already.
            Ok(answer) => assert_eq!(answer, user),
            // Revoked behind our back: one forced refresh, then it works.
            Err(_) if revoked => {
                let reading = handle.replace(&reading).await.unwrap();
                let (user, password) = (text(&reading, "username"), text(&reading, "password"));
                assert_eq!(postgres.query(&user, &password, "select current_user"), Ok(user));
            }
            Err(error) => panic!("a login failed after {:?}: {error}", begun.elapsed()),
        }
        logins += 1;
        revoked = false;
        if users.last() != Some(&user) {
            users.push(user);
        }
        if past(14 + 3 * revocations) && revocations < 3 {
            let tag = reading.lease().unwrap();
            let id = tag.id().expose_text().unwrap().to_owned();
            bao.call(Method::Put, "sys/leases/revoke", &format!(r#"{{"lease_id":"{id}","sync":true}}"#))
                .await;
            revoked = true;
            revocations += 1;
        }
    }
    assert_eq!(revocations, 3);
    assert!(users.len() >= 5, "credentials were replaced: {}", users.len());
    assert!(logins > 50, "{logins} logins");
    let last = users.pop().unwrap();
    let password = text(&handle.read().await.unwrap(), "password");
    let farewell = manager.shutdown().await;
    assert!(farewell.revoked >= 1 && farewell.left == 0, "{farewell:?}");
    assert!(postgres.query(&last, &password, "select 1").is_err(), "given back at shutdown");
}

#[tokio::test]
async fn a_static_role_is_followed_through_its_rotation() {
    let (bao, postgres) = (Bao::start().await, Postgres::start());
    database(&bao, &postgres).await;
    postgres.query("postgres", ADMIN, "create role legacy login password 'x'").unwrap();
    let role = r#"{"db_name":"pg","username":"legacy","rotation_period":"6s"}"#;
    bao.post("database/static-roles/legacy", role).await;
    let manager = client(&bao, Policy::default());
    let handle = manager.secret_at("database/static-creds/legacy").unwrap();
    let mut watch = handle.watch();
    let first = text(&watch.changed().await.unwrap(), "password");
    let second = text(&watch.changed().await.unwrap(), "password");
    assert_ne!(first, second);
    assert_eq!(postgres.query("legacy", &second, "select current_user"), Ok("legacy".to_owned()));
    let reads = bao.requests_for("database/static-creds/legacy");
    assert!(reads < 20, "{reads} reads: polled in a loop");
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_once() {
    let bao = Bao::start().await;
    let manager = client(&bao, Policy::default());
    for _ in 0..20 {
        let error = manager.read(&current("secret/never")).await.unwrap_err();
        assert_eq!(error.fault_kind(), Some(FaultKind::NotFound));
    }
    assert_eq!(bao.requests_for("secret/data/never"), 1);
}
