//! `leakward exec` and `leakward render` with a real OpenBao.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bao::{Bao, ROOT};
use crate::sandbox::{Run, Sandbox};

/// A mapping under which what `key` stands for is looked at every second or so.
const QUICK: &str = "[providers.v]\nkind = 'vault'\n[secrets.key]\nprovider = 'v'\npath = 'secret/app/key'\n\
                     [policies.key]\nttl = '2s'\nmax_stale = '60s'\n";

fn command<'a>(sandbox: &Sandbox, bao: &Bao, args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = sandbox.command(args);
    command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT).env_remove("BAO_ADDR");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn wait_for(file: &Path, text: &str) {
    let begun = Instant::now();
    while std::fs::read_to_string(file).unwrap_or_default() != text {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} never was {text:?}", file.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(child: Child) -> Run {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    Run::from(child.wait_with_output().unwrap())
}

#[test]
fn a_program_gets_the_values_not_the_login_and_its_code_is_ours() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("app/key", &json!({ "value": "one", "user": "bob" }));
    let script = "printf '%s %s %s' \"$KEY\" \"$USER_NAME\" \"${VAULT_TOKEN-none}\"; exit 7";
    let maps = ["--map", "KEY=secret/app/key#value", "--map", "USER_NAME=secret/app/key#user"];
    let run =
        Run::of(&mut command(&sandbox, &bao, [&["exec"], &maps[..], &["--", "sh", "-c", script]].concat()));
    assert_eq!((run.code, run.stdout.as_str()), (Some(7), "one bob none"), "{run:?}");
    let keep = [&["exec", "--keep-login"], &maps[..], &["--", "sh", "-c", script]].concat();
    assert_eq!(Run::of(&mut command(&sandbox, &bao, keep)).stdout, "one bob root");
    let code = |program: &[&str]| {
        Run::of(&mut command(&sandbox, &bao, [&["exec"], &maps[..], &["--"], program].concat())).code
    };
    assert_eq!(code(&["no-such-program"]), Some(127));
    assert_eq!(code(&["/"]), Some(126));
    assert_eq!(code(&["sh", "-c", "kill -9 $$"]), Some(137));
}

#[test]
fn a_program_is_not_started_without_its_values() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("app/key", &json!({ "value": "one" }));
    let run = |map: &str, wait: &str| {
        let args = ["exec", "--map", map, "--wait", wait, "--", "touch", "started"];
        Run::of(&mut command(&sandbox, &bao, args))
    };
    assert_eq!(run("KEY=secret/app/none", "30s").code, Some(125), "absent: no use in waiting");
    let lacking = run("KEY=secret/app/key#none", "30s");
    assert_eq!(lacking.code, Some(125));
    assert!(lacking.stderr.contains("KEY: secret/app/key: the value has no field none"), "{lacking:?}");
    bao.signal("-STOP");
    assert_eq!(run("KEY=secret/app/key", "1s").code, Some(125));
    assert!(!sandbox.path().join("started").exists());
    let args = ["exec", "--map", "KEY=secret/app/key#value", "--", "sh", "-c", "printf $KEY > started"];
    let waiting = command(&sandbox, &bao, args).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    bao.signal("-CONT");
    let run = Run::from(waiting.wait_with_output().unwrap());
    assert_eq!(run.code, Some(0), "{run:?}");
    wait_for(&sandbox.path().join("started"), "one");
}

#[test]
fn a_program_is_started_again_with_a_rotated_value_and_gets_our_signals() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("app/key", &json!({ "value": "one" }));
    sandbox.file("map.toml", QUICK);
    let script = "printf \"$KEY\" > seen; trap 'exit 9' TERM; while :; do sleep 0.05; done";
    let args = ["exec", "--map-file", "map.toml", "--map", "KEY=key#value", "--", "sh", "-c", script];
    let child = command(&sandbox, &bao, args).spawn().unwrap();
    let seen = sandbox.path().join("seen");
    wait_for(&seen, "one");
    bao.put("app/key", &json!({ "value": "one", "more": 1 }));
    bao.put("app/key", &json!({ "value": "two" }));
    wait_for(&seen, "two");
    let run = end(child);
    assert_eq!(run.code, Some(9), "the program's own answer to the signal: {run:?}");
    assert!(!run.stderr.contains("two"), "{run:?}");
}

