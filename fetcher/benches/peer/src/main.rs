//! A cached read here and by the crate `aws_secretsmanager_caching`, in the same run. `bench/cached-read` starts the moto that
//! it reads from.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_secretsmanager_caching::SecretsManagerCachingClient;
use leakward_fetcher::provider::MockProvider;
use leakward_fetcher::{Policy, SecretsManager};

const ROUNDS: usize = 20;
const READS: u32 = 100_000;

#[tokio::main(worker_threads = 1)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sdk = aws_sdk_secretsmanager::Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    // Fails when an earlier run made it.
    let _ = sdk.create_secret().name("app").secret_string("value").send().await;
    let size = NonZeroUsize::new(1000).ok_or("no size")?;
    let peer = SecretsManagerCachingClient::default(size, Duration::from_secs(3600)).await?;
    let mock = MockProvider::new();
    mock.put("app", "value");
    let policy = Policy::default().with_ttl(Duration::from_secs(3600));
    let ours = SecretsManager::builder().provider("", mock).policy(policy).build()?;
    let handle = ours.secret_at("app")?;
    handle.read().await?;
    peer.get_secret_value("app", None, None, false).await?;
    let (mut best_ours, mut best_peer) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..READS {
            black_box(handle.read().await?);
        }
        best_ours = best_ours.min(begun.elapsed().as_secs_f64() * 1e9 / f64::from(READS));
        let begun = Instant::now();
        for _ in 0..READS {
            black_box(peer.get_secret_value("app", None, None, false).await?);
        }
        best_peer = best_peer.min(begun.elapsed().as_secs_f64() * 1e9 / f64::from(READS));
    }
    println!("ours {best_ours:.0} ns, peer {best_peer:.0} ns, {:.1} times faster", best_peer / best_ours);
    Ok(())
}
