//! Reading from a real OpenBao: engines, versions, listing, leases.

use std::time::Duration;

use leakward_fetcher::http::Method;
use leakward_fetcher::provider::vault::Login;
use leakward_fetcher::provider::{FaultKind, Lifetime, SecretProvider};
use leakward_fetcher::{Secret, SecretPath, SecretRef, Version, VersionSelector};

use crate::bao::{Bao, ROOT, current, field};

fn at(path: &str, version: VersionSelector) -> SecretRef {
    SecretRef::new(SecretPath::parse(path).unwrap(), version)
}

fn text(secret: &Secret, name: &str) -> String {
    secret.field(name).unwrap().expose_text().unwrap().to_owned()
}

#[tokio::test]
async fn versions_of_a_secret_are_told_apart() {
    let bao = Bao::start().await;
    for value in ["one", "two", "three"] {
        bao.post("secret/data/myapp/api_key", &format!(r#"{{"data":{{"value":"{value}"}}}}"#)).await;
    }
    let provider = bao.provider();
    let now = provider.fetch(&current("secret/myapp/api_key")).await.unwrap();
    assert_eq!((text(&now.secret, "value").as_str(), now.version.as_str()), ("three", "3"));
    assert!(now.created.is_some() && matches!(now.lifetime, Lifetime::Open));
    let before = provider.fetch(&at("secret/myapp/api_key", VersionSelector::Previous)).await.unwrap();
    assert_eq!((text(&before.secret, "value").as_str(), before.version.as_str()), ("two", "2"));
    let first = at("secret/myapp/api_key", VersionSelector::Exact(Version::new("1")));
    assert_eq!(text(&provider.fetch(&first).await.unwrap().secret, "value"), "one");
    let api_path = provider.fetch(&current("secret/data/myapp/api_key")).await.unwrap();
    assert_eq!(api_path.version.as_str(), "3");
    assert_eq!(provider.version(&current("secret/myapp/api_key")).await.unwrap().as_str(), "3");
}

#[tokio::test]
async fn deleted_destroyed_and_absent_are_three_things() {
    let bao = Bao::start().await;
    bao.post("secret/data/a", r#"{"data":{"value":"x"}}"#).await;
    bao.post("secret/data/a", r#"{"data":{"value":"y"}}"#).await;
    let provider = bao.provider();
    let kind = async |secret: SecretRef| provider.fetch(&secret).await.unwrap_err().kind();
    bao.post("secret/delete/a", r#"{"versions":[2]}"#).await;
    assert_eq!(kind(current("secret/a")).await, FaultKind::Deleted);
    // The newest version that still has a value is the previous one.
    let previous = provider.fetch(&at("secret/a", VersionSelector::Previous)).await.unwrap();
    assert_eq!(previous.version.as_str(), "1");
    bao.post("secret/destroy/a", r#"{"versions":[2]}"#).await;
    assert_eq!(kind(current("secret/a")).await, FaultKind::Disabled);
    assert_eq!(kind(current("secret/never")).await, FaultKind::NotFound);
    assert_eq!(kind(current("nomount/never")).await, FaultKind::NoRoute);
    assert_eq!(
        kind(at("secret/a", VersionSelector::Stage("AWSCURRENT".into()))).await,
        FaultKind::Unsupported
    );
}

#[tokio::test]
async fn a_mount_without_versions_is_found_out_and_its_ttl_is_a_hint() {
    let bao = Bao::start().await;
    bao.post("sys/mounts/team/kv", r#"{"type":"kv","options":{"version":"1"}}"#).await;
    bao.post("team/kv/db", r#"{"password":"p1","ttl":"30s"}"#).await;
    let provider = bao.provider();
    let got = provider.fetch(&current("team/kv/db")).await.unwrap();
    assert_eq!(text(&got.secret, "password"), "p1");
    assert!(matches!(got.lifetime, Lifetime::Hint(d) if d == Duration::from_secs(30)));
    let same = provider.fetch(&current("team/kv/db")).await.unwrap();
    assert_eq!(got.version, same.version);
    bao.post("team/kv/db", r#"{"password":"p2"}"#).await;
    assert_ne!(provider.fetch(&current("team/kv/db")).await.unwrap().version, got.version);
    assert_eq!(bao.requests_for("sys/internal/ui/mounts/team/kv/db"), 1);
}

#[tokio::test]
async fn odd_values_arrive_unchanged() {
    let bao = Bao::start().await;
    let large = "x".repeat(700 * 1024);
    bao.post("secret/data/odd", r#"{"data":{"n":3,"o":{"p":"q\"\\\u00e9\ud83d\ude00"},"b":true,"e":""}}"#)
        .await;
    bao.post("secret/data/large", &format!(r#"{{"data":{{"v":"{large}"}}}}"#)).await;
    let provider = bao.provider();
    let odd = provider.fetch(&current("secret/odd")).await.unwrap().secret;
    assert_eq!(
        [text(&odd, "n"), text(&odd, "o.p"), text(&odd, "b"), text(&odd, "e")],
        ["3", "q\"\\é😀", "true", ""]
    );
    assert_eq!(text(&provider.fetch(&current("secret/large")).await.unwrap().secret, "v"), large);
}

#[tokio::test]
async fn all_that_may_be_listed_is_listed() {
    let bao = Bao::start().await;
    bao.post("sys/mounts/old", r#"{"type":"kv","options":{"version":"1"}}"#).await;
    for path in ["secret/data/a", "secret/data/deep/er/b", "secret/data/deep/c", "secret/data/sp ace"] {
        bao.post(&path.replace(' ', "%20"), r#"{"data":{"v":"1"}}"#).await;
    }
    bao.post("old/x/y", r#"{"v":"1"}"#).await;
    let provider = bao.provider();
    let list = async |prefix: Option<&str>| {
        let prefix = prefix.map(|p| SecretPath::parse(p).unwrap());
        let paths = provider.list(prefix.as_ref()).await.unwrap();
        paths.iter().map(|p| p.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        list(None).await,
        ["old/x/y", "secret/a", "secret/deep/c", "secret/deep/er/b", "secret/sp ace"]
    );
    assert_eq!(list(Some("secret/deep")).await, ["secret/deep/c", "secret/deep/er/b"]);
    assert_eq!(list(Some("secret")).await.len(), 4);
}

#[tokio::test]
async fn certificates_are_made_by_a_call_and_end_when_they_say() {
    let bao = Bao::start().await;
    bao.post("sys/mounts/pki", r#"{"type":"pki"}"#).await;
    bao.post("pki/root/generate/internal", r#"{"common_name":"example.com"}"#).await;
    bao.post("pki/roles/web", r#"{"allowed_domains":"example.com","allow_subdomains":true,"ttl":"1h"}"#)
        .await;
    let mut config = bao.config(Login::Token(Secret::copy_of(ROOT.as_bytes())));
    let path = SecretPath::parse("pki/issue/web").unwrap();
    config.requests.insert(path.clone(), r#"{"common_name":"www.example.com"}"#.to_owned());
    let provider = leakward_fetcher::provider::vault::VaultProvider::new(config).unwrap();
    assert!(!provider.repeatable(&path));
    let got = provider.fetch(&SecretRef::current(path)).await.unwrap();
    assert!(text(&got.secret, "private_key").contains("PRIVATE KEY"));
    let Lifetime::Until(end) = got.lifetime else { panic!("a certificate ends") };
    let left = end.duration_since(std::time::SystemTime::now()).unwrap();
    assert!((3000..3700).contains(&left.as_secs()), "{left:?}");
}

#[tokio::test]
async fn a_namespace_is_kept_apart_and_an_unknown_one_is_no_absent_secret() {
    let bao = Bao::start().await;
    bao.post("sys/namespaces/team1", "{}").await;
    bao.post("team1/sys/mounts/secret", r#"{"type":"kv","options":{"version":"2"}}"#).await;
    bao.post("team1/secret/data/a", r#"{"data":{"v":"team1"}}"#).await;
    let within = |namespace: &str| {
        let mut config = bao.config(Login::Token(Secret::copy_of(ROOT.as_bytes())));
        config.namespace = Some(namespace.to_owned());
        leakward_fetcher::provider::vault::VaultProvider::new(config).unwrap()
    };
    let got = within("team1").fetch(&current("secret/a")).await.unwrap();
    assert_eq!(text(&got.secret, "v"), "team1");
    let kind = within("team9").fetch(&current("secret/a")).await.unwrap_err().kind();
    assert_eq!(kind, FaultKind::NoRoute);
}

#[tokio::test]
async fn tls_serves_values_and_refuses_strangers() {
    let bao = Bao::start_tls().await;
    let large = "y".repeat(100_000);
    bao.post("secret/data/a", &format!(r#"{{"data":{{"v":"{large}"}}}}"#)).await;
    let got = bao.provider().fetch(&current("secret/a")).await.unwrap();
    assert_eq!(text(&got.secret, "v"), large);
    let stranger = Bao::start_tls().await;
    let mut config = bao.config(Login::Token(Secret::copy_of(ROOT.as_bytes())));
    config.tls.ca_file = Some(stranger.ca());
    let provider = leakward_fetcher::provider::vault::VaultProvider::new(config).unwrap();
    let fault = provider.fetch(&current("secret/a")).await.unwrap_err();
    assert!(fault.to_string().contains("certificate"), "{fault}");
}

#[tokio::test]
async fn a_lease_is_renewed_capped_and_revoked() {
    let bao = Bao::start().await;
    // A token store role makes leases without a database: each child token is one.
    bao.post("sys/mounts/pki", r#"{"type":"pki"}"#).await;
    bao.post("pki/root/generate/internal", r#"{"common_name":"example.com"}"#).await;
    bao.post("pki/roles/web", r#"{"allow_any_name":true,"ttl":"30s","generate_lease":true}"#).await;
    let mut config = bao.config(Login::Token(Secret::copy_of(ROOT.as_bytes())));
    let path = SecretPath::parse("pki/issue/web").unwrap();
    config.requests.insert(path.clone(), r#"{"common_name":"a.example.com"}"#.to_owned());
    let provider = leakward_fetcher::provider::vault::VaultProvider::new(config).unwrap();
    let got = provider.fetch(&SecretRef::current(path)).await.unwrap();
    let Lifetime::Leased(lease) = got.lifetime else { panic!("generate_lease makes a lease") };
    assert!(!lease.renewable && lease.duration <= Duration::from_secs(30));
    provider.revoke(&lease).await.unwrap();
    let list = bao.call(Method::Get, "sys/leases/lookup/pki/issue/web?list=true", "");
    let gone = provider.renew(&lease, Duration::from_secs(60)).await.unwrap_err().kind();
    assert!(matches!(gone, FaultKind::LeaseGone | FaultKind::Invalid), "{gone:?}");
    drop(list);
    assert_eq!(field(r#"{"a":{"b":"c"}}"#, "a.b"), "c");
}
