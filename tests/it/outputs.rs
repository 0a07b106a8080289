//! Where reports go, and what happens when they cannot.

use std::fs;
use std::process::Stdio;

use crate::sandbox::{Run, Sandbox};

#[test]
fn a_report_replaces_its_file_as_a_whole() {
    let dir = Sandbox::new();
    dir.file("src/a", "x");
    dir.file("out.json", "old");
    let run = dir.run(["scan", "src", "--output", "out.json"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("out.json")).unwrap()).unwrap();
    assert_eq!(report["summary"]["scanned"]["files"], 1);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file is left");
}

#[cfg(unix)]
#[test]
fn a_report_has_the_mode_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Sandbox::new();
    dir.run(["scan", "--output", "out.json"]);
    let plain = fs::metadata(dir.file("plain", "")).unwrap().permissions().mode();
    assert_eq!(fs::metadata(dir.path().join("out.json")).unwrap().permissions().mode(), plain);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let dir = Sandbox::new();
    let run = dir.run(["scan", "--format", "json", "--output", "/dev/full"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("error: cannot write /dev/full: "), "{run:?}");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Run::of(dir.command(["scan"]).stdout(full));
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("error: cannot write standard output: "), "{run:?}");
}

#[test]
fn a_report_that_cannot_be_written_leaves_nothing_behind() {
    let dir = Sandbox::new();
    let run = dir.run(["scan", "--output", "missing/out.json"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("error: cannot write missing/out.json: No such file"), "{run:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = Run::of(dir.command(["scan"]).stdout(Stdio::from(writer)));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}
