//! Reading one secret from a folder that may be swapped under the reader.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use zeroize::{Zeroize, Zeroizing};

use crate::provider::{Fault, FaultKind};
use crate::secret::{SecretPath, escape_json};

/// How often a mount may be swapped while it is read before that is a failure.
const SWAPS: usize = 5;
/// Most paths that are listed.
const MAX_LISTED: usize = 100_000;

pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) modified: Option<SystemTime>,
}

/// The value of `path` below `root`: a file's bytes, or a folder's files as a JSON object.
pub(super) fn read(root: &Path, path: &SecretPath, trim: bool, most: u64) -> Result<Found, Fault> {
    let place = root.join(path.as_str());
    for _ in 0..SWAPS {
        let real = place.canonicalize().map_err(|error| fault(&error))?;
        let inside = root.canonicalize().map_err(|_| no_root())?;
        if !real.starts_with(&inside) {
            return Err(
                Fault::new(FaultKind::Denied).with_detail("a link leads out of the folder of secrets")
            );
        }
        warn_if_writable(&real, path);
        let found = if real.is_dir() { read_folder(&real, trim, most) } else { read_file(&real, trim, most) };
        // What was there a moment ago is gone: the mount was swapped meanwhile, look again.
        let swapped = matches!(&found, Err(fault) if fault.kind() == FaultKind::NotFound);
        if !swapped || !place.exists() {
            return found;
        }
    }
    Err(Fault::new(FaultKind::Transient).with_detail("the files changed while they were read"))
}

fn read_file(place: &Path, trim: bool, most: u64) -> Result<Found, Fault> {
    let mut file = File::open(place).map_err(|error| fault(&error))?;
    let about = file.metadata().map_err(|error| fault(&error))?;
    if about.len() > most {
        return Err(Fault::new(FaultKind::Invalid).with_detail("the file is too large for a secret"));
    }
    // Room for all and one more, so that the buffer need not grow, which would leave a copy behind.
    let mut bytes = Zeroizing::new(vec![0; about.len() as usize + 1]);
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fault(&error)),
        }
    }
    if length == bytes.len() {
        return Err(Fault::new(FaultKind::Transient).with_detail("the file grew while it was read"));
    }
    if trim && bytes[..length].ends_with(b"\n") {
        length -= 1;
        length -= usize::from(bytes[..length].ends_with(b"\r"));
    }
    Ok(Found { bytes: bytes[..length].to_vec(), modified: about.modified().ok() })
}

/// All files of `folder` as a JSON object, sorted by name. In a Kubernetes mount they are read through
/// the target of `..data`, so that all are of one version.
fn read_folder(folder: &Path, trim: bool, most: u64) -> Result<Found, Fault> {
    let folder = folder.join("..data").canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut names: Vec<_> = visible(&folder).map_err(|error| fault(&error))?;
    names.retain(|(_, place)| place.is_file());
    names.sort();
    let mut parts = Vec::with_capacity(names.len());
    let (mut room, mut modified) = (2, None);
    for (name, place) in names {
        let found = read_file(&place, trim, most)?;
        // Six bytes for each is the most that escaping makes of one.
        room += (name.len() + found.bytes.len()) * 6 + 6;
        modified = modified.max(found.modified);
        parts.push((name, Zeroizing::new(found.bytes)));
    }
    let mut bytes = Vec::with_capacity(room);
    bytes.push(b'{');
    for (index, (name, value)) in parts.iter().enumerate() {
        if index > 0 {
            bytes.push(b',');
        }
        let Ok(text) = std::str::from_utf8(value) else {
            bytes.zeroize();
            let detail = "a file in the folder is not text; name that file in the path";
            return Err(Fault::new(FaultKind::Invalid).with_detail(detail));
        };
        escape_json(name, &mut bytes);
        bytes.push(b':');
        escape_json(text, &mut bytes);
    }
    bytes.push(b'}');
    Ok(Found { bytes, modified })
}

/// Paths of all files below `root` that are within `prefix`, sorted.
pub(super) fn list(root: &Path, prefix: Option<&SecretPath>) -> Result<Vec<SecretPath>, Fault> {
    let start = prefix.map_or_else(|| root.to_owned(), |prefix| root.join(prefix.as_str()));
    let mut todo: Vec<PathBuf> = vec![start];
    let mut paths = Vec::new();
    while let Some(folder) = todo.pop() {
        for (_, place) in visible(&folder).map_err(|error| fault(&error))? {
            if place.is_dir() && !place.is_symlink() {
                todo.push(place);
            } else if place.is_file() {
                let relative = place.strip_prefix(root).unwrap_or(&place);
                paths.extend(relative.to_str().and_then(|path| SecretPath::parse(path).ok()));
            }
        }
        if paths.len() > MAX_LISTED {
            return Err(Fault::new(FaultKind::Invalid).with_detail("the folder holds too many files"));
        }
    }
    paths.sort();
    Ok(paths)
}

/// Entries of `folder` but for hidden ones, which in a Kubernetes mount are its machinery.
fn visible(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

fn fault(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Fault::new(FaultKind::NotFound),
        io::ErrorKind::PermissionDenied => Fault::new(FaultKind::Denied),
        kind => Fault::new(FaultKind::Transient).with_code(kind),
    }
}

fn no_root() -> Fault {
    Fault::new(FaultKind::NoRoute).with_detail("the folder of secrets does not exist")
}

/// A secret that everybody can change is nobody's secret.
fn warn_if_writable(place: &Path, path: &SecretPath) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(place).map_or(0, |about| about.permissions().mode());
        if mode & 0o002 != 0 {
            tracing::warn!(%path, "everybody on this machine can write this secret");
        }
    }
    #[cfg(not(unix))]
    let _ = (place, path);
}
