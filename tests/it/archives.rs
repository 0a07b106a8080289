//! Archives, made by the system's own tools.

use std::fs;
use std::process::Command;

use crate::sandbox::Sandbox;
use crate::token::github;

/// A folder with `app.tar.gz`, which holds `conf/app.env` with a token.
fn packed() -> Sandbox {
    let dir = Sandbox::new();
    dir.file("conf/app.env", format!("# settings\nTOKEN={}\n", github("packed")));
    let tar = Command::new("tar").args(["-czf", "app.tar.gz", "conf"]).current_dir(dir.path()).status();
    assert!(tar.unwrap().success());
    fs::remove_dir_all(dir.path().join("conf")).unwrap();
    dir
}

#[test]
fn a_secret_in_an_archive_is_reported_at_its_line_in_the_member() {
    let run = packed().run(["scan"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("app.tar.gz!conf/app.env:2:7"), "{run:?}");
}

#[test]
fn archives_stay_closed_on_demand() {
    let run = packed().run(["scan", "--max-archive-depth", "0"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("1 binary"), "{run:?}");
}

#[test]
fn a_stream_that_is_an_archive_is_opened() {
    let dir = packed();
    let bytes = fs::read(dir.path().join("app.tar.gz")).unwrap();
    let run = dir.run_with(["stdin", "--path", "image.tar.gz"], &bytes);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("image.tar.gz!conf/app.env:2:7"), "{run:?}");
}

#[test]
fn an_archive_that_is_cut_short_is_not_called_clean() {
    let dir = packed();
    let archive = dir.path().join("app.tar.gz");
    let bytes = fs::read(&archive).unwrap();
    fs::write(&archive, &bytes[..bytes.len() / 2]).unwrap();
    let run = dir.run(["scan"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(format!("{}{}", run.stdout, run.stderr).contains("not scanned: app.tar.gz"), "{run:?}");
}
