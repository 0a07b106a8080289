//! A real OpenBao in trouble: sealed, limited, frozen, gone; and redirects.

use std::time::{Duration, Instant};

use leakward_fetcher::Secret;
use leakward_fetcher::http::Method;
use leakward_fetcher::provider::vault::Login;
use leakward_fetcher::provider::{FaultKind, SecretProvider};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::bao::{Bao, ROOT, current};

async fn kind(bao: &Bao) -> Option<FaultKind> {
    bao.provider().fetch(&current("secret/a")).await.err().map(|f| f.kind())
}

#[tokio::test]
async fn a_sealed_server_is_out_of_reach_and_comes_back() {
    let bao = Bao::start().await;
    bao.post("secret/data/a", r#"{"data":{"v":"1"}}"#).await;
    assert_eq!(kind(&bao).await, None);
    bao.call(Method::Put, "sys/seal", "").await;
    assert_eq!(kind(&bao).await, Some(FaultKind::Transient));
}

#[tokio::test]
async fn a_quota_is_no_failure_of_the_server() {
    let bao = Bao::start().await;
    bao.post("secret/data/a", r#"{"data":{"v":"1"}}"#).await;
    let provider = bao.provider();
    provider.fetch(&current("secret/a")).await.unwrap();
    bao.post("sys/quotas/rate-limit/q", r#"{"path":"secret/","rate":1,"interval":"60s"}"#).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(provider.fetch(&current("secret/a")).await.err().map(|f| f.kind()));
    }
    assert!(seen.contains(&Some(FaultKind::Throttled)), "{seen:?}");
    assert!(seen.iter().all(|k| matches!(k, None | Some(FaultKind::Throttled))), "{seen:?}");
}

#[tokio::test]
async fn a_frozen_server_costs_the_attempt_and_no_more() {
    let bao = Bao::start().await;
    bao.post("secret/data/a", r#"{"data":{"v":"1"}}"#).await;
    let mut config = bao.config(Login::Token(Secret::copy_of(ROOT.as_bytes())));
    config.limits.attempt = Duration::from_millis(400);
    let provider = leakward_fetcher::provider::vault::VaultProvider::new(config).unwrap();
    provider.fetch(&current("secret/a")).await.unwrap();
    bao.signal("-STOP");
    let begun = Instant::now();
    let fault = provider.fetch(&current("secret/a")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Transient);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    bao.signal("-CONT");
    provider.fetch(&current("secret/a")).await.unwrap();
}

#[tokio::test]
async fn one_broken_database_is_not_a_broken_server() {
    let bao = Bao::start().await;
    bao.post("sys/mounts/database", r#"{"type":"database"}"#).await;
    let connection = r#"{"plugin_name":"postgresql-database-plugin","allowed_roles":"*","verify_connection":false,
        "connection_url":"postgresql://{{username}}:{{password}}@127.0.0.1:1/x?connect_timeout=1","username":"u","password":"p"}"#;
    bao.post("database/config/pg", connection).await;
    bao.post("database/roles/ro", r#"{"db_name":"pg","creation_statements":"CREATE ROLE x"}"#).await;
    let fault = bao.provider().fetch(&current("database/creds/ro")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Backend);
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_no_token() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let trap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("http://{}/", trap.local_addr().unwrap());
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer =
                format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let login = Login::Token(Secret::copy_of(b"t"));
    let config = leakward_fetcher::provider::vault::VaultConfig::new(address.parse_address(), login);
    let provider = leakward_fetcher::provider::vault::VaultProvider::new(config).unwrap();
    let fault = provider.fetch(&current("secret/a")).await.unwrap_err();
    assert!(fault.to_string().contains("redirect"), "{fault}");
    let visited = tokio::time::timeout(Duration::from_millis(100), trap.accept()).await;
    assert!(visited.is_err(), "nobody follows a redirect");
}

trait ParseAddress {
    fn parse_address(&self) -> leakward_fetcher::http::Address;
}

impl ParseAddress for String {
    fn parse_address(&self) -> leakward_fetcher::http::Address {
        leakward_fetcher::http::Address::parse(self).unwrap()
    }
}
