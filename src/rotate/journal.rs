//! A rotation written down: one private file for each secret that is being rotated, replaced as a whole before each
//! step, locked while a process works on it, gone when it is done. Holds no value.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{RotateError, fault_point};

/// What is known of an unfinished rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Format of the file.
    pub format: u32,
    /// Names the rotation, at the manager too; 32 hexadecimal digits drawn by chance.
    pub token: String,
    /// The manager's name in the configuration.
    pub manager: String,
    /// The secret's path.
    pub path: String,
    /// The field that gets a new value; `None`: the whole value.
    pub field: Option<String>,
    /// The version in force before; empty where there is none.
    pub before: String,
    /// The version in force after, once it is.
    pub after: Option<String>,
    /// The last step that is known to be done.
    pub step: Step,
    /// The hook's command, if there is one.
    pub hook: Option<String>,
    /// When it was begun, RFC 3339.
    pub begun: String,
    /// A hash of the new value, where only that can tell whether it came into force: of a value drawn here with at
    /// least 95 bits of chance, so that nobody can guess it.
    pub proof: Option<String>,
}

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// It is to begin; the manager may have been asked to stage a value.
    Begun,
    /// The new value is staged; the hook may have been told of it.
    Staged,
    /// The hook has taken the new value; the manager may have put it in force.
    Prepared,
    /// The manager was told to rotate by itself.
    Turning,
    /// The new value is in force.
    Committed,
    /// The hook put it to use; the old one may be gone.
    Used,
    /// Everything is done but for tidying up.
    Retired,
    /// It is being undone.
    Undoing,
}

/// The file of one secret, locked.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
    /// Held for its lock, which ends with the process whatever ends it.
    _lock: File,
}

/// Format of the file that is written.
const FORMAT: u32 = 1;
/// Between two looks at a lock that somebody else holds.
const LOOK: Duration = Duration::from_millis(50);

impl Journal {
    /// The folder that is used when nobody names one: `LEAKWARD_STATE`, else `leakward` in the user's state folder.
    pub fn usual_folder() -> Option<PathBuf> {
        let named = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        named("LEAKWARD_STATE")
            .or_else(|| named("XDG_STATE_HOME").map(|dir| dir.join("leakward")))
            .or_else(|| named("HOME").map(|home| home.join(".local/state/leakward")))
    }

    /// Opens the file of the secret at `path` of `manager` and locks it; waits up to `wait` for another process.
    ///
    /// # Errors
    /// Another process has it, or the folder cannot be used.
    pub fn open(folder: &Path, manager: &str, path: &str, wait: Duration) -> Result<Self, RotateError> {
        private_folder(folder)?;
        let name = name(manager, path);
        let lock_file = folder.join(format!("{name}.lock"));
        let lock = private(fs::OpenOptions::new().create(true).truncate(false).write(true))
            .open(&lock_file)
            .map_err(|e| wrong(&lock_file, e))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < wait => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => return Err(RotateError::Busy(format!("{manager}:{path}"))),
                Err(TryLockError::Error(e)) => return Err(wrong(&lock_file, e)),
            }
        }
        Ok(Self { file: folder.join(format!("{name}.json")), _lock: lock })
    }

    /// The unfinished rotation, if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or is of another format.
    pub fn read(&self) -> Result<Option<Record>, RotateError> {
        read(&self.file)
    }

    /// Writes `record` down, so that it outlives this process and the machine's power.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, record: &Record) -> Result<(), RotateError> {
        let word = serde_json::to_value(record.step).ok().and_then(|v| v.as_str().map(str::to_owned));
        let word = word.unwrap_or_default();
        fault_point::reach(&format!("before-{word}"));
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let text = serde_json::to_vec_pretty(record).map_err(|e| wrong(&self.file, e))?;
        let made = || -> std::io::Result<()> {
            // A temporary file is private from the start.
            let mut part = tempfile::Builder::new().prefix(".rotation-").tempfile_in(folder)?;
            part.write_all(&text)?;
            part.as_file().sync_all()?;
            part.persist(&self.file).map_err(|e| e.error)?;
            sync_folder(folder)
        };
        made().map_err(|e| wrong(&self.file, e))?;
        fault_point::reach(&format!("after-{word}"));
        Ok(())
    }

    /// Forgets the rotation: it is done, or undone.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn close(self) -> Result<(), RotateError> {
        fault_point::reach("before-done");
        self.forget()
    }

    /// The same, while the lock is held on.
    pub(super) fn forget(&self) -> Result<(), RotateError> {
        match fs::remove_file(&self.file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(wrong(&self.file, e)),
            _ => Ok(()),
        }
    }

    /// All unfinished rotations in `folder`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn unfinished(folder: &Path) -> Result<Vec<Record>, RotateError> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for entry in entries.flatten().filter(|e| e.path().extension().is_some_and(|e| e == "json")) {
            all.extend(read(&entry.path())?);
        }
        all.sort_by(|a, b| (&a.manager, &a.path).cmp(&(&b.manager, &b.path)));
        Ok(all)
    }
}

