//! bb8 and deadpool-postgres under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use leakward_fetcher::pool::{Rolling, Rollover};
use leakward_fetcher::{Policy, Reading, SecretHandle, SecretsManager};
use tokio_postgres::{Client, Config, NoTls};

use crate::bao::Bao;
use crate::postgres::{ADMIN, Postgres};

pub(crate) struct Stage {
    pub(crate) bao: Bao,
    pub(crate) postgres: Postgres,
    pub(crate) manager: SecretsManager,
    pub(crate) handle: SecretHandle,
    times: Times,
}

/// Length of a lease, of all leases of one role, of the outage and of the whole, in seconds.
#[derive(Clone, Copy)]
struct Times {
    lease: u64,
    most: u64,
    outage: u64,
    whole: u64,
}

fn times() -> Times {
    match std::env::var_os("LEAKWARD_LONG") {
        Some(_) => Times { lease: 300, most: 400, outage: 60, whole: 420 },
        None => Times { lease: 6, most: 9, outage: 1, whole: 22 },
    }
}

impl Stage {
    /// With credentials that are lent.
    pub(crate) async fn set() -> Self {
        Self::with("database/creds/app").await
    }

    /// With the credentials at `path`: lent ones, or those of a role whose password is changed every 6 s.
    pub(crate) async fn with(path: &str) -> Self {
        let (bao, postgres, times) = (Bao::start().await, Postgres::start(), times());
        let table = "create table t (n int); insert into t values (7); grant select on t to public";
        postgres.query("postgres", ADMIN, table).unwrap();
        bao.post("sys/mounts/database", r#"{"type":"database"}"#).await;
        let url =
            format!("postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres", postgres.port);
        let config = format!(
            r#"{{"plugin_name":"postgresql-database-plugin","allowed_roles":"*","connection_url":"{url}?sslmode=disable","username":"postgres","password":"{ADMIN}"}}"#
        );
        bao.post("database/config/pg", &config).await;
        let create =
            r#"CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"#;
        let (lease, most) = (times.lease, times.most);
        let role = format!(
            r#"{{"db_name":"pg","creation_statements":["{create}"],"default_ttl":"{lease}s","max_ttl":"{most}s"}}"#
        );
        bao.post("database/roles/app", &role).await;
        postgres.query("postgres", ADMIN, "create role fixed login password 'first'").unwrap();
        let fixed = r#"{"db_name":"pg","username":"fixed","rotation_period":"6s"}"#;
        bao.post("database/static-roles/fixed", fixed).await;
        let policy = Policy::default().with_read_budget(Duration::from_secs(10));
        let manager = SecretsManager::builder().provider("", bao.provider()).policy(policy).build().unwrap();
        let handle = manager.secret_at(path).unwrap();
        handle.read().await.unwrap();
        Self { bao, postgres, manager, handle, times }
    }

    /// What happens to the credentials meanwhile: they end and are renewed, the server stops and goes on.
    pub(crate) async fn play(&self) {
        let begun = Instant::now();
        let until =
            |second: u64| tokio::time::sleep(Duration::from_secs(second).saturating_sub(begun.elapsed()));
        // The outage is shorter than what a lease that is about to be renewed has left until its hard bound, which is
        // a tenth of it, at most 10 s, before its end.
        until(self.times.lease * 2 / 3 + 1).await;
        self.bao.signal("-STOP");
        tokio::time::sleep(Duration::from_secs(self.times.outage)).await;
        self.bao.signal("-CONT");
        until(self.times.whole).await;
    }
}

pub(crate) fn config(reading: &Reading, port: u16) -> Config {
    let text = |name| reading.field(name).unwrap().expose_text().unwrap().to_owned();
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).dbname("postgres").user(text("username")).password(text("password"));
    config
}

/// Counts of one run.
#[derive(Default)]
struct Counts {
    queries: AtomicUsize,
    users: std::sync::Mutex<std::collections::BTreeSet<String>>,
    over: AtomicBool,
}

impl Counts {
    /// One answer to [`QUERY`].
    fn answered(&self, row: &tokio_postgres::Row) {
        assert_eq!(row.get::<_, i32>(0), 7);
        self.users.lock().unwrap().insert(row.get(1));
        self.queries.fetch_add(1, Ordering::Relaxed);
    }
}

