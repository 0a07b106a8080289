//! AWS Secrets Manager as two emulators play it. Rotation is proved on ministack: moto gives an old version where no stage
//! is named, and answers absence with another status.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;
use leakward_fetcher::provider::SecretProvider as _;
use leakward_fetcher::provider::aws::AwsProvider;
use leakward_fetcher::{FaultKind, SecretPath, SecretRef, SecretsManager, Version, VersionSelector};

use crate::child::{given, run};
use crate::emulator::{Emulator, Kind};

const BOTH: [Kind; 2] = [Kind::Ministack, Kind::Moto];

/// Runs `case` against an emulator of each of `kinds`, with keys that mean nothing.
fn on(kinds: &[Kind], case: &str) {
    for kind in kinds {
        let emulator = Emulator::start(*kind);
        let variables = [
            ("AWS_ENDPOINT_URL", emulator.address.as_str()),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        run(case, &variables);
    }
}

async fn admin() -> Client {
    Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
}

async fn provider() -> AwsProvider {
    AwsProvider::from_env(None).await
}

fn at(path: &str, version: VersionSelector) -> SecretRef {
    SecretRef::new(SecretPath::parse(path).unwrap(), version)
}

fn current(path: &str) -> SecretRef {
    at(path, VersionSelector::Current)
}

async fn text(provider: &AwsProvider, secret: &SecretRef) -> Result<String, FaultKind> {
    let fetched = provider.fetch(secret).await.map_err(|fault| fault.kind())?;
    Ok(fetched.secret.expose_text().unwrap().to_owned())
}

#[test]
fn stages_and_versions_are_told_apart() {
    on(&[Kind::Ministack], "aws::case_stages");
}

#[tokio::test]
#[ignore = "a case of stages_and_versions_are_told_apart"]
async fn case_stages() {
    let (admin, provider) = (admin().await, provider().await);
    let first = admin.create_secret().name("db/main").secret_string("one").send().await.unwrap();
    let second = admin.put_secret_value().secret_id("db/main").secret_string("two").send().await.unwrap();
    let third = admin.put_secret_value().secret_id("db/main").secret_string("three");
    let third = third.version_stages("AWSPENDING").send().await.unwrap();
    let stage = |name: &str| at("db/main", VersionSelector::Stage(name.into()));
    assert_eq!(text(&provider, &current("db/main")).await.unwrap(), "two");
    assert_eq!(text(&provider, &at("db/main", VersionSelector::Previous)).await.unwrap(), "one");
    assert_eq!(text(&provider, &stage("AWSPENDING")).await.unwrap(), "three");
    assert_eq!(text(&provider, &stage("AWSCURRENT")).await.unwrap(), "two");
    let exact = at("db/main", VersionSelector::Exact(Version::new(first.version_id().unwrap())));
    assert_eq!(text(&provider, &exact).await.unwrap(), "one");
    let fetched = provider.fetch(&current("db/main")).await.unwrap();
    assert_eq!(fetched.version.as_str(), second.version_id().unwrap());
    assert!(fetched.created.is_some());
    let version = provider.version(&current("db/main")).await.unwrap();
    assert_eq!(Some(version.as_str()), second.version_id());

    // The rotation's last step: the pending version comes into force.
    let promote = admin.update_secret_version_stage().secret_id("db/main").version_stage("AWSCURRENT");
    let promote = promote.move_to_version_id(third.version_id().unwrap());
    promote.remove_from_version_id(second.version_id().unwrap()).send().await.unwrap();
    assert_eq!(text(&provider, &current("db/main")).await.unwrap(), "three");
    assert_eq!(text(&provider, &at("db/main", VersionSelector::Previous)).await.unwrap(), "two");
}

#[test]
fn absent_deleted_and_stageless_are_told_apart_by_code() {
    on(&BOTH, "aws::case_absence");
}

#[tokio::test]
#[ignore = "a case of absent_deleted_and_stageless_are_told_apart_by_code"]
async fn case_absence() {
    let (admin, provider) = (admin().await, provider().await);
    let kind = async |secret: &SecretRef| provider.fetch(secret).await.unwrap_err().kind();
    assert_eq!(kind(&current("never")).await, FaultKind::NotFound);
    admin.create_secret().name("a").secret_string("one").send().await.unwrap();
    assert_eq!(kind(&at("a", VersionSelector::Previous)).await, FaultKind::NotFound);
    admin.delete_secret().secret_id("a").send().await.unwrap();
    assert_eq!(kind(&current("a")).await, FaultKind::Deleted);
    let fault = provider.fetch(&current("never")).await.unwrap_err();
    assert_eq!(fault.code(), Some("ResourceNotFoundException"));
}

#[test]
fn many_are_fetched_in_one_call_and_each_has_its_own_outcome() {
    on(&BOTH, "aws::case_batch");
}

#[tokio::test]
#[ignore = "a case of many_are_fetched_in_one_call_and_each_has_its_own_outcome"]
async fn case_batch() {
    let (admin, provider) = (admin().await, provider().await);
    for name in ["app/a", "app/b", "other"] {
        admin.create_secret().name(name).secret_string(format!("of {name}")).send().await.unwrap();
    }
    admin.create_secret().name("app/raw").secret_binary(Blob::new([0, 159, 146, 150])).send().await.unwrap();
    let wanted = ["app/b", "never", "app/raw", "app/a"].map(current);
    let got = provider.fetch_many(&wanted).await.unwrap();
    let bytes = |i: usize| got[i].as_ref().unwrap().secret.expose();
    assert_eq!((bytes(0), bytes(3)), (&b"of app/b"[..], &b"of app/a"[..]));
    assert_eq!(got[1].as_ref().unwrap_err().kind(), FaultKind::NotFound);
    assert_eq!(bytes(2), [0, 159, 146, 150]);
    let names = provider.list(Some(&SecretPath::parse("app").unwrap())).await.unwrap();
    let names: Vec<_> = names.iter().map(SecretPath::as_str).collect();
    assert_eq!(names, ["app/a", "app/b", "app/raw"]);
}

#[test]
fn a_web_identity_logs_in_as_eks_does_it() {
    for kind in BOTH {
        let emulator = Emulator::start(kind);
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, "e30.e30.c2ln").unwrap();
        // No key: without the exchange of the token there is nothing to sign with.
        let variables = [
            ("AWS_ENDPOINT_URL", emulator.address.as_str()),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/payments"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        run("aws::case_web_identity", &variables);
    }
}

#[tokio::test]
#[ignore = "a case of a_web_identity_logs_in_as_eks_does_it"]
async fn case_web_identity() {
    admin().await.create_secret().name("a").secret_string("one").send().await.unwrap();
    assert_eq!(text(&provider().await, &current("a")).await.unwrap(), "one");
}

#[test]
fn without_credentials_the_fault_is_the_login() {
    let emulator = Emulator::start(Kind::Ministack);
    let variables = [
        ("AWS_ENDPOINT_URL", emulator.address.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("HOME", "/nonexistent"),
    ];
    run("aws::case_no_credentials", &variables);
}

#[tokio::test]
#[ignore = "a case of without_credentials_the_fault_is_the_login"]
async fn case_no_credentials() {
    let fault = provider().await.fetch(&current("a")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Auth);
    assert!(!given("AWS_REGION").is_empty());
}

#[test]
fn nobody_home_is_transient() {
    run(
        "aws::case_nobody_home",
        &[
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
        ],
    );
}

#[tokio::test]
#[ignore = "a case of nobody_home_is_transient"]
async fn case_nobody_home() {
    let fault = provider().await.fetch(&current("a")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Transient);
}

#[test]
fn the_whole_client_follows_a_rotation() {
    on(&[Kind::Ministack], "aws::case_client");
}

#[tokio::test]
#[ignore = "a case of the_whole_client_follows_a_rotation"]
async fn case_client() {
    let admin = admin().await;
    admin.create_secret().name("app").secret_string(r#"{"user":"u","password":"one"}"#).send().await.unwrap();
    let manager = SecretsManager::new(provider().await).unwrap();
    let handle = manager.secret_at("app").unwrap();
    let before = handle.read().await.unwrap();
    assert_eq!(before.field("password").unwrap().expose(), b"one");
    let put = admin.put_secret_value().secret_id("app");
    put.secret_string(r#"{"user":"u","password":"two"}"#).send().await.unwrap();
    let pair = {
        handle.refresh().await.map(drop).unwrap();
        handle.current_and_previous().await.unwrap()
    };
    assert_eq!(pair.current.field("password").unwrap().expose(), b"two");
    assert_eq!(pair.previous.unwrap().field("password").unwrap().expose(), b"one");
}
