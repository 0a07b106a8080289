//! Rotation against a real OpenBao, with a file that stands for what the secret opens.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

/// A hook for which the file `door` is what the secret opens; each step is written to `steps`. It fails at the step that
/// the file `fail` names.
const HOOK: &str = r#"
echo "$LEAKWARD_STEP" >> steps
[ "$LEAKWARD_STEP" = "$(cat fail 2>/dev/null)" ] && exit 3
case $LEAKWARD_STEP in
prepare) printf %s "$LEAKWARD_NEW" > door ;;
verify) [ "$(cat door)" = "$LEAKWARD_NEW" ] && echo "logged in with $LEAKWARD_NEW" ;;
rollback) printf %s "$LEAKWARD_OLD" > door ;;
esac
"#;

/// Looks again and again, for a minute.
#[track_caller]
fn wait_until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A secret at `secret/prod/db` that leaked in `a.py`, and what it opens.
struct Leak {
    bao: Bao,
    sandbox: Sandbox,
    old: String,
}

impl Leak {
    fn new() -> Self {
        let (bao, sandbox) = (Bao::start(), Sandbox::new());
        let hash = blake3::hash(b"rotate").to_hex().to_string();
        let old = format!("Tr{}-{}X", &hash[..9], &hash[20..29]);
        bao.put("prod/db", &json!({ "username": "app", "password": old, "port": 5432 }));
        sandbox.file("a.py", format!("password = '{old}'\n"));
        sandbox.file("door", &old);
        sandbox.file("hook.sh", HOOK);
        Self { bao, sandbox, old }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args);
        command.env("VAULT_ADDR", self.bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
        command.env("LEAKWARD_STATE", self.sandbox.path().join("state"));
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// `leakward rotate secret/prod/db --apply` with the hook.
    fn rotate(&self) -> Run {
        self.run(&["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"])
    }

    /// The same, not waited for.
    fn begin(&self) -> Child {
        let mut command = self.command(&["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn fingerprint(&self) -> String {
        let found = self.run(&["scan", "a.py", "--verify", "--format", "json"]);
        found.json()["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Version and password in force.
    fn in_force(&self) -> (u64, String) {
        let data = self.bao.call("GET", "secret/data/prod/db", &Value::Null)["data"].clone();
        assert_eq!((&data["data"]["username"], &data["data"]["port"]), (&"app".into(), &5432.into()));
        let number = data["metadata"]["version"].as_u64().unwrap();
        (number, data["data"]["password"].as_str().unwrap().to_owned())
    }

    fn door(&self) -> String {
        fs::read_to_string(self.sandbox.path().join("door")).unwrap()
    }

    fn steps(&self) -> Vec<String> {
        let text = fs::read_to_string(self.sandbox.path().join("steps")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Nothing is left over: no journal, no staged value.
    #[track_caller]
    fn is_tidy(&self) {
        let listed = self.run(&["rotate", "--unfinished"]);
        assert_eq!(listed.stdout, "no rotation was cut off\n");
        let (status, _) =
            self.bao.call_as(ROOT, "GET", "secret/metadata/prod/db.leakward-pending", &Value::Null);
        assert_eq!(status, 404, "nothing is staged");
    }
}

#[test]
fn a_plan_changes_nothing_and_a_rotation_takes_the_leaked_value_out_of_force() {
    let leak = Leak::new();
    let name = leak.fingerprint();
    let plan = leak.run(&["rotate", &name, "--hook", "sh hook.sh"]);
    assert_eq!(plan.code, Some(0), "{plan:?}");
    for part in [
        "would rotate vault:secret/prod/db (password), version 1",
        "secret/prod/db.leakward-pending",
        "hook: prepare, verify",
        "nothing was changed",
    ] {
        assert!(plan.stdout.contains(part), "{part}: {plan:?}");
    }
    assert_eq!((leak.in_force(), leak.door()), ((1, leak.old.clone()), leak.old.clone()));
    assert!(leak.steps().is_empty());

    let refused = leak.run(&["rotate", &name, "--apply"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("no hook would tell"), "{refused:?}");
    assert_eq!(leak.in_force().0, 1);

    let run = leak.run(&["rotate", &name, "--apply", "--hook", "sh hook.sh"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("the finding is previous now"), "{run:?}");
    let (version, new) = leak.in_force();
    assert_eq!((version, leak.door()), (2, new.clone()));
    assert!(new != leak.old && new.len() == 32);
    assert_eq!(leak.steps(), ["prepare", "verify", "commit", "drain", "retire"]);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(&new) && !text.contains(&leak.old), "{run:?}");
    }
    assert!(run.stderr.contains("verify: logged in with [secret]"), "{run:?}");
    leak.is_tidy();
    let again = leak.run(&["rotate", &name, "--apply", "--hook", "sh hook.sh"]);
    assert!(again.code == Some(0) && again.stdout.contains("nothing to do"), "{again:?}");
    assert_eq!(leak.in_force().0, 2);
    assert_eq!(leak.run(&["scan", "a.py", "--verify"]).code, Some(0));
    assert_eq!(leak.run(&["scan", "a.py", "--verify", "--fail-on", "previous"]).code, Some(1));
}

#[test]
fn a_hook_that_fails_leaves_everything_as_it_was() {
    for step in ["prepare", "verify", "commit"] {
        let leak = Leak::new();
        leak.sandbox.file("fail", step);
        let run = leak.rotate();
        assert_eq!(run.code, Some(2), "{step}: {run:?}");
        assert!(run.stderr.contains("the hook failed at"), "{run:?}");
        assert_eq!(leak.in_force().1, leak.old, "{step}");
        assert_eq!(leak.door(), leak.old, "{step}");
        assert_eq!(leak.steps().last().unwrap(), "rollback");
        leak.is_tidy();
        leak.sandbox.file("fail", "");
        assert_eq!(leak.rotate().code, Some(0));
        assert_eq!(leak.in_force().1, leak.door());
    }
}

#[test]
fn a_hook_that_cannot_retire_is_run_again_later() {
    let leak = Leak::new();
    leak.sandbox.file("fail", "retire");
    assert_eq!(leak.rotate().code, Some(2));
    let (version, new) = leak.in_force();
    assert_eq!((version, leak.door()), (2, new));
    let listed = leak.run(&["rotate", "--unfinished"]);
    assert!(listed.stdout.starts_with("vault:secret/prod/db begun at 20"), "{listed:?}");
    let other = leak.run(&["rotate", "secret/prod/db", "--apply", "--without-hook"]);
    assert!(other.code == Some(2) && other.stderr.contains("with --hook 'sh hook.sh'"), "{other:?}");
    leak.sandbox.file("fail", "");
    assert_eq!(leak.rotate().code, Some(0));
    assert_eq!(leak.in_force().0, 2);
    leak.is_tidy();
}

/// Every point at which a rotation may be cut off.
const POINTS: [&str; 18] = [
    "before-begun",
    "after-begun",
    "staged",
    "before-staged",
    "after-staged",
    "hook-prepared",
    "before-prepared",
    "after-prepared",
    "written",
    "before-committed",
    "after-committed",
    "hook-committed",
    "before-used",
    "after-used",
    "hook-retired",
    "before-retired",
    "after-retired",
    "before-done",
];

#[test]
fn a_rotation_that_was_cut_off_anywhere_goes_on() {
    let leak = Leak::new();
    let mut version = 1;
    for point in POINTS {
        let args = ["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"];
        let cut = Run::of(leak.command(&args).env("LEAKWARD_TEST_DIE_AT", point));
        assert_eq!(cut.code, None, "{point}: ended by a signal: {cut:?}");
        let journal = fs::read_dir(leak.sandbox.path().join("state")).unwrap().flatten();
        let (before, in_force) = (leak.door(), leak.in_force());
        for file in journal {
            let text = fs::read_to_string(file.path()).unwrap();
            assert!(!text.contains(&before) && !text.contains(&in_force.1), "{point}: a value is in {text}");
        }
        let run = leak.rotate();
        assert_eq!(run.code, Some(0), "{point}: {run:?}");
        let (now, password) = leak.in_force();
        assert_eq!(now, version + 1, "{point}: one new version, however often it was begun");
        assert_eq!(password, leak.door(), "{point}: what it opens follows");
        leak.is_tidy();
        version = now;
    }
}

/// A hook that stands still at the step that the file `halt` names, until that file is gone, and then fails.
const HALT: &str = r#"
if [ "$LEAKWARD_STEP" = "$(cat halt 2>/dev/null)" ]; then
  : > halted
  while [ -e halt ]; do sleep 0.02; done
  rm halted
  exit 3
fi
"#;

#[test]
fn a_rotation_that_is_killed_while_its_hook_works_goes_on() {
    let leak = Leak::new();
    leak.sandbox.file("hook.sh", format!("{HALT}{HOOK}"));
    let (halt, halted) = (leak.sandbox.path().join("halt"), leak.sandbox.path().join("halted"));
    let mut version = 1;
    for step in ["prepare", "verify", "commit", "drain", "retire", "rollback"] {
        let is_rolled_back = step == "rollback";
        leak.sandbox.file("fail", if is_rolled_back { "verify" } else { "" });
        leak.sandbox.file("halt", step);
        let mut killed = leak.begin();
        wait_until(|| halted.exists());
        killed.kill().unwrap();
        assert_eq!(killed.wait().unwrap().code(), None, "{step}: ended by a signal");
        fs::remove_file(&halt).unwrap();
        wait_until(|| !halted.exists());
        let run = leak.rotate();
        if is_rolled_back {
            assert!(run.code == Some(2) || run.stdout.contains("undone"), "{run:?}");
        } else {
            assert_eq!(run.code, Some(0), "{step}: {run:?}");
            version += 1;
        }
        assert_eq!(leak.in_force(), (version, leak.door()), "{step}");
        leak.is_tidy();
    }
}

#[test]
fn a_rotation_that_is_killed_at_any_moment_goes_on() {
    let leak = Leak::new();
    let begun = Instant::now();
    assert_eq!(leak.rotate().code, Some(0));
    let whole = begun.elapsed();
    for part in 0..12 {
        let (before, _) = leak.in_force();
        let mut killed = leak.begin();
        std::thread::sleep(whole * part / 12);
        killed.kill().unwrap();
        killed.wait().unwrap();
        let run = leak.rotate();
        assert_eq!(run.code, Some(0), "{part}: {run:?}");
        let (now, password) = leak.in_force();
        // Killed behind its last step, it had rotated already, and the second run rotates anew.
        assert!(now == before + 1 || now == before + 2, "{part}: {before} {now}");
        assert_eq!(password, leak.door(), "{part}: what it opens follows");
        leak.is_tidy();
    }
}

#[test]
fn a_rotation_that_was_cut_off_can_be_undone_instead() {
    for point in ["staged", "after-prepared", "written", "after-committed"] {
        let leak = Leak::new();
        let args = ["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"];
        assert_eq!(Run::of(leak.command(&args).env("LEAKWARD_TEST_DIE_AT", point)).code, None);
        let undone = leak.run(&["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh", "--undo"]);
        assert_eq!(undone.code, Some(0), "{point}: {undone:?}");
        assert_eq!((leak.in_force().1, leak.door()), (leak.old.clone(), leak.old.clone()), "{point}");
        leak.is_tidy();
    }
}

#[test]
fn a_killed_hook_or_a_crash_while_undoing_is_gone_on_with() {
    let leak = Leak::new();
    leak.sandbox.file("fail", "verify");
    for point in ["before-undoing", "after-undoing", "hook-rolled-back"] {
        let args = ["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"];
        assert_eq!(Run::of(leak.command(&args).env("LEAKWARD_TEST_DIE_AT", point)).code, None, "{point}");
        let run = leak.rotate();
        assert!(run.code == Some(2) || run.stdout.contains("undone"), "{point}: {run:?}");
        assert_eq!((leak.in_force(), leak.door()), ((1, leak.old.clone()), leak.old.clone()), "{point}");
        leak.is_tidy();
    }
}

#[test]
fn the_second_of_two_rotations_is_refused_or_waits() {
    let leak = Leak::new();
    leak.sandbox.file(
        "hook.sh",
        format!(
            "[ $LEAKWARD_STEP = prepare ] && : > begun && while [ ! -e go ]; do sleep 0.05; done\n{HOOK}"
        ),
    );
    let args = ["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"];
    let mut first = leak.command(&args);
    let first = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| leak.sandbox.path().join("begun").exists());
    let second = leak.rotate();
    assert!(second.code == Some(2) && second.stderr.contains("by another process"), "{second:?}");
    let mut third = leak.command(&args);
    let third = third.args(["--wait", "60"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    leak.sandbox.file("go", "");
    let (first, third) = (first.wait_with_output().unwrap(), third.wait_with_output().unwrap());
    assert!(first.status.success() && third.status.success(), "{first:?} {third:?}");
    let (version, new) = leak.in_force();
    assert_eq!((version, leak.door()), (3, new));
}

#[test]
fn a_version_that_somebody_else_wrote_meanwhile_is_not_overwritten() {
    let leak = Leak::new();
    let args = ["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"];
    assert_eq!(Run::of(leak.command(&args).env("LEAKWARD_TEST_DIE_AT", "after-prepared")).code, None);
    leak.bao.put("prod/db", &json!({ "username": "app", "password": "of somebody else", "port": 5432 })); // leakward:allow
    let run = leak.rotate();
    assert!(run.code == Some(2) && run.stderr.contains("somebody else changed it"), "{run:?}");
    assert_eq!(leak.in_force(), (2, "of somebody else".to_owned()));
    assert_eq!(leak.door(), "of somebody else", "what it opens follows the manager");
    leak.is_tidy();
}

#[test]
fn a_right_that_is_missing_changes_nothing() {
    let leak = Leak::new();
    let token = leak.bao.token("path \"secret/data/prod/db\" { capabilities = [\"read\", \"update\"] }");
    let args = ["rotate", "secret/prod/db", "--apply", "--hook", "sh hook.sh"];
    let run = Run::of(leak.command(&args).env("VAULT_TOKEN", token));
    assert!(run.code == Some(2) && run.stderr.contains("permission denied"), "{run:?}");
    assert!(leak.steps().is_empty() && leak.in_force().0 == 1);
    leak.is_tidy();
}

#[test]
fn found_tokens_and_secret_ids_are_ended_at_our_own_server() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    let made = bao.call("POST", "auth/token/create", &json!({ "policies": ["default"], "ttl": "1h" }));
    let token = made["auth"]["client_token"].as_str().unwrap().to_owned();
    bao.call("POST", "sys/auth/approle", &json!({ "type": "approle" }));
    bao.call("POST", "auth/approle/role/deploy", &json!({ "token_policies": ["default"] }));
    let id = bao.call("POST", "auth/approle/role/deploy/secret-id", &json!({}))["data"]["secret_id"].clone();
    sandbox.file("a.env", format!("VAULT_TOKEN={token}\n"));
    sandbox.file("b.env", format!("VAULT_SECRET_ID={}\n", id.as_str().unwrap()));
    let run = |args: &[&str]| {
        Run::of(sandbox.command(args).env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT))
    };
    let found = run(&["scan", "--lookup", "--format", "json"]).json();
    for (i, call) in
        ["auth/token/revoke-accessor", "auth/approle/role/deploy/secret-id/destroy"].into_iter().enumerate()
    {
        let name = found["findings"][i]["fingerprint"].as_str().unwrap();
        let plan = run(&["rotate", name]);
        assert!(plan.code == Some(0) && plan.stdout.contains(call), "{plan:?}");
        let done = run(&["rotate", name, "--apply"]);
        assert!(done.code == Some(0) && done.stdout.contains("the finding is destroyed now"), "{done:?}");
        let again = run(&["rotate", name, "--apply"]);
        assert!(again.code == Some(0) && again.stdout.contains("nothing to do"), "{again:?}");
        assert!(!done.stdout.contains(&token));
    }
    assert_eq!(bao.call_as(&token, "GET", "auth/token/lookup-self", &Value::Null).0, 403);
}
