//! Azure Key Vault, its login server and a managed identity as a small server of ours plays them for the official client.

use std::time::{Duration, SystemTime};

use azure_core::http::ClientOptions;
use leakward_fetcher::provider::azure::{AzureLogin, AzureProvider};
use leakward_fetcher::provider::{Lifetime, SecretProvider as _};
use leakward_fetcher::{FaultKind, SecretPath, SecretRef, Version, VersionSelector};

use crate::child::{given, run};
use crate::server::{Asked, Certificates, Server, Told};

pub(crate) const CHALLENGE: &[(&str, &str)] = &[(
    "www-authenticate",
    "Bearer authorization=\"https://login.microsoftonline.com/tenant\", resource=\"https://vault.azure.net\"",
)];

/// The secret `app` with versions v1, v2 (disabled) and v3, and others that fail as their names say. Whoever brings no
/// token is challenged.
fn vault(asked: &Asked) -> Told {
    if asked.bearer() != "of-the-login" {
        return Told(401, CHALLENGE, String::new());
    }
    let value = |version: &str, rest: &str| {
        let id = format!("https://{}/secrets/app/{version}", asked.header("host"));
        Told::json(200, format!(r#"{{"value":"value of {version}","id":"{id}","attributes":{{{rest}}}}}"#))
    };
    let error = |status, code: &str| {
        Told::json(status, format!(r#"{{"error":{{"code":"{code}","message":"of the test"}}}}"#))
    };
    let item = |version: &str, enabled: bool, created: u64| {
        let id = format!("https://{}/secrets/app/{version}", asked.header("host"));
        format!(r#"{{"id":"{id}","attributes":{{"enabled":{enabled},"created":{created}}}}}"#)
    };
    match asked.path.trim_end_matches('/') {
        "/secrets/app" | "/secrets/app/v3" => value("v3", r#""enabled":true,"created":1700000003"#),
        "/secrets/app/v1" => value("v1", r#""enabled":true,"created":1700000001"#),
        "/secrets/app/versions" => {
            let all = [item("v1", true, 1), item("v3", true, 3), item("v2", false, 2)];
            Told::json(200, format!(r#"{{"value":[{}],"nextLink":null}}"#, all.join(",")))
        }
        "/secrets/ending" => value("v1", &format!(r#""enabled":true,"exp":{}"#, in_an_hour())),
        "/secrets" => Told::json(
            200,
            format!(
                r#"{{"value":[{{"id":"https://{}/secrets/app"}}],"nextLink":null}}"#,
                asked.header("host")
            ),
        ),
        "/secrets/disabled" => error(403, "SecretDisabled"),
        "/secrets/closed" => error(403, "Forbidden"),
        "/secrets/quota" => error(429, "Throttled"),
        "/secrets/broken" => error(503, "ServiceUnavailable"),
        "/secrets/odd" => Told::json(200, "not json"),
        _ => error(404, "SecretNotFound"),
    }
}

fn in_an_hour() -> u64 {
    let hour = SystemTime::now() + Duration::from_secs(3600);
    hour.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// Answers for the login server as well: a token for whoever `proves` who they are.
fn everything(proves: impl Fn(&Asked) -> bool + Send + Sync) -> impl Fn(&Asked) -> Told + Send + Sync {
    move |asked| {
        let token = r#"{"token_type":"Bearer","expires_in":3600,"ext_expires_in":3600,"access_token":"of-the-login"}"#;
        match asked.path.as_str() {
            "/tenant/oauth2/v2.0/token" if asked.method == "POST" && proves(asked) => Told::json(200, token),
            "/tenant/oauth2/v2.0/token" => Told::json(
                401,
                r#"{"error":"invalid_client","error_description":"of the test","error_codes":[7000215]}"#,
            ),
            _ => vault(asked),
        }
    }
}

fn with_login(case: &str, proof: &'static str, variables: &[(&str, &str)]) -> Vec<Asked> {
    with_proof(case, move |asked| asked.body.contains(proof), variables)
}

fn with_proof(
    case: &str,
    proves: impl Fn(&Asked) -> bool + Send + Sync + 'static,
    variables: &[(&str, &str)],
) -> Vec<Asked> {
    let certificates = Certificates::new();
    let server = Server::tls(&certificates, everything(proves));
    let (ca, address) = (certificates.authority(), format!("https://127.0.0.1:{}", server.port));
    let common = [
        ("SSL_CERT_FILE", ca.to_str().unwrap()),
        ("AZURE_AUTHORITY_HOST", address.as_str()),
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "client"),
        ("TEST_ADDRESS", address.as_str()),
    ];
    run(case, &[&common, variables].concat());
    server.asked()
}

fn at(path: &str, version: VersionSelector) -> SecretRef {
    SecretRef::new(SecretPath::parse(path).unwrap(), version)
}

fn current(path: &str) -> SecretRef {
    at(path, VersionSelector::Current)
}

/// The server's certificate is for an address, the challenge for Azure's own name: nothing to compare.
fn provider() -> AzureProvider {
    let credential = AzureLogin::from_env().credential().unwrap();
    AzureProvider::with(&given("TEST_ADDRESS"), credential, ClientOptions::default(), false).unwrap()
}

async fn text(provider: &AzureProvider, secret: &SecretRef) -> Result<String, FaultKind> {
    let fetched = provider.fetch(secret).await.map_err(|fault| fault.kind())?;
    Ok(fetched.secret.expose_text().unwrap().to_owned())
}

#[test]
fn a_workload_identity_logs_in_after_a_challenge() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "projected-token").unwrap();
    let variables = [("AZURE_FEDERATED_TOKEN_FILE", token.to_str().unwrap())];
    let asked = with_login("azure::case_login", "client_assertion=projected-token", &variables);
    let first = asked.first().unwrap();
    assert!(first.path.starts_with("/secrets/app") && first.bearer().is_empty(), "challenged first");
    assert!(asked.iter().any(|asked| asked.body.contains("scope=https%3A%2F%2Fvault.azure.net%2F.default")));
}

#[test]
fn a_clients_secret_logs_in() {
    with_login(
        "azure::case_login",
        "client_secret=of-the-client",
        &[("AZURE_CLIENT_SECRET", "of-the-client")],
    );
}

#[test]
fn a_wrong_clients_secret_is_a_failed_login() {
    with_login("azure::case_wrong_login", "client_secret=right", &[("AZURE_CLIENT_SECRET", "wrong")]);
}

/// The login server does as Entra ID does: it knows the certificate, and checks with it who signed the assertion.
#[cfg(feature = "azure-certificate")]
#[test]
fn a_clients_certificate_logs_in_and_a_strangers_does_not() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

    use crate::server::openssl;

    let folder = tempfile::tempdir().unwrap();
    for name in ["known", "stranger"] {
        let key = format!("-newkey rsa:2048 -nodes -keyout {name}.key -subj /CN={name}");
        openssl(folder.path(), &format!("req -x509 {key} -days 2 -out {name}.pem"));
        openssl(
            folder.path(),
            &format!("pkcs12 -export -inkey {name}.key -in {name}.pem -passout pass: -out {name}.pfx"),
        );
    }
    openssl(folder.path(), "x509 -in known.pem -noout -pubkey -out known.pub");
    let kept = folder.path().to_owned();
    let is_known = move |asked: &Asked| {
        let fields = asked.body.split('&').filter_map(|field| field.split_once('='));
        let Some((_, assertion)) = fields.clone().find(|(name, _)| *name == "client_assertion") else {
            return false;
        };
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let claims: serde_json::Value =
            serde_json::from_slice(&BASE64.decode(signed.split_once('.').unwrap().1).unwrap()).unwrap();
        assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("client"), Some("client")));
        std::fs::write(kept.join("signed"), signed).unwrap();
        std::fs::write(kept.join("signature"), BASE64.decode(signature).unwrap()).unwrap();
        std::process::Command::new("openssl")
            .args(["dgst", "-sha256", "-verify", "known.pub", "-signature", "signature", "signed"])
            .current_dir(&kept)
            .output()
            .is_ok_and(|run| run.status.success())
    };
    for (name, case) in [("known", "azure::case_login"), ("stranger", "azure::case_wrong_login")] {
        let file = folder.path().join(format!("{name}.pfx"));
        with_proof(case, is_known.clone(), &[("AZURE_CLIENT_CERTIFICATE_PATH", file.to_str().unwrap())]);
    }
}

#[test]
fn a_managed_identity_logs_in_as_app_service_does_it() {
    let expires = in_an_hour();
    let identity = Server::plain(move |asked| {
        if asked.header("x-identity-header") != "proof" {
            return Told(403, &[], String::new());
        }
        // The time is a text here, unlike everywhere else.
        let body = r#"{"access_token":"of-the-login","expires_on":"EXPIRES","resource":"https://vault.azure.net","token_type":"Bearer"}"#;
        Told::json(200, body.replace("EXPIRES", &expires.to_string()))
    });
    let endpoint = format!("http://127.0.0.1:{}/msi/token", identity.port);
    with_login(
        "azure::case_login",
        "nothing",
        &[("IDENTITY_ENDPOINT", &endpoint), ("IDENTITY_HEADER", "proof")],
    );
    assert!(identity.asked().iter().any(|asked| asked.query.contains("client_id=client")));
}

#[tokio::test]
#[ignore = "a case of each login"]
async fn case_login() {
    assert_eq!(text(&provider(), &current("app")).await.unwrap(), "value of v3");
}

#[tokio::test]
#[ignore = "a case of a_wrong_clients_secret_is_a_failed_login"]
async fn case_wrong_login() {
    assert_eq!(text(&provider(), &current("app")).await, Err(FaultKind::Auth));
}

#[test]
fn versions_are_told_apart_and_failures_say_what_to_do() {
    with_login("azure::case_versions", "client_secret=s", &[("AZURE_CLIENT_SECRET", "s")]);
}

#[tokio::test]
#[ignore = "a case of versions_are_told_apart_and_failures_say_what_to_do"]
async fn case_versions() {
    let provider = provider();
    let fetched = provider.fetch(&current("app")).await.unwrap();
    assert_eq!(fetched.version.as_str(), "v3");
    assert!(fetched.created.is_some());
    let exact = at("app", VersionSelector::Exact(Version::new("v1")));
    assert_eq!(text(&provider, &exact).await.unwrap(), "value of v1");
    // The one before the current is disabled.
    assert_eq!(text(&provider, &at("app", VersionSelector::Previous)).await.unwrap(), "value of v1");
    assert_eq!(provider.version(&current("app")).await.unwrap().as_str(), "v3");
    let ending = provider.fetch(&current("ending")).await.unwrap();
    assert!(matches!(ending.lifetime, Lifetime::Until(end) if end > SystemTime::now()));
    let names: Vec<_> = provider.list(None).await.unwrap().iter().map(|p| p.as_str().to_owned()).collect();
    assert_eq!(names, ["app"]);
    let cases = [
        ("never", FaultKind::NotFound),
        ("disabled", FaultKind::Disabled),
        ("closed", FaultKind::Denied),
        ("quota", FaultKind::Throttled),
        ("broken", FaultKind::Transient),
        ("odd", FaultKind::Invalid),
    ];
    for (path, kind) in cases {
        assert_eq!(text(&provider, &current(path)).await, Err(kind), "{path}");
    }
    assert_eq!(
        text(&provider, &at("app", VersionSelector::Stage("s".into()))).await,
        Err(FaultKind::Unsupported)
    );
}

#[test]
fn a_vault_that_wants_a_token_for_somebody_else_gets_none() {
    let asked = with_login("azure::case_stranger", "client_secret=s", &[("AZURE_CLIENT_SECRET", "s")]);
    assert!(asked.iter().all(|asked| asked.bearer().is_empty()), "no token was sent");
}

#[tokio::test]
#[ignore = "a case of a_vault_that_wants_a_token_for_somebody_else_gets_none"]
async fn case_stranger() {
    let provider = AzureProvider::new(&given("TEST_ADDRESS"), AzureLogin::from_env()).unwrap();
    assert!(provider.fetch(&current("app")).await.is_err());
}

#[test]
fn a_server_that_is_not_trusted_is_not_asked() {
    with_login(
        "azure::case_untrusted",
        "client_secret=s",
        &[("AZURE_CLIENT_SECRET", "s"), ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")],
    );
}

#[tokio::test]
#[ignore = "a case of a_server_that_is_not_trusted_is_not_asked"]
async fn case_untrusted() {
    let kind = text(&provider(), &current("app")).await.unwrap_err();
    assert!(matches!(kind, FaultKind::Transient | FaultKind::Auth | FaultKind::Invalid), "{kind:?}");
}
