//! Read-only maps of pack files, so that objects are read where the page cache holds them. The only `unsafe` of
//! the object reader; it parses nothing.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// The bytes of one file, mapped read-only. Empty files are empty slices.
#[derive(Debug)]
pub struct Mapped(Option<memmap2::Mmap>);

impl Mapped {
    /// Maps the file at `path`.
    ///
    /// # Errors
    /// The system's, for a file that cannot be opened or mapped.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        if meta.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: the map is only read, as plain bytes, and every parser checks what it reads. git never writes to
        // or shortens a pack, an index or a bundle under its final name: it renames complete files into place and
        // unlinks them, and an unlinked file stays readable through its map. A file that someone else shortens
        // while we read ends the process with a bus error rather than with wrong answers.
        #[allow(unsafe_code, reason = "mapping a file has no safe form; the packs are too large to copy")]
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self(Some(map)))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Mapped;

    #[test]
    fn a_map_outlives_the_name_of_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pack");
        std::fs::write(&path, b"PACK and more").unwrap();
        let map = Mapped::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(&map[..4], b"PACK");
    }

    #[test]
    fn an_empty_file_is_an_empty_slice_and_a_folder_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("empty");
        std::fs::write(&path, b"").unwrap();
        assert!(Mapped::open(&path).unwrap().is_empty());
        assert!(Mapped::open(dir.path()).is_err());
    }
}