/// Needs the role to be there, unlike `select 1`.
pub(crate) const QUERY: &str = "select n, current_user::text from t, (select pg_sleep(0.002)) s";

#[derive(Clone)]
pub(crate) struct Connector(pub(crate) Config);

impl bb8::ManageConnection for Connector {
    type Connection = Client;
    type Error = tokio_postgres::Error;

    async fn connect(&self) -> Result<Client, Self::Error> {
        let (client, connection) = self.0.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn is_valid(&self, client: &mut Client) -> Result<(), Self::Error> {
        client.simple_query("").await.map(drop)
    }

    fn has_broken(&self, client: &mut Client) -> bool {
        client.is_closed()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bb8_answers_every_query_through_lease_ends_and_an_outage() {
    let stage = Stage::set().await;
    let (rollover, port) = (Rollover::new(stage.handle.clone()), stage.postgres.port);
    let _hook = stage.handle.hook(rollover.clone());
    let pool = bb8::Pool::builder().max_size(4).connection_timeout(Duration::from_secs(10));
    let pool = pool.build(Rolling::new(&rollover, move |r| Connector(config(r, port)))).await.unwrap();
    let counts = Arc::new(Counts::default());
    let workers: Vec<_> = (0..6)
        .map(|_| {
            let (pool, counts) = (pool.clone(), counts.clone());
            tokio::spawn(async move {
                while !counts.over.load(Ordering::Relaxed) {
                    let client = pool.get().await.unwrap();
                    counts.answered(&client.query_one(QUERY, &[]).await.unwrap());
                    drop(client);
                    // bb8 wakes who waits longest and lets the next one that asks go first: without a pause here four
                    // workers keep the four connections among them, and the others wait in vain.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    stage.play().await;
    counts.over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.expect("no query failed");
    }
    told(&counts, &rollover);
    drop(pool);
    assert_eq!(stage.manager.shutdown().await.left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadpool_answers_every_query_through_a_revocation_behind_our_back() {
    let stage = Stage::set().await;
    let (rollover, port) = (Rollover::new(stage.handle.clone()), stage.postgres.port);
    let _hook = stage.handle.hook(rollover.clone());
    let manager = Rolling::new(&rollover, move |r| deadpool_postgres::Manager::new(config(r, port), NoTls));
    let pool = deadpool::managed::Pool::<Rolling<deadpool_postgres::Manager>>::builder(manager);
    let pool = pool.max_size(4).build().unwrap();
    let counts = Arc::new(Counts::default());
    let condemned = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..6)
        .map(|_| {
            let (pool, counts, condemned) = (pool.clone(), counts.clone(), condemned.clone());
            tokio::spawn(async move {
                while !counts.over.load(Ordering::Relaxed) {
                    // A query that fails because the role is gone is asked again, once for each connection that is.
                    let mut tries = 0;
                    let row = loop {
                        let mut client = pool.get().await.unwrap();
                        match client.query_one(QUERY, &[]).await {
                            Ok(row) => break row,
                            Err(error) => {
                                tries += 1;
                                assert!(tries < 200, "{error:?}");
                                condemned.fetch_add(1, Ordering::Relaxed);
                                client.condemn();
                                drop(client);
                                tokio::time::sleep(Duration::from_millis(20)).await;
                            }
                        }
                    };
                    counts.answered(&row);
                }
            })
        })
        .collect();
    let playing = stage.play();
    let revoking = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let held = stage.handle.read().await.unwrap();
        let id = held.lease().unwrap().id().expose_text().unwrap().to_owned();
        let body = format!(r#"{{"lease_id":"{id}","sync":true}}"#);
        stage.bao.call(leakward_fetcher::http::Method::Put, "sys/leases/revoke", &body).await;
    };
    tokio::join!(playing, revoking);
    counts.over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.expect("no query failed");
    }
    assert!(condemned.load(Ordering::Relaxed) > 0, "the revocation was noticed");
    told(&counts, &rollover);
    drop(pool);
    assert_eq!(stage.manager.shutdown().await.left, 0);
}

fn told(counts: &Counts, rollover: &Rollover) {
    let (queries, users) = (counts.queries.load(Ordering::Relaxed), counts.users.lock().unwrap().len());
    eprintln!("{queries} queries by {users} users, none failed; {rollover:?}");
    assert!(queries > 500, "{queries} queries");
    assert!(users >= 2, "credentials were replaced: {users}");
}
