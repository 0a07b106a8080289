//! Masking held values in text.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use leakward_fetcher::redact::{MASK, Redactor};
use leakward_fetcher::{Policy, Secret};

use crate::rig::{Rig, current, secs};

fn with(values: &[&[u8]]) -> Redactor {
    let redactor = Redactor::new();
    values.iter().for_each(|value| redactor.add(Arc::new(Secret::copy_of(value))));
    redactor
}

#[test]
fn a_value_is_masked_in_each_of_its_forms() {
    let redactor = with(&[b"s3cr\"t/+ \xc3\xa9!"]);
    for form in [
        "s3cr\"t/+ é!",
        r#"s3cr\"t/+ é!"#,
        "s3cr%22t%2F%2B%20%C3%A9%21",
        "7333637222742f2b20c3a921",
        "7333637222742F2B20C3A921",
    ] {
        let masked = redactor.mask_text(form).into_owned();
        assert_eq!(masked, MASK, "{form}");
        let around = redactor.mask_text(&format!("a {form} b")).into_owned();
        assert_eq!(around, format!("a {MASK} b"));
    }
    assert!(matches!(redactor.mask_text("nothing here"), Cow::Borrowed(_)));
}

#[test]
fn base64_is_masked_at_any_offset() {
    use base64::Engine;
    let redactor = with(&[b"hunter2-hunter2?>"]);
    for before in ["", "u", "us", "user:"] {
        for after in ["", "x", "yz"] {
            let text = format!("{before}hunter2-hunter2?>{after}");
            for engine in
                [base64::engine::general_purpose::STANDARD, base64::engine::general_purpose::URL_SAFE]
            {
                let coded = engine.encode(&text);
                let masked = redactor.mask_text(&coded).into_owned();
                assert!(masked.contains(MASK), "{coded} became {masked}");
                let left = masked.replace(MASK, "");
                assert!(left.len() <= 12, "{left} is left of {coded}");
            }
        }
    }
}

#[test]
fn texts_inside_an_object_are_masked_and_short_ones_are_not() {
    let redactor =
        with(&[br#"{"user":"app","password":"pa\"ss word","nested":{"keys":["first-key","second-key"]}}"#]); // leakward:allow
    let masked = redactor.mask_text("app pa\"ss word first-key second-key").into_owned();
    assert_eq!(masked, format!("app {MASK} {MASK} {MASK}"));
}

#[test]
fn what_is_written_is_masked() {
    let redactor = with(&[b"hunter2"]);
    let mut out = Vec::new();
    writeln!(redactor.writer(&mut out), "password=hunter2").unwrap(); // leakward:allow
    assert_eq!(out, format!("password={MASK}\n").into_bytes());
}

#[tokio::test]
async fn the_clients_values_are_masked_while_they_are_held() {
    let redactor = Redactor::new();
    let observer = redactor.clone();
    let policy = Policy::default().with_ttl(secs(60)).with_keep_previous(secs(30));
    let rig = Rig::with(policy, |b| b.observer(observer));
    let says = |text: &str| redactor.mask_text(text).into_owned();
    rig.mock.put("db/main", "first-value");
    assert_eq!(says("first-value"), "first-value");
    rig.read("db/main").await;
    assert_eq!(says("first-value"), MASK);
    rig.mock.put("db/main", "second-value");
    rig.manager.secret(&current("db/main")).unwrap().refresh().await.unwrap();
    assert_eq!(says("first-value second-value"), format!("{MASK} {MASK}"), "the previous one is still held");
    rig.mock.delete("db/main");
    rig.pass(secs(300)).await;
    assert_eq!(says("second-value"), "second-value", "wiped, and no longer looked for");
}

#[cfg(feature = "redact-layer")]
#[test]
fn a_layer_masks_messages_fields_and_the_fields_of_spans() {
    use std::sync::Mutex;
    use tracing_subscriber::layer::SubscriberExt as _;

    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl Write for Kept {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let value = format!("hunter{}", "-two");
    let redactor = with(&[value.as_bytes()]);
    let kept = Arc::new(Mutex::new(Vec::new()));
    let to = kept.clone();
    let layer = redactor.layer(move || Kept(to.clone()));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let _entered = tracing::info_span!("login", with = value.as_str()).entered();
        tracing::info!(field = value.as_str(), shown = ?value, "{value} is the message");
    });
    let text = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
    assert!(text.contains("is the message") && !text.contains(&value), "{text}");
    assert_eq!(text.matches(MASK).count(), 4, "{text}");
}
