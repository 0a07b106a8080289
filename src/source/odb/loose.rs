//! Loose objects: one zlib stream per file, `objects/ab/cdef…`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{HashKind, Inflater, ObjectId, ObjectKind, OdbError, peek};

/// Bytes within which the head of a loose object ends: a word, a size, a zero.
const HEAD: usize = 64;

/// The ids of the loose objects in the object folder `dir`, in no order.
///
/// # Errors
/// When a folder that is there cannot be listed.
pub(super) fn list(dir: &Path, hash: HashKind) -> Result<Vec<ObjectId>, OdbError> {
    let mut ids = Vec::new();
    for first in 0..=255u8 {
        let fan = format!("{first:02x}");
        let entries = match fs::read_dir(dir.join(&fan)) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(OdbError::file(&dir.join(&fan), e)),
        };
        for entry in entries {
            let name = entry.map_err(|e| OdbError::file(&dir.join(&fan), e))?.file_name();
            let hex = format!("{fan}{}", name.to_string_lossy());
            // Anything else (`tmp_obj_…`) is an object that git is still writing.
            ids.extend(ObjectId::from_hex(hex.as_bytes()).filter(|id| id.kind() == hash));
        }
    }
    Ok(ids)
}

/// Where the object folder `dir` keeps the loose object `id`.
pub(super) fn path(dir: &Path, id: &ObjectId) -> PathBuf {
    let hex = id.to_string();
    dir.join(&hex[..2]).join(&hex[2..])
}

/// Reads the loose object `id` of the object folder `dir` into `out`; its kind, or `None` when it is not there.
///
/// # Errors
/// When the file cannot be read or is damaged.
pub(super) fn read(
    dir: &Path,
    id: &ObjectId,
    inflater: &mut Inflater,
    out: &mut Vec<u8>,
) -> Result<Option<ObjectKind>, OdbError> {
    let path = path(dir, id);
    let deflated = match fs::read(&path) {
        Ok(deflated) => deflated,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(OdbError::file(&path, e)),
    };
    decode(&deflated, inflater, out).map(Some)
}

/// What kind the loose object `id` of the object folder `dir` is; `None` when its head cannot be read.
pub(super) fn kind(dir: &Path, id: &ObjectId) -> Option<ObjectKind> {
    let (mut deflated, mut head) = (Vec::new(), [0; HEAD]);
    // Deflated bytes for so few others, the stream's own head included, are not twice as many.
    fs::File::open(path(dir, id)).ok()?.take(4 * HEAD as u64).read_to_end(&mut deflated).ok()?;
    let known = peek(&deflated, &mut head).ok()?;
    parse(&head[..known]).ok().map(|(kind, ..)| kind)
}

/// Decodes the content of a loose object's file into `out`.
///
/// # Errors
/// When it is damaged or exceeds the inflater's limit.
pub(super) fn decode(
    deflated: &[u8],
    inflater: &mut Inflater,
    out: &mut Vec<u8>,
) -> Result<ObjectKind, OdbError> {
    let mut head = [0; HEAD];
    let known = peek(deflated, &mut head)?;
    let (kind, size, end) = parse(&head[..known])?;
    if size > inflater.limit() {
        return Err(OdbError::Limit { size, limit: inflater.limit() });
    }
    inflater.stream(deflated, size + end as u64, out)?;
    out.drain(..end);
    Ok(kind)
}

/// Reads `kind size\0`: kind, size of the content, length of the head.
fn parse(head: &[u8]) -> Result<(ObjectKind, u64, usize), OdbError> {
    let damaged = || OdbError::Entry("its head is damaged");
    let end = memchr::memchr(0, head).ok_or_else(damaged)?;
    let gap = memchr::memchr(b' ', &head[..end]).ok_or_else(damaged)?;
    let kind = ObjectKind::from_word(&head[..gap]).ok_or_else(damaged)?;
    let digits = std::str::from_utf8(&head[gap + 1..end]).map_err(|_| damaged())?;
    let size = digits.parse::<u64>().map_err(|_| damaged())?;
    Ok((kind, size, end + 1))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn an_object_is_listed_and_read() {
        let dir = tempfile::tempdir().unwrap();
        let id = ObjectKind::Blob.name(b"hello", HashKind::Sha1);
        let file = path(dir.path(), &id);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, deflate(b"blob 5\0hello")).unwrap();
        fs::write(file.with_file_name("tmp_obj_x"), b"").unwrap();
        assert_eq!(list(dir.path(), HashKind::Sha1).unwrap(), [id]);
        let (mut inflater, mut out) = (Inflater::new(100), Vec::new());
        let kind = read(dir.path(), &id, &mut inflater, &mut out).unwrap();
        assert_eq!((kind, out.as_slice()), (Some(ObjectKind::Blob), &b"hello"[..]));
        assert_eq!(super::kind(dir.path(), &id), Some(ObjectKind::Blob));
        fs::write(&file, deflate(&[&b"tree 100000\0"[..], &[7; 100_000]].concat())).unwrap();
        assert_eq!(super::kind(dir.path(), &id), Some(ObjectKind::Tree));
        fs::write(&file, b"damaged").unwrap();
        assert_eq!(super::kind(dir.path(), &id), None);
    }

    #[test]
    fn damage_is_refused() {
        let (mut inflater, mut out) = (Inflater::new(100), Vec::new());
        for text in [
            "blob 4\0hello",
            "blob 6\0hello",
            "blob 101\0",
            "blob",
            "blab 1\0a",
            "blob -1\0",
            "blob 99999999999999999999\0",
        ] {
            assert!(decode(&deflate(text.as_bytes()), &mut inflater, &mut out).is_err(), "{text:?}");
        }
        assert!(decode(b"", &mut inflater, &mut out).is_err());
        assert!(decode(b"plain text", &mut inflater, &mut out).is_err());
    }
}
