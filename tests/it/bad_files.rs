//! Files and folders that cannot be read, that change, or that are no files.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::sandbox::{Run, Sandbox};

const JSON: [&str; 3] = ["scan", "--format", "json"];

fn scan(dir: &Sandbox, args: &[&str]) -> Run {
    dir.run(JSON.iter().chain(args))
}

fn mode(dir: &Sandbox, name: &str, mode: u32) {
    fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn fifo(dir: &Sandbox, name: &str) {
    assert!(Command::new("mkfifo").arg(dir.path().join(name)).status().unwrap().success());
}

#[test]
fn a_path_that_does_not_exist_is_an_error() {
    let dir = Sandbox::new();
    dir.file("a", "x");
    let run = dir.run(["scan", "a", "missing"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.starts_with("error: missing: "), "{run:?}");
}

#[test]
fn what_cannot_be_read_is_named_and_makes_the_run_incomplete() {
    let dir = Sandbox::new();
    dir.file("ok", "x");
    dir.file("no", "x");
    dir.file("shut/a", "x");
    mode(&dir, "no", 0o000);
    mode(&dir, "shut", 0o000);
    let run = dir.run_unprivileged(JSON);
    mode(&dir, "shut", 0o700);
    assert_eq!(run.code, Some(2), "{run:?}");
    let summary = run.summary();
    assert_eq!(summary["scanned"]["files"], 1);
    let gaps: Vec<_> = summary["gaps"].as_array().unwrap().iter().map(|g| g["what"].clone()).collect();
    assert_eq!(gaps, ["no", "shut"]);
}

#[test]
fn a_named_file_that_cannot_be_read_makes_the_run_incomplete() {
    let dir = Sandbox::new();
    dir.file("no", "x");
    mode(&dir, "no", 0o000);
    let run = dir.run_unprivileged(["scan", "no"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(!run.stdout.contains("no secrets found"), "{run:?}");
}

#[test]
fn pipes_sockets_and_devices_are_counted_and_never_opened() {
    let dir = Sandbox::new();
    fifo(&dir, "pipe");
    let _socket = UnixListener::bind(dir.path().join("socket")).unwrap();
    dir.file("a", "x");
    let run = scan(&dir, &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.summary()["skipped"], json!({"special": 2}));
    for named in ["pipe", "socket", "/dev/null", "/dev/zero"] {
        let run = scan(&dir, &[named]);
        assert_eq!(run.code, Some(2), "{run:?}");
    }
}

#[test]
fn a_pipe_in_the_place_of_an_ignore_file_is_not_waited_for() {
    let dir = Sandbox::new();
    fifo(&dir, ".gitignore");
    fifo(&dir, ".git");
    assert_eq!(scan(&dir, &[]).summary()["skipped"], json!({"special": 2}));
}

#[test]
fn odd_names_are_scanned_and_reported() {
    let dir = Sandbox::new();
    let names: [&[u8]; 5] = [b"new\nline", b"quo\"te", b"\xff\xfe", b"-dash", b" "];
    for name in names {
        fs::write(dir.path().join(OsStr::from_bytes(name)), "x").unwrap();
    }
    assert_eq!(scan(&dir, &[]).summary()["scanned"]["files"], 5);
    for name in names {
        let run = dir.run(JSON.iter().map(OsStr::new).chain([OsStr::new("--"), OsStr::from_bytes(name)]));
        assert_eq!((run.code, &run.summary()["scanned"]["files"]), (Some(0), &json!(1)));
    }
}

#[test]
fn a_sparse_file_of_5_gb_is_skipped_in_a_walk() {
    let dir = Sandbox::new();
    let mut file = fs::File::create(dir.path().join("sparse")).unwrap();
    file.set_len(5_000_000_000).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(b"end").unwrap();
    assert_eq!(scan(&dir, &[]).summary()["skipped"], json!({"size": 1}));
}

#[test]
fn ten_million_empty_lines_take_seconds_at_most() {
    let dir = Sandbox::new();
    dir.file("empty-lines", "\n".repeat(10_000_000));
    let begun = Instant::now();
    let run = scan(&dir, &[]);
    assert_eq!((run.code, &run.summary()["scanned"]["bytes"]), (Some(0), &json!(10_000_000)));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_folder_that_changes_under_the_scan_does_no_harm() {
    let dir = Sandbox::new();
    for i in 0..300 {
        dir.file(format!("d{}/f{i}", i % 7), "x".repeat(i * 50));
    }
    let root = dir.path().to_owned();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let churn = std::thread::spawn(move || {
        let mut i = 0;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            i = (i + 1) % 300;
            let path = root.join(format!("d{}/f{i}", i % 7));
            match i % 3 {
                0 => drop(fs::remove_file(&path)),
                1 => drop(fs::write(&path, "y".repeat(i))),
                _ => drop(
                    fs::OpenOptions::new()
                        .append(true)
                        .open(&path)
                        .and_then(|mut f| f.write_all(&[b'z'; 999])),
                ),
            }
            drop(fs::write(&path, "y".repeat(i * 70)));
        }
    });
    let runs: Vec<_> = (0..20).map(|_| scan(&dir, &[])).collect();
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    churn.join().unwrap();
    for run in runs {
        let gaps = run.summary()["gaps"].as_array().unwrap().len();
        assert_eq!(run.code, Some(if gaps == 0 { 0 } else { 2 }), "{run:?}");
    }
}

#[test]
fn deep_folders_are_walked() {
    let dir = Sandbox::new();
    let mut name = std::path::PathBuf::new();
    for _ in 0..300 {
        name.push("deep");
    }
    dir.file(name.join("a"), "x");
    assert_eq!(scan(&dir, &[]).summary()["scanned"]["files"], 1);
}

#[test]
fn the_ends_of_one_line_of_200_mb_are_seen() {
    let dir = Sandbox::new();
    dir.acme_rule();
    let token = format!("acme_{}", "a1".repeat(10));
    let filling = "lorem ipsum ".repeat(200_000_000 / 12);
    let (first, last) = (token.len() + 1, 1 + filling.len() + token.len() + 2);
    dir.file("line", format!("{token} {filling} {token}"));
    let run = scan(&dir, &["--max-file-size", "1GB"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let report = run.json();
    let ends: Vec<_> = report["findings"].as_array().unwrap().iter().map(|f| f["start"].clone()).collect();
    assert_eq!(ends, [json!({"line": 1, "column": 1}), json!({"line": 1, "column": last})], "{first}");
}

#[test]
fn a_zero_byte_at_the_start_hides_nothing() {
    let dir = Sandbox::new();
    dir.acme_rule();
    let token = format!("acme_{}", "a1".repeat(10));
    dir.file("nul", format!("\0first line\nkey = {token}\n"));
    dir.file("latin-1", [b"gr\xfc\xdfe ".as_slice(), token.as_bytes(), b"\r\xff\xfe\n"].concat());
    let wide: Vec<u8> = format!("key = {token}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    dir.file("mixed", [b"plain text, then UTF-16\n".as_slice(), &wide].concat());
    let run = scan(&dir, &[]);
    assert_eq!(run.found_in(), ["latin-1", "mixed", "nul"]);
}

#[test]
fn reports_do_not_depend_on_the_number_of_threads() {
    let dir = Sandbox::new();
    dir.acme_rule();
    for i in 0..200 {
        let token = format!("acme_{i:020}");
        dir.file(format!("d{}/f{i}", i % 9), format!("{token}\n{token} {token}\n"));
    }
    let run = |threads| scan(&dir, &["--threads", threads]);
    let one = run("1");
    assert_eq!(one.found_in().len(), 600);
    assert_eq!((&one.stdout, &one.stdout), (&run("2").stdout, &run("8").stdout));
}

#[test]
fn a_scan_that_is_interrupted_leaves_no_report() {
    use std::os::unix::process::ExitStatusExt;
    let dir = Sandbox::new();
    let mut command = dir.command(["stdin", "--format", "json", "--output", "out.json"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // More than a pipe holds: when it is written, the program has begun to read.
    child.stdin.as_mut().unwrap().write_all(&vec![b'x'; 1 << 20]).unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(15), "{status:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn standard_input_may_be_empty_closed_or_a_folder() {
    let dir = Sandbox::new();
    assert_eq!(dir.run(["stdin"]).code, Some(0));
    let folder = fs::File::open(dir.path()).unwrap();
    let run = Run::of(dir.command(["stdin"]).stdin(Stdio::from(folder)));
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(!run.stdout.contains("no secrets found"), "{run:?}");
}
