//! Files replaced as a whole, so that nobody ever reads half of one.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Puts `text` at `path`, whose folder is there. A file that is there keeps its permissions; a link goes on leading to
/// its target.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let before = fs::metadata(&path).ok().map(|meta| meta.permissions());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".leakward-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text)?;
    if let Some(permissions) = before {
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(&path).map_err(|e| e.error)?;
    Ok(())
}
