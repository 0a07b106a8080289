//! A file's bytes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::decode::is_opaque;
use crate::model::SkipReason;
use crate::source::archive::Kind;
use crate::source::windows;

/// Greatest size, in bytes, of a file that is read in one piece.
const WHOLE: u64 = (windows::CORE + windows::MARGIN) as u64;
/// Size, in bytes, above which a buffer is given back after use.
const KEPT: usize = 1 << 20;
/// Bytes of a file's head that are read before it is known to be text.
const HEAD: usize = 64 << 10;

/// What a file turned out to be.
pub(super) enum Content<'b> {
    /// All its bytes.
    Bytes(&'b [u8]),
    /// It is too long for one piece.
    Long(File),
    /// A container, and its size in bytes.
    Container(Kind, File, u64),
    /// A policy leaves it out.
    Skipped(SkipReason),
}

/// What may keep a file from being scanned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Policy {
    /// The user named it: nothing.
    Named,
    /// The walk met it: content, kind, and size above `max_size` bytes. `link`: through a symbolic link.
    Met { max_size: u64, link: bool },
}

/// Where a file lies.
#[derive(Clone, Copy)]
pub(super) struct Located<'p> {
    pub(super) path: &'p Path,
    /// Its folder, where that is open: the system then need not look up the folders above it again.
    pub(super) folder: Option<&'p Directory>,
}

/// An open folder.
pub(super) struct Directory(#[cfg(unix)] File);

impl Directory {
    /// Files of one folder for which it is worth being opened.
    const WORTH: usize = 4;

    /// The folder at `path`, of which `count` files will be read; `None` when it cannot be opened or is not worth it.
    pub(super) fn open(path: &Path, count: usize) -> Option<Self> {
        if count < Self::WORTH {
            return None;
        }
        #[cfg(unix)]
        return File::open(path).ok().map(Self);
        #[cfg(not(unix))]
        {
            let _ = path;
            None
        }
    }
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The system refused.
    #[error(transparent)]
    System(#[from] io::Error),
    /// Another program cut it short meanwhile.
    #[error("it shrank while it was read")]
    Shrank,
    /// A pipe, a socket or a device that the user named.
    #[error("it is neither a file nor a folder")]
    Special,
}

/// Memory that one thread reads into, file after file. Zeroed once, not per file.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    /// Reads the file at `place`. System calls: open, stat, read, close; one read more for a file above
    /// [`HEAD`]. Containers are told apart when `containers` says so.
    pub(super) fn read(
        &mut self,
        place: Located<'_>,
        policy: Policy,
        containers: bool,
    ) -> Result<Content<'_>, ReadError> {
        let file = open(place, policy)?;
        let meta = file.metadata()?;
        let size = meta.len();
        match policy {
            Policy::Met { .. } if !meta.is_file() => return Ok(Content::Skipped(SkipReason::Special)),
            Policy::Named if !meta.is_file() => return Err(ReadError::Special),
            Policy::Met { max_size, .. } if size > max_size => return Ok(Content::Skipped(SkipReason::Size)),
            _ => {}
        }
        // What a growing file gains from here on is left for the next scan.
        let head = if size == 0 { HEAD } else { size.min(HEAD as u64) as usize };
        let head = self.fill(&file, 0, head)?;
        if let Some(kind) = Kind::of(&self.bytes[..head]).filter(|_| containers) {
            return Ok(Content::Container(kind, open(place, policy)?, size));
        }
        if matches!(policy, Policy::Met { .. }) && is_opaque(&self.bytes[..head]) {
            return Ok(Content::Skipped(SkipReason::Binary));
        }
        if size > WHOLE {
            return Ok(Content::Long(open(place, policy)?));
        }
        let mut len = head;
        if (len as u64) < size {
            len = self.fill(&file, head, size as usize - head)?;
        }
        // Files of /proc say that they are empty and are not.
        while size == 0 && len > 0 {
            if len as u64 > WHOLE {
                return Ok(Content::Long(open(place, policy)?));
            }
            let more = self.fill(&file, len, HEAD)?;
            if more == len {
                break;
            }
            len = more;
        }
        if (len as u64) < size {
            return Err(ReadError::Shrank);
        }
        Ok(Content::Bytes(&self.bytes[..len]))
    }

    /// Reads up to `wanted` bytes to offset `at` of the buffer, fewer only at the file's end. Returns the end.
    fn fill(&mut self, mut file: &File, at: usize, wanted: usize) -> io::Result<usize> {
        if self.bytes.len() > KEPT && at + wanted <= KEPT {
            self.bytes = Vec::new();
        }
        if self.bytes.len() < at + wanted {
            self.bytes.resize((at + wanted).next_multiple_of(HEAD), 0);
        }
        let mut end = at;
        while end < at + wanted {
            match file.read(&mut self.bytes[end..at + wanted]) {
                Ok(0) => break,
                Ok(n) => end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(end)
    }
}

/// All bytes of a file that is short by nature, such as a `.gitignore`.
pub(super) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(Located { path, folder: None }, Policy::Named)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(WHOLE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens without waiting for the other end of a pipe, and without following a link that has taken a file's place.
fn open(place: Located<'_>, policy: Policy) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::{CWD, Mode, OFlags, openat};
        let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        flags.set(OFlags::NOFOLLOW, matches!(policy, Policy::Met { link: false, .. }));
        let open = || match (place.folder, place.path.file_name()) {
            (Some(folder), Some(name)) => openat(&folder.0, name, flags, Mode::empty()),
            _ => openat(CWD, place.path, flags, Mode::empty()),
        };
        Ok(rustix::io::retry_on_intr(open)?.into())
    }
    #[cfg(not(unix))]
    {
        let _ = policy;
        File::open(place.path)
    }
}
