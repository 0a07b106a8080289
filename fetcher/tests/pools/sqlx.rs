//! sqlx's pool through the same lease ends and outage.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leakward_fetcher::Reading;
use leakward_fetcher::pool::Rollover;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};

use crate::load::{QUERY, Stage};

fn options(reading: &Reading, port: u16) -> PgConnectOptions {
    let text = |name| reading.field(name).unwrap().expose_text().unwrap().to_owned();
    let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port).database("postgres");
    options.ssl_mode(PgSslMode::Disable).username(&text("username")).password(&text("password"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlx_answers_every_query_through_lease_ends_and_an_outage() {
    let stage = Stage::set().await;
    let (rollover, port) = (Rollover::new(stage.handle.clone()), stage.postgres.port);
    let _hook = stage.handle.hook(rollover.clone());
    let pool = rollover.sqlx(PgPoolOptions::new().max_connections(4), move |reading| options(reading, port));
    let pool = pool.await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..6)
        .map(|_| {
            let (pool, over) = (pool.clone(), over.clone());
            tokio::spawn(async move {
                let (mut queries, mut users) = (0, BTreeSet::new());
                while !over.load(Ordering::Relaxed) {
                    let (n, user): (i32, String) = sqlx::query_as(QUERY).fetch_one(&pool).await.unwrap();
                    assert_eq!(n, 7);
                    users.insert(user);
                    queries += 1;
                }
                (queries, users)
            })
        })
        .collect();
    stage.play().await;
    over.store(true, Ordering::Relaxed);
    let (mut queries, mut users) = (0, BTreeSet::new());
    for worker in workers {
        let (more, by) = worker.await.expect("no query failed");
        queries += more;
        users.extend(by);
    }
    eprintln!("{queries} queries by {} users, none failed", users.len());
    assert!(queries > 500, "{queries} queries");
    assert!(users.len() >= 2, "the credentials have changed under way");
    pool.close().await;
    assert_eq!(stage.manager.shutdown().await.left, 0);
}
