//! A leaked database password: rotated for real in OpenBao and PostgreSQL, while a client goes on querying.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use leakward_fetcher::http::Address;
use leakward_fetcher::provider::vault::{Login, VaultConfig, VaultProvider};
use leakward_fetcher::{Reading, Secret, SecretsManager};
use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::postgres::{ADMIN, Postgres};
use crate::sandbox::{Run, Sandbox};

struct Shop {
    bao: Bao,
    postgres: Arc<Postgres>,
    sandbox: Sandbox,
}

impl Shop {
    fn new() -> Self {
        Self { bao: Bao::start(), postgres: Arc::new(Postgres::start()), sandbox: Sandbox::new() }
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut command = self.sandbox.command(args);
        command.env("VAULT_ADDR", self.bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
        Run::of(command.env("LEAKWARD_STATE", self.sandbox.path().join("state")))
    }

    fn config(&self, paths: &str) -> PathBuf {
        let text = format!(
            "[managers.prod]\nprovider = 'vault'\naddress = '{}'\npaths = [{paths}]\n",
            self.bao.address()
        );
        self.sandbox.file("leakward.toml", text)
    }

    fn can_login(&self, user: &str, password: &str) -> bool {
        self.postgres.query(user, password, "select 1").is_ok()
    }

    /// Queries as whoever `path` says, until `stop`; a login that fails is tried once more with a fresh value.
    fn client(&self, path: &'static str, stop: &Arc<AtomicBool>) -> Client {
        let (address, postgres, stop) = (self.bao.address(), Arc::clone(&self.postgres), Arc::clone(stop));
        let (done, failed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (count, wrong) = (Arc::clone(&done), Arc::clone(&failed));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let login = Login::Token(Secret::copy_of(ROOT.as_bytes()));
                let config = VaultConfig::new(Address::parse(&address).unwrap(), login);
                let manager = SecretsManager::builder()
                    .provider("", VaultProvider::new(config).unwrap())
                    .build()
                    .unwrap();
                let handle = manager.secret_at(path).unwrap();
                let query = |reading: &Reading| {
                    let text = |name| reading.field(name).unwrap().expose_text().unwrap().to_owned();
                    postgres.query(&text("username"), &text("password"), "select current_user")
                };
                while !stop.load(Ordering::Relaxed) {
                    let reading = handle.read().await.unwrap();
                    let mut answer = query(&reading);
                    // While the database has the new password and the manager still tells the old one.
                    for _ in 0..50 {
                        if answer.is_ok() {
                            break;
                        }
                        let fresh = handle.replace(&reading).await;
                        answer = fresh.map_err(|e| e.to_string()).and_then(|fresh| query(&fresh));
                    }
                    wrong.fetch_add(u32::from(answer.is_err()), Ordering::Relaxed);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        });
        Client { thread, done, failed }
    }
}

struct Client {
    thread: std::thread::JoinHandle<()>,
    done: Arc<AtomicU32>,
    failed: Arc<AtomicU32>,
}

impl Client {
    /// Waits for `more` queries.
    fn goes_on(&self, more: u32) {
        let wanted = self.done.load(Ordering::Relaxed) + more;
        while self.done.load(Ordering::Relaxed) < wanted {
            assert!(!self.thread.is_finished(), "the client has ended");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// The password, made at run time.
fn password() -> String {
    let hash = blake3::hash(b"loop").to_hex().to_string();
    format!("Tr{}-{}X", &hash[..9], &hash[20..29])
}

#[test]
fn the_leaked_password_opens_nothing_any_more_and_no_query_fails() {
    let shop = Shop::new();
    let old = password();
    let create = format!("create role app login password '{old}'");
    shop.postgres.query("postgres", ADMIN, &create).unwrap();
    shop.bao.put("prod/db", &json!({ "username": "app", "password": old }));
    shop.sandbox.file("a.py", format!("password = '{old}'\n"));
    let psql = format!("psql -q -h 127.0.0.1 -p {} -d postgres", shop.postgres.port);
    shop.sandbox.file(
        "hook.sh",
        format!(
            "set -eu\nset_to() {{ printf \"alter role app password '%s'\" \"$1\" | PGPASSWORD={ADMIN} {psql} -U postgres; }}\n\
             case $LEAKWARD_STEP in\nprepare) set_to \"$LEAKWARD_NEW\" ;;\n\
             verify) PGPASSWORD=$LEAKWARD_NEW {psql} -U app -c 'select 1' ;;\n\
             rollback) set_to \"$LEAKWARD_OLD\" ;;\nesac\n"
        ),
    );
    let scan = shop.run(&["scan", "a.py", "--verify", "--format", "json"]);
    assert_eq!((scan.code, shop.can_login("app", &old)), (Some(1), true), "{scan:?}");
    let name = scan.json()["findings"][0]["fingerprint"].as_str().unwrap().to_owned();

    let stop = Arc::new(AtomicBool::new(false));
    let client = shop.client("secret/prod/db", &stop);
    client.goes_on(3);
    let run = shop.run(&["rotate", &name, "--apply", "--hook", "sh hook.sh"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("the finding is previous now"), "{run:?}");
    client.goes_on(5);
    stop.store(true, Ordering::Relaxed);
    client.thread.join().unwrap();
    assert_eq!(client.failed.load(Ordering::Relaxed), 0, "failed queries");
    assert!(!shop.can_login("app", &old), "the leaked password opens nothing");
    assert_eq!(shop.run(&["scan", "a.py", "--verify"]).code, Some(0));
    assert_eq!(shop.run(&["scan", "a.py", "--verify", "--fail-on", "previous"]).code, Some(1));
}

#[test]
fn roles_roots_and_leases_of_a_database_are_rotated_by_the_manager() {
    let shop = Shop::new();
    shop.postgres.query("postgres", ADMIN, "create role legacy login password 'x'").unwrap();
    shop.postgres
        .query("postgres", ADMIN, "create role manager superuser login password 'of-the-test'")
        .unwrap();
    let url = format!(
        "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
        shop.postgres.port
    );
    shop.bao.call("POST", "sys/mounts/database", &json!({ "type": "database" }));
    shop.bao.call(
        "POST",
        "database/config/pg",
        &json!({ "plugin_name": "postgresql-database-plugin",
        "allowed_roles": "*", "connection_url": url, "username": "manager", "password": "of-the-test" }),
    ); // leakward:allow
    shop.bao.call(
        "POST",
        "database/static-roles/legacy",
        &json!({ "db_name": "pg", "username": "legacy", "rotation_period": "24h" }),
    );
    let create = "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'";
    shop.bao.call(
        "POST",
        "database/roles/app",
        &json!({ "db_name": "pg", "creation_statements": [create], "default_ttl": "1h" }),
    );
    let read = |path: &str, field: &str| {
        shop.bao.call("GET", path, &Value::Null)["data"][field].as_str().unwrap().to_owned()
    };
    let leaked = read("database/static-creds/legacy", "password");
    shop.sandbox.file("a.py", format!("password = '{leaked}'\n"));
    let config = shop.config("'database/static-creds/legacy'");
    let config = config.to_str().unwrap();
    let scan = shop.run(&["scan", "a.py", "--verify", "--config", config, "--format", "json"]);
    let name = scan.json()["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let plan = shop.run(&["rotate", &name, "--config", config]);
    assert!(plan.stdout.contains("database/rotate-role/legacy"), "{plan:?}");
    assert!(shop.can_login("legacy", &leaked));
    let run = shop.run(&["rotate", &name, "--config", config, "--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("the finding is destroyed now"), "{run:?}");
    let new = read("database/static-creds/legacy", "password");
    assert!(!shop.can_login("legacy", &leaked) && shop.can_login("legacy", &new));

    let lent = shop.bao.call("GET", "database/creds/app", &Value::Null)["data"].clone();
    let (user, pass) = (lent["username"].as_str().unwrap(), lent["password"].as_str().unwrap());
    assert!(shop.can_login(user, pass));
    let run = shop.run(&["rotate", "database/creds/app", "--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!shop.can_login(user, pass), "every lease is over");

    assert!(shop.can_login("manager", "of-the-test"));
    let run = shop.run(&["rotate", "database/config/pg", "--apply"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!shop.can_login("manager", "of-the-test"));
    let again = shop.bao.call("GET", "database/creds/app", &Value::Null)["data"].clone();
    assert!(shop.can_login(again["username"].as_str().unwrap(), again["password"].as_str().unwrap()));
}
