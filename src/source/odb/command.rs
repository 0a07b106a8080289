//! The `git` command as a second reader, with neither the user's environment nor the user's configuration.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{ObjectId, ObjectKind, OdbError};

/// What keeps git from asking anybody, running anything, writing anything or fetching what is missing.
const QUIET: [(&str, &str); 9] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// What `git command arguments` prints for the git folder `git_dir`.
///
/// # Errors
/// When git cannot be run or fails.
pub fn git_output(git_dir: &Path, command: &'static str, arguments: &[&str]) -> Result<Vec<u8>, OdbError> {
    let failed = |why: String| OdbError::Command { command, why };
    let mut git = Command::new("git");
    git.env_clear().envs(QUIET).stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        git.env("PATH", path);
    }
    git.arg("--git-dir").arg(git_dir).args(["-c", "safe.directory=*", command]).args(arguments);
    let output = git.output().map_err(|e| failed(format!("cannot be run: {e}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(said.lines().next().unwrap_or("no reason given").to_owned()))
}

/// Reads the object called `id` by `git cat-file`, for objects that this reader cannot read.
///
/// # Errors
/// When git cannot read it either, or it has more than `limit` bytes.
pub fn git_object(git_dir: &Path, id: &ObjectId, limit: u64) -> Result<(ObjectKind, Vec<u8>), OdbError> {
    let hex = id.to_string();
    let failed = |why: &str| OdbError::Command { command: "cat-file", why: why.to_owned() };
    let size = git_output(git_dir, "cat-file", &["-s", &hex])?;
    let size = std::str::from_utf8(&size).ok().and_then(|s| s.trim().parse::<u64>().ok());
    let size = size.ok_or_else(|| failed("no size given"))?;
    if size > limit {
        return Err(OdbError::Limit { size, limit });
    }
    let kind = git_output(git_dir, "cat-file", &["-t", &hex])?;
    let kind = ObjectKind::from_word(kind.trim_ascii()).ok_or_else(|| failed("an unknown kind of object"))?;
    let bytes = git_output(git_dir, "cat-file", &[kind.as_str(), &hex])?;
    // git checks what it inflates, but not that it is the object that was asked for.
    if kind.name(&bytes, id.kind()) != *id {
        return Err(failed("its content is not what its name says"));
    }
    Ok((kind, bytes))
}
