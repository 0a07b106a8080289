//! A manager whose connections misbehave below HTTP: it dribbles, it resets in mid-body, it says nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leakward_fetcher::cache::Cause;
use leakward_fetcher::http::Address;
use leakward_fetcher::provider::vault::{Login, VaultConfig, VaultProvider};
use leakward_fetcher::{FaultKind, Freshness, Policy, Reading, Secret, SecretsManager};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::rig::secs;

/// How the server answers for the secret.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Well,
    /// A byte of the head now and then.
    DribblesHead,
    /// The head at once, a byte of the body now and then.
    DribblesBody,
    /// A reset when half of the body is sent.
    Resets,
    /// Nothing at all.
    Mute,
}

struct Wire {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    manner: Mutex<Manner>,
    /// Requests for the secret so far.
    asked: AtomicUsize,
}

impl Wire {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { manner: Mutex::new(Manner::Well), asked: AtomicUsize::new(0) });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = serving.clone();
                tokio::spawn(async move { serve(stream, &shared).await });
            }
        });
        Self { port, shared }
    }

    fn is(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

/// Answers requests of one connection until it has gone; an error is its end.
async fn serve(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            stream.read_line(&mut head).await.ok().filter(|read| *read > 0)?;
        }
        let (mut body, mut manner) = (String::new(), Manner::Well);
        if head.contains("/sys/internal/ui/mounts") {
            body += r#"{"data":{"path":"secret/","type":"kv","options":{"version":"2"}}}"#;
        } else if head.contains("/v1/secret/") {
            let number = shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
            body += &format!(r#"{{"data":{{"data":{{"n":{number}}},"metadata":{{"version":{number}}}}}}}"#);
            manner = *shared.manner.lock().unwrap();
        } else {
            body += r#"{"data":{"ttl":0}}"#;
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let (at_once, pause) = match manner {
            Manner::Well => (answer.len(), Duration::ZERO),
            Manner::DribblesHead => (8, Duration::from_millis(30)),
            Manner::DribblesBody => (answer.len() - body.len() + 1, Duration::from_millis(30)),
            Manner::Resets => (answer.len() - body.len() / 2, Duration::ZERO),
            Manner::Mute => (0, secs(60)),
        };
        stream.write_all(&answer.as_bytes()[..at_once]).await.ok()?;
        if let Manner::Resets = manner {
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.get_ref().set_zero_linger().unwrap();
            return None;
        }
        for byte in &answer.as_bytes()[at_once..] {
            tokio::time::sleep(pause).await;
            stream.write_all(&[*byte]).await.ok()?;
        }
    }
}

fn client(wire: &Wire) -> SecretsManager {
    let address = Address::parse(&format!("http://127.0.0.1:{}", wire.port)).unwrap();
    let provider =
        VaultProvider::new(VaultConfig::new(address, Login::Token(Secret::copy_of(b"t")))).unwrap();
    let mut policy = Policy::default().with_ttl(secs(1)).with_max_stale(secs(300));
    (policy.attempt_timeout, policy.fetch_timeout) = (Duration::from_millis(300), Duration::from_millis(700));
    SecretsManager::builder().provider("", provider).policy(policy).build().unwrap()
}

#[tokio::test]
async fn readers_go_on_at_once_whatever_the_connection_does() {
    let wire = Wire::start().await;
    let manager = client(&wire);
    let handle = manager.secret_at("secret/a").unwrap();
    let number = |reading: &Reading| reading.field("n").unwrap().expose_text().unwrap().to_owned();
    for manner in [Manner::DribblesHead, Manner::DribblesBody, Manner::Resets, Manner::Mute] {
        wire.is(Manner::Well);
        let begun = Instant::now();
        while !handle.read().await.unwrap().is_fresh() {
            assert!(begun.elapsed() < secs(30), "{manner:?}: it does not recover");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        wire.is(manner);
        let (begun, good) = (Instant::now(), wire.asked());
        let mut longest = Duration::ZERO;
        // Until a refresh has failed in this manner and readers are told why.
        loop {
            let (asked, called) = (wire.asked(), Instant::now());
            let reading = handle.read().await.unwrap();
            longest = longest.max(called.elapsed());
            // What came in pieces or half is nowhere: the value is one that was sent whole.
            assert!(number(&reading).parse::<usize>().unwrap() <= asked);
            let why = reading.freshness();
            if matches!(why, Freshness::Stale { cause: Cause::Fault(FaultKind::Transient), .. })
                && wire.asked() > good
            {
                break;
            }
            assert!(begun.elapsed() < secs(20), "{manner:?}: {why:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(longest < Duration::from_millis(200), "{manner:?}: a reader waited {longest:?}");
    }
}

#[tokio::test]
async fn a_first_read_fails_in_time_whatever_the_connection_does() {
    for manner in [Manner::DribblesHead, Manner::DribblesBody, Manner::Resets, Manner::Mute] {
        let wire = Wire::start().await;
        wire.is(manner);
        let (manager, begun) = (client(&wire), Instant::now());
        let error = manager.read_path("secret/a").await.unwrap_err();
        assert_eq!(error.fault_kind(), Some(FaultKind::Transient), "{manner:?}: {error}");
        assert!(begun.elapsed() < secs(5), "{manner:?}: {:?}", begun.elapsed());
        wire.is(Manner::Well);
        let begun = Instant::now();
        // The half answer of before is not taken for the next one.
        while manager.read_path("secret/a").await.is_err() {
            assert!(begun.elapsed() < secs(20), "{manner:?}: it does not recover");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
