//! README's console blocks, run as they stand.
//!
//! What they hold is explained in [`crate::console`]. `cargo run` runs in this repository, `leakward` in a fresh git
//! repository, which they call `~/shop`. There, settings.py holds the password that an OpenBao has at secret/shop/db.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::bao::{self, Bao};
use crate::console::steps;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(command: &str, repository: &Path, bao: &Bao) -> (i32, String) {
    let (arguments, folder) = match command.strip_prefix("cargo run --release --quiet -- ") {
        Some(arguments) => (arguments, Path::new(ROOT)),
        None => (command.strip_prefix("leakward ").expect("a command of ours"), repository),
    };
    let output = Command::new(env!("CARGO_BIN_EXE_leakward"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env("VAULT_ADDR", bao.address())
        .env("VAULT_TOKEN", bao::ROOT)
        .env("LEAKWARD_STATE", repository.join(".git/state"))
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let real = repository.canonicalize().unwrap();
    (output.status.code().unwrap(), text.replace(real.to_str().unwrap(), "~/shop"))
}

#[test]
fn every_console_block_prints_what_it_says() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let steps = steps(&readme);
    assert!(steps.len() >= 3, "the blocks were found");
    let repository = tempfile::tempdir().unwrap();
    assert!(
        Command::new("git").args(["init", "-q"]).current_dir(repository.path()).status().unwrap().success()
    );
    fs::write(repository.path().join("shop.py"), "x = 1\n").unwrap();
    assert!(
        Command::new("git").args(["add", "-A"]).current_dir(repository.path()).status().unwrap().success()
    );
    let bao = Bao::start();
    let hash = blake3::hash(b"readme").to_hex().to_string();
    let leaked = format!("Tr{}-{}X", &hash[..9], &hash[20..29]);
    bao.put("shop/db", &json!({ "username": "shop", "password": leaked })); // leakward:allow
    fs::write(repository.path().join("settings.py"), format!("password = '{leaked}'\n")).unwrap();
    for step in steps {
        let command = &step.command;
        let (code, printed) = run(command, repository.path(), &bao);
        let wanted = if command.contains("fixtures") { 1 } else { 0 };
        assert_eq!(code, wanted, "{command}\n{printed}");
        step.judge(&printed).unwrap_or_else(|e| panic!("{command}: {e}"));
    }
}

#[test]
fn continuous_integration_runs_the_test_command_of_the_readme() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let ci = fs::read_to_string(Path::new(ROOT).join(".ci/run")).unwrap();
    assert!(readme.contains("```sh\nbash tests/all.sh\n```") && ci.contains("bash tests/all.sh"));
}
