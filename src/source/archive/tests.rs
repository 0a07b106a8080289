//! Containers made in the test, and what is found in them.

use std::io::{Cursor, Write as _};
use std::ops::ControlFlow;

use super::budget::Budget;
use super::input::Input;
use super::{Kind, Unpacker};
use crate::model::{Blob, Origin, Place, Tally};
use crate::source::Visitor;

/// Keeps the path and text of every blob.
#[derive(Default)]
struct Kept(Vec<(String, Vec<u8>)>);

impl Visitor for Kept {
    fn visit(&mut self, origin: &Origin, blob: &Blob<'_>) -> ControlFlow<()> {
        self.0.push((origin.path.to_string(), blob.bytes.to_vec()));
        ControlFlow::Continue(())
    }
}

fn unpack_within(budget: u64, depth: u32, bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Tally) {
    let (mut kept, mut tally) = (Kept::default(), Tally::default());
    let kind = Kind::of(bytes).expect("a container");
    let unpacker = Unpacker::new(&mut kept, &mut tally, depth);
    let origin = Origin::new("outer", Place::File);
    let flow =
        unpacker.unpack_within(Budget::new(budget), &origin, kind, Input::Anywhere(&mut Cursor::new(bytes)));
    assert!(flow.is_continue());
    (kept.0, tally)
}

fn unpack(bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Tally) {
    unpack_within(64 << 20, 8, bytes)
}

