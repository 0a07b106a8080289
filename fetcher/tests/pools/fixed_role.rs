//! A role whose password the manager changes every few seconds: sessions live on through that, logins with the password
//! before it do not.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bb8::ManageConnection as _;
use leakward_fetcher::pool::{Rolling, Rollover};

use crate::load::{Connector, QUERY, Stage, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_login_and_query_works_through_the_rotations_of_a_static_role() {
    let stage = Stage::with("database/static-creds/fixed").await;
    let (rollover, port) = (Rollover::new(stage.handle.clone()), stage.postgres.port);
    let _hook = stage.handle.hook(rollover.clone());
    let passwords = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = passwords.clone();
    let rolling = Rolling::new(&rollover, move |reading| {
        seen.lock().unwrap().insert(reading.secret().tag().to_string());
        Connector(config(reading, port))
    });
    let pool = bb8::Pool::builder().max_size(4).connection_timeout(Duration::from_secs(10));
    let pool = pool.build(rolling.clone()).await.unwrap();
    let (over, queries) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut workers = Vec::new();
    for _ in 0..3 {
        let (pool, over, queries) = (pool.clone(), over.clone(), queries.clone());
        workers.push(tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let client = pool.get().await.unwrap();
                let row = client.query_one(QUERY, &[]).await.unwrap();
                assert_eq!(row.get::<_, String>(1), "fixed");
                queries.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    // The pool's connections are opened once for each password; this one logs in all the time, and so meets the moment
    // between the change in the database and the one here.
    let (logs_in, ends) = (rolling.clone(), over.clone());
    let logins = tokio::spawn(async move {
        let mut logins = 0;
        while !ends.load(Ordering::Relaxed) {
            let client = logs_in.connect().await.expect("each login works");
            client.query_one(QUERY, &[]).await.unwrap();
            logins += 1;
        }
        logins
    });
    tokio::time::sleep(Duration::from_secs(22)).await;
    over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.expect("no query failed");
    }
    let logins = logins.await.expect("no login failed");
    let (queries, passwords) = (queries.load(Ordering::Relaxed), passwords.lock().unwrap().len());
    eprintln!("{queries} queries and {logins} logins with {passwords} passwords, none failed; {rollover:?}");
    assert!(queries > 500 && logins > 50, "{queries} queries, {logins} logins");
    assert!(passwords >= 3, "{passwords} passwords");
    let reads = stage.bao.requests_for("database/static-creds/fixed");
    assert!(reads < 40, "{reads} reads: polled in a loop");
    drop(pool);
    stage.manager.shutdown().await;
}
