//! `leakward get` and `leakward policy` with a real OpenBao.

use serde_json::json;

use crate::bao::{Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

fn ask(sandbox: &Sandbox, bao: &Bao, token: &str, args: &[&str]) -> Run {
    let mut command = sandbox.command(args);
    for name in ["BAO_ADDR", "BAO_TOKEN", "VAULT_NAMESPACE"] {
        command.env_remove(name);
    }
    Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", token).env("HOME", sandbox.path()))
}

#[test]
fn a_value_is_printed_with_nothing_but_address_and_token() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("myapp/api_key", &json!({ "value": "it's", "n": 5 }));
    bao.put("myapp/api_key", &json!({ "value": "new" }));
    let get = |args: &[&str]| ask(&sandbox, &bao, ROOT, &[&["get", "secret/myapp/api_key"], args].concat());
    let run = get(&["--field", "value"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "new", ""));
    assert_eq!(get(&["--version", "1", "--format", "env"]).stdout, "export N='5'\nexport VALUE='it'\\''s'\n");
    assert_eq!(get(&["--version", "previous", "--field", "n"]).stdout, "5");
    assert_eq!(get(&["--format", "json"]).stdout, "{\"value\":\"new\"}\n");
    std::fs::write(sandbox.path().join(".vault-token"), ROOT).unwrap();
    let run = ask(&sandbox, &bao, "", &["get", "secret/data/myapp/api_key#value"]);
    assert_eq!(run.stdout, "new", "the token's file will do, and so will the API's path: {run:?}");
}

#[test]
fn what_is_absent_is_code_1_and_what_cannot_be_read_is_code_2_with_a_remedy() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("app", &json!({ "value": "hidden-canary" }));
    let check = |token: &str, args: &[&str], code: i32, text: &str| {
        let run = ask(&sandbox, &bao, token, args);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.stderr.contains(text) && run.stderr.contains("help: "), "{run:?}");
        assert!(!run.stderr.contains("hidden-canary") && run.stdout.is_empty(), "{run:?}");
    };
    check(ROOT, &["get", "secret/none"], 1, "secret/none: vault: no such secret");
    check(ROOT, &["get", "secret/app#none"], 1, "has no field none");
    check(ROOT, &["get", "secret/app", "--version", "7"], 1, "no such secret");
    check(ROOT, &["get", "nowhere/app"], 2, "");
    check("bad-token", &["get", "secret/app"], 2, "permission denied");
    check(ROOT, &["get", "secret/app", "--manager", "gcp"], 2, "without the feature gcp");
    check(ROOT, &["get", "secret/app#a", "--field", "b"], 2, "named twice");
    bao.signal("-STOP");
    check(ROOT, &["get", "secret/app", "--timeout", "300ms"], 2, "no answer within");
    bao.signal("-CONT");
}

const MAPPING: &str = "[providers.v]\nkind = 'vault'\n[secrets.'db/main']\nprovider = 'v'\npath = 'secret/team/db'\n\
                       [secrets.key]\nprovider = 'v'\npath = 'secret/team/key'\nfield = 'value'\n";

#[test]
fn a_token_with_the_printed_policy_can_read_exactly_the_mappings_secrets() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    for path in ["team/db", "team/key", "team/other"] {
        bao.put(path, &json!({ "value": path }));
    }
    sandbox.file("map.toml", MAPPING);
    let policy = sandbox.run(["policy", "map.toml"]);
    assert_eq!(policy.code, Some(0), "{policy:?}");
    assert!(!policy.stdout.contains(['*', '+']), "{policy:?}");
    let token = bao.token(&policy.stdout);
    let get = |args: &[&str]| ask(&sandbox, &bao, &token, args);
    assert_eq!(get(&["get", "key", "--map-file", "map.toml"]).stdout, "team/key");
    assert_eq!(get(&["get", "db/main#value", "--map-file", "map.toml"]).stdout, "team/db");
    assert_eq!(get(&["get", "secret/team/other"]).code, Some(2));
    assert_eq!(get(&["get", "other", "--map-file", "map.toml"]).code, Some(2));
    let write = bao.call_as(&token, "POST", "secret/data/team/key", &json!({ "data": {} }));
    assert_eq!(write.0, 403);
    assert_eq!(bao.call_as(&token, "GET", "secret/metadata/team?list=true", &json!(null)).0, 403);
    sandbox.file("exact.hcl", &policy.stdout);
    let run = sandbox.run(["policy", "map.toml", "--check", "exact.hcl"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
}

#[test]
fn policies_that_give_too_much_are_told_off() {
    let sandbox = Sandbox::new();
    sandbox.file("map.toml", MAPPING);
    sandbox.file("wide.hcl", "path \"secret/*\" {\n  capabilities = [\"read\", \"list\"]\n}\n");
    let run = sandbox.run(["policy", "map.toml", "--check", "wide.hcl"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("too wide: path \"secret/*\" (line 1)"), "{run:?}");
    sandbox.file("aws.toml", "[providers.a]\nkind = 'aws'\n[secrets.'prod/db']\nprovider = 'a'\n");
    let account = ["--account", "123456789012", "--region", "eu-west-1"];
    let run = sandbox.run([&["policy", "aws.toml"][..], &account].concat());
    assert!(
        run.stdout.contains("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-??????"),
        "{run:?}"
    );
    sandbox.file("exact.json", &run.stdout);
    let check = |file: &str| sandbox.run([&["policy", "aws.toml", "--check", file][..], &account].concat());
    assert_eq!(check("exact.json").code, Some(0));
    sandbox.file(
        "wide.json",
        r#"{"Statement":[{"Effect":"Allow","Action":["secretsmanager:GetSecretValue"],"Resource":"*"}]}"#,
    );
    let run = check("wide.json");
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), "wide.json: too wide: *\n"));
    sandbox.file("broken.json", "{");
    assert_eq!(check("broken.json").code, Some(2));
    assert_eq!(
        sandbox.run(["policy", "aws.toml"]).code,
        Some(2),
        "without the account it would not be exact"
    );
}
