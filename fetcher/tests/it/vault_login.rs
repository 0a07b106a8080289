//! Every way to log in, against a real OpenBao.

use std::time::Duration;

use leakward_fetcher::Secret;
use leakward_fetcher::http::Method;
use leakward_fetcher::provider::vault::{Login, SecretId};
use leakward_fetcher::provider::{FaultKind, SecretProvider};

use crate::bao::{Bao, current, field};

const POLICY: &str = r#"{"policy":"path \"secret/data/app\" { capabilities = [\"read\"] }"}"#;

async fn prepared() -> Bao {
    let bao = Bao::start().await;
    bao.post("secret/data/app", r#"{"data":{"v":"1"}}"#).await;
    bao.post("sys/policies/acl/app", POLICY).await;
    bao
}

async fn reads(bao: &Bao, login: Login) -> Result<(), FaultKind> {
    bao.provider_with(login).fetch(&current("secret/app")).await.map(|_| ()).map_err(|f| f.kind())
}

fn secret(text: &str) -> Secret {
    Secret::copy_of(text.as_bytes())
}

#[tokio::test]
async fn tokens_from_memory_and_from_files() {
    let bao = prepared().await;
    let made = bao.post("auth/token/create", r#"{"policies":["app"],"ttl":"5m"}"#).await;
    let token = field(&made, "auth.client_token");
    assert_eq!(reads(&bao, Login::Token(secret(&token))).await, Ok(()));
    assert_eq!(reads(&bao, Login::TokenFile(bao.file("token", &format!("{token}\n")))).await, Ok(()));
    assert_eq!(reads(&bao, Login::Token(secret("s.wrong"))).await, Err(FaultKind::Denied));
    assert_eq!(reads(&bao, Login::TokenFile(bao.file("empty", "\n"))).await, Err(FaultKind::Auth));
    assert_eq!(reads(&bao, Login::TokenFile("/no/such/file".into())).await, Err(FaultKind::Auth));
}

#[tokio::test]
async fn a_denied_path_stays_denied_and_a_token_given_to_us_is_not_revoked() {
    let bao = prepared().await;
    let token = field(&bao.post("auth/token/create", r#"{"policies":["app"]}"#).await, "auth.client_token");
    let provider = bao.provider_with(Login::Token(secret(&token)));
    assert_eq!(provider.fetch(&current("secret/other")).await.unwrap_err().kind(), FaultKind::Denied);
    assert!(!provider.relogin().await.unwrap());
    provider.close().await.unwrap();
    let (status, _) = bao.call_as(&token, Method::Get, "auth/token/lookup-self", "").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn approle_with_plain_and_wrapped_secret_ids() {
    let bao = prepared().await;
    bao.post("sys/auth/approle", r#"{"type":"approle"}"#).await;
    bao.post("auth/approle/role/app", r#"{"token_policies":"app","token_ttl":"5m"}"#).await;
    let role_id = field(&bao.call(Method::Get, "auth/approle/role/app/role-id", "").await, "data.role_id");
    let made = bao.post("auth/approle/role/app/secret-id", "{}").await;
    let approle = |secret_id| Login::AppRole { mount: "approle".into(), role_id: role_id.clone(), secret_id };
    let id = field(&made, "data.secret_id");
    assert_eq!(reads(&bao, approle(SecretId::Plain(secret(&id)))).await, Ok(()));
    assert_eq!(reads(&bao, approle(SecretId::Plain(secret("wrong")))).await, Err(FaultKind::Auth));

    // Wrapping is asked for by a header.
    let output = std::process::Command::new("curl")
        .args(["-s", "-X", "POST", "-H", "X-Vault-Token: root", "-H", "X-Vault-Wrap-TTL: 60s"])
        .arg(format!("{}/v1/auth/approle/role/app/secret-id", bao.address))
        .output()
        .unwrap();
    let wrapping = field(std::str::from_utf8(&output.stdout).unwrap(), "wrap_info.token");
    let file = bao.file("wrapped", &wrapping);
    let provider = bao.provider_with(approle(SecretId::WrappedFile(file.clone())));
    provider.fetch(&current("secret/app")).await.unwrap();
    // The id was unwrapped once and is kept for later logins.
    assert!(provider.relogin().await.unwrap());
    let stolen = bao.provider_with(approle(SecretId::WrappedFile(file)));
    let fault = stolen.fetch(&current("secret/app")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Auth);
    assert!(fault.to_string().contains("stolen"), "{fault}");
}

#[tokio::test]
async fn a_login_of_ours_is_renewed_and_revoked_at_the_end() {
    let bao = prepared().await;
    bao.post("sys/auth/userpass", r#"{"type":"userpass"}"#).await;
    let user = r#"{"password":"pw-1","token_policies":"app","token_ttl":"9s","token_max_ttl":"1h"}"#; // leakward:allow
    bao.post("auth/userpass/users/ann", user).await;
    let login = Login::Userpass { mount: "userpass".into(), user: "ann".into(), password: secret("pw-1") }; // leakward:allow
    let provider = bao.provider_with(login);
    provider.fetch(&current("secret/app")).await.unwrap();
    // Real seconds: the server's clock cannot be moved. Past two thirds of nine seconds.
    tokio::time::sleep(Duration::from_millis(6200)).await;
    provider.fetch(&current("secret/app")).await.unwrap();
    assert_eq!(bao.requests_for("auth/token/renew-self"), 1);
    assert_eq!(bao.requests_for("auth/userpass/login/ann"), 1);
    provider.close().await.unwrap();
    assert!(bao.requests_for("auth/token/revoke-self") > 0);
    let wrong = Login::Userpass { mount: "userpass".into(), user: "ann".into(), password: secret("pw-2") }; // leakward:allow
    assert_eq!(reads(&bao, wrong).await, Err(FaultKind::Auth));
}

#[tokio::test]
async fn a_login_that_cannot_be_renewed_is_made_anew() {
    let bao = prepared().await;
    bao.post("sys/auth/userpass", r#"{"type":"userpass"}"#).await;
    let user = r#"{"password":"pw-1","token_policies":"app","token_ttl":"3s","token_type":"batch"}"#; // leakward:allow
    bao.post("auth/userpass/users/ann", user).await;
    let login = Login::Userpass { mount: "userpass".into(), user: "ann".into(), password: secret("pw-1") }; // leakward:allow
    let provider = bao.provider_with(login);
    provider.fetch(&current("secret/app")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2200)).await;
    provider.fetch(&current("secret/app")).await.unwrap();
    assert_eq!(bao.requests_for("auth/userpass/login/ann"), 2);
    assert_eq!(bao.requests_for("auth/token/renew-self"), 0);
}

#[tokio::test]
async fn many_first_reads_log_in_once() {
    let bao = prepared().await;
    bao.post("sys/auth/userpass", r#"{"type":"userpass"}"#).await;
    bao.post("auth/userpass/users/ann", r#"{"password":"pw-1","token_policies":"app"}"#).await; // leakward:allow
    let login = Login::Userpass { mount: "userpass".into(), user: "ann".into(), password: secret("pw-1") }; // leakward:allow
    let provider = std::sync::Arc::new(bao.provider_with(login));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { provider.fetch(&current("secret/app")).await.map(|_| ()) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(bao.requests_for("auth/userpass/login/ann"), 1);
}
