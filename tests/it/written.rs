//! A token is found however it is written, in files and in a history, at its place in the file.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::Value;

use crate::repo::Repo;
use crate::sandbox::Sandbox;
use crate::token::github;

/// Each way to write a token: its name, the layers that the report names, and the text.
type Written = (&'static str, &'static [&'static str], String);

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn each(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

fn wrapped(text: &str, width: usize, line_break: &str) -> String {
    let lines: Vec<_> =
        text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    lines.join(line_break)
}

fn context(token: &str) -> String {
    format!("export GH_TOKEN={token}\nhost = example\n")
}

/// One text for each way to write the token that `make` makes of its name.
fn writings() -> Vec<Written> {
    let mut all: Vec<Written> = Vec::new();
    let mut add = |name: &'static str, layers: &'static [&'static str], write: &dyn Fn(&str) -> String| {
        all.push((name, layers, write(&github(name)) + "\n"));
    };
    let b64 = |text: &str| STANDARD.encode(text);
    add("base64", &["base64"], &|t| format!("data: {}", b64(&context(t))));
    add("base64 of the token alone", &["base64"], &|t| format!("data: {}", b64(t)));
    add("base64 for URLs", &["base64"], &|t| {
        format!("data: {}", URL_SAFE.encode(format!("{}~~~???>>>", context(t))))
    });
    add("base64 in lines", &["base64"], &|t| wrapped(&b64(&(context("nothing") + &context(t))), 60, "\n"));
    add("base64 in indented lines", &["base64"], &|t| {
        format!("key: |\n    {}", wrapped(&b64(&(context("nothing") + &context(t))), 64, "\r\n    "))
    });
    add("base64 twice", &["base64", "base64"], &|t| b64(&b64(&context(t))));
    add("base64 in a URL", &["base64"], &|t| format!("?q={}", b64(&context(t)).replace('=', "%3D")));
    add("base64 of UTF-16", &["base64", "utf-16le"], &|t| {
        STANDARD.encode(format!("token={t}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    });
    add("gzip in base64", &["base64", "gzip"], &|t| {
        format!("release: {}", STANDARD.encode(gzip(&context(t))))
    });
    add("gzip in base64 twice", &["base64", "base64", "gzip"], &|t| b64(&STANDARD.encode(gzip(&context(t)))));
    add("zlib in base64", &["base64", "zlib"], &|t| STANDARD.encode(zlib(&context(t))));
    add("hex", &["hex"], &|t| format!("x={}", each(&context(t), |b| format!("{b:02x}"))));
    add("hex of the token alone", &["hex"], &|t| format!("x={}", each(t, |b| format!("{b:02X}"))));
    add("percent signs", &["percent"], &|t| format!("u={}", each(t, |b| format!("%{b:02X}"))));
    add("one percent sign", &["percent"], &|t| {
        format!("https://a.example/?x=1%26y%3D{}", t.replace('_', "%5F"))
    });
    add("escapes of JSON", &["escapes"], &|t| format!("\"{}\"", each(t, |b| format!("\\u{b:04x}"))));
    add("one escape", &["escapes"], &|t| format!("\"k\": \"a\\u003d{}\"", t.replace('_', "\\u005f")));
    add("escapes of C", &["escapes"], &|t| format!("\"{}\"", each(t, |b| format!("\\x{b:02x}"))));
    add("entities", &["entities"], &|t| each(t, |b| format!("&#{b};")));
    add("hexadecimal entities", &["entities"], &|t| each(t, |b| format!("&#x{b:x};")));
    add("one entity", &["entities"], &|t| format!("v={}", t.replace('_', "&#95;")));
    add("quoted-printable", &["quoted-printable"], &|t| {
        format!("To: a\n\ntoken=3D{}=\n{}", &t[..20], &t[20..])
    });
    add("two literals with plus", &["joined"], &|t| format!("k = \"{}\" + \"{}\"", &t[..15], &t[15..]));
    add("a short literal first", &["joined"], &|t| format!("k = \"{}\" + \"{}\"", &t[..4], &t[4..]));
    add("three literals", &["joined"], &|t| {
        format!("k = \"{}\" + \"{}\" + \"{}\"", &t[..12], &t[12..24], &t[24..])
    });
    add("literals on two lines", &["joined"], &|t| {
        format!("k = (\"{}\" +\n     \"{}\")", &t[..15], &t[15..])
    });
    add("literals side by side", &["joined"], &|t| format!("k = (\"{}\"\n     \"{}\")", &t[..15], &t[15..]));
    add("literals of PHP", &["joined"], &|t| format!("$k = '{}' . '{}';", &t[..15], &t[15..]));
    add("literals of Lua", &["joined"], &|t| format!("k = '{}' .. '{}'", &t[..15], &t[15..]));
    add("literals of Visual Basic", &["joined"], &|t| {
        format!("k = \"{}\" & _\n    \"{}\"", &t[..15], &t[15..])
    });
    add("a line of a shell that goes on", &["joined"], &|t| format!("K={}\\\n{}", &t[..15], &t[15..]));
    add("a folded text of YAML", &["joined"], &|t| format!("k: \"{}\\\n  {}\"", &t[..15], &t[15..]));
    add("JSON in a text", &[], &|t| {
        let inner = serde_json::json!({ "token": t }).to_string();
        Value::from(inner).to_string()
    });
    add("escapes in base64 in a percent-encoded URL", &["base64", "escapes"], &|t| {
        format!("?q={}", b64(&format!("{{\"t\":\"{}\"}}", t.replace('_', "\\u005f"))).replace('=', "%3D"))
    });
    all
}

/// The findings of GitHub tokens in a report, by the name of the writing.
fn told<'r>(report: &'r Value, writings: &[Written]) -> Vec<Option<&'r Value>> {
    let findings = report["findings"].as_array().unwrap();
    let of = |name: &str| {
        let token = github(name);
        let mut own = findings.iter().filter(|f| f["secret"] == token.as_str());
        let first = own.next();
        assert!(own.next().is_none(), "{name} is told twice");
        first
    };
    writings.iter().map(|(name, ..)| of(name)).collect()
}

#[test]
fn a_token_is_found_however_it_is_written() {
    let sandbox = Sandbox::new();
    let writings = writings();
    for (name, _, text) in &writings {
        sandbox.file(format!("{name}.txt"), text);
    }
    let report = sandbox.run(["scan", "--format=json", "--show-secrets"]).json();
    for ((name, layers, text), finding) in writings.iter().zip(told(&report, &writings)) {
        let finding = finding.unwrap_or_else(|| panic!("{name} is not found: {text}"));
        let decoded: Vec<&str> = finding["decoded"]
            .as_array()
            .map_or_else(Vec::new, |l| l.iter().map(|l| l.as_str().unwrap()).collect());
        assert_eq!(decoded, *layers, "{name}");
        // The place is that of the text as it is written.
        let line = finding["start"]["line"].as_u64().unwrap() as usize;
        let lines: Vec<&str> = text.split('\n').collect();
        let column = finding["start"]["column"].as_u64().unwrap() as usize;
        assert!(line <= lines.len() && column <= lines[line - 1].len(), "{name}: {finding}");
        let masked = sandbox.run(["scan", &format!("{name}.txt")]).stdout;
        assert!(
            !masked.contains(&github(name)) && !masked.contains(text.trim()),
            "{name} is shown: {masked}"
        );
    }
}

#[test]
fn a_history_finds_what_files_do_by_deltas_and_in_full() {
    let repo = Repo::new();
    let writings = writings();
    let filler: String = (0..400).map(|i| format!("line {i} of a file that grows\n")).collect();
    let mut text = filler;
    for (name, _, written) in &writings {
        text += written;
        text += "words between\n";
        repo.file("grows.txt", &text);
        repo.commit(name);
    }
    repo.git(&["gc", "-q", "--aggressive", "--prune=now"]);
    let report =
        |more: &[&str]| repo.run(&[&["git", "--format=json", "--show-secrets"][..], more].concat()).json();
    let (deltas, full) = (report(&[]), report(&["--full"]));
    assert_eq!(deltas["findings"], full["findings"]);
    for ((name, ..), finding) in writings.iter().zip(told(&deltas, &writings)) {
        assert!(finding.is_some(), "{name} is not found");
    }
}

#[test]
fn what_stands_for_too_much_is_counted_and_the_rest_is_scanned() {
    let sandbox = Sandbox::new();
    let bomb = STANDARD.encode(gzip(&"0".repeat(64 << 20)));
    sandbox.file("bomb.txt", format!("{bomb}\ntoken = {}\n", github("beside a bomb")));
    let run = sandbox.run(["scan", "--format=json", "--show-secrets"]);
    let report = run.json();
    assert_eq!(report["summary"]["skipped"]["encoded"], 1, "{run:?}");
    let secrets: Vec<_> = report["findings"].as_array().unwrap().iter().map(|f| &f["secret"]).collect();
    assert_eq!(secrets, [github("beside a bomb").as_str()]);
    assert_eq!(run.code, Some(1));
}

#[test]
fn damaged_data_tell_what_stands_before_the_damage() {
    let sandbox = Sandbox::new();
    let packed = gzip(&(context(&github("damaged")) + &"filler of many kinds; ".repeat(50)));
    sandbox.file("cut.txt", STANDARD.encode(&packed[..packed.len() - 12]));
    let report = sandbox.run(["scan", "--format=json", "--show-secrets"]).json();
    assert_eq!(report["findings"][0]["secret"], github("damaged").as_str(), "{report}");
}

#[test]
fn what_a_rule_reads_by_itself_is_told_once() {
    let sandbox = Sandbox::new();
    let key = leakward::checksum::example::render("{{escape(pem(pkcs8))}}", "once").unwrap();
    sandbox.file("key.rs", format!("const KEY: &str = \"{key}\\n\";\n"));
    let report = sandbox.run(["scan", "--format=json"]).json();
    let rules: Vec<_> = report["findings"].as_array().unwrap().iter().map(|f| &f["rule"]).collect();
    assert_eq!(rules, ["private-key"], "{report}");
}
