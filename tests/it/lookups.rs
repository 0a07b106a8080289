//! Look-ups at our own server beyond tokens: accessors, leases, users that were lent; accounts of ours; several managers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::postgres::{ADMIN, Postgres};
use crate::sandbox::{Run, Sandbox};

/// A password that the generic rules find; made at run time.
fn made(seed: &str) -> String {
    let hash = blake3::hash(seed.as_bytes()).to_hex().to_string();
    format!("Tr{}-{}X", &hash[..9], &hash[20..29])
}

fn run(bao: &Bao, sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut command = sandbox.command(args);
    command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
    Run::of(command.env("LEAKWARD_STATE", sandbox.path().join("state")))
}

/// The verdict by path.
#[track_caller]
fn verdicts(run: &Run) -> BTreeMap<String, Value> {
    let all = run.json()["findings"].as_array().unwrap().clone();
    all.into_iter().map(|f| (f["path"].as_str().unwrap().to_owned(), f["verdict"].clone())).collect()
}

/// A database engine with the role `app`.
fn database(bao: &Bao, postgres: &Postgres) {
    let url = format!(
        "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
        postgres.port
    );
    bao.call("POST", "sys/mounts/database", &json!({ "type": "database" }));
    let config = json!({ "plugin_name": "postgresql-database-plugin", "allowed_roles": "*",
        "connection_url": url, "username": "postgres", "password": ADMIN });
    bao.call("POST", "database/config/pg", &config);
    let create = "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'";
    let role = json!({ "db_name": "pg", "creation_statements": [create], "default_ttl": "1h" });
    bao.call("POST", "database/roles/app", &role);
}

/// A lease's id, and a URL with the user and password that it lends.
fn lent(bao: &Bao, postgres: &Postgres) -> (String, String) {
    let answer = bao.call("GET", "database/creds/app", &Value::Null);
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let (user, pass) = (text(&answer["data"]["username"]), text(&answer["data"]["password"]));
    let url = format!("postgresql://{user}:{pass}@db.shop.internal:{}/shop", postgres.port);
    (text(&answer["lease_id"]), url)
}

#[test]
fn accessors_leases_and_lent_users_are_looked_up_and_ended() {
    let (bao, postgres, sandbox) = (Bao::start(), Postgres::start(), Sandbox::new());
    database(&bao, &postgres);
    let made = bao.call("POST", "auth/token/create", &json!({ "policies": ["default"], "ttl": "1h" }));
    let accessor = made["auth"]["accessor"].as_str().unwrap().to_owned();
    let (id, url) = lent(&bao, &postgres);
    sandbox.file("a.env", format!("TOKEN_ACCESSOR={accessor}\n"));
    sandbox.file("b.env", format!("LEASE_TOKEN={id}\n"));
    sandbox.file("c.env", format!("DATABASE_URL={url}\n"));
    let args = ["scan", "--lookup", "--min-confidence", "low", "--format", "json"];
    let scan = run(&bao, &sandbox, &args);
    let found = verdicts(&scan);
    let states: Vec<_> = found.iter().map(|(path, v)| format!("{path} {}", v["state"])).collect();
    assert_eq!(states, ["a.env \"leased\"", "b.env \"leased\"", "c.env \"leased\""], "{scan:?}");
    assert_eq!(found["c.env"]["path"], "database/creds/app");
    assert!(found["c.env"]["expires"].is_string(), "{found:?}");
    let name = |path: &str| {
        let report = scan.json();
        let all = report["findings"].as_array().unwrap();
        all.iter().find(|f| f["path"] == path).unwrap()["fingerprint"].as_str().unwrap().to_owned()
    };
    for path in ["c.env", "a.env"] {
        let ended = run(&bao, &sandbox, &["rotate", &name(path), "--in", path, "--apply"]);
        assert_eq!(ended.code, Some(0), "{path}: {ended:?}");
    }
    let after = verdicts(&run(&bao, &sandbox, &args));
    assert!(after.values().all(|v| v["state"] == "destroyed"), "{after:?}");
}

