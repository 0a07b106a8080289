//! A container's kind, by its first bytes.

/// A kind of container that can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Kind {
    /// Zip, and what is made of it: jar, wheel, apk, Office documents.
    Zip,
    /// A tape archive.
    Tar,
    /// A Unix archive; a Debian package is one.
    Ar,
    /// 7-Zip.
    SevenZip,
    /// What packages of Red Hat and initial file systems of Linux are made of.
    Cpio,
    /// A package of Red Hat.
    Rpm,
    Pdf,
    /// A database of SQLite.
    Sqlite,
    /// A compiled module of Python or class of Java.
    Bytecode,
    Gzip,
    Bzip2,
    Xz,
    Zstandard,
}

/// Where the mark of a tape archive stands.
const TAR_MARK: usize = 257;
/// The mark of a Unix archive of which the rest is no object code, but a package.
const DEBIAN: &[u8] = b"!<arch>\ndebian-binary";

impl Kind {
    /// The kind of what begins with `head`. At least 512 bytes are needed to tell.
    pub(in crate::source) fn of(head: &[u8]) -> Option<Self> {
        const MARKS: [(&[u8], Kind); 13] = [
            (b"PK\x03\x04", Kind::Zip),
            (b"PK\x05\x06", Kind::Zip),
            (DEBIAN, Kind::Ar),
            (b"7z\xbc\xaf\x27\x1c", Kind::SevenZip),
            (b"\x1f\x8b\x08", Kind::Gzip),
            (b"BZh", Kind::Bzip2),
            (b"\xfd7zXZ\0", Kind::Xz),
            (b"\x28\xb5\x2f\xfd", Kind::Zstandard),
            (b"070701", Kind::Cpio),
            (b"070702", Kind::Cpio),
            (b"\xed\xab\xee\xdb", Kind::Rpm),
            (b"%PDF-", Kind::Pdf),
            (b"SQLite format 3\0", Kind::Sqlite),
        ];
        let marked = MARKS.iter().find(|(mark, _)| head.starts_with(mark)).map(|&(_, kind)| kind);
        // Three letters alone may begin a text; a digit and the mark of the first block follow them.
        let marked = marked.filter(|kind| *kind != Self::Bzip2 || is_bzip2(head));
        let is_tar = || head.get(TAR_MARK..TAR_MARK + 5) == Some(b"ustar");
        marked
            .or_else(|| is_bytecode(head).then_some(Self::Bytecode))
            .or_else(|| is_tar().then_some(Self::Tar))
    }
}

/// Python: a number of 3000 to 3699 and a line end. Java: the mark, and a version that counts from 45; the same mark
/// opens programs of macOS, with a count below.
fn is_bytecode(head: &[u8]) -> bool {
    match head {
        [_, 0x0b..=0x0e, b'\r', b'\n', ..] => true,
        [0xca, 0xfe, 0xba, 0xbe, 0, _, 0, version, ..] => *version >= 45,
        _ => false,
    }
}

fn is_bzip2(head: &[u8]) -> bool {
    let first_block = head.get(4..10);
    head.get(3).is_some_and(|level| (b'1'..=b'9').contains(level))
        && (first_block == Some(b"\x31\x41\x59\x26\x53\x59")
            || first_block == Some(b"\x17\x72\x45\x38\x50\x90"))
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_kind_is_known_by_its_mark() {
        assert_eq!(Kind::of(b"PK\x03\x04rest"), Some(Kind::Zip));
        assert_eq!(Kind::of(b"BZh91AY&SY"), Some(Kind::Bzip2));
        assert_eq!(Kind::of(b"!<arch>\ndebian-binary   "), Some(Kind::Ar));
        assert_eq!(Kind::of(b"\x55\x0d\x0d\x0a\0\0\0\0"), Some(Kind::Bytecode));
        assert_eq!(Kind::of(b"\xca\xfe\xba\xbe\0\0\0\x34"), Some(Kind::Bytecode));
        assert_eq!(Kind::of(b"\xca\xfe\xba\xbe\0\0\0\x02"), None);
        let mut tar = [0u8; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(Kind::of(&tar), Some(Kind::Tar));
    }

    #[test]
    fn text_is_none() {
        for text in [&b""[..], b"BZh is how bzip2 files begin", b"PK", b"!<arch>\nfoo.o/   ", b"plain"] {
            assert_eq!(Kind::of(text), None);
        }
    }
}
