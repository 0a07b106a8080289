//! Messages that secrets have changed.

use std::time::{Duration, SystemTime};

use leakward_fetcher::webhook::{Webhook, WebhookError};
use leakward_fetcher::{Clock as _, Secret};

use crate::rig::{Rig, settle};

fn now(rig: &Rig) -> u64 {
    rig.clock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

async fn prepared() -> (Rig, Webhook) {
    let rig = Rig::new();
    rig.mock.put("hook", "key-one");
    rig.mock.put("app/db", "one");
    let hook = Webhook::new(&rig.manager, rig.manager.secret_at("hook").unwrap(), None);
    rig.read("app/db").await;
    (rig, hook)
}

async fn send(hook: &Webhook, key: &str, at: u64, body: &[u8]) -> Result<usize, WebhookError> {
    let signature = Webhook::sign(&Secret::copy_of(key.as_bytes()), at, body);
    let time = at.to_string();
    let header = |name: &str| match name {
        Webhook::TIMESTAMP => Some(time.as_str()),
        Webhook::SIGNATURE => Some(signature.as_str()),
        _ => None,
    };
    hook.receive(header, body).await
}

#[tokio::test]
async fn what_a_signed_message_names_is_fetched_anew() {
    let (rig, hook) = prepared().await;
    rig.mock.put("app/db", "two");
    assert_eq!(send(&hook, "key-one", now(&rig), br#"{"paths":["app","other"]}"#).await.unwrap(), 1);
    settle().await;
    assert_eq!(rig.read("app/db").await.secret().expose(), b"two");
}

#[tokio::test]
async fn a_message_that_proves_nothing_changes_nothing() {
    let (rig, hook) = prepared().await;
    rig.mock.put("app/db", "two");
    let body = br#"{"paths":["app"]}"#;
    let wrong = send(&hook, "key-two", now(&rig), body).await;
    assert!(matches!(wrong, Err(WebhookError::Signature)));
    let old = send(&hook, "key-one", now(&rig) - 301, body).await;
    assert!(matches!(old, Err(WebhookError::Late)));
    let early = send(&hook, "key-one", now(&rig) + 301, body).await;
    assert!(matches!(early, Err(WebhookError::Late)));
    let none = hook.receive(|_| None, body).await.unwrap_err();
    assert_eq!((none.status(), none.to_string().contains(Webhook::TIMESTAMP)), (400, true));
    // The signature covers the time: another time with the same signature is another message.
    let signature = Webhook::sign(&Secret::copy_of(b"key-one"), now(&rig), body);
    let later = (now(&rig) + 1).to_string();
    let header =
        |name: &str| Some(if name == Webhook::TIMESTAMP { later.as_str() } else { signature.as_str() });
    assert!(matches!(hook.receive(header, body).await, Err(WebhookError::Signature)));
    settle().await;
    assert_eq!(rig.read("app/db").await.secret().expose(), b"one");
}

#[tokio::test]
async fn a_message_is_bounded_and_well_formed() {
    let (rig, hook) = prepared().await;
    let large = vec![b' '; Webhook::MAX_BODY + 1];
    assert_eq!(send(&hook, "key-one", now(&rig), &large).await.unwrap_err().status(), 413);
    let many = format!(r#"{{"paths":[{}"x"]}}"#, r#""x","#.repeat(Webhook::MAX_PATHS));
    assert!(matches!(send(&hook, "key-one", now(&rig), many.as_bytes()).await, Err(WebhookError::TooLarge)));
    for body in ["", "{}", "[]", r#"{"paths":[]}"#, r#"{"paths":["a//b"]}"#, r#"{"paths":[1]}"#, "\u{0}"] {
        let got = send(&hook, "key-one", now(&rig), body.as_bytes()).await;
        assert!(matches!(got, Err(WebhookError::Malformed)), "{body:?}: {got:?}");
    }
}

#[tokio::test]
async fn the_key_may_rotate_under_way() {
    let (rig, hook) = prepared().await;
    let body = br#"{"paths":["app"]}"#;
    send(&hook, "key-one", now(&rig), body).await.unwrap();
    rig.mock.put("hook", "key-two");
    rig.pass(Duration::from_secs(50)).await;
    send(&hook, "key-two", now(&rig), body).await.unwrap();
    send(&hook, "key-one", now(&rig), body).await.unwrap();
    rig.pass(Duration::from_secs(600)).await;
    assert!(
        send(&hook, "key-one", now(&rig), body).await.is_err(),
        "the previous key is kept for a time only"
    );
}