#[test]
fn a_program_can_get_a_signal_instead() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("app/key", &json!({ "value": "one" }));
    sandbox.file("map.toml", QUICK);
    let script = "trap 'printf told > seen' HUP; printf up > seen; while :; do sleep 0.05; done";
    let args = [
        "exec",
        "--map-file",
        "map.toml",
        "--on-change",
        "HUP",
        "--map",
        "KEY=key#value",
        "--",
        "sh",
        "-c",
        script,
    ];
    let child = command(&sandbox, &bao, args).spawn().unwrap();
    let seen = sandbox.path().join("seen");
    wait_for(&seen, "up");
    bao.put("app/key", &json!({ "value": "two" }));
    wait_for(&seen, "told");
    assert_eq!(end(child).code, Some(143), "a program that does not mind is ended by the signal");
}

#[test]
fn a_template_becomes_a_private_file_or_nothing() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("app/key", &json!({ "value": "a\"b", "list": ["x", "y"], "port": 5432 }));
    let text = "{% set s = secret('secret/app/key') %}{{ s.value | tojson }} {{ s.port + 1 }}\n\
                {% for x in s.list %}[{{ x }}]{% endfor %} {{ secret('secret/app/key', 'none') | default('-') }}\n";
    sandbox.file("good.j2", text);
    let render = |args: &[&str]| Run::of(&mut command(&sandbox, &bao, [&["render"], args].concat()));
    let run = render(&["good.j2", "-o", "out"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let out = sandbox.path().join("out");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "\"a\\\"b\" 5433\n[x][y] -\n");
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    for (template, told) in [
        ("{{ secret('secret/app/key').none }}", "line 1: secret/app/key has no field none"),
        ("\n{{ secret('secret/none') }}", "no such secret"),
        ("\n{{ unknown }}", "line 2: "),
        ("{{ secret('secret/app/key').value + 1 }}", "line 1: "),
        ("{% if %}", "line 1: "),
    ] {
        sandbox.file("bad.j2", template);
        let run = render(&["bad.j2", "-o", "absent"]);
        assert_eq!(run.code, Some(2), "{template}: {run:?}");
        assert!(run.stderr.contains(told) && !run.stderr.contains("a\"b"), "{template}: {run:?}");
        assert!(!sandbox.path().join("absent").exists());
    }
}

#[test]
fn a_watched_file_follows_its_secrets_and_stays_when_they_cannot_be_read() {
    let (bao, sandbox) = (Bao::start(), Sandbox::new());
    bao.put("app/key", &json!({ "value": "one" }));
    sandbox.file("map.toml", QUICK);
    sandbox.file("t.j2", "{{ secret('key').value }}");
    let args =
        ["render", "t.j2", "-o", "out", "--watch", "--command", "cp out copy", "--map-file", "map.toml"];
    let told = sandbox.path().join("told");
    let child = command(&sandbox, &bao, args).stderr(std::fs::File::create(&told).unwrap()).spawn().unwrap();
    wait_for(&sandbox.path().join("copy"), "one");
    bao.put("app/key", &json!({ "other": "field" }));
    let begun = Instant::now();
    while !std::fs::read_to_string(&told).unwrap().contains("has no field value") {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing was told");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_to_string(sandbox.path().join("out")).unwrap(), "one");
    bao.put("app/key", &json!({ "value": "two" }));
    wait_for(&sandbox.path().join("copy"), "two");
    assert_eq!(end(child).code, Some(0));
    assert!(std::fs::read_to_string(&told).unwrap().contains("stays as it is"));
}