#[test]
fn of_users_lent_in_the_same_second_none_is_ended_by_guess() {
    let (bao, postgres, sandbox) = (Bao::start(), Postgres::start(), Sandbox::new());
    database(&bao, &postgres);
    let (first, url) = lent(&bao, &postgres);
    let (second, _) = lent(&bao, &postgres);
    sandbox.file("a.env", format!("DATABASE_URL={url}\n"));
    let scan = run(&bao, &sandbox, &["scan", "--lookup", "--format", "json"]);
    let verdict = verdicts(&scan)["a.env"].clone();
    assert_eq!(verdict["state"], "leased", "{scan:?}");
    assert!(verdict["notes"].to_string().contains("several leases"), "{verdict}");
    let name = scan.json()["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let refused = run(&bao, &sandbox, &["rotate", &name, "--apply"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("several leases"), "{refused:?}");
    for lease in [first, second] {
        bao.call("PUT", "sys/leases/lookup", &json!({ "lease_id": lease }));
    }
    let all = run(&bao, &sandbox, &["rotate", "database/creds/app", "--apply"]);
    assert_eq!(all.code, Some(0), "{all:?}");
    assert_eq!(
        verdicts(&run(&bao, &sandbox, &["scan", "--lookup", "--format", "json"]))["a.env"]["state"],
        "destroyed"
    );
}

#[test]
fn several_managers_are_read_each_by_its_patterns_and_our_accounts_are_marked() {
    let (one, two, sandbox) = (Bao::start(), Bao::start(), Sandbox::new());
    let (shop, bank, dev) = (made("shop"), made("bank"), made("dev"));
    one.put("prod/shop", &json!({ "password": shop }));
    one.put("dev/shop", &json!({ "password": dev }));
    two.put("prod/bank", &json!({ "password": bank }));
    for (name, value) in [("shop", &shop), ("bank", &bank), ("dev", &dev)] {
        sandbox.file(format!("{name}.py"), format!("password = '{value}'\n"));
    }
    // The account 123456789012 in its 40 bits, and 30 characters of a secret key.
    let number = 123_456_789_012u64 << 7 | 1 << 47;
    let letter = |i: u32| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(number >> (43 - 5 * i) & 31) as usize] as char;
    let id: String = (0..9).map(letter).chain("Q7RB2SC".chars()).collect();
    let hash = blake3::hash(b"aws").to_hex().to_string();
    let key = format!("{}Xq/{}+Zk{}", &hash[..14], hash[14..28].to_uppercase(), &hash[28..37]);
    sandbox.file("aws.env", format!("AWS_ACCESS_KEY_ID=AKIA{id}\nAWS_SECRET_ACCESS_KEY={key}\n"));
    let manager = |name: &str, bao: &Bao, more: &str| {
        format!(
            "[managers.{name}]\nprovider = 'vault'\naddress = '{}'\npaths = ['secret/prod/*']\n{more}",
            bao.address()
        )
    };
    let config = manager("shop", &one, "concurrency = 2\nrate = 100\naccounts = ['123456789012']\n")
        + &manager("bank", &two, "");
    let config = sandbox.file("../leakward-managers.toml", config);
    let scan =
        run(&one, &sandbox, &["scan", "--verify", "--config", config.to_str().unwrap(), "--format", "json"]);
    std::fs::remove_file(&config).unwrap();
    let found = verdicts(&scan);
    let told = |path: &str| (found[path]["state"].clone(), found[path]["manager"].clone());
    assert_eq!(told("shop.py"), ("current".into(), "shop".into()), "{scan:?}");
    assert_eq!(told("bank.py"), ("current".into(), "bank".into()));
    assert_eq!(found["dev.py"]["state"], "unmanaged", "its pattern leaves it out");
    assert!(scan.stdout.contains("an account of yours (shop)"), "{scan:?}");
}

#[test]
fn how_long_a_value_may_be_in_force_is_told_beside_its_owner() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    let value = made("young");
    bao.put("young", &json!({ "password": value }));
    let notes = json!({ "custom_metadata": { "rotation_period": "90d", "team": "shop" } });
    bao.call("POST", "secret/metadata/young", &notes);
    sandbox.file("a.py", format!("password = '{value}'\n"));
    let found = verdicts(&run(&bao, &sandbox, &["scan", "--verify", "--format", "json"]));
    let told = ["rotate_within", "overdue", "owner"].map(|key| found["a.py"][key].clone());
    assert_eq!(told, [json!("90d"), json!(false), json!("shop")]);
}

#[test]
fn a_known_value_that_stands_everywhere_is_called_a_common_word() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("odd", &json!({ "word": "tidewater" }));
    for n in 0..120 {
        sandbox.file(format!("{n}.md"), "the tidewater region\n");
    }
    let scan = run(&bao, &sandbox, &["scan", "--known", "--format", "json"]);
    assert_eq!(scan.code, Some(0), "{scan:?}");
    let notes = scan.summary()["notes"].to_string();
    assert!(notes.contains("secret/odd (word): found in 120 places"), "{notes}");
}
