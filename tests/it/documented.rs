//! The commands of README and the book: each is one that the program takes, and those for a shell are run.
//!
//! Blocks marked `console` are run and judged elsewhere ([`crate::readme`], and the test `book`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bao::{Bao, ROOT};
use crate::console::blocks;
use crate::sandbox::{Run, Sandbox};

const HOME: &str = env!("CARGO_MANIFEST_DIR");

/// README and every page of the book.
fn pages() -> Vec<PathBuf> {
    let folder = |name: &str| fs::read_dir(Path::new(HOME).join(name)).unwrap().map(|e| e.unwrap().path());
    let all = folder("docs").chain(folder("docs/platforms")).chain([Path::new(HOME).join("README.md")]);
    all.filter(|path| path.extension().is_some_and(|e| e == "md")).collect()
}

/// The commands of the blocks of `page` marked `sh`, one a line, without their comments.
fn shell(page: &str) -> Vec<Vec<String>> {
    let script = |lines: Vec<&str>| {
        let joined = lines.join("\n").replace("\\\n", "");
        let bare =
            joined.lines().map(|line| line.split(" #").next().unwrap_or_default().trim_end().to_owned());
        bare.filter(|line| !line.is_empty()).collect::<Vec<_>>()
    };
    blocks(page).into_iter().filter(|(mark, _)| *mark == "sh").map(|(_, lines)| script(lines)).collect()
}

fn page(name: &str) -> Vec<Vec<String>> {
    shell(&fs::read_to_string(Path::new(HOME).join("docs").join(name)).unwrap())
}

