//! Adoption against a real OpenBao: the value goes in, a reference takes its place.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

#[test]
fn an_unmanaged_value_is_stored_once_and_referred_to() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    let hash = blake3::hash(b"adopt").to_hex().to_string();
    let value = format!("Tr{}-{}X", &hash[..9], &hash[20..29]);
    let text = format!("\"\"\"Shop.\"\"\"\r\nimport sys\r\npassword = '{value}'\r\n");
    let file = sandbox.file("app/a.py", &text);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let run = |args: &[&str]| {
        let mut command = sandbox.command(args);
        command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
        Run::of(&mut command)
    };
    let found = run(&["scan", "--verify", "--format", "json"]).json();
    let name = found["findings"][0]["fingerprint"].as_str().unwrap().to_owned();

    let nowhere = run(&["adopt", &name]);
    assert!(nowhere.code == Some(2) && nowhere.stderr.contains("--path"), "{nowhere:?}");
    let plan = run(&["adopt", &name, "--path", "secret/shop/db"]);
    assert_eq!(plan.code, Some(0), "{plan:?}");
    for part in [
        "would store it at vault:secret/shop/db (password)",
        "-password = '********'\n+password = os.environ[\"DB_PASSWORD\"]\n",
        "leakward exec --map DB_PASSWORD=secret/shop/db#password -- PROGRAM",
    ] {
        assert!(plan.stdout.contains(part), "{part}: {}", plan.stdout);
    }
    assert!(!plan.stdout.contains(&value) && fs::read_to_string(&file).unwrap() == text);
    assert_eq!(bao.call_as(ROOT, "GET", "secret/data/shop/db", &Value::Null).0, 404);

    bao.put("shop/taken", &json!({ "password": "of somebody else" })); // leakward:allow
    let taken = run(&["adopt", &name, "--path", "secret/shop/taken", "--apply"]);
    assert!(taken.code == Some(2) && taken.stderr.contains("something else is there"), "{taken:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    let done = run(&["adopt", &name, "--path", "secret/shop/db", "--apply"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let held = bao.call("GET", "secret/data/shop/db", &Value::Null);
    assert_eq!(held["data"]["data"], json!({ "password": value }));
    let after = text.replace(&format!("'{value}'"), "os.environ[\"DB_PASSWORD\"]");
    let after = after.replace("import sys", "import os\r\nimport sys");
    assert_eq!(fs::read_to_string(&file).unwrap(), after);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(run(&["scan", "--known"]).code, Some(0), "nothing is left in the files");

    // A second place where it leaked: stored already, only referred to.
    sandbox.file("deploy.sh", format!("DB_PASSWORD='{value}' ./run\n"));
    let found = run(&["scan", "--known", "--format", "json"]).json();
    let name = found["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let done = run(&["adopt", &name, "--reference", "get", "--apply"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let text = fs::read_to_string(sandbox.path().join("deploy.sh")).unwrap();
    assert_eq!(text, "DB_PASSWORD=\"$(leakward get secret/shop/db --field password)\" ./run\n");
    assert_eq!(bao.call("GET", "secret/data/shop/db", &Value::Null)["data"]["metadata"]["version"], 1);
}
