//! A fork must not share what its parent holds.

use std::os::unix::process::CommandExt;
use std::process::Command;

use leakward_fetcher::ReadError;
use leakward_fetcher::provider::Operation;

use crate::rig::{Rig, current};

#[tokio::test]
async fn a_child_gets_nothing_and_the_parent_goes_on() {
    let rig = Rig::new();
    rig.mock.put("db/main", "one");
    rig.read("db/main").await;
    let manager = rig.manager.clone();
    let handle = manager.secret_at("db/main").unwrap();
    let mut child = Command::new("true");
    let look = move || {
        let refused = matches!(manager.secret_at("db/main"), Err(ReadError::Forked));
        let nothing = manager.cached(&current("db/main")).is_none() && handle.cached().is_none();
        // The exit code of a child that never ran its program tells which of the two it was.
        if refused && nothing { Ok(()) } else { Err(std::io::ErrorKind::Other.into()) }
    };
    #[expect(
        unsafe_code,
        reason = "the only way to run code in a forked child without a C library of our own"
    )]
    // SAFETY: the closure runs between fork and exec. It reads memory, allocates (which the C library allows there)
    // and takes locks that no other thread of this single-threaded runtime holds.
    unsafe {
        child.pre_exec(look);
    }
    assert!(child.status().unwrap().success());
    assert!(rig.manager.cached(&current("db/main")).is_some(), "the parent still has it");
    assert_eq!(rig.mock.count(Operation::Revoke), 0);
}
