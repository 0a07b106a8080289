//! The local agent on a clock that stands still, over a real socket.

use std::path::Path;
use std::time::Duration;

use leakward_fetcher::agent::{Agent, AgentSettings, Door, DoorError};
use leakward_fetcher::webhook::Webhook;
use leakward_fetcher::{Clock as _, FaultKind, Need, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::rig::{Rig, current, fault, secs};

fn serve(rig: &Rig, folder: &Path) -> Agent {
    let agent = Agent::new(rig.manager.clone(), AgentSettings::default());
    agent.open(&Door::Unix(folder.join("s"))).unwrap();
    agent
}

/// Status, freshness and body of a read.
async fn get(folder: &Path, target: &str) -> (u16, String, String) {
    let mut stream = UnixStream::connect(folder.join("s")).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let field = |name: &str| head.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().to_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, field("x-leakward-freshness: "), body.to_owned())
}

#[tokio::test]
async fn an_outage_is_stale_within_the_bound_and_then_an_error() {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    let version = rig.mock.put("app/key", r#"{"v":"one"}"#);
    rig.read("app/key").await;
    let _agent = serve(&rig, folder.path());
    let (status, freshness, body) = get(folder.path(), "/v1/app/data/key").await;
    assert_eq!((status, freshness.as_str()), (200, "fresh"));
    assert!(body.contains(r#""data":{"data":{"v":"one"},"metadata""#), "{body}");
    assert!(body.contains(&format!(r#""version":{version}"#)) || version.as_str().parse::<u64>().is_err());
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.pass(secs(61)).await;
    let (status, freshness, _) = get(folder.path(), "/v1/app/key").await;
    assert_eq!((status, freshness.as_str()), (200, "stale"));
    rig.pass(secs(60)).await;
    let ((status, _, body), ()) = tokio::join!(get(folder.path(), "/v1/app/key"), rig.pass(secs(10)));
    assert!(matches!(status, 503 | 504), "{status} {body}");
    assert!(!body.contains("one"));
}

#[tokio::test]
async fn readiness_is_about_what_is_held_and_liveness_about_nothing() {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.manager.prefetch([(current("app/key"), Need::Required)]).unwrap();
    let _agent = serve(&rig, folder.path());
    assert_eq!(get(folder.path(), "/ready").await.0, 503);
    assert_eq!(get(folder.path(), "/live").await.0, 200);
    rig.mock.recover();
    rig.mock.put("app/key", "x");
    rig.pass(secs(120)).await;
    assert_eq!(get(folder.path(), "/ready").await.0, 200);
}

#[tokio::test]
async fn what_is_lent_says_how_long_it_lasts_and_hides_the_lease() {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    rig.mock.lend("db/creds/app", secs(100), 0);
    let lease = rig.read("db/creds/app").await.lease().unwrap().id().expose_text().unwrap().to_owned();
    let _agent = serve(&rig, folder.path());
    let (status, _, body) = get(folder.path(), "/v1/db/creds/app").await;
    assert_eq!(status, 200, "{body}");
    let seconds = body.split("\"lease_duration\":").nth(1).unwrap().split(',').next().unwrap();
    assert!((1..=100).contains(&seconds.parse::<u64>().unwrap()), "{body}");
    assert!(!body.contains(&lease), "{body}");
}

#[tokio::test]
async fn text_and_binary_values_have_a_place_in_each_form() {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    rig.mock.put("text", "it is \"so\"");
    rig.mock.put("binary", [0_u8, 255, 1]);
    for path in ["text", "binary"] {
        rig.read(path).await;
    }
    let _agent = serve(&rig, folder.path());
    assert!(get(folder.path(), "/v1/text").await.2.contains(r#""data":{"value":"it is \"so\""}"#));
    assert!(get(folder.path(), "/v1/binary").await.2.contains(r#""data":{"value":"AP8B"}"#));
    let aws = get(folder.path(), "/secretsmanager/get?secretId=binary").await.2;
    assert!(aws.contains(r#""SecretBinary":"AP8B""#) && !aws.contains("SecretString"), "{aws}");
}

#[tokio::test]
async fn a_file_that_is_no_socket_stays_and_a_dead_socket_is_replaced() {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    let agent = Agent::new(rig.manager.clone(), AgentSettings::default());
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    assert!(matches!(agent.open(&Door::Unix(file.clone())), Err(DoorError::Occupied(_))));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap());
    agent.open(&Door::Unix(folder.path().join("s"))).unwrap();
    assert_eq!(get(folder.path(), "/live").await.0, 200);
    let open = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(agent.open(&Door::Loopback(open)), Err(DoorError::NotLoopback(_))));
    let loopback = "127.0.0.1:0".parse().unwrap();
    assert!(matches!(agent.open(&Door::Loopback(loopback)), Err(DoorError::NoToken(_))));
}

#[tokio::test]
async fn a_closed_agent_lets_nobody_in_and_takes_its_socket_away() {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    let agent = serve(&rig, folder.path());
    let mut idle = UnixStream::connect(folder.path().join("s")).await.unwrap();
    assert_eq!(get(folder.path(), "/live").await.0, 200);
    agent.close(Duration::ZERO).await;
    assert!(UnixStream::connect(folder.path().join("s")).await.is_err());
    assert!(!folder.path().join("s").exists());
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0, "connections that say nothing are ended");
}

/// Status and body of a request whose head has `fields` and whose body is `body`.
async fn post(folder: &Path, fields: &str, body: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(folder.join("s")).await.unwrap();
    let head = format!("POST /webhook HTTP/1.1\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // In two pieces: a body may come later than its head.
    let (first, second) = body.split_at(body.len() / 2);
    stream.write_all(first.as_bytes()).await.unwrap();
    tokio::task::yield_now().await;
    let _ = stream.write_all(second.as_bytes()).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The fields of a message that is signed with `key`, `seconds` from now.
fn signed(rig: &Rig, key: &str, body: &str, seconds: i64) -> String {
    let now = rig.clock.wall().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let at = now.saturating_add_signed(seconds);
    let signature = Webhook::sign(&Secret::copy_of(key.as_bytes()), at, body.as_bytes());
    let length = body.len();
    format!("X-Leakward-Timestamp: {at}\r\nX-Leakward-Signature: {signature}\r\nContent-Length: {length}\r\n")
}

async fn with_webhook() -> (Rig, tempfile::TempDir, Agent) {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    rig.mock.put("hook", "key-one");
    rig.mock.put("app/key", "one");
    rig.read("app/key").await;
    let webhook = Webhook::new(&rig.manager, rig.manager.secret_at("hook").unwrap(), None);
    let agent = Agent::with_webhook(rig.manager.clone(), AgentSettings::default(), webhook);
    agent.open(&Door::Unix(folder.path().join("s"))).unwrap();
    (rig, folder, agent)
}

#[tokio::test]
async fn a_signed_message_has_what_it_names_fetched_at_once() {
    let (rig, folder, _agent) = with_webhook().await;
    rig.mock.put("app/key", "two");
    let body = r#"{"paths":["app"]}"#;
    // Passed on by a proxy, which is how messages from elsewhere come to a machine's own agent.
    let fields = format!("{}X-Forwarded-For: 10.0.0.1\r\n", signed(&rig, "key-one", body, 0));
    assert_eq!(post(folder.path(), &fields, body).await, (200, "{\"refreshed\":1}\n".to_owned()));
    crate::rig::settle().await;
    assert!(get(folder.path(), "/v1/app/key").await.2.contains(r#""value":"two""#));
    let metrics = get(folder.path(), "/metrics").await.2;
    assert!(metrics.contains(r#"interface="webhook",outcome="ok"} 1"#), "{metrics}");
}

#[tokio::test]
async fn a_message_without_proof_or_measure_changes_nothing() {
    let (rig, folder, _agent) = with_webhook().await;
    rig.mock.put("app/key", "two");
    let before = rig.mock.fetches("app/key");
    let body = r#"{"paths":["app"]}"#;
    let unsigned = format!("Content-Length: {}\r\n", body.len());
    let large = format!("{{\"paths\":[\"{}\"]}}", "a".repeat(Webhook::MAX_BODY));
    let chunked = "Transfer-Encoding: chunked\r\n".to_owned();
    for (fields, body, status) in [
        (signed(&rig, "key-two", body, 0), body, 401),
        (signed(&rig, "key-one", body, -301), body, 401),
        (signed(&rig, "key-one", "{}", 0).replace("Content-Length: 2", unsigned.trim_end()), body, 401),
        (unsigned.clone(), body, 400),
        (signed(&rig, "key-one", "[]", 0), "[]", 400),
        (signed(&rig, "key-one", &large, 0), "", 413),
        (chunked, "", 413),
    ] {
        let got = post(folder.path(), &fields, body).await;
        assert_eq!(got.0, status, "{fields} {got:?}");
        assert!(!got.1.contains("key-one"), "{got:?}");
    }
    rig.mock.break_down(fault(FaultKind::Transient));
    rig.manager.purge(&current("hook"));
    let fields = signed(&rig, "key-one", body, 0);
    let (lost, ()) = tokio::join!(post(folder.path(), &fields, body), rig.pass(secs(6)));
    assert_eq!(lost, (503, "{\"error\":\"the key cannot be read now\"}\n".to_owned()));
    assert_eq!(rig.mock.fetches("app/key"), before);
    assert_eq!(get(folder.path(), "/webhook").await.0, 405);
}

#[tokio::test]
async fn an_agent_without_a_key_takes_no_messages() {
    let (rig, folder) = (Rig::new(), tempfile::tempdir().unwrap());
    let _agent = serve(&rig, folder.path());
    assert_eq!(post(folder.path(), &signed(&rig, "", "{}", 0), "").await.0, 404);
    assert_eq!(get(folder.path(), "/webhook").await.0, 404);
}
