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
fn standard_input_may_be_empty_closed_or_a_folder() {
    let dir = Sandbox::new();
    assert_eq!(dir.run(["stdin"]).code, Some(0));
    let folder = fs::File::open(dir.path()).unwrap();
    let run = Run::of(dir.command(["stdin"]).stdin(Stdio::from(folder)));
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(!run.stdout.contains("no secrets found"), "{run:?}");
}
