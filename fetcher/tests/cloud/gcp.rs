//! Google Secret Manager as a small server of ours plays it for the official client.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use leakward_fetcher::provider::SecretProvider as _;
use leakward_fetcher::provider::gcp::GcpProvider;
use leakward_fetcher::{FaultKind, SecretPath, SecretRef, Version, VersionSelector};

use crate::child::{given, run};
use crate::server::{Asked, Server, Told, openssl};

/// The secret `app` with versions 1 (destroyed), 2, 3 (disabled) and 4; the secret `spoilt`, whose value does not match
/// its sum; `quota` and `closed` fail as their names say.
fn answer(asked: &Asked) -> Told {
    let error = |status: u16, code: &str| {
        let body = r#"{"error":{"code":STATUS,"message":"of the test","status":"CODE"}}"#;
        Told::json(status, body.replace("STATUS", &status.to_string()).replace("CODE", code))
    };
    let name = asked.path.trim_start_matches("/v1/");
    let value = |version: &str, value: &str, sum: u32| {
        let (name, data) = (format!("projects/p/secrets/app/versions/{version}"), STANDARD.encode(value));
        let body = format!(r#"{{"name":"{name}","payload":{{"data":"{data}","dataCrc32c":"{sum}"}}}}"#);
        Told::json(200, body)
    };
    let whole = |version: &str, text: &str| value(version, text, crc32c::crc32c(text.as_bytes()));
    let state = |version: u8, state: &str| {
        format!(r#"{{"name":"projects/p/secrets/app/versions/{version}","state":"{state}"}}"#)
    };
    match name {
        "projects/p/secrets/app/versions/latest:access" => whole("4", "four"),
        "projects/p/secrets/app/versions/4:access" => whole("4", "four"),
        "projects/p/secrets/app/versions/blue:access" => whole("2", "two"),
        "projects/p/secrets/app/versions/2:access" => whole("2", "two"),
        "projects/p/secrets/app/versions/1:access" | "projects/p/secrets/app/versions/3:access" => {
            error(400, "FAILED_PRECONDITION")
        }
        "projects/p/secrets/app/versions/latest" => Told::json(200, state(4, "ENABLED")),
        "projects/p/secrets/app/versions/3" => Told::json(200, state(3, "DISABLED")),
        "projects/p/secrets/app/versions" => {
            let all = [(4, "ENABLED"), (3, "DISABLED"), (2, "ENABLED"), (1, "DESTROYED")];
            let all: Vec<_> = all.iter().map(|(version, text)| state(*version, text)).collect();
            Told::json(200, format!(r#"{{"versions":[{}],"totalSize":4}}"#, all.join(",")))
        }
        "projects/p/secrets" if asked.query.contains("pageToken=next") => {
            Told::json(200, r#"{"secrets":[{"name":"projects/p/secrets/app-two"}]}"#)
        }
        "projects/p/secrets" => Told::json(
            200,
            r#"{"secrets":[{"name":"projects/p/secrets/other"},{"name":"projects/p/secrets/app"}],"nextPageToken":"next"}"#,
        ),
        "projects/p/secrets/spoilt/versions/latest:access" => value("1", "spoilt", 7),
        "projects/p/secrets/quota/versions/latest:access" => error(429, "RESOURCE_EXHAUSTED"),
        "projects/p/secrets/closed/versions/latest:access" => error(403, "PERMISSION_DENIED"),
        "projects/p/secrets/broken/versions/latest:access" => error(503, "UNAVAILABLE"),
        "projects/p/secrets/html/versions/latest:access" => Told(502, &[], "<html>".to_owned()),
        _ => error(404, "NOT_FOUND"),
    }
}

fn at(path: &str, version: VersionSelector) -> SecretRef {
    SecretRef::new(SecretPath::parse(path).unwrap(), version)
}

fn current(path: &str) -> SecretRef {
    at(path, VersionSelector::Current)
}

async fn anonymous() -> (GcpProvider, Server) {
    let server = Server::plain(answer);
    let address = format!("http://127.0.0.1:{}", server.port);
    (GcpProvider::new("p", Some(&address), true).await.unwrap(), server)
}

async fn text(provider: &GcpProvider, secret: &SecretRef) -> Result<String, FaultKind> {
    let fetched = provider.fetch(secret).await.map_err(|fault| fault.kind())?;
    Ok(fetched.secret.expose_text().unwrap().to_owned())
}

#[tokio::test]
async fn versions_and_aliases_are_told_apart() {
    let (provider, _server) = anonymous().await;
    let fetched = provider.fetch(&current("app")).await.unwrap();
    assert_eq!((fetched.secret.expose(), fetched.version.as_str()), (&b"four"[..], "4"));
    let exact = |version| at("app", VersionSelector::Exact(Version::new(version)));
    assert_eq!(text(&provider, &exact("2")).await.unwrap(), "two");
    assert_eq!(text(&provider, &at("app", VersionSelector::Stage("blue".into()))).await.unwrap(), "two");
    // The one before the current is disabled: the newest readable one counts.
    assert_eq!(text(&provider, &at("app", VersionSelector::Previous)).await.unwrap(), "two");
    assert_eq!(text(&provider, &current("projects/p/secrets/app")).await.unwrap(), "four");
    assert_eq!(provider.version(&current("app")).await.unwrap().as_str(), "4");
}

#[tokio::test]
async fn each_failure_says_what_to_do_about_it() {
    let (provider, _server) = anonymous().await;
    let exact = |version| at("app", VersionSelector::Exact(Version::new(version)));
    let cases = [
        (exact("3"), FaultKind::Disabled),
        (exact("1"), FaultKind::Disabled),
        (current("never"), FaultKind::NotFound),
        (current("quota"), FaultKind::Throttled),
        (current("closed"), FaultKind::Denied),
        (current("broken"), FaultKind::Transient),
        (current("html"), FaultKind::Transient),
        (current("spoilt"), FaultKind::Transient),
    ];
    for (secret, kind) in cases {
        assert_eq!(text(&provider, &secret).await, Err(kind), "{secret}");
    }
    let disabled = provider.version(&exact("3")).await.unwrap_err();
    assert_eq!(disabled.kind(), FaultKind::Disabled);
}

#[tokio::test]
async fn one_attempt_is_one_request() {
    let (provider, server) = anonymous().await;
    assert_eq!(text(&provider, &current("broken")).await, Err(FaultKind::Transient));
    assert_eq!(server.asked().len(), 1, "the client retries, the SDK does not");
}

#[tokio::test]
async fn all_pages_are_listed() {
    let (provider, _server) = anonymous().await;
    let names = |paths: Vec<SecretPath>| paths.iter().map(|p| p.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(provider.list(None).await.unwrap()), ["app", "app-two", "other"]);
    let prefix = SecretPath::parse("app").unwrap();
    assert_eq!(names(provider.list(Some(&prefix)).await.unwrap()), ["app", "app-two"]);
}

#[tokio::test]
async fn nobody_home_is_transient() {
    let provider = GcpProvider::new("p", Some("http://127.0.0.1:1"), true).await.unwrap();
    assert_eq!(text(&provider, &current("app")).await, Err(FaultKind::Transient));
}

/// A server that wants this bearer, or whatever `accept` says of it.
fn guarded(accept: impl Fn(&str) -> bool + Send + Sync + 'static) -> Server {
    Server::plain(move |asked| {
        if accept(asked.bearer()) {
            answer(asked)
        } else {
            Told::json(401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#)
        }
    })
}

#[test]
fn the_metadata_server_logs_a_machine_in() {
    let metadata = Server::plain(|asked| {
        if asked.header("metadata-flavor") != "Google" {
            return Told(403, &[], String::new());
        }
        match asked.path.as_str() {
            "/computeMetadata/v1/universe/universe-domain" => {
                Told(200, &[("metadata-flavor", "Google")], "googleapis.com".into())
            }
            path if path.ends_with("/token") => Told::json(
                200,
                r#"{"access_token":"of-the-machine","expires_in":3600,"token_type":"Bearer"}"#,
            ),
            _ => Told(404, &[], String::new()),
        }
    });
    let server = guarded(|bearer| bearer == "of-the-machine");
    let (host, address) =
        (format!("127.0.0.1:{}", metadata.port), format!("http://127.0.0.1:{}", server.port));
    run(
        "gcp::case_login",
        &[("GCE_METADATA_HOST", &host), ("TEST_ADDRESS", &address), ("HOME", "/nonexistent")],
    );
    assert!(metadata.asked().iter().any(|asked| asked.path.ends_with("/token")));
}

#[test]
fn a_service_account_signs_its_own_token() {
    let folder = tempfile::tempdir().unwrap();
    openssl(folder.path(), "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem");
    let key = std::fs::read_to_string(folder.path().join("key.pem")).unwrap().replace('\n', "\\n");
    let file = folder.path().join("account.json");
    let account = r#"{"type":"service_account","client_email":"app@p.iam.gserviceaccount.com","private_key_id":"k1","private_key":"KEY","project_id":"p","token_uri":"http://127.0.0.1:1/token"}"#;
    std::fs::write(&file, account.replace("KEY", &key)).unwrap();
    let server = guarded(|bearer| {
        let claims = bearer.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims = claims.and_then(|json| String::from_utf8(json).ok()).unwrap_or_default();
        claims.contains("app@p.iam.gserviceaccount.com") && bearer.split('.').count() == 3
    });
    let address = format!("http://127.0.0.1:{}", server.port);
    let file = file.to_str().unwrap();
    run("gcp::case_login", &[("GOOGLE_APPLICATION_CREDENTIALS", file), ("TEST_ADDRESS", &address)]);
}

#[test]
fn a_workload_elsewhere_exchanges_its_own_token() {
    let folder = tempfile::tempdir().unwrap();
    let (token, file) = (folder.path().join("token"), folder.path().join("federation.json"));
    std::fs::write(&token, "of-the-cluster").unwrap();
    let exchange = Server::plain(|asked| match asked.body.contains("subject_token=of-the-cluster") {
        true => Told::json(
            200,
            r#"{"access_token":"of-the-exchange","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":3600}"#,
        ),
        false => Told::json(400, r#"{"error":"invalid_grant"}"#),
    });
    let federation = r#"{"type":"external_account","audience":"//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster","subject_token_type":"urn:ietf:params:oauth:token-type:jwt","token_url":"http://127.0.0.1:PORT/v1/token","credential_source":{"file":"TOKEN","format":{"type":"text"}}}"#;
    let federation = federation.replace("PORT", &exchange.port.to_string());
    std::fs::write(&file, federation.replace("TOKEN", token.to_str().unwrap())).unwrap();
    let server = guarded(|bearer| bearer == "of-the-exchange");
    let address = format!("http://127.0.0.1:{}", server.port);
    let file = file.to_str().unwrap();
    run("gcp::case_login", &[("GOOGLE_APPLICATION_CREDENTIALS", file), ("TEST_ADDRESS", &address)]);
}

#[tokio::test]
#[ignore = "a case of the_metadata_server_logs_a_machine_in and of the logins after it"]
async fn case_login() {
    let provider = GcpProvider::new("p", Some(&given("TEST_ADDRESS")), false).await.unwrap();
    assert_eq!(text(&provider, &current("app")).await.unwrap(), "four");
}

#[tokio::test]
async fn debug_of_the_provider_names_the_project_only() {
    let (provider, _server) = anonymous().await;
    let provider = Arc::new(provider);
    provider.fetch(&current("app")).await.unwrap();
    assert!(!format!("{provider:?}").contains("four"));
}
