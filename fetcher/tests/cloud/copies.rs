//! How many copies of a value the official SDKs leave in memory when it was read and dropped: the number that each provider
//! states, at most. Counted in a child that never has the value but from the SDK; the servers are in the parent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_fetcher::provider::aws::AwsProvider;
use leakward_fetcher::provider::azure::{self, AzureLogin, AzureProvider};
use leakward_fetcher::provider::gcp::{self, GcpProvider};
use leakward_fetcher::provider::{SecretProvider, aws};

use crate::child::{given, run};
use crate::memory::{Canary, DISGUISE, held_and_after};
use crate::server::{Certificates, Server, Told};

fn text(canary: &Canary) -> String {
    canary.with(|value| String::from_utf8(value.to_vec()).unwrap())
}

/// What [`told`] takes.
fn disguised(canary: &Canary) -> String {
    canary.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The one that the parent has told, disguised.
fn told(text: &str) -> Canary {
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    Canary(std::array::from_fn(byte))
}

/// The first part of the value's base64 form, as a value of its own.
fn in_base64(canary: &Canary) -> Canary {
    let mut coded = zeroize::Zeroizing::new([0; 24]);
    canary.with(|value| STANDARD.encode_slice(&value[..18], &mut *coded).unwrap());
    // Not `map`, which would leave a copy of its own.
    Canary(std::array::from_fn(|i| coded[i] ^ DISGUISE))
}

/// Reads the value through `provider`, and counts what is left of it in plain and in base64.
async fn left_by(provider: impl SecretProvider) -> usize {
    let canary = told(&given("TEST_CANARY"));
    let (held, plain) = held_and_after(&canary, provider, "canary").await;
    assert!(held >= 1, "the measurement finds what is there");
    let coded = in_base64(&canary).count_in_memory();
    println!("{plain} in plain, {coded} in base64");
    plain + coded
}

#[test]
fn as_many_copies_are_left_by_the_sdk_of_aws_as_it_says() {
    let canary = Canary::new();
    let body = format!(
        r#"{{"ARN":"arn:aws:secretsmanager:eu-west-1:1:secret:canary-aaaaaa","Name":"canary","VersionId":"00000000-0000-0000-0000-000000000001","SecretString":"{}","VersionStages":["AWSCURRENT"],"CreatedDate":1700000000}}"#,
        text(&canary)
    );
    let server =
        Server::plain(move |_| Told(200, &[("content-type", "application/x-amz-json-1.1")], body.clone()));
    let address = format!("http://127.0.0.1:{}", server.port);
    let variables = [
        ("AWS_ENDPOINT_URL", address.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("TEST_CANARY", &disguised(&canary)),
    ];
    run("copies::case_aws", &variables);
}

#[tokio::test]
#[ignore = "a case of as_many_copies_are_left_by_the_sdk_of_aws_as_it_says"]
async fn case_aws() {
    let left = left_by(AwsProvider::from_env(None).await).await;
    assert!(left <= aws::SDK_COPIES, "{left} copies are left");
}

#[test]
fn as_many_copies_are_left_by_the_sdk_of_azure_as_it_says() {
    let (canary, certificates) = (Canary::new(), Certificates::new());
    let value = text(&canary);
    let token =
        r#"{"token_type":"Bearer","expires_in":3600,"ext_expires_in":3600,"access_token":"of-the-login"}"#;
    let server = Server::tls(&certificates, move |asked| {
        if asked.path.ends_with("/oauth2/v2.0/token") {
            return Told::json(200, token);
        }
        if asked.bearer().is_empty() {
            return Told(401, crate::azure::CHALLENGE, String::new());
        }
        let id = format!("https://{}/secrets/canary/v1", asked.header("host"));
        Told::json(200, format!(r#"{{"value":"{value}","id":"{id}","attributes":{{"enabled":true}}}}"#))
    });
    let (ca, address) = (certificates.authority(), format!("https://127.0.0.1:{}", server.port));
    let variables = [
        ("SSL_CERT_FILE", ca.to_str().unwrap()),
        ("AZURE_AUTHORITY_HOST", address.as_str()),
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_CLIENT_SECRET", "of-the-client"),
        ("TEST_ADDRESS", address.as_str()),
        ("TEST_CANARY", &disguised(&canary)),
    ];
    run("copies::case_azure", &variables);
}

#[tokio::test]
#[ignore = "a case of as_many_copies_are_left_by_the_sdk_of_azure_as_it_says"]
async fn case_azure() {
    let (login, options) = (AzureLogin::from_env().credential().unwrap(), Default::default());
    let left = left_by(AzureProvider::with(&given("TEST_ADDRESS"), login, options, false).unwrap()).await;
    assert!(left <= azure::SDK_COPIES, "{left} copies are left");
}

#[test]
fn as_many_copies_are_left_by_the_sdk_of_google_as_it_says() {
    let canary = Canary::new();
    let data = canary.with(|value| STANDARD.encode(value));
    let body = format!(r#"{{"name":"projects/p/secrets/canary/versions/1","payload":{{"data":"{data}"}}}}"#);
    let server = Server::plain(move |_| Told::json(200, body.clone()));
    let address = format!("http://127.0.0.1:{}", server.port);
    run("copies::case_google", &[("TEST_ADDRESS", &address), ("TEST_CANARY", &disguised(&canary))]);
}

#[tokio::test]
#[ignore = "a case of as_many_copies_are_left_by_the_sdk_of_google_as_it_says"]
async fn case_google() {
    let left = left_by(GcpProvider::new("p", Some(&given("TEST_ADDRESS")), true).await.unwrap()).await;
    assert!(left <= gcp::SDK_COPIES, "{left} copies are left");
}