impl Record {
    /// A rotation that begins now.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn begin(manager: &str, path: &str, hook: Option<&str>) -> Result<Self, RotateError> {
        let mut token = [0; 16];
        getrandom::fill(&mut token).map_err(|e| RotateError::System(e.to_string()))?;
        Ok(Self {
            format: FORMAT,
            token: token.iter().map(|b| format!("{b:02x}")).collect(),
            manager: manager.to_owned(),
            path: path.to_owned(),
            field: None,
            before: String::new(),
            after: None,
            step: Step::Begun,
            hook: hook.map(str::to_owned),
            begun: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            proof: None,
        })
    }
}

fn read(file: &Path) -> Result<Option<Record>, RotateError> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(wrong(file, e)),
    };
    let record: Record = serde_json::from_slice(&text).map_err(|e| wrong(file, e))?;
    if record.format != FORMAT {
        return Err(wrong(file, format_args!("format {} is of another version of leakward", record.format)));
    }
    Ok(Some(record))
}

/// A file's name that shows neither path nor manager to who may list the folder.
fn name(manager: &str, path: &str) -> String {
    let mut hash = blake3::Hasher::new_derive_key("leakward rotation journal v1");
    hash.update(manager.as_bytes()).update(&[0]).update(path.as_bytes());
    hash.finalize().to_hex()[..32].to_owned()
}

/// Makes `folder` if it is not there, for nobody else.
fn private_folder(folder: &Path) -> Result<(), RotateError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|e| wrong(folder, e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder).map_err(|e| wrong(folder, e))?.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(wrong(folder, "others may write to this folder"));
        }
    }
    Ok(())
}

fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Elsewhere a folder cannot be opened, and its entries are written through.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn wrong(file: &Path, cause: impl std::fmt::Display) -> RotateError {
    RotateError::Journal { file: file.to_owned(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), "prod", "secret/db", Duration::ZERO).unwrap();
        assert_eq!(journal.read().unwrap(), None);
        let mut record = Record::begin("prod", "secret/db", Some("./hook")).unwrap();
        record.step = Step::Staged;
        journal.write(&record).unwrap();
        assert_eq!(journal.read().unwrap(), Some(record.clone()));
        assert_eq!(Journal::unfinished(folder.path()).unwrap(), [record]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            for entry in fs::read_dir(folder.path()).unwrap().flatten() {
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
            }
        }
        journal.close().unwrap();
        assert!(Journal::unfinished(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn the_second_of_two_is_refused_while_the_first_works() {
        let folder = tempfile::tempdir().unwrap();
        let first = Journal::open(folder.path(), "prod", "a", Duration::ZERO).unwrap();
        let second = Journal::open(folder.path(), "prod", "a", Duration::ZERO).unwrap_err();
        assert_eq!(second.to_string(), "prod:a is being rotated by another process");
        Journal::open(folder.path(), "prod", "b", Duration::ZERO).unwrap();
        drop(first);
        Journal::open(folder.path(), "prod", "a", Duration::ZERO).unwrap();
    }

    #[test]
    fn a_file_of_another_format_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), "prod", "a", Duration::ZERO).unwrap();
        fs::write(&journal.file, "{").unwrap();
        assert!(matches!(journal.read(), Err(RotateError::Journal { .. })));
    }
}
