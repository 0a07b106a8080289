//! What a server that is no OpenBao may answer: broken, too large, late, for somebody else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use leakward_fetcher::http::{Address, TlsSettings};
use leakward_fetcher::provider::vault::{Login, VaultConfig, VaultProvider};
use leakward_fetcher::provider::{Fault, FaultKind, Fetched, Lifetime, SecretProvider};
use leakward_fetcher::{Policy, Secret, SecretsManager};

use crate::bao::current;
use crate::server::{Certificates, Server, Told};

const MOUNT: &str = r#"{"data":{"path":"secret/","type":"kv","options":{"version":"2"}}}"#;

/// A server of one mount with versions, whose secrets `body` answers for.
fn server(body: impl Fn() -> Told + Send + Sync + 'static) -> Server {
    Server::plain(move |asked| match asked.path.as_str() {
        path if path.starts_with("/v1/sys/internal/ui/mounts") => Told::json(200, MOUNT),
        path if path.starts_with("/v1/auth/token/lookup-self") => Told::json(200, r#"{"data":{"ttl":0}}"#),
        _ => body(),
    })
}

fn provider(server: &Server) -> VaultProvider {
    let address = Address::parse(&format!("http://127.0.0.1:{}", server.port)).unwrap();
    VaultProvider::new(VaultConfig::new(address, Login::Token(Secret::copy_of(b"t")))).unwrap()
}

async fn fetch(answer: Told) -> Result<Fetched, Fault> {
    let Told(status, headers, body) = answer;
    let server = server(move || Told(status, headers, body.clone()));
    provider(&server).fetch(&current("secret/a")).await
}

fn value(data: &str) -> Told {
    Told::json(200, format!(r#"{{"data":{{"data":{data},"metadata":{{"version":1}}}}}}"#))
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    for body in ["", "<html>", "{\"data\":", "null", "[1]", "{\"data\":{\"data\":null,\"metadata\":{}}}"] {
        let fault = fetch(Told::json(200, body)).await.unwrap_err();
        let expected = [FaultKind::Invalid, FaultKind::Deleted];
        assert!(expected.contains(&fault.kind()), "{body}: {fault:?}");
    }
}

#[tokio::test]
async fn a_value_of_a_mebibyte_arrives_whole() {
    let large = "x".repeat(1 << 20);
    let got = fetch(value(&format!(r#"{{"v":"{large}"}}"#))).await.unwrap();
    assert_eq!(got.secret.field("v").unwrap().len(), 1 << 20);
}

#[tokio::test]
async fn the_servers_wish_to_wait_is_heard() {
    let answer = Told(429, &[("retry-after", "7")], r#"{"errors":["quota"]}"#.to_owned());
    let fault = fetch(answer).await.unwrap_err();
    assert_eq!((fault.kind(), fault.retry_after()), (FaultKind::Throttled, Some(Duration::from_secs(7))));
    let fault = fetch(Told(429, &[], String::new())).await.unwrap_err();
    assert_eq!((fault.kind(), fault.retry_after()), (FaultKind::Throttled, None));
}

#[tokio::test]
async fn a_servers_words_are_not_repeated() {
    let words = Told::json(500, r#"{"errors":["dial postgres://root:hunter2@db: refused"]}"#); // leakward:allow
    let fault = fetch(words).await.unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("hunter2"));
}

#[tokio::test]
async fn an_answer_from_a_cache_has_lived_part_of_its_lease() {
    let lease = r#"{"lease_id":"database/creds/app/1","lease_duration":60,"renewable":true,"data":{"username":"u","password":"p"}}"#;
    let mount = r#"{"data":{"path":"database/","type":"database"}}"#;
    let server = Server::plain(move |asked| match asked.path.as_str() {
        path if path.starts_with("/v1/sys/internal/ui/mounts") => Told::json(200, mount),
        path if path.starts_with("/v1/auth/token") => Told::json(200, r#"{"data":{"ttl":0}}"#),
        _ => Told(200, &[("age", "45"), ("x-cache", "HIT")], lease.to_owned()),
    });
    let fetched = provider(&server).fetch(&current("database/creds/app")).await.unwrap();
    let Lifetime::Leased(lease) = fetched.lifetime else { panic!("a lease") };
    assert_eq!(lease.duration, Duration::from_secs(15));
}

#[tokio::test]
async fn a_lease_that_ended_in_a_cache_is_not_served() {
    let lease = r#"{"lease_id":"database/creds/app/1","lease_duration":8,"renewable":true,"data":{"username":"u","password":"p"}}"#;
    let mount = r#"{"data":{"path":"database/","type":"database"}}"#;
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = Server::plain(move |asked| match asked.path.as_str() {
        path if path.starts_with("/v1/sys/internal/ui/mounts") => Told::json(200, mount),
        path if path.starts_with("/v1/auth/token") => Told::json(200, r#"{"data":{"ttl":0}}"#),
        _ => {
            count.fetch_add(1, Ordering::Relaxed);
            Told(200, &[("age", "17"), ("x-cache", "HIT")], lease.to_owned())
        }
    });
    let manager = SecretsManager::builder().provider("", provider(&server)).policy(Policy::default());
    let manager = manager.build().unwrap();
    let error = manager.read_path("database/creds/app").await.unwrap_err();
    assert_eq!(error.fault_kind(), Some(FaultKind::Invalid), "{error}");
    assert!(asked.load(Ordering::Relaxed) <= 3, "asked in a loop");
}

#[tokio::test]
async fn a_certificate_for_another_host_gets_no_token() {
    let certificates = Certificates::of("DNS:vault.example.com");
    let server = Server::tls(&certificates, |_| Told::json(200, MOUNT));
    let address = Address::parse(&format!("https://127.0.0.1:{}", server.port)).unwrap();
    let mut config = VaultConfig::new(address, Login::Token(Secret::copy_of(b"t")));
    config.tls = TlsSettings { ca_file: Some(certificates.authority()), client: None };
    let fault = VaultProvider::new(config).unwrap().fetch(&current("secret/a")).await.unwrap_err();
    assert!(fault.to_string().contains("certificate"), "{fault}");
    assert!(server.asked().is_empty());
}

#[test]
fn an_address_with_credentials_is_refused_and_not_repeated() {
    let error = Address::parse("https://root:hunter2@vault.example.com").unwrap_err(); // leakward:allow
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
