//! A secret in a dozen disguises, found and judged; then rotated, and judged again.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::bao::{Bao, ROOT};
use crate::repo::Repo;
use crate::sandbox::Run;

/// Path and verdict of each finding of the repository's history.
#[track_caller]
fn judged(repo: &Repo, bao: &Bao) -> (Option<i32>, Vec<(String, String)>) {
    let mut command = repo.command(&["git", "--verify", "--known", "--format", "json"]);
    let run = Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT));
    let report = run.json();
    let told = |f: &Value| {
        let verdict = &f["verdict"];
        let word = |key: &str| verdict[key].as_str().unwrap_or("-").to_owned();
        (f["path"].as_str().unwrap().to_owned(), format!("{} {}", word("state"), word("path")))
    };
    let mut all: Vec<_> = report["findings"].as_array().unwrap().iter().map(told).collect();
    all.sort();
    all.dedup();
    (run.code, all)
}

#[test]
fn twelve_disguises_are_judged_and_judged_anew_after_a_rotation() {
    let bao = Bao::start();
    // Weak, with a character that every language escapes in its own way.
    let (old, new) = ("1 Garden of 'Eden' & \"co\"", "2 Garden of 'Eden' & \"co\"");
    // A history tells one value once, however often it stands there: what must be told apart is another value.
    let (wide, gone) = ("wide and weak 8", "left with its file 7");
    bao.put("db", &json!({ "nested": { "password": old } }));
    bao.put("db", &json!({ "nested": { "password": new } }));
    bao.put("wide", &json!({ "value": wide }));
    bao.put("gone", &json!({ "value": gone }));
    let repo = Repo::new();
    let key = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519"]).output().unwrap().stdout;
    let key = String::from_utf8(key).unwrap();
    repo.sandbox.file("key.pem", &key);
    let public = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(repo.sandbox.path().join("key.pem"))
        .output()
        .unwrap();
    bao.put("tls", &json!({ "certificate": String::from_utf8(public.stdout).unwrap() }));
    let hex: String = new.bytes().map(|b| format!("{b:02x}")).collect();
    let percent: String = new
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    let json_text = serde_json::to_string(new).unwrap();
    let utf16: Vec<u8> =
        format!("\u{feff}the door: {wide}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let disguises: Vec<(&str, Vec<u8>)> = vec![
        ("01-plain.txt", format!("the door: {new}\n").into()),
        ("02-base64.txt", format!("{}\n", STANDARD.encode(new)).into()),
        (
            "03-inside-base64.txt",
            format!("Authorization: Basic {}\n", STANDARD.encode(format!("app:{new}"))).into(),
        ),
        ("04-hex.txt", format!("{hex}\n").into()),
        ("05-url.txt", format!("postgres://app:{percent}@db/x\n").into()),
        ("06-json.json", format!("{{\"p\": {json_text}}}\n").into()),
        ("07-shell.sh", format!("login '{}'\n", new.replace('\'', "'\\''")).into()),
        (
            "08-xml.xml",
            format!("<p>{}</p>\n", new.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;"))
                .into(),
        ),
        ("09-utf16.txt", utf16),
        ("10-key.pem", key.into()),
        ("11-previous.txt", format!("was: {old}\n").into()),
        ("12-removed.txt", format!("{gone}\n").into()),
    ];
    for (name, text) in &disguises {
        repo.file(name, text);
    }
    repo.commit("leak");
    std::fs::remove_file(repo.path().join("12-removed.txt")).unwrap();
    repo.commit("hide");

    let (code, all) = judged(&repo, &bao);
    let expected = |current: &str| -> Vec<(String, String)> {
        let verdict = |name: &str| match name {
            "09-utf16.txt" => format!("{current} secret/wide"),
            "12-removed.txt" => format!("{current} secret/gone"),
            "10-key.pem" => "current secret/tls".to_owned(),
            "11-previous.txt" => "previous secret/db".to_owned(),
            _ => format!("{current} secret/db"),
        };
        disguises.iter().map(|(name, _)| ((*name).to_owned(), verdict(name))).collect()
    };
    assert_eq!(all, expected("current"));
    assert_eq!(code, Some(1));

    bao.put("db", &json!({ "nested": { "password": "another one 4711" } }));
    bao.put("tls", &json!({ "certificate": "another" }));
    bao.put("wide", &json!({ "value": "narrow and strong 9" }));
    bao.put("gone", &json!({ "value": "came with a file 6" }));
    let (code, all) = judged(&repo, &bao);
    let previous = |(name, verdict): (String, String)| (name, verdict.replace("current", "previous"));
    assert_eq!(all, expected("previous").into_iter().map(previous).collect::<Vec<_>>());
    assert_eq!(code, Some(0), "what is no longer in force fails nobody");
}
