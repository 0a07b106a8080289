//! Clients that people have already, pointed at `leakward agent`: the Python libraries of Vault and AWS, unmodified.

use std::process::Command;

use serde_json::{Value, json};

use crate::bao::{Bao, python};
use crate::sandbox::Run;
use crate::served::Served;

/// An agent over loopback with a token, and its address.
fn loopback(bao: &Bao) -> (Served, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let served = Served::start(bao, &["--listen", &format!("127.0.0.1:{port}"), "--token-file", "token"]);
    (served, format!("http://127.0.0.1:{port}"))
}

/// What a script in Python prints, as JSON.
fn script(served: &Served, address: &str, text: &str) -> Value {
    let mut command = Command::new(python());
    command.args(["-c", text]).env("ADDRESS", address).current_dir(served.sandbox.path());
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let run = Run::of(command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", served.sandbox.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

const HVAC: &str = r#"
import hvac, json, os
client = hvac.Client(url=os.environ["ADDRESS"], token=open("token").read().strip())
new = client.secrets.kv.v2.read_secret_version(path="app/key", raise_on_deleted_version=True)
old = client.secrets.kv.v2.read_secret_version(path="app/key", version=1, raise_on_deleted_version=True)
out = {"new": new["data"]["data"], "old": old["data"]["data"], "version": new["data"]["metadata"]["version"]}
out["lent"] = client.read("cubbyhole/none") is None
try:
    client.secrets.kv.v2.read_secret_version(path="none", raise_on_deleted_version=True)
except hvac.exceptions.InvalidPath as error:
    out["none"] = type(error).__name__
try:
    client.secrets.kv.v2.create_or_update_secret(path="app/key", secret={"value": "three"})
except hvac.exceptions.VaultError as error:
    out["write"] = str(error)
try:
    hvac.Client(url=os.environ["ADDRESS"], token="wrong").secrets.kv.v2.read_secret_version(path="app/key", raise_on_deleted_version=True)
except hvac.exceptions.Forbidden as error:
    out["stranger"] = str(error)
print(json.dumps(out))
"#;

#[test]
fn hvac_reads_versions_and_is_told_what_is_absent_read_only_or_not_its_own() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    bao.put("app/key", &json!({ "value": "two" }));
    let (served, address) = loopback(&bao);
    let told = script(&served, &address, HVAC);
    assert_eq!((&told["new"]["value"], &told["old"]["value"]), (&json!("two"), &json!("one")));
    assert_eq!((&told["version"], &told["lent"]), (&json!(2), &json!(true)));
    assert_eq!(told["none"], "InvalidPath");
    assert!(told["write"].as_str().unwrap().contains("only reads"), "{told}");
    assert!(told["stranger"].as_str().unwrap().contains("permission denied"), "{told}");
    assert_eq!(bao.requests_for("secret/data/app/key\""), 2 + 2, "two writes, one read of each version");
}

/// boto3 as it is, with its requests carried to the agent's own interface: what comes back goes through its parser.
const BOTO3: &str = r#"
import boto3, botocore, json, os, urllib.error, urllib.parse, urllib.request
from botocore.awsrequest import AWSResponse

class Raw:
    def __init__(self, body): self.body = body
    def stream(self): yield self.body

def carry(request, **_):
    asked = json.loads(request.body)
    names = {"SecretId": "secretId", "VersionStage": "versionStage", "VersionId": "versionId"}
    query = urllib.parse.urlencode({names[name]: value for name, value in asked.items()})
    url = os.environ["ADDRESS"] + "/secretsmanager/get?" + query
    call = urllib.request.Request(url, headers={"X-Aws-Parameters-Secrets-Token": open("token").read().strip()})
    try:
        answer = urllib.request.urlopen(call)
    except urllib.error.HTTPError as error:
        answer = error
    return AWSResponse(url, answer.status, answer.headers, Raw(answer.read()))

client = boto3.client("secretsmanager", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
client.meta.events.register("before-send.secrets-manager.GetSecretValue", carry)
new = client.get_secret_value(SecretId="secret/app/key")
old = client.get_secret_value(SecretId="secret/app/key", VersionStage="AWSPREVIOUS")
out = {"new": new["SecretString"], "old": old["SecretString"], "stages": new["VersionStages"],
       "name": new["Name"], "created": new["CreatedDate"].isoformat()}
try:
    client.get_secret_value(SecretId="secret/none")
except client.exceptions.ResourceNotFoundException as error:
    out["none"] = error.response["Error"]["Code"]
print(json.dumps(out))
"#;

#[test]
fn boto3_takes_what_the_agent_answers_for_what_secrets_manager_answers() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    bao.put("app/key", &json!({ "value": "two" }));
    let (served, address) = loopback(&bao);
    let told = script(&served, &address, BOTO3);
    assert_eq!(told["new"], "{\"value\":\"two\"}");
    assert_eq!(told["old"], "{\"value\":\"one\"}");
    assert_eq!((&told["stages"], &told["name"]), (&json!(["AWSCURRENT"]), &json!("secret/app/key")));
    assert!(told["created"].as_str().unwrap().starts_with("20"), "{told}");
    assert_eq!(told["none"], "ResourceNotFoundException");
}

#[test]
fn a_message_signed_by_openssl_and_sent_by_curl_brings_the_new_value() {
    let bao = Bao::start();
    bao.put("app/key", &json!({ "value": "one" }));
    bao.put("hook", &json!({ "key": "of-the-messages" }));
    let served = Served::start(&bao, &["--webhook-key", "secret/hook#key"]);
    assert_eq!(served.value("app/key"), "one");
    bao.put("app/key", &json!({ "value": "two" }));
    assert_eq!(served.value("app/key"), "one", "held for its time to live");
    // As docs/secrets.md has it.
    let send = "now=$(date +%s) body='{\"paths\":[\"secret/app\"]}'
        signature=$(printf %s \"$now.$body\" | openssl dgst -sha256 -hmac \"$KEY\" -r | cut -d' ' -f1)
        curl -sS --unix-socket agent.sock http://localhost/webhook --data \"$body\" \\
          -H \"X-Leakward-Timestamp: $now\" -H \"X-Leakward-Signature: sha256=$signature\"";
    let sent = |key: &str| {
        let mut shell = Command::new("bash");
        Run::of(shell.args(["-c", send]).env("KEY", key).current_dir(served.sandbox.path())).stdout
    };
    assert_eq!(sent("somebody-elses"), "{\"error\":\"the signature does not match\"}\n");
    assert_eq!(served.value("app/key"), "one");
    assert_eq!(sent("of-the-messages"), "{\"refreshed\":1}\n");
    let begun = std::time::Instant::now();
    while served.value("app/key") != "two" {
        assert!(begun.elapsed().as_secs() < 10, "the new value did not come");
    }
    let told = served.end().stderr;
    assert!(!told.contains("of-the-messages"), "{told}");
}