fn texts(bytes: &[u8]) -> Vec<(String, String)> {
    let (kept, tally) = unpack(bytes);
    assert!(tally.gaps.is_empty(), "{:?}", tally.gaps);
    assert_eq!(tally.blobs as usize, kept.len());
    kept.into_iter().map(|(path, text)| (path, String::from_utf8(text).unwrap())).collect()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Written as it stands: a builder would refuse what an attacker would not.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ar::Builder::new(Vec::new());
    for (name, bytes) in members {
        builder.append(&ar::Header::new(name.as_bytes().to_vec(), bytes.len() as u64), *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn members_are_named_after_their_container() {
    let archive = zip(&[("a/one.py", b"one"), ("two.txt", b"two")]);
    let named = [("outer!a/one.py", "one"), ("outer!two.txt", "two")].map(|(p, t)| (p.into(), t.into()));
    assert_eq!(texts(&archive), named);
}

#[test]
fn what_is_merely_compressed_keeps_its_name() {
    for packed in [gzip(b"text"), bzip2(b"text"), zstd(b"text")] {
        assert_eq!(texts(&packed), [("outer".into(), "text".into())]);
    }
}

#[test]
fn contents_appended_to_each_other_are_one() {
    for pack in [gzip, bzip2, zstd] {
        assert_eq!(texts(&[pack(b"one "), pack(b"two")].concat()), [("outer".into(), "one two".into())]);
    }
    let skipped = [&b"\x50\x2a\x4d\x18\x03\0\0\0xyz"[..], &zstd(b"text")].concat();
    let after = [zstd(b"more "), skipped].concat();
    assert_eq!(texts(&after), [("outer".into(), "more text".into())]);
}

#[test]
fn containers_lie_in_containers() {
    let inner = gzip(&tar(&[("./etc/app.conf", b"deep")]));
    let package = ar(&[("debian-binary", b"2.0\n"), ("data.tar.gz", &inner)]);
    let outer = zip(&[("pool/app.deb", &package)]);
    let found = texts(&outer);
    assert_eq!(found[1], ("outer!pool/app.deb!data.tar.gz!etc/app.conf".into(), "deep".into()));
}

#[test]
fn names_that_lead_elsewhere_are_only_names() {
    let archive = tar(&[("../../etc/passwd", b"up"), ("/root/.ssh/id", b"top")]);
    let paths: Vec<_> = texts(&archive).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["outer!../../etc/passwd", "outer!/root/.ssh/id"]);
}

#[test]
fn a_long_member_is_read_to_its_end() {
    let long = [vec![b'x'; 20 << 20], b" end".to_vec()].concat();
    let (kept, tally) = unpack_within(1 << 30, 8, &gzip(&long));
    assert!(kept.len() > 1 && kept.last().unwrap().1.ends_with(b" end"));
    assert_eq!((tally.blobs, tally.bytes as usize), (1, long.len()));
}

#[test]
fn a_bomb_is_a_gap_that_names_the_container() {
    let zeros = vec![b' '; 8 << 20];
    let (_, tally) = unpack_within(1 << 20, 8, &gzip(&zeros));
    assert_eq!(tally.gaps.len(), 1);
    assert_eq!(tally.gaps[0].what, "outer");
    assert_eq!(tally.gaps[0].why, "it unpacks to more than 1048576 bytes; the rest was not scanned");
}

#[test]
fn a_bomb_of_many_layers_stops_at_the_same_budget() {
    let layer = zip(&[("a", &[b'a'; 1 << 16]), ("b", &[b'b'; 1 << 16]), ("c", &[b'c'; 1 << 16])]);
    let layer = zip(&[("0", &layer), ("1", &layer), ("2", &layer), ("3", &layer)]);
    let bomb = zip(&[("0", &layer), ("1", &layer), ("2", &layer), ("3", &layer)]);
    let (kept, tally) = unpack_within(1 << 20, 8, &bomb);
    assert!(kept.iter().map(|(_, text)| text.len()).sum::<usize>() <= 1 << 20);
    assert_eq!(tally.gaps.len(), 1, "{:?}", tally.gaps);
}

#[test]
fn a_container_too_deep_is_a_gap() {
    let nested = zip(&[("inner.gz", &gzip(b"deep")), ("a.txt", b"text")]);
    let (kept, tally) = unpack_within(1 << 20, 1, &nested);
    assert_eq!(kept, [("outer!a.txt".to_owned(), b"text".to_vec())]);
    assert_eq!(tally.gaps[0].what, "outer!inner.gz");
    assert_eq!(tally.gaps[0].why, "it lies in more than 1 containers");
}

#[test]
fn what_is_cut_short_is_a_gap_and_the_rest_is_scanned() {
    let whole = gzip(&tar(&[("a", b"first"), ("b", &[b'b'; 100_000])]));
    let (kept, tally) = unpack(&whole[..whole.len() - 40]);
    assert_eq!(kept[0], ("outer!a".to_owned(), b"first".to_vec()));
    let missed: Vec<_> = tally.gaps.iter().map(|gap| gap.what.to_string()).collect();
    assert_eq!(missed, ["outer!b", "outer"], "the member that ends early, and what may come after it");
    let archive = zip(&[("a", b"first")]);
    let (_, tally) = unpack(&archive[..archive.len() - 10]);
    assert!(tally.gaps[0].why.starts_with("the zip in it cannot be read: "), "{:?}", tally.gaps);
}

#[test]
fn encrypted_members_are_one_gap_and_the_others_are_scanned() {
    let mut archive = zip(&[("a", b"plain"), ("b", b"closed"), ("c", b"closed")]);
    // The bit that says so, in both headers of the last two members.
    let marks: Vec<usize> =
        (0..archive.len() - 4).filter(|&i| archive[i..].starts_with(b"PK\x03\x04")).collect();
    for at in &marks[1..] {
        archive[at + 6] |= 1;
    }
    let marks: Vec<usize> =
        (0..archive.len() - 4).filter(|&i| archive[i..].starts_with(b"PK\x01\x02")).collect();
    for at in &marks[1..] {
        archive[at + 8] |= 1;
    }
    let (kept, tally) = unpack(&archive);
    assert_eq!(kept, [("outer!a".to_owned(), b"plain".to_vec())]);
    assert_eq!(tally.gaps.len(), 1);
    assert_eq!(tally.gaps[0].what, "outer!b");
    assert_eq!(tally.gaps[0].why, "it is encrypted, and so are 1 more in the same container");
}

#[test]
fn pictures_in_a_container_are_left_out_as_binary() {
    let (kept, tally) = unpack(&zip(&[("logo.png", b"\x89PNG\r\n\x1a\n"), ("a", b"text")]));
    assert_eq!(kept.len(), 1);
    assert_eq!(tally.skipped.values().sum::<u64>(), 1);
}
