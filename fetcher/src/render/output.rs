//! Files that are whole or not there, and that nobody else may read.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Puts `content` at `file` in one step, readable as `mode` says (such as `0o600`) from its first byte on. A file, or a
/// symbolic link, that is there is replaced.
///
/// # Errors
/// The system's own. What was there stays then.
pub fn write_atomically(file: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // It is made with mode 0600, in the same folder, so that the move is one step.
    let mut temporary = tempfile::Builder::new().prefix(".leakward-").tempfile_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().set_permissions(Permissions::from_mode(mode))?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|error| error.error)?;
    // A system that cannot sync folders keeps the old name or the new one after a crash, which is both whole.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_private_and_a_link_is_replaced_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("out"));
        std::fs::write(&victim, "old").unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        write_atomically(&link, b"new", 0o600).unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "old");
        let found = std::fs::symlink_metadata(&link).unwrap();
        assert!(found.is_file() && found.permissions().mode() & 0o777 == 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }
}
