//! One secret through its server's outage, in real seconds: fetched, cached, refreshed behind, changed, stale within its
//! bound, refused after it, and there again.
//!
//! `cargo run -p leakward-fetcher --example outage [TTL]`, with the time to live in seconds (60 unless told otherwise;
//! 6 is enough to see all of it). Starts an OpenBao of its own: `bash fetcher/tests/setup.sh` installs it.
#![expect(clippy::print_stdout, reason = "it tells what it sees")]
#![allow(clippy::unwrap_used, reason = "an example that cannot go on has failed")]

#[path = "../tests/it/bao.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod bao;

use std::time::{Duration, Instant};

use leakward_fetcher::{Freshness, Policy, SecretsManager};

#[tokio::main]
async fn main() {
    let ttl = std::env::args().nth(1).map_or(60, |text| text.parse().expect("seconds"));
    let ttl = Duration::from_secs(ttl);
    let server = bao::Bao::start().await;
    server.post("secret/data/app", r#"{"data":{"value":"one"}}"#).await;
    let before = server.requests_for("secret/data/app");
    let policy = Policy::default().with_ttl(ttl).with_max_stale(ttl / 2);
    let manager = SecretsManager::builder().provider("", server.provider()).policy(policy).build().unwrap();
    let handle = manager.secret_at("secret/app").unwrap();
    let begun = Instant::now();
    let requests = || server.requests_for("secret/data/app") - before;
    let told = |what: &str| println!("{:>6.1} s  {what}", begun.elapsed().as_secs_f64());
    let value = async || {
        let reading = handle.read().await?;
        let value = reading.field("value").map(|v| v.expose_text().unwrap_or_default().to_owned());
        Ok::<_, leakward_fetcher::ReadError>((value.unwrap_or_default(), reading.freshness()))
    };

    told(&format!("first read: {}", value().await.unwrap().0));
    handle.read().await.unwrap();
    assert_eq!(requests(), 1);
    told("second read: cached, one request so far");

    // The rotation: whoever reads sees it after the refresh, which nobody waits for.
    server.post("secret/data/app", r#"{"data":{"value":"two"}}"#).await;
    let before_refresh = requests();
    while value().await.unwrap().0 == "one" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let share = begun.elapsed().as_secs_f64() / ttl.as_secs_f64();
    told(&format!("changed to two by a refresh behind, at {:.0} % of the time to live", share * 100.0));
    assert!((0.6..0.85).contains(&share) && requests() == before_refresh + 1);

    server.signal("-STOP");
    told("the server stands still");
    let stopped = Instant::now();
    let mut stale = false;
    let error = loop {
        match value().await {
            Ok((_, Freshness::Stale { age, cause })) if !stale => {
                stale = true;
                told(&format!("stale, {:.1} s old, because of: {}", age.as_secs_f64(), cause.name()));
            }
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => break error,
        }
    };
    told(&format!("refused: {error}"));
    assert!(stale && stopped.elapsed() < ttl * 2 + Duration::from_secs(5));

    server.signal("-CONT");
    told("the server goes on");
    while value().await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    told(&format!("recovered by itself: {}", value().await.unwrap().0));
    manager.shutdown().await;
}