/// What follows `leakward` in `text`, as far as one command goes: the first of several words to choose from, what may be
/// left out put in.
fn arguments(text: &str) -> Vec<String> {
    let word = regex::Regex::new(r#"("[^"]*"|[^\s"])+"#).unwrap();
    let ends = |word: &str| word == "--" || word.starts_with(['|', '>', '#', ';', '\\']);
    let words = word.find_iter(text).map(|word| word.as_str()).take_while(|word| !ends(word));
    let bare = words.map(|word| word.trim_matches(['[', ']', '"', '\'', ')']));
    bare.map(|word| word.split('|').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_command_is_one_that_the_program_takes() {
    let mention =
        regex::Regex::new(r"(?m)(?:^\s*(?:- )?(?:run: |entry: |exec |\$ )?|`|\| )leakward ([a-z][^`\n]*)")
            .unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        for mentioned in mention.captures_iter(&text) {
            let arguments = arguments(&mentioned[1]);
            // Prose that goes on after the name.
            let command = arguments[0].as_str();
            if ["finds", "needs", "scanned", "reads", "is", "run"].contains(&command) {
                continue;
            }
            count += 1;
            let run = Sandbox::new().run(arguments.iter().map(String::as_str).chain(["--help"]));
            if run.code != Some(0) {
                wrong.push((path.clone(), mentioned[1].to_owned(), run.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 60, "the commands were found: {count}");
}

#[test]
fn every_script_of_ours_that_is_named_is_there() {
    let mut missing = Vec::new();
    for path in pages() {
        for line in shell(&fs::read_to_string(&path).unwrap()).concat() {
            let words = line
                .split_whitespace()
                .filter(|w| ["bench/", "tests/", "bindings/", "packaging/"].iter().any(|f| w.starts_with(f)));
            let named = words.map(|word| Path::new(HOME).join(word));
            // What a build makes is not there before.
            missing
                .extend(named.filter(|file| !file.exists() && file.extension().is_none_or(|e| e != "node")));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// A folder in which `leakward` can be called by its name.
fn folder() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_leakward"), sandbox.path().join("bin/leakward")).unwrap();
    sandbox.file("settings.py", format!("password = 'Zq{}'\n", &blake3::hash(b"documented").to_hex()[..14]));
    sandbox
}

/// A program of that name that runs `script`.
fn program(sandbox: &Sandbox, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = sandbox.file(name, format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn command(sandbox: &Sandbox, line: &str) -> Command {
    let path = format!("{}:{}", sandbox.path().join("bin").display(), std::env::var("PATH").unwrap());
    let mut shell = sandbox.command_of(Path::new("bash"), ["-euo", "pipefail", "-c", line]);
    shell.env("PATH", path).env("HOME", sandbox.path());
    shell
}

fn run(sandbox: &Sandbox, line: &str) -> Run {
    Run::of(&mut command(sandbox, line))
}

/// Ends with the test.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts what runs until it is stopped, and waits until `done`.
fn start(command: &mut Command, done: impl Fn() -> bool) -> Background {
    let child = Background(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{command:?} does nothing");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn reports_are_made_and_turned_into_others() {
    let sandbox = folder();
    let blocks = page("reports.md");
    let [scan, convert, view] = &blocks[..] else { panic!("the page has other blocks: {blocks:?}") };
    let scanned = run(&sandbox, &scan[0]);
    assert!(scanned.code == Some(1) && scanned.stdout.contains("settings.py:1"), "{scanned:?}");
    for (file, text) in [("leakward.sarif", "\"2.1.0\""), ("leakward.xml", "<testsuite")] {
        assert!(fs::read_to_string(sandbox.path().join(file)).unwrap().contains(text), "{file}");
    }
    fs::rename(sandbox.path().join("leakward.sarif"), sandbox.path().join("old.sarif")).unwrap();
    let theirs = sandbox.run(["scan", "settings.py", "--format", "gitleaks", "--output", "gitleaks.json"]);
    assert_eq!(theirs.code, Some(1), "{theirs:?}");
    let finding = json!({ "rule": { "name": "Password", "id": "kingfisher.password.1" },
        "finding": { "snippet": "********", "fingerprint": "1", "confidence": "medium", "entropy": "3.1",
            "line": 1, "column_start": 13, "column_end": 29, "language": "Python", "path": "settings.py" } });
    let report = json!({ "kingfisher": { "version": "2" }, "rules_applied": 1, "findings": [finding] });
    program(&sandbox, "bin/kingfisher", &format!("cat <<'END'\n{}\nEND", report));
    let [to_json, to_page, to_markdown] = &convert[..] else { panic!("{convert:?}") };
    for line in [to_json, to_page] {
        assert!(matches!(run(&sandbox, line).code, Some(0 | 1)), "{line}: {:?}", run(&sandbox, line));
    }
    let converted: serde_json::Value =
        serde_json::from_slice(&fs::read(sandbox.path().join("old.json")).unwrap()).unwrap();
    assert_eq!(converted["findings"][0]["path"], "settings.py");
    assert!(fs::read_to_string(sandbox.path().join("findings.html")).unwrap().contains("settings.py"));
    let markdown = run(&sandbox, to_markdown);
    assert!(markdown.stdout.contains("settings.py"), "{markdown:?}");
    let told = sandbox.path().join("told");
    let line = format!("exec {} >told 2>&1", view[0]);
    let address = || fs::read_to_string(&told).is_ok_and(|text| text.contains("http://127.0.0.1:"));
    drop(start(&mut command(&sandbox, &line), address));
}

#[test]
fn another_scanner_is_left_behind() {
    let sandbox = folder();
    let repository = Command::new("git").args(["init", "-q"]).current_dir(sandbox.path()).status().unwrap();
    assert!(repository.success());
    let hook = sandbox.file(
        ".pre-commit-config.yaml",
        "repos:\n- repo: https://github.com/gitleaks/gitleaks\n  rev: v8.30.0\n  hooks:\n  - id: gitleaks\n",
    );
    let blocks = page("migrating.md");
    let [shown, applied, alone] = &blocks[0][..] else { panic!("{blocks:?}") };
    let before = fs::read_to_string(&hook).unwrap();
    let diff = run(&sandbox, shown);
    assert!(
        diff.code == Some(0) && diff.stdout.contains("+") && diff.stdout.contains("leakward"),
        "{diff:?}"
    );
    assert_eq!(fs::read_to_string(&hook).unwrap(), before);
    assert_eq!(run(&sandbox, alone).code, Some(0));
    assert_eq!(run(&sandbox, applied).code, Some(0));
    assert!(fs::read_to_string(&hook).unwrap().contains("leakward"));
}

#[test]
fn findings_are_gone_through() {
    let sandbox = folder();
    for line in &page("triage.md")[0] {
        let arguments = line.strip_prefix("leakward triage").expect("a triage").trim();
        sandbox.run(["scan", "settings.py", "--format", "json", "--output", "report.json"]);
        let run = crate::triage::triage(&sandbox, arguments, "fq");
        assert_eq!(run.code, Some(0), "{line}: {run:?}");
        fs::remove_file(sandbox.path().join("leakward-baseline.jsonl")).unwrap();
        let _ = fs::remove_file(sandbox.path().join(".leakward-triage.json"));
    }
}

/// A folder for the commands that read secrets: what they call by an absolute name lies in it.
struct Reader {
    sandbox: Sandbox,
    bao: Bao,
}

impl Reader {
    fn new() -> Self {
        let (sandbox, bao) = (folder(), Bao::start());
        bao.put("myapp/api_key", &json!({ "value": "first" }));
        bao.put("myapp/api_key", &json!({ "value": "second" }));
        bao.put("db", &json!({ "username": "shop", "password": "of-the-shop" })); // leakward:allow
        bao.put("shop/db", &json!({ "password": "of-the-shop" })); // leakward:allow
        bao.put("hook", &json!({ "key": "signs-messages" }));
        fs::create_dir_all(sandbox.path().join("run/user/1000")).unwrap();
        fs::create_dir_all(sandbox.path().join("run/leakward")).unwrap();
        program(&sandbox, "server", "echo \"$DB_USER:$DB_PASSWORD $*\"");
        program(&sandbox, "bin/systemctl", "echo \"$@\" > reloaded");
        sandbox.file("app.conf.j2", "password = {{ secret(\"secret/db\").password | tojson }}\n");
        let map = "[providers.v]\nkind = 'vault'\n[secrets.db]\nprovider = 'v'\npath = 'secret/shop/db'\n";
        sandbox.file("map.toml", map);
        sandbox.file("prod.hcl", "path \"secret/data/shop/db\" {\n  capabilities = [\"read\"]\n}\n");
        Self { sandbox, bao }
    }

    fn command(&self, line: &str) -> Command {
        let line = line.replace("/run/", &format!("{}/run/", self.sandbox.path().display()));
        let mut command = command(&self.sandbox, &line);
        command.env_remove("BAO_ADDR").env_remove("BAO_TOKEN").env("KEY", "signs-messages");
        command.env("VAULT_ADDR", self.bao.address()).env("VAULT_TOKEN", ROOT);
        command
    }

    fn prints(&self, line: &str, text: &str) {
        let run = Run::of(&mut self.command(line));
        assert!(run.code == Some(0) && run.stdout.contains(text), "{line}: {run:?}");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.sandbox.path().join(name)
    }

    fn serves(&self, line: &str, file: &str) -> Background {
        start(&mut self.command(&format!("exec {line}")), || self.file(file).exists())
    }
}

#[test]
fn secrets_are_read_by_each_of_the_five_commands() {
    let reader = Reader::new();
    let blocks = page("secrets.md");
    let [get, exec, agents, message, render, policy] = &blocks[..] else { panic!("{blocks:?}") };
    for (line, text) in get.iter().zip(["second", "VALUE=", "first"]) {
        reader.prints(line, text);
    }
    reader.prints(&exec[0], "shop:of-the-shop --port 8080");
    drop(reader.serves(&agents[0], "run/user/1000/leakward.sock"));
    drop(reader.serves(&agents[1], "run/leakward/token"));
    let _ = fs::remove_file(reader.file("run/user/1000/leakward.sock"));
    let signed = format!("{} --webhook-key secret/hook#key", agents[0]);
    let agent = reader.serves(&signed, "run/user/1000/leakward.sock");
    reader.prints(&message.join("\n"), "\"refreshed\":1");
    drop(agent);
    drop(reader.serves(&render[0], "app.conf"));
    assert_eq!(fs::read_to_string(reader.file("app.conf")).unwrap(), "password = \"of-the-shop\"\n");
    reader.prints(&policy[0], "path \"secret/data/shop/db\"");
    reader.prints(&policy[1], "");
}

#[test]
fn readme_reads_secrets_the_same_way() {
    let reader = Reader::new();
    let readme = shell(&fs::read_to_string(Path::new(HOME).join("README.md")).unwrap());
    let lines = readme.into_iter().find(|lines| lines[0].starts_with("leakward get")).expect("the block");
    let [get, exec, agent, render, policy] = &lines[..] else { panic!("{lines:?}") };
    reader.prints(get, "second");
    reader.prints(exec, "of-the-shop");
    drop(reader.serves(agent, "run/user/1000/leakward.sock"));
    drop(reader.serves(render, "app.conf"));
    reader.prints(policy, "");
}
