//! The audit log: one line of JSON for each thing that was read, asked, changed or left out. Never a value.
//!
//! | `deed` | told besides |
//! |---|---|
//! | `manager-list` | `manager`, `path` (the folder; empty: all), `outcome` |
//! | `manager-read` | `manager`, `path`, `version` (as it was asked for), `outcome` |
//! | `lookup` | `manager`, `kind`, `outcome` (the verdict) |
//! | `live-check` | `host`, `rule`, `outcome` (`active`, `inactive`, or why it was not told) |
//! | `suppression` | `rule`, `path`, `line`, `commit`, `fingerprint`, `by`, `reason` |
//! | `rotation` | `manager`, `path`, `step` |
//! | `adoption` | `manager`, `path`, `step` |
//!
//! `outcome` is `ok` or the name of what went wrong. Every line also has `at`, `run` (the same for all lines of one run),
//! `user` and `pid`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A file that lines are appended to.
#[derive(Debug)]
pub struct AuditLog {
    file: Mutex<File>,
    /// Names this run.
    run: String,
    /// Whether a line could not be written.
    failed: AtomicBool,
}

impl AuditLog {
    /// Opens the file at `path`, or makes it for nobody else.
    ///
    /// # Errors
    /// It cannot be written, or others may write to it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let meta = file.metadata()?;
            if meta.is_file() && meta.permissions().mode() & 0o022 != 0 {
                return Err(io::Error::other("others may write to it"));
            }
        }
        let mut run = [0; 8];
        getrandom::fill(&mut run).map_err(io::Error::other)?;
        let run = run.iter().map(|b| format!("{b:02x}")).collect();
        Ok(Self { file: Mutex::new(file), run, failed: AtomicBool::new(false) })
    }

    /// Appends one line. Empty fields are left out.
    pub fn record(&self, deed: &str, fields: &[(&str, &str)]) {
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        let pid = std::process::id().to_string();
        let common = [
            ("at", at.as_str()),
            ("run", &self.run),
            ("user", user.as_deref().unwrap_or_default()),
            ("pid", &pid),
            ("deed", deed),
        ];
        let all = common.iter().chain(fields).filter(|(_, value)| !value.is_empty());
        let mut line = serde_json::Map::new();
        line.extend(all.map(|&(name, value)| (name.to_owned(), value.into())));
        let mut line = serde_json::Value::Object(line).to_string().into_bytes();
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One call for the whole line, so that lines of several processes do not mix.
        if file.write_all(&line).is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a line could not be written.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_to_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for version in ["1", ""] {
            let log = AuditLog::open(&path).unwrap();
            log.record("manager-read", &[("path", "a \"b\""), ("version", version)]);
            assert!(!log.has_failed());
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[0]["path"]), (2, &"a \"b\"".into()));
        assert!(lines[0]["run"] != lines[1]["run"] && lines[1]["version"].is_null());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            mode(0o622);
            assert_eq!(AuditLog::open(&path).unwrap_err().to_string(), "others may write to it");
        }
    }
}
