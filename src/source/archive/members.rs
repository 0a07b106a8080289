//! Containers of members: zip, tar, ar, 7z.

use std::io;

use bstr::BString;
use sevenz_rust2::{ArchiveReader, Error as SevenZipError, Password};
use zip::ZipArchive;
use zip::result::ZipError;

use super::input::Input;
use super::office;
use super::unpacker::{HELD, Halt, Unpacker, inside};

/// Memory that unpacking 7z may take, in KiB.
const SEVEN_ZIP_MEMORY: usize = 256 << 10;

/// Members that cannot be read without a password, named by the first: a thousand of them are one gap.
#[derive(Default)]
struct Encrypted {
    first: Option<BString>,
    count: u64,
}

impl Encrypted {
    fn add(&mut self, path: BString) {
        self.first.get_or_insert(path);
        self.count += 1;
    }

    fn tell(self, unpacker: &mut Unpacker<'_>) {
        let Some(first) = self.first else { return };
        let why = match self.count - 1 {
            0 => "it is encrypted".to_owned(),
            more => format!("it is encrypted, and so are {more} more in the same container"),
        };
        unpacker.gap(&first, why);
    }
}

/// Scans the members of a zip.
pub(super) fn zip(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let bytes = match input.anywhere(HELD) {
        Ok(bytes) => bytes,
        Err(cause) => return unpacker.unread(path, &cause),
    };
    let mut archive = match ZipArchive::new(bytes) {
        Ok(archive) => archive,
        Err(cause) => return unpacker.unread(path, &corrupt("zip", &cause)),
    };
    let is_document = ["[Content_Types].xml", "mimetype"].iter().any(|n| archive.index_for_name(n).is_some());
    let mut encrypted = Encrypted::default();
    for index in 0..archive.len() {
        let name = match archive.name_for_index(index) {
            Some(Ok(name)) => name.into_owned().into_bytes(),
            Some(Err(_)) | None => format!("member {index}").into_bytes(),
        };
        match archive.by_index(index) {
            Ok(member) if member.is_dir() || member.is_symlink() => {}
            Ok(mut member) => {
                let name = member.name_raw().to_vec();
                if is_document && office::is_text(&name) {
                    unpacker.document(path, &name, &mut member)?;
                } else {
                    unpacker.member(path, &name, &mut member)?;
                }
            }
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword) => {
                encrypted.add(inside(path, &name));
            }
            Err(cause) => unpacker.unread(&inside(path, &name), &corrupt("zip", &cause))?,
        }
    }
    encrypted.tell(unpacker);
    Ok(())
}

/// Scans the members of a tape archive.
pub(super) fn tar(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let mut archive = tar::Archive::new(input.stream());
    // Some packages are archives appended to each other.
    archive.set_ignore_zeros(true);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(cause) => return unpacker.unread(path, &cause),
    };
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(cause) => return unpacker.unread(path, &corrupt("tar", &cause)),
        };
        let kind = entry.header().entry_type();
        if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            let name = entry.path_bytes().into_owned();
            unpacker.member(path, &name, &mut entry)?;
        }
    }
    Ok(())
}

/// Scans the members of a Unix archive.
pub(super) fn ar(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let mut archive = ar::Archive::new(input.stream());
    while let Some(entry) = archive.next_entry() {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(cause) => return unpacker.unread(path, &corrupt("ar", &cause)),
        };
        let name = entry.header().identifier().to_vec();
        unpacker.member(path, &name, &mut entry)?;
    }
    Ok(())
}

/// Scans the members of a 7z.
pub(super) fn seven_zip(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let bytes = match input.anywhere(HELD) {
        Ok(bytes) => bytes,
        Err(cause) => return unpacker.unread(path, &cause),
    };
    let mut halted = Ok(());
    let read = ArchiveReader::new_with_memory_limit(bytes, Password::empty(), SEVEN_ZIP_MEMORY).and_then(
        |mut archive| {
            archive.for_each_entries(|entry, content| {
                if halted.is_ok() && entry.has_stream() && !entry.is_directory() {
                    halted = unpacker.member(path, entry.name().as_bytes(), content);
                }
                Ok(halted.is_ok())
            })
        },
    );
    halted?;
    match read {
        Ok(()) => Ok(()),
        Err(SevenZipError::PasswordRequired | SevenZipError::MaybeBadPassword(_)) => {
            unpacker.gap(path, "it is encrypted");
            Ok(())
        }
        // Without a password the cipher is one more method that cannot be undone.
        Err(SevenZipError::UnsupportedCompressionMethod(method)) if method.contains("AES") => {
            unpacker.gap(path, "it is encrypted");
            Ok(())
        }
        Err(cause) => unpacker.unread(path, &corrupt("7z", &cause)),
    }
}

/// The error that a container of `kind` cannot be read, in one line.
fn corrupt(kind: &str, cause: &dyn std::fmt::Display) -> io::Error {
    let cause = cause.to_string();
    io::Error::other(format!("the {kind} in it cannot be read: {}", cause.lines().next().unwrap_or_default()))
}
